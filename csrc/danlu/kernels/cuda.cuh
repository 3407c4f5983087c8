// What every CUDA kernel file shares: launching, and walking strided arrays.
//
// Kernels run on the default stream, one after the other; nothing here waits for the device.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <type_traits>
#include <utility>

#include "danlu/core/dtype.h"
#include "danlu/core/view.h"

namespace danlu::cuda {

inline constexpr int kThreads = 256;  // a block, where a kernel does not say otherwise

// The type that values of T are computed in.
template <class T>
using compute =
    std::conditional_t<std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>, float, T>;

// Runs kernel<<<blocks, threads>>>(args...). Debug builds report a launch that failed where it did;
// otherwise the error appears at the next synchronisation.
template <class Kernel, class... Args>
void launch(Kernel kernel, int64_t blocks, int threads, Args... args) {
  if (blocks <= 0) return;
  constexpr int64_t kMostBlocks = (int64_t{1} << 31) - 1;
  kernel<<<static_cast<unsigned>(std::min(blocks, kMostBlocks)), threads>>>(args...);
#ifndef NDEBUG
  if (const cudaError_t error = cudaPeekAtLastError(); error != cudaSuccess) {
    std::fprintf(stderr, "[danlu] a CUDA kernel was not launched: %s\n", cudaGetErrorString(error));
  }
#endif
}

// Blocks for a grid-stride loop over n items: enough to fill any GPU, few enough to start fast.
inline int64_t blocks_for(int64_t n) {
  return std::min<int64_t>((n + kThreads - 1) / kThreads, 8192);
}

// The nest of loops over N arrays of one shape: axes of one element are dropped, axes that lie in
// one step of each other in every array are merged. What kernels get instead of a View.
template <int N>
struct Walk {
  int ndim = 0;
  int64_t numel = 1;
  int64_t size[kMaxDims];
  int64_t stride[N][kMaxDims];

  explicit Walk(const View* const (&views)[N]) {
    const Shape& shape = views[N - 1]->shape;
    for (int axis = 0; axis < shape.ndim(); ++axis) {
      numel *= shape[axis];
      if (shape[axis] == 1) continue;
      bool merges = ndim > 0;
      for (int k = 0; k < N && merges; ++k) {
        merges = stride[k][ndim - 1] == views[k]->strides[axis] * shape[axis];
      }
      const int at = merges ? ndim - 1 : ndim++;
      size[at] = merges ? size[at] * shape[axis] : shape[axis];
      for (int k = 0; k < N; ++k) stride[k][at] = views[k]->strides[axis];
    }
  }

  // Where element `at` (row-major) of each array lies.
  __device__ void offsets(int64_t at, int64_t (&offset)[N]) const {
    for (int k = 0; k < N; ++k) offset[k] = 0;
    for (int axis = ndim - 1; axis > 0; --axis) {
      const int64_t next = at / size[axis];
      const int64_t index = at - next * size[axis];
      at = next;
      for (int k = 0; k < N; ++k) offset[k] += index * stride[k][axis];
    }
    if (ndim > 0) {
      for (int k = 0; k < N; ++k) offset[k] += at * stride[k][0];
    }
  }
};

// body(i) for 0 <= i < n, one element a thread and step.
template <class F>
__device__ void grid_stride(int64_t n, F&& body) {
  const int64_t step = int64_t{gridDim.x} * blockDim.x;
  for (int64_t i = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += step) body(i);
}

// y = f(x0, x1, ...) for arrays of T and a result of Y, computed in compute<T>.
template <class F, class T, class Y>
__global__ void map1(F f, Walk<2> walk, const T* x, Y* y) {
  grid_stride(walk.numel, [&](int64_t i) {
    int64_t at[2];
    walk.offsets(i, at);
    y[at[1]] = static_cast<Y>(f(static_cast<compute<T>>(x[at[0]])));
  });
}
template <class F, class T, class Y>
__global__ void map2(F f, Walk<3> walk, const T* a, const T* b, Y* y) {
  grid_stride(walk.numel, [&](int64_t i) {
    int64_t at[3];
    walk.offsets(i, at);
    y[at[2]] =
        static_cast<Y>(f(static_cast<compute<T>>(a[at[0]]), static_cast<compute<T>>(b[at[1]])));
  });
}

template <class T, class Y = T, class F>
void run_map(F f, const View& x, const View& y) {
  const View* const views[] = {&x, &y};
  const Walk<2> walk(views);
  launch(map1<F, T, Y>, blocks_for(walk.numel), kThreads, f, walk, x.ptr<T>(), y.ptr<Y>());
}
template <class T, class Y = T, class F>
void run_map(F f, const View& a, const View& b, const View& y) {
  const View* const views[] = {&a, &b, &y};
  const Walk<3> walk(views);
  launch(map2<F, T, Y>, blocks_for(walk.numel), kThreads, f, walk, a.ptr<T>(), b.ptr<T>(),
         y.ptr<Y>());
}

}  // namespace danlu::cuda
