// y (..., m, n) = a (..., m, k) b (..., k, n) [+ bias (n)], with relu where asked; y is dense.
//
// A block keeps a strip of a and one of b in shared memory, a thread 4 x 4 sums in registers: every
// element that is loaded serves 64 products. Each sum runs over k in order, in float32 for the
// 16-bit types, so the bits do not depend on the device.
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

constexpr int kTile = 64;   // rows and columns of y that a block makes
constexpr int kDepth = 16;  // of k that it keeps at a time
constexpr int kEach = 4;    // rows and columns of one thread
constexpr int kSide = kTile / kEach;
static_assert(kSide * kSide == kBlock);

template <class T>
struct Matrix {
  const T* data;
  int64_t row, col;  // strides
};

template <class T>
struct Product {
  Matrix<T> a, b;
  Loops<2> batch;  // 0: a, 1: b
  int64_t count;   // matrices in the batch
  int64_t m, n, k;
  const T* bias;
  bool relu;
  T* y;
};

// A strip of kTile lines of kDepth elements, into shared memory; zero outside the matrix.
// Neighbouring threads read along the direction in which memory runs.
template <class T, class A>
__device__ void load_strip(A (&strip)[kDepth][kTile + 1], const T* data, int64_t line_step,
                           int64_t depth_step, int64_t lines, int64_t depth) {
  const bool along_depth = depth_step == 1;
  for (int i = threadIdx.x; i < kTile * kDepth; i += kBlock) {
    const int line = along_depth ? i / kDepth : i % kTile;
    const int l = along_depth ? i % kDepth : i / kTile;
    const bool inside = line < lines && l < depth;
    strip[l][line] = inside ? static_cast<A>(data[line * line_step + l * depth_step]) : A(0);
  }
}

template <class T>
__global__ void multiply(Product<T> p) {
  using A = wide<T>;
  __shared__ A a_strip[kDepth][kTile + 1];  // + 1: columns lie in different banks
  __shared__ A b_strip[kDepth][kTile + 1];
  const int64_t row_tiles = (p.m + kTile - 1) / kTile, column_tiles = (p.n + kTile - 1) / kTile;
  const int row = threadIdx.x / kSide, column = threadIdx.x % kSide;
  for (int64_t tile = blockIdx.x; tile < p.count * row_tiles * column_tiles; tile += gridDim.x) {
    const int64_t index = tile / (row_tiles * column_tiles);
    const int64_t top = tile / column_tiles % row_tiles * kTile, left = tile % column_tiles * kTile;
    int64_t at[2];
    p.batch.offsets(index, at);
    const T* a = p.a.data + at[0] + top * p.a.row;
    const T* b = p.b.data + at[1] + left * p.b.col;
    A sum[kEach][kEach] = {};
    for (int64_t l = 0; l < p.k; l += kDepth) {
      load_strip(a_strip, a + l * p.a.col, p.a.row, p.a.col, p.m - top, p.k - l);
      load_strip(b_strip, b + l * p.b.row, p.b.col, p.b.row, p.n - left, p.k - l);
      __syncthreads();
      for (int d = 0; d < kDepth; ++d) {
        A x[kEach], w[kEach];
        for (int i = 0; i < kEach; ++i) x[i] = a_strip[d][row + i * kSide];
        for (int j = 0; j < kEach; ++j) w[j] = b_strip[d][column + j * kSide];
        for (int i = 0; i < kEach; ++i) {
          for (int j = 0; j < kEach; ++j) sum[i][j] = static_cast<A>(sum[i][j] + x[i] * w[j]);
        }
      }
      __syncthreads();
    }
    T* y = p.y + index * p.m * p.n;
    for (int i = 0; i < kEach; ++i) {
      for (int j = 0; j < kEach; ++j) {
        const int64_t r = top + row + i * kSide, c = left + column + j * kSide;
        if (r >= p.m || c >= p.n) continue;
        A value = sum[i][j];
        if (p.bias) value = static_cast<A>(value + static_cast<A>(p.bias[c]));
        if (p.relu && value < A(0)) value = A(0);
        y[r * p.n + c] = static_cast<T>(value);
      }
    }
  }
}

// The batch axes of x.
View batch_of(const View& x) {
  View batch = x;
  for (int i = 0; i < 2; ++i) {
    batch.shape.erase(batch.ndim() - 1);
    batch.strides.erase(batch.strides.ndim() - 1);
  }
  return batch;
}

}  // namespace

void matmul(const View& a, const View& b, const View& bias, const View& y, bool relu,
            const View& /*scratch*/) {
  if (y.numel() == 0) return;
  const int axes = y.ndim() - 2;
  const int64_t m = y.shape[axes], n = y.shape[axes + 1], k = a.shape[axes + 1];
  const View a_batch = batch_of(a), b_batch = batch_of(b);
  const View* const batches[] = {&a_batch, &b_batch};
  const int64_t count = a_batch.numel();
  const int64_t tiles = count * ((m + kTile - 1) / kTile) * ((n + kTile - 1) / kTile);
  dispatch_numeric(y.dtype, [&]<class T>(T) {
    const Product<T> product{
        .a = {a.ptr<T>(), a.strides[axes], a.strides[axes + 1]},
        .b = {b.ptr<T>(), b.strides[axes], b.strides[axes + 1]},
        .batch = collapse(batches),
        .count = count,
        .m = m,
        .n = n,
        .k = k,
        .bias = bias.ptr<T>(),
        .relu = relu,
        .y = y.ptr<T>(),
    };
    launch("matmul", y.device, grid_for(tiles), kBlock, multiply<T>, product);
  });
}

}  // namespace danlu::cuda
