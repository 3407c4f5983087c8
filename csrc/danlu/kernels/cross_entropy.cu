// Cross-entropies over the last axis, of logits and of probabilities as Keras takes them, with
// class numbers (sparse) or a row of targets. All tensors are dense. Labels may be bytes that
// somebody else writes meanwhile: they are checked in each kernel, and again where they are used.
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"
#include "danlu/kernels/rows.cuh"

namespace danlu::cuda {

namespace {

struct Labels {
  const void* data;
  DType dtype;
  int64_t classes;

  // The label as it came; -1 for a float that is out of range.
  __device__ int64_t raw(int64_t i) const {
    switch (dtype) {
      case DType::bool_:
      case DType::uint8:
        return get<uint8_t>(i);
      case DType::uint16:
        return get<uint16_t>(i);
      case DType::uint32:
        return get<uint32_t>(i);
      case DType::int8:
        return get<int8_t>(i);
      case DType::int16:
        return get<int16_t>(i);
      case DType::int32:
        return get<int32_t>(i);
      case DType::float32:
        return inside(get<float>(i)) ? static_cast<int64_t>(get<float>(i)) : -1;
      case DType::float64:
        return inside(get<double>(i)) ? static_cast<int64_t>(get<double>(i)) : -1;
      default:
        return get<int64_t>(i);  // a uint64 out of int64's range turns negative
    }
  }
  // Labels are accepted as floats when they are whole numbers.
  __device__ bool good(int64_t i) const {
    const int64_t label = raw(i);
    if (label < 0 || label >= classes) return false;
    if (dtype == DType::float32) return static_cast<float>(label) == get<float>(i);
    return dtype != DType::float64 || static_cast<double>(label) == get<double>(i);
  }
  // Class 0 stands for a bad label: the error comes later, memory must stay whole until then.
  __device__ int64_t operator[](int64_t i) const { return good(i) ? raw(i) : 0; }

 private:
  template <class T>
  __device__ T get(int64_t i) const {
    return static_cast<const T*>(data)[i];
  }
  template <class T>
  __device__ bool inside(T value) const {
    return value >= T(0) && value < static_cast<T>(classes);
  }
};
Labels labels_of(const View& labels, const View& x) {
  return {labels.data, labels.dtype, x.shape.back()};
}

__global__ void find_bad_label(Labels labels, int64_t n, StatusWord* status) {
  for (int64_t i = first_index(); i < n; i += index_step()) {
    if (!labels.good(i)) report(status, i);
  }
}
// After all positions are known, the value at the first.
__global__ void read_bad_label(Labels labels, StatusWord* status) {
  if (status->position != kNothingReported) {
    status->value = labels.raw(static_cast<int64_t>(status->position));
  }
}
void check_labels(const View& labels, const View& x) {
  const Labels all = labels_of(labels, x);
  const int64_t n = labels.numel();
  launch("check_labels", x.device, threads_grid(n), kBlock, find_bad_label, all, n, status_word());
  launch("check_labels", x.device, 1, 1, read_bad_label, all, status_word());
}

template <class T>
__global__ void logits_loss(int64_t rows, int64_t n, const T* x, Labels labels, T* loss,
                            wide<T>* log_sum) {
  using A = wide<T>;
  __shared__ A room[kBlock];
  for_rows(rows, [&](int64_t r, bool inside) {
    const T* xs = x + r * n;
    const A top = max_row(xs, n, room);
    const A log_of_sum = math::log(
        sum_row(n, room, [&](int64_t i) { return math::exp(static_cast<A>(xs[i]) - top); }));
    if (!inside || threadIdx.x > 0) return;
    const A picked = static_cast<A>(xs[labels[r]]);
    loss[r] = static_cast<T>(log_of_sum - (picked - top));
    log_sum[r] = top + log_of_sum;
  });
}

template <class T>
__global__ void logits_grad(int64_t rows, int64_t n, const T* x, Labels labels,
                            const wide<T>* log_sum, const T* dloss, T* dx) {
  using A = wide<T>;
  for_rows(rows, [&](int64_t r, bool inside) {
    if (!inside) return;
    const A shift = log_sum[r], scale = static_cast<A>(dloss[r]);
    const int64_t label = labels[r];
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      const A probability = math::exp(static_cast<A>(x[r * n + i]) - shift);
      dx[r * n + i] = static_cast<T>((i == label ? probability - A(1) : probability) * scale);
    }
  });
}

template <class T>
__global__ void probabilities_loss(int64_t rows, int64_t n, const T* p, Labels labels,
                                   wide<T> epsilon, T* loss) {
  using A = wide<T>;
  __shared__ A room[kBlock];
  for_rows(rows, [&](int64_t r, bool inside) {
    const T* ps = p + r * n;
    const A sum = sum_row(n, room, [&](int64_t i) { return static_cast<A>(ps[i]); });
    if (!inside || threadIdx.x > 0) return;
    const A q = static_cast<A>(ps[labels[r]]) / sum, low = epsilon, high = A(1) - epsilon;
    loss[r] = static_cast<T>(-math::log(q < low ? low : q > high ? high : q));
  });
}

template <class T>
__global__ void probabilities_grad(int64_t rows, int64_t n, const T* p, Labels labels,
                                   wide<T> epsilon, const T* dloss, T* dp) {
  using A = wide<T>;
  __shared__ A room[kBlock];
  for_rows(rows, [&](int64_t r, bool inside) {
    const T* ps = p + r * n;
    const A sum = sum_row(n, room, [&](int64_t i) { return static_cast<A>(ps[i]); });
    if (!inside) return;
    const int64_t label = labels[r];
    const A picked = static_cast<A>(ps[label]), q = picked / sum;
    const A scale = q < epsilon || q > A(1) - epsilon ? A(0) : static_cast<A>(dloss[r]);
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      const bool chosen = i == label && scale != A(0);
      dp[r * n + i] = static_cast<T>((A(1) / sum - (chosen ? A(1) / picked : A(0))) * scale);
    }
  });
}

}  // namespace

