// Cross-entropies over the last axis, of logits and of probabilities as Keras takes them, with
// class numbers (sparse) or a row of targets. All tensors are dense. Labels may be bytes that
// somebody else writes meanwhile: they are checked in each kernel, and again where they are used.
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"
#include "danlu/kernels/rows.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

int64_t label_at(const View& labels, int64_t i) {
  switch (labels.dtype) {
    case DType::bool_:
    case DType::uint8:
      return labels.ptr<uint8_t>()[i];
    case DType::uint16:
      return labels.ptr<uint16_t>()[i];
    case DType::uint32:
      return labels.ptr<uint32_t>()[i];
    case DType::int8:
      return labels.ptr<int8_t>()[i];
    case DType::int16:
      return labels.ptr<int16_t>()[i];
    case DType::int32:
      return labels.ptr<int32_t>()[i];
    case DType::float32:
      return static_cast<int64_t>(labels.ptr<float>()[i]);
    case DType::float64:
      return static_cast<int64_t>(labels.ptr<double>()[i]);
    default:
      return labels.ptr<int64_t>()[i];  // a uint64 out of int64's range turns negative
  }
}

// Labels are accepted as floats when they are whole numbers.
template <class T>
bool check_float_labels(const View& labels, int64_t classes, Status& status) {
  const T* values = labels.ptr<T>();
  for (int64_t i = 0; i < labels.numel(); ++i) {
    const T value = values[i];
    const bool inside = value >= T(0) && value < static_cast<T>(classes);
    if (inside && static_cast<T>(static_cast<int64_t>(value)) == value) continue;
    status.report(i, inside ? static_cast<int64_t>(value) : -1);
    return false;
  }
  return true;
}

bool check_labels(const View& labels, int64_t classes, Status& status) {
  if (labels.dtype == DType::float32) return check_float_labels<float>(labels, classes, status);
  if (labels.dtype == DType::float64) return check_float_labels<double>(labels, classes, status);
  for (int64_t i = 0; i < labels.numel(); ++i) {
    const int64_t label = label_at(labels, i);
    if (label >= 0 && label < classes) continue;
    status.report(i, label);
    return false;
  }
  return true;
}

// Class 0 stands for a label that turned bad after the check: a wrong number, no wild read.
int64_t safe_label_at(const View& labels, int64_t i, int64_t classes) {
  const int64_t label = label_at(labels, i);
  return label >= 0 && label < classes ? label : 0;
}

}  // namespace

// loss = log_sum - x[label], with log_sum = log sum exp x, which the gradient needs again
void sparse_softmax_cross_entropy(const View& x, const View& labels, const View& loss,
                                  const View& log_sum, Status& status) {
  if (!check_labels(labels, x.shape.back(), status)) return;
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    for_rows(x, [&](int64_t r, int64_t n) {
      const T* xs = x.ptr<T>() + r * n;
      const A top = max_row<A>(xs, n);
      const A log_of_sum = math::log(sum_row<A>(
          n, [&](int64_t i) { return math::exp_nonpositive(static_cast<A>(xs[i]) - top); }));
      const A picked = static_cast<A>(xs[safe_label_at(labels, r, n)]);
      loss.ptr<T>()[r] = static_cast<T>(log_of_sum - (picked - top));
      log_sum.ptr<A>()[r] = top + log_of_sum;
    });
  });
}

// dx = (exp(x - log_sum) - one_hot(label)) dloss
void sparse_softmax_cross_entropy_grad(const View& x, const View& labels, const View& log_sum,
                                       const View& dloss, const View& dx, Status& status) {
  if (!check_labels(labels, x.shape.back(), status)) return;
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    for_rows(x, [&](int64_t r, int64_t n) {
      const T* xs = x.ptr<T>() + r * n;
      T* dxs = dx.ptr<T>() + r * n;
      const A shift = log_sum.ptr<A>()[r];
      const A scale = static_cast<A>(dloss.ptr<T>()[r]);
      const int64_t label = safe_label_at(labels, r, n);
      for (int64_t i = 0; i < n; ++i) {
        dxs[i] = static_cast<T>(math::exp_nonpositive(static_cast<A>(xs[i]) - shift) * scale);
      }
      const A probability = math::exp(static_cast<A>(xs[label]) - shift);
      dxs[label] = static_cast<T>((probability - A(1)) * scale);
    });
  });
}

// loss = -log clip(p[label] / sum p, epsilon, 1 - epsilon)
void sparse_cross_entropy(const View& p, const View& labels, double epsilon, const View& loss,
                          Status& status) {
  if (!check_labels(labels, p.shape.back(), status)) return;
  dispatch_floating(p.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const A low = static_cast<A>(epsilon), high = static_cast<A>(1 - epsilon);
    for_rows(p, [&](int64_t r, int64_t n) {
      const T* ps = p.ptr<T>() + r * n;
      const A sum = sum_row<A>(n, [&](int64_t i) { return static_cast<A>(ps[i]); });
      const A q = static_cast<A>(ps[safe_label_at(labels, r, n)]) / sum;
      const A clipped = q < low ? low : q > high ? high : q;
      loss.ptr<T>()[r] = static_cast<T>(-math::log(clipped));
    });
  });
}

