// Softmax and log-softmax over the last axis of dense tensors, and their gradients.
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"
#include "danlu/kernels/rows.h"

namespace danlu::cpu::DL_LEVEL {

// y = exp(x - max x) / sum exp(x - max x)
void softmax(const View& x, const View& y) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    for_rows(x, [&](int64_t r, int64_t n) {
      const T* xs = x.ptr<T>() + r * n;
      T* ys = y.ptr<T>() + r * n;
      fetch_next_row(xs, n);
      const A top = max_row<A>(xs, n);
      if constexpr (sizeof(T) == 2) {  // a stored exponential would be rounded before it is summed
        auto term = [&](int64_t i) { return math::exp_nonpositive(static_cast<A>(xs[i]) - top); };
        const A scale = A(1) / sum_row<A>(n, term);
        for (int64_t i = 0; i < n; ++i) ys[i] = static_cast<T>(term(i) * scale);
      } else {
        for (int64_t i = 0; i < n; ++i) ys[i] = math::exp_nonpositive(xs[i] - top);
        const A scale = A(1) / sum_row<A>(n, [&](int64_t i) { return ys[i]; });
        for (int64_t i = 0; i < n; ++i) ys[i] *= scale;
      }
    });
  });
}

// y = x - max x - log sum exp(x - max x)
void log_softmax(const View& x, const View& y) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    for_rows(x, [&](int64_t r, int64_t n) {
      const T* xs = x.ptr<T>() + r * n;
      T* ys = y.ptr<T>() + r * n;
      const A top = max_row<A>(xs, n);
      const A log_sum = math::log(sum_row<A>(
          n, [&](int64_t i) { return math::exp_nonpositive(static_cast<A>(xs[i]) - top); }));
      for (int64_t i = 0; i < n; ++i) ys[i] = static_cast<T>(static_cast<A>(xs[i]) - top - log_sum);
    });
  });
}

// dx = y (dy - sum y dy)
void softmax_grad(const View& y, const View& dy, const View& dx) {
  dispatch_floating(y.dtype, [&]<class T>(T) {
    using A = wide<T>;
    for_rows(y, [&](int64_t r, int64_t n) {
      const T* ys = y.ptr<T>() + r * n;
      const T* dys = dy.ptr<T>() + r * n;
      T* dxs = dx.ptr<T>() + r * n;
      fetch_next_row(ys, n);
      fetch_next_row(dys, n);
      const A dot =
          sum_row<A>(n, [&](int64_t i) { return static_cast<A>(ys[i]) * static_cast<A>(dys[i]); });
      for (int64_t i = 0; i < n; ++i) {
        dxs[i] = static_cast<T>(static_cast<A>(ys[i]) * (static_cast<A>(dys[i]) - dot));
      }
    });
  });
}

// dx = dy - exp(y) sum dy
void log_softmax_grad(const View& y, const View& dy, const View& dx) {
  dispatch_floating(y.dtype, [&]<class T>(T) {
    using A = wide<T>;
    for_rows(y, [&](int64_t r, int64_t n) {
      const T* ys = y.ptr<T>() + r * n;
      const T* dys = dy.ptr<T>() + r * n;
      T* dxs = dx.ptr<T>() + r * n;
      const A sum = sum_row<A>(n, [&](int64_t i) { return static_cast<A>(dys[i]); });
      for (int64_t i = 0; i < n; ++i) {
        dxs[i] = static_cast<T>(static_cast<A>(dys[i]) -
                                math::exp_nonpositive(static_cast<A>(ys[i])) * sum);
      }
    });
  });
}

}  // namespace danlu::cpu::DL_LEVEL