// loss = log_sum - x[label], with log_sum = log sum exp x, which the gradient needs again
void sparse_softmax_cross_entropy(const View& x, const View& labels, const View& loss,
                                  const View& log_sum, Status& /*status*/) {
  check_labels(labels, x);
  dispatch_floating(x.dtype, [&]<class T>(T) {
    launch_rows("sparse_softmax_cross_entropy", x, logits_loss<T>, x.ptr<T>(), labels_of(labels, x),
                loss.ptr<T>(), log_sum.ptr<wide<T>>());
  });
}

// dx = (exp(x - log_sum) - one_hot(label)) dloss
void sparse_softmax_cross_entropy_grad(const View& x, const View& labels, const View& log_sum,
                                       const View& dloss, const View& dx, Status& /*status*/) {
  check_labels(labels, x);
  dispatch_floating(x.dtype, [&]<class T>(T) {
    launch_rows("sparse_softmax_cross_entropy_grad", x, logits_grad<T>, x.ptr<T>(),
                labels_of(labels, x), log_sum.ptr<wide<T>>(), dloss.ptr<T>(), dx.ptr<T>());
  });
}

// loss = -log clip(p[label] / sum p, epsilon, 1 - epsilon)
void sparse_cross_entropy(const View& p, const View& labels, double epsilon, const View& loss,
                          Status& /*status*/) {
  check_labels(labels, p);
  dispatch_floating(p.dtype, [&]<class T>(T) {
    launch_rows("sparse_cross_entropy", p, probabilities_loss<T>, p.ptr<T>(), labels_of(labels, p),
                epsilon, loss.ptr<T>());
  });
}

// Inside the clip, dp = (1 / sum p - one_hot(label) / p[label]) dloss; outside, zero.
void sparse_cross_entropy_grad(const View& p, const View& labels, double epsilon, const View& dloss,
                               const View& dp, Status& /*status*/) {
  check_labels(labels, p);
  dispatch_floating(p.dtype, [&]<class T>(T) {
    launch_rows("sparse_cross_entropy_grad", p, probabilities_grad<T>, p.ptr<T>(),
                labels_of(labels, p), epsilon, dloss.ptr<T>(), dp.ptr<T>());
  });
}

// ---- rows of targets --------------------------------------------------------------------------