// Inside the clip, dp = (1 / sum p - one_hot(label) / p[label]) dloss; outside, zero.
void sparse_cross_entropy_grad(const View& p, const View& labels, double epsilon, const View& dloss,
                               const View& dp, Status& status) {
  if (!check_labels(labels, p.shape.back(), status)) return;
  dispatch_floating(p.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const A low = static_cast<A>(epsilon), high = static_cast<A>(1 - epsilon);
    for_rows(p, [&](int64_t r, int64_t n) {
      const T* ps = p.ptr<T>() + r * n;
      T* dps = dp.ptr<T>() + r * n;
      const A sum = sum_row<A>(n, [&](int64_t i) { return static_cast<A>(ps[i]); });
      const int64_t label = safe_label_at(labels, r, n);
      const A picked = static_cast<A>(ps[label]), q = picked / sum;
      const A scale = q < low || q > high ? A(0) : static_cast<A>(dloss.ptr<T>()[r]);
      for (int64_t i = 0; i < n; ++i) dps[i] = static_cast<T>(scale / sum);
      if (scale != A(0)) dps[label] = static_cast<T>((A(1) / sum - A(1) / picked) * scale);
    });
  });
}

// ---- rows of targets --------------------------------------------------------------------------

namespace {

// log sum exp(x - top)
template <class A, class T>
DL_INLINE A log_sum_exp(const T* x, int64_t n, A top) {
  return math::log(
      sum_row<A>(n, [&](int64_t i) { return math::exp_nonpositive(static_cast<A>(x[i]) - top); }));
}

template <class A>
DL_INLINE A clip(A q, A low, A high) {
  return q < low ? low : q > high ? high : q;
}

}  // namespace

// loss = -sum t log softmax(x), or -sum t log q with q = clip(x / sum x, epsilon, 1 - epsilon)
void cross_entropy(const View& x, const View& target, bool from_logits, double epsilon,
                   const View& loss) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const A low = static_cast<A>(epsilon), high = static_cast<A>(1 - epsilon);
    for_rows(x, [&](int64_t r, int64_t n) {
      const T *xs = x.ptr<T>() + r * n, *ts = target.ptr<T>() + r * n;
      A sum;
      if (from_logits) {
        const A top = max_row<A>(xs, n), log_sum = log_sum_exp(xs, n, top);
        sum = sum_row<A>(n, [&](int64_t i) {
          return static_cast<A>(ts[i]) * (log_sum - (static_cast<A>(xs[i]) - top));
        });
      } else {
        const A total = sum_row<A>(n, [&](int64_t i) { return static_cast<A>(xs[i]); });
        sum = sum_row<A>(n, [&](int64_t i) {
          return -static_cast<A>(ts[i]) * math::log(clip(static_cast<A>(xs[i]) / total, low, high));
        });
      }
      loss.ptr<T>()[r] = static_cast<T>(sum);
    });
  });
}

// Of logits: dx = (softmax(x) sum t - t) dloss. Of probabilities, with t counted where q is inside
// the clip only: dx = (sum t - t / q) / sum x dloss. In both: dt = -log(probability) dloss.
void cross_entropy_grad(const View& x, const View& target, bool from_logits, double epsilon,
                        const View& dloss, const View& dx, const View& dtarget) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const A low = static_cast<A>(epsilon), high = static_cast<A>(1 - epsilon);
    for_rows(x, [&](int64_t r, int64_t n) {
      const T *xs = x.ptr<T>() + r * n, *ts = target.ptr<T>() + r * n;
      T* dxs = dx.data ? dx.ptr<T>() + r * n : nullptr;
      T* dts = dtarget.data ? dtarget.ptr<T>() + r * n : nullptr;
      const A scale = static_cast<A>(dloss.ptr<T>()[r]);
      if (from_logits) {
        const A top = max_row<A>(xs, n), log_sum = log_sum_exp(xs, n, top);
        const A all = sum_row<A>(n, [&](int64_t i) { return static_cast<A>(ts[i]); });
        for (int64_t i = 0; i < n; ++i) {
          const A log_p = static_cast<A>(xs[i]) - top - log_sum;
          if (dxs)
            dxs[i] = static_cast<T>((math::exp(log_p) * all - static_cast<A>(ts[i])) * scale);
          if (dts) dts[i] = static_cast<T>(-log_p * scale);
        }
        return;
      }
      const A total = sum_row<A>(n, [&](int64_t i) { return static_cast<A>(xs[i]); });
      auto counted = [&](int64_t i) {
        const A q = static_cast<A>(xs[i]) / total;
        return q < low || q > high ? A(0) : static_cast<A>(ts[i]);
      };
      const A all = sum_row<A>(n, counted);
      for (int64_t i = 0; i < n; ++i) {
        const A p = static_cast<A>(xs[i]), t = counted(i);
        if (dxs) dxs[i] = static_cast<T>((all / total - (t == A(0) ? A(0) : t / p)) * scale);
        if (dts) dts[i] = static_cast<T>(-math::log(clip(p / total, low, high)) * scale);
      }
    });
  });
}

}  // namespace danlu::cpu::DL_LEVEL
