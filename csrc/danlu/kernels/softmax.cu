// Softmax and log-softmax over the last axis of dense tensors, and their gradients.
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"
#include "danlu/kernels/rows.cuh"

namespace danlu::cuda {

namespace {

template <class T>
__global__ void softmax_rows(int64_t rows, int64_t n, const T* x, T* y) {
  using A = wide<T>;
  __shared__ A room[kBlock];
  for_rows(rows, [&](int64_t r, bool inside) {
    const T* xs = x + r * n;
    T* ys = y + r * n;
    const A top = max_row(xs, n, room);
    const auto term = [&](int64_t i) { return math::exp(static_cast<A>(xs[i]) - top); };
    const A scale = A(1) / sum_row(n, room, term);
    if (!inside) return;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) ys[i] = static_cast<T>(term(i) * scale);
  });
}

template <class T>
__global__ void log_softmax_rows(int64_t rows, int64_t n, const T* x, T* y) {
  using A = wide<T>;
  __shared__ A room[kBlock];
  for_rows(rows, [&](int64_t r, bool inside) {
    const T* xs = x + r * n;
    T* ys = y + r * n;
    const A top = max_row(xs, n, room);
    const A log_sum = math::log(
        sum_row(n, room, [&](int64_t i) { return math::exp(static_cast<A>(xs[i]) - top); }));
    if (!inside) return;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      ys[i] = static_cast<T>(static_cast<A>(xs[i]) - top - log_sum);
    }
  });
}

template <class T>
__global__ void softmax_grad_rows(int64_t rows, int64_t n, const T* y, const T* dy, T* dx) {
  using A = wide<T>;
  __shared__ A room[kBlock];
  for_rows(rows, [&](int64_t r, bool inside) {
    const T* ys = y + r * n;
    const T* dys = dy + r * n;
    T* dxs = dx + r * n;
    const A dot =
        sum_row(n, room, [&](int64_t i) { return static_cast<A>(ys[i]) * static_cast<A>(dys[i]); });
    if (!inside) return;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      dxs[i] = static_cast<T>(static_cast<A>(ys[i]) * (static_cast<A>(dys[i]) - dot));
    }
  });
}

template <class T>
__global__ void log_softmax_grad_rows(int64_t rows, int64_t n, const T* y, const T* dy, T* dx) {
  using A = wide<T>;
  __shared__ A room[kBlock];
  for_rows(rows, [&](int64_t r, bool inside) {
    const T* ys = y + r * n;
    const T* dys = dy + r * n;
    T* dxs = dx + r * n;
    const A sum = sum_row(n, room, [&](int64_t i) { return static_cast<A>(dys[i]); });
    if (!inside) return;
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      dxs[i] = static_cast<T>(static_cast<A>(dys[i]) - math::exp(static_cast<A>(ys[i])) * sum);
    }
  });
}

}  // namespace

// y = exp(x - max x) / sum exp(x - max x)
void softmax(const View& x, const View& y) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    launch_rows("softmax", x, softmax_rows<T>, x.ptr<T>(), y.ptr<T>());
  });
}

// y = x - max x - log sum exp(x - max x)
void log_softmax(const View& x, const View& y) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    launch_rows("log_softmax", x, log_softmax_rows<T>, x.ptr<T>(), y.ptr<T>());
  });
}

// dx = y (dy - sum y dy)
void softmax_grad(const View& y, const View& dy, const View& dx) {
  dispatch_floating(y.dtype, [&]<class T>(T) {
    launch_rows("softmax_grad", y, softmax_grad_rows<T>, y.ptr<T>(), dy.ptr<T>(), dx.ptr<T>());
  });
}

// dx = dy - exp(y) sum dy
void log_softmax_grad(const View& y, const View& dy, const View& dx) {
  dispatch_floating(y.dtype, [&]<class T>(T) {
    launch_rows("log_softmax_grad", y, log_softmax_grad_rows<T>, y.ptr<T>(), dy.ptr<T>(),
                dx.ptr<T>());
  });
}

}  // namespace danlu::cuda
