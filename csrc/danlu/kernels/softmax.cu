// Softmax and log-softmax over the last axis of dense tensors, and their gradients.
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"

namespace danlu::cuda {

namespace {

// Joins one value a thread; every thread gets the result.
template <class A, class F>
__device__ A join(A value, F f) {
  __shared__ A shared[kThreads];
  __syncthreads();
  shared[threadIdx.x] = value;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half)
      shared[threadIdx.x] = f(shared[threadIdx.x], shared[threadIdx.x + half]);
    __syncthreads();
  }
  return shared[0];
}
template <class A, class Term>
__device__ A sum_row(int64_t n, Term term) {
  A sum = 0;
  for (int64_t i = threadIdx.x; i < n; i += kThreads) sum += term(i);
  return join(sum, [](A a, A b) { return a + b; });
}

// One block a row.
template <class T>
__global__ void softmax_rows(int64_t rows, int64_t n, bool log, const T* x, T* y) {
  using A = compute<T>;
  for (int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    const T* xs = x + r * n;
    T* ys = y + r * n;
    A top = static_cast<A>(xs[0]);
    for (int64_t i = threadIdx.x; i < n; i += kThreads) {
      const A value = static_cast<A>(xs[i]);
      top = value > top ? value : top;
    }
    top = join(top, [](A a, A b) { return a > b ? a : b; });
    const auto term = [&](int64_t i) { return math::exp(static_cast<A>(xs[i]) - top); };
    const A total = sum_row<A>(n, term);
    const A scale = A(1) / total, log_total = math::log(total);
    for (int64_t i = threadIdx.x; i < n; i += kThreads) {
      ys[i] = static_cast<T>(log ? static_cast<A>(xs[i]) - top - log_total : term(i) * scale);
    }
  }
}

template <class T>
__global__ void softmax_grad_rows(int64_t rows, int64_t n, bool log, const T* y, const T* dy,
                                  T* dx) {
  using A = compute<T>;
  for (int64_t r = blockIdx.x; r < rows; r += gridDim.x) {
    const T* ys = y + r * n;
    const T* dys = dy + r * n;
    T* dxs = dx + r * n;
    const A sum = sum_row<A>(n, [&](int64_t i) {
      return log ? static_cast<A>(dys[i]) : static_cast<A>(ys[i]) * static_cast<A>(dys[i]);
    });
    for (int64_t i = threadIdx.x; i < n; i += kThreads) {
      const A yi = static_cast<A>(ys[i]), dyi = static_cast<A>(dys[i]);
      dxs[i] = static_cast<T>(log ? dyi - math::exp(yi) * sum : yi * (dyi - sum));
    }
  }
}

void forward(const View& x, const View& y, bool log) {
  if (x.numel() == 0) return;
  const int64_t n = x.shape.back(), rows = x.numel() / n;
  dispatch_floating(x.dtype, [&]<class T>(T) {
    launch(softmax_rows<T>, rows, kThreads, rows, n, log, x.ptr<T>(), y.ptr<T>());
  });
}
void backward(const View& y, const View& dy, const View& dx, bool log) {
  if (y.numel() == 0) return;
  const int64_t n = y.shape.back(), rows = y.numel() / n;
  dispatch_floating(y.dtype, [&]<class T>(T) {
    launch(softmax_grad_rows<T>, rows, kThreads, rows, n, log, y.ptr<T>(), dy.ptr<T>(),
           dx.ptr<T>());
  });
}

}  // namespace

// y = exp(x - max x) / sum exp(x - max x)
void softmax(const View& x, const View& y) { forward(x, y, /*log=*/false); }
// y = x - max x - log sum exp(x - max x)
void log_softmax(const View& x, const View& y) { forward(x, y, /*log=*/true); }
// dx = y (dy - sum y dy)
void softmax_grad(const View& y, const View& dy, const View& dx) {
  backward(y, dy, dx, /*log=*/false);
}
// dx = dy - exp(y) sum dy
void log_softmax_grad(const View& y, const View& dy, const View& dx) {
  backward(y, dy, dx, /*log=*/true);
}

}  // namespace danlu::cuda