namespace {

template <class A>
__device__ A clip(A q, A low, A high) {
  return q < low ? low : q > high ? high : q;
}

// -log of the probability of class i, which `shift` and `total` are computed for once a row.
template <class T>
struct NegativeLog {
  using A = wide<T>;
  const T* x;
  bool from_logits;
  A low, high;
  A shift = A(0), total = A(0);

  __device__ void prepare(int64_t n, A* room) {
    if (from_logits) {
      const A top = max_row(x, n, room);
      shift = top + math::log(sum_row(
                        n, room, [&](int64_t i) { return math::exp(static_cast<A>(x[i]) - top); }));
    } else {
      total = sum_row(n, room, [&](int64_t i) { return static_cast<A>(x[i]); });
    }
  }
  __device__ A q(int64_t i) const { return static_cast<A>(x[i]) / total; }
  __device__ A operator()(int64_t i) const {
    return from_logits ? shift - static_cast<A>(x[i]) : -math::log(clip(q(i), low, high));
  }
};

template <class T>
__global__ void targets_loss(int64_t rows, int64_t n, const T* x, const T* target, bool from_logits,
                             wide<T> low, wide<T> high, T* loss) {
  using A = wide<T>;
  __shared__ A room[kBlock];
  for_rows(rows, [&](int64_t r, bool inside) {
    const T* ts = target + r * n;
    NegativeLog<T> negative_log{x + r * n, from_logits, low, high};
    negative_log.prepare(n, room);
    const A sum =
        sum_row(n, room, [&](int64_t i) { return static_cast<A>(ts[i]) * negative_log(i); });
    if (inside && threadIdx.x == 0) loss[r] = static_cast<T>(sum);
  });
}

template <class T>
__global__ void targets_grad(int64_t rows, int64_t n, const T* x, const T* target, bool from_logits,
                             wide<T> low, wide<T> high, const T* dloss, T* dx, T* dtarget) {
  using A = wide<T>;
  __shared__ A room[kBlock];
  for_rows(rows, [&](int64_t r, bool inside) {
    const T* ts = target + r * n;
    NegativeLog<T> negative_log{x + r * n, from_logits, low, high};
    negative_log.prepare(n, room);
    auto counted = [&](int64_t i) {
      if (from_logits) return static_cast<A>(ts[i]);
      const A q = negative_log.q(i);
      return q < low || q > high ? A(0) : static_cast<A>(ts[i]);
    };
    const A all = sum_row(n, room, counted);
    if (!inside) return;
    const A scale = static_cast<A>(dloss[r]);
    for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
      const A t = counted(i), log_p = -negative_log(i);
      if (dtarget) dtarget[r * n + i] = static_cast<T>(-log_p * scale);
      if (!dx) continue;
      const A slope = from_logits ? math::exp(log_p) * all - t
                                  : all / negative_log.total -
                                        (t == A(0) ? A(0) : t / static_cast<A>(x[r * n + i]));
      dx[r * n + i] = static_cast<T>(slope * scale);
    }
  });
}

}  // namespace

// loss = -sum t log softmax(x), or -sum t log q with q = clip(x / sum x, epsilon, 1 - epsilon)
void cross_entropy(const View& x, const View& target, bool from_logits, double epsilon,
                   const View& loss) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    launch_rows("cross_entropy", x, targets_loss<T>, x.ptr<T>(), target.ptr<T>(), from_logits,
                epsilon, 1 - epsilon, loss.ptr<T>());
  });
}

// Of logits: dx = (softmax(x) sum t - t) dloss. Of probabilities, with t counted where q is inside
// the clip only: dx = (sum t - t / q) / sum x dloss. In both: dt = -log(probability) dloss.
void cross_entropy_grad(const View& x, const View& target, bool from_logits, double epsilon,
                        const View& dloss, const View& dx, const View& dtarget) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    launch_rows("cross_entropy_grad", x, targets_grad<T>, x.ptr<T>(), target.ptr<T>(), from_logits,
                epsilon, 1 - epsilon, dloss.ptr<T>(), dx.ptr<T>(), dtarget.ptr<T>());
  });
}

}  // namespace danlu::cuda
