// What all CUDA kernels share: launching, indices, loops over tensors of any strides, bad indices.
#pragma once

#include <utility>

#include "danlu/core/cuda.cuh"
#include "danlu/core/dtype.h"
#include "danlu/core/view.h"

namespace danlu::cuda {

// ---- launching --------------------------------------------------------------------------------

// Starts a kernel in the device's stream; `name` is for the error. A debug build waits for it, so
// that a fault is found where it happens.
template <class... Parameters, class... Arguments>
void launch(const char* name, Device device, dim3 grid, dim3 block, void (*kernel)(Parameters...),
            Arguments... arguments) {
  UseDevice use(device);
  kernel<<<grid, block, 0, stream(device)>>>(static_cast<Parameters>(arguments)...);
  check_cuda(cudaGetLastError(), name);
#ifndef NDEBUG
  check_cuda(cudaStreamSynchronize(stream(device)), name);
#endif
}

inline constexpr int kBlock = 256;
// Blocks for n items, one block each; a kernel's loop takes what is beyond.
inline unsigned grid_for(int64_t n) {
  constexpr int64_t kMost = 1 << 16;
  return static_cast<unsigned>(n < 1 ? 1 : n < kMost ? n : kMost);
}
inline unsigned threads_grid(int64_t n) { return grid_for((n + kBlock - 1) / kBlock); }

// A block for rows of n elements: a power of two of threads in x for a row, several rows in y.
inline dim3 rows_block(int64_t n) {
  unsigned lanes = 1;
  while (lanes < kBlock && lanes < n) lanes *= 2;
  return dim3(lanes, kBlock / lanes);
}

// for (int64_t i = first_index(); i < n; i += index_step())
__device__ __forceinline__ int64_t first_index() {
  return int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ int64_t index_step() { return int64_t{gridDim.x} * blockDim.x; }

// ---- element types ----------------------------------------------------------------------------

template <class T>
inline constexpr bool is_half = std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>;
// What T computes in.
template <class T>
using wide = std::conditional_t<is_half<T>, float, T>;
template <class T>
__device__ __forceinline__ wide<T> widen(T x) {
  return static_cast<wide<T>>(x);
}

// The same elements as words, for what only moves them: f(uint32_t{}) for float32.
template <class F>
void dispatch_words(DType dtype, F&& f) {
  switch (size_of(dtype)) {
    case 1:
      return f(uint8_t{});
    case 2:
      return f(uint16_t{});
    case 4:
      return f(uint32_t{});
    default:
      return f(uint64_t{});
  }
}

// ---- loops over N tensors of one shape --------------------------------------------------------

template <int N>
struct Loops {  // outermost first; axes of one element dropped, axes that lie in one step merged
  int ndim = 0;
  int64_t size[kMaxDims];
  int64_t stride[N][kMaxDims];  // in elements

  // Where element number i of the shape lies in each tensor.
  __device__ void offsets(int64_t i, int64_t (&at)[N]) const {
    for (int k = 0; k < N; ++k) at[k] = 0;
    for (int axis = ndim - 1; axis >= 0; --axis) {
      const int64_t index = axis > 0 ? remainder(i, size[axis]) : i;
      for (int k = 0; k < N; ++k) at[k] += index * stride[k][axis];
    }
  }

 private:
  // i % n, and i becomes i / n; 32-bit division is several times faster.
  static __device__ __forceinline__ int64_t remainder(int64_t& i, int64_t n) {
    int64_t quotient;
    if (static_cast<uint64_t>(i | n) >> 32) {
      quotient = i / n;
    } else {
      quotient = static_cast<uint32_t>(i) / static_cast<uint32_t>(n);
    }
    const int64_t rest = i - quotient * n;
    i = quotient;
    return rest;
  }
};

template <int N>
Loops<N> collapse(const View* const (&views)[N]) {
  Loops<N> loops;
  const Shape& shape = views[0]->shape;
  for (int axis = 0; axis < shape.ndim(); ++axis) {
    const int64_t size = shape[axis];
    if (size == 1) continue;
    bool merges = loops.ndim > 0;
    for (int k = 0; k < N && merges; ++k) {
      merges = loops.stride[k][loops.ndim - 1] == views[k]->strides[axis] * size;
    }
    const int at = merges ? loops.ndim - 1 : loops.ndim++;
    loops.size[at] = merges ? loops.size[at] * size : size;
    for (int k = 0; k < N; ++k) loops.stride[k][at] = views[k]->strides[axis];
  }
  return loops;
}

// ---- y = f(x...), element by element ----------------------------------------------------------

template <class F, int N, size_t... K, class Y, class... X>
__device__ __forceinline__ void map_one(F f, const int64_t (&at)[N], std::index_sequence<K...>,
                                        Y* y, const X*... x) {
  y[at[N - 1]] = static_cast<Y>(f(widen(x[at[K]])...));
}

template <class F, int N, class Y, class... X>
__global__ void map_elements(F f, Loops<N> loops, int64_t n, Y* y, const X*... x) {
  for (int64_t i = first_index(); i < n; i += index_step()) {
    int64_t at[N];
    loops.offsets(i, at);
    map_one(f, at, std::make_index_sequence<N - 1>{}, y, x...);
  }
}

// X...: the element types of the inputs x, in order; all views have the shape of y.
template <class Y, class... X, class F, class... Views>
void map(const char* name, F f, const View& y, const Views&... x) {
  constexpr int N = sizeof...(X) + 1;
  const int64_t n = y.numel();
  if (n == 0) return;
  const View* const views[N] = {&x..., &y};
  launch(name, y.device, threads_grid(n), kBlock, map_elements<F, N, Y, X...>, f, collapse(views),
         n, y.ptr<Y>(), x.template ptr<X>()...);
}

// ---- sums over a block ------------------------------------------------------------------------

// The result of `op` over the threads of one row of the block, in a fixed order, to all of them.
// blockDim.x is a power of two; `room` has one element for each thread of the block.
template <class Op, class A>
__device__ A reduce_block_row(Op op, A value, A* room) {
  A* row = room + threadIdx.y * blockDim.x;
  row[threadIdx.x] = value;
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) row[threadIdx.x] = op(row[threadIdx.x], row[threadIdx.x + half]);
  }
  __syncthreads();
  const A result = row[0];
  __syncthreads();  // the room may be used again
  return result;
}

// ---- bad indices ------------------------------------------------------------------------------

// A kernel that meets bad values reports each position, and goes on with a harmless value.
__device__ __forceinline__ void report(StatusWord* status, int64_t position) {
  atomicMin(&status->position, static_cast<unsigned long long>(position));
}

}  // namespace danlu::cuda
