// y (..., m, n) = a (..., m, k) b (..., k, n) [+ bias (n)], with relu where asked; y is dense.
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

constexpr int kTile = 64;   // rows and columns of y that a block makes
constexpr int kDepth = 16;  // of k that it keeps in shared memory
constexpr int kEach = 4;    // rows and columns of a thread: 16 x 16 threads

template <class T>
struct Matrix {
  const T* data;
  int64_t row, col;
  int64_t batch[kMaxDims];  // strides of the batch axes
};
template <class T>
struct Task {
  Matrix<T> a, b;
  const T* bias;
  T* y;
  bool relu;
  int64_t m, n, k, matrices;
  int axes;
  int64_t shape[kMaxDims];

  __device__ const T* at(const Matrix<T>& matrix, int64_t index) const {
    const T* data = matrix.data;
    for (int axis = axes - 1; axis >= 0; --axis) {
      data += index % shape[axis] * matrix.batch[axis];
      index /= shape[axis];
    }
    return data;
  }
};

// Each block keeps a strip of a and one of b in shared memory; each thread 4 x 4 sums in registers.
template <class T>
__global__ void multiply(Task<T> t) {
  __shared__ T a_strip[kDepth][kTile + 1];
  __shared__ T b_strip[kDepth][kTile];
  const int64_t tiles_m = (t.m + kTile - 1) / kTile, tiles_n = (t.n + kTile - 1) / kTile;
  const int row = threadIdx.x / (kTile / kEach) * kEach,
            col = threadIdx.x % (kTile / kEach) * kEach;
  for (int64_t tile = blockIdx.x; tile < t.matrices * tiles_m * tiles_n; tile += gridDim.x) {
    const int64_t index = tile / (tiles_m * tiles_n);
    const int64_t top = tile / tiles_n % tiles_m * kTile, left = tile % tiles_n * kTile;
    const T* a = t.at(t.a, index);
    const T* b = t.at(t.b, index);
    T sum[kEach][kEach] = {};
    for (int64_t depth = 0; depth < t.k; depth += kDepth) {
      for (int i = threadIdx.x; i < kTile * kDepth; i += kThreads) {
        const int64_t r = top + i / kDepth, l = depth + i % kDepth;
        a_strip[i % kDepth][i / kDepth] = r < t.m && l < t.k ? a[r * t.a.row + l * t.a.col] : T(0);
        const int64_t c = left + i % kTile, s = depth + i / kTile;
        b_strip[i / kTile][i % kTile] = c < t.n && s < t.k ? b[s * t.b.row + c * t.b.col] : T(0);
      }
      __syncthreads();
      for (int l = 0; l < kDepth; ++l) {
        T x[kEach], w[kEach];
        for (int i = 0; i < kEach; ++i) x[i] = a_strip[l][row + i];
        for (int j = 0; j < kEach; ++j) w[j] = b_strip[l][col + j];
        for (int i = 0; i < kEach; ++i) {
          for (int j = 0; j < kEach; ++j) sum[i][j] += x[i] * w[j];
        }
      }
      __syncthreads();
    }
    T* y = t.y + index * t.m * t.n;
    for (int i = 0; i < kEach; ++i) {
      for (int j = 0; j < kEach; ++j) {
        const int64_t r = top + row + i, c = left + col + j;
        if (r >= t.m || c >= t.n) continue;
        T value = sum[i][j];
        if (t.bias) value += t.bias[c];
        if constexpr (std::is_floating_point_v<T>) value = t.relu && value < T(0) ? T(0) : value;
        y[r * t.n + c] = value;
      }
    }
  }
}

template <class T>
Matrix<T> matrix_of(const View& x, int axes) {
  Matrix<T> matrix{x.ptr<T>(), x.strides[axes], x.strides[axes + 1], {}};
  for (int axis = 0; axis < axes; ++axis) matrix.batch[axis] = x.strides[axis];
  return matrix;
}

}  // namespace

void matmul(const View& a, const View& b, const View& bias, const View& y, bool relu,
            const View& /*scratch*/) {
  const int axes = y.ndim() - 2;
  const auto run = [&]<class T>(T) {
    Task<T> task{matrix_of<T>(a, axes),
                 matrix_of<T>(b, axes),
                 bias.ptr<T>(),
                 y.ptr<T>(),
                 relu,
                 y.shape[axes],
                 y.shape[axes + 1],
                 a.shape[axes + 1],
                 1,
                 axes,
                 {}};
    for (int axis = 0; axis < axes; ++axis) {
      task.shape[axis] = y.shape[axis];
      task.matrices *= y.shape[axis];
    }
    const int64_t tiles = (task.m + kTile - 1) / kTile * ((task.n + kTile - 1) / kTile);
    launch(multiply<T>, task.matrices * tiles, kThreads, task);
  };
  if (!is_floating(y.dtype)) return dispatch_integer(y.dtype, run);
  y.dtype == DType::float64 ? run(double{}) : run(float{});
}

}  // namespace danlu::cuda
