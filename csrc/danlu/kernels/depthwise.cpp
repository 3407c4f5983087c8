// Depthwise convolution: every channel with its own window, vectorised over channels.
#include "danlu/kernels/gemm.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/windows.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// The output at which tap `tap` of axis d sees element `in`, or -1.
DL_INLINE int64_t output_of(const ConvSizes& s, int d, int64_t in, int64_t tap) {
  const int64_t at = in + s.window.before[d] - tap * s.window.dilation[d];
  if (at < 0 || at % s.window.stride[d] != 0) return -1;
  const int64_t out = at / s.window.stride[d];
  return out < s.out[d] ? out : -1;
}

template <class T, bool kFull>
DL_INLINE simd<T> load_lanes(const T* p, int64_t n) {
  return kFull ? load(p) : load_first(p, n);
}
template <class T, bool kFull>
DL_INLINE void store_lanes(T* p, simd<T> v, int64_t n) {
  kFull ? store(p, v) : store_first(p, v, n);
}

// The outputs of the last axis at which tap `tap` lies inside the row.
DL_INLINE Range outputs_inside(const ConvSizes& s, int64_t tap) {
  const int64_t stride = s.window.stride[2],
                shift = tap * s.window.dilation[2] - s.window.before[2];
  Range r;
  r.begin = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  r.end = s.in[2] - shift <= 0 ? 0 : (s.in[2] - shift + stride - 1) / stride;
  if (r.end > s.out[2]) r.end = s.out[2];
  if (r.begin > r.end) r.begin = r.end;
  return r;
}
DL_INLINE Range both(Range a, Range b) {
  Range r = {a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end};
  if (r.end < r.begin) r.end = r.begin;
  return r;
}

// One vector of channels of a row of outputs: what its windows see.
template <class T>
struct Row {
  const T* x;  // under tap (0, 0, 0) of output 0, which may lie outside the image
  const T* kernel;
  int64_t x_tap[3];  // from one tap to the next
  int64_t x_out;     // from one output to the next
  int64_t w_tap[3];
  Range taps[3];  // that lie inside, on the first two axes
  int64_t lanes;

  // The sums of outputs [at, at + kOutputs), whose taps `inside` of the last axis lie in the row.
  template <int kOutputs, bool kFull>
  DL_INLINE void sums(int64_t at, Range inside, simd<T>* sum) const {
#pragma GCC unroll 8
    for (int j = 0; j < kOutputs; ++j) sum[j] = simd<T>{};
    for (int64_t t0 = taps[0].begin; t0 < taps[0].end; ++t0) {
      for (int64_t t1 = taps[1].begin; t1 < taps[1].end; ++t1) {
        const T* from = x + at * x_out + t0 * x_tap[0] + t1 * x_tap[1];
        const T* w = kernel + t0 * w_tap[0] + t1 * w_tap[1];
        for (int64_t t2 = inside.begin; t2 < inside.end; ++t2) {
          const simd<T> weight = load_lanes<T, kFull>(w + t2 * w_tap[2], lanes);
#pragma GCC unroll 8
          for (int j = 0; j < kOutputs; ++j) {
            sum[j] += load_lanes<T, kFull>(from + t2 * x_tap[2] + j * x_out, lanes) * weight;
          }
        }
      }
    }
  }
  // The same where the window moves by one: an element is loaded once for all that see it, and is 0
  // outside the row, where only the first and last kTaps - 1 may lie.
  template <int kTaps, int kOutputs, bool kFull>
  DL_INLINE void sliding_sums(int64_t at, int64_t before, int64_t width, simd<T>* sum) const {
    alignas(kVectorBytes) const T zeros[kLanes<T>] = {};
#pragma GCC unroll 8
    for (int j = 0; j < kOutputs; ++j) sum[j] = simd<T>{};
    for (int64_t t0 = taps[0].begin; t0 < taps[0].end; ++t0) {
      for (int64_t t1 = taps[1].begin; t1 < taps[1].end; ++t1) {
        const T* from = x + at * x_out + t0 * x_tap[0] + t1 * x_tap[1];
        const T* w = kernel + t0 * w_tap[0] + t1 * w_tap[1];
        simd<T> weight[kTaps];
#pragma GCC unroll 8
        for (int t = 0; t < kTaps; ++t) weight[t] = load_lanes<T, kFull>(w + t * w_tap[2], lanes);
#pragma GCC unroll 16
        for (int p = 0; p < kOutputs + kTaps - 1; ++p) {
          const bool sure = p >= kTaps - 1 && p < kOutputs;
          const int64_t pixel = at + p - before;
          const T* of_pixel = sure || (pixel >= 0 && pixel < width) ? from + p * x_out : zeros;
          simd<T> v = load_lanes<T, kFull>(of_pixel, lanes);
          keep_in_register(v);
#pragma GCC unroll 8
          for (int t = 0; t < kTaps; ++t) {
            if (p - t >= 0 && p - t < kOutputs) sum[p - t] += v * weight[t];
          }
        }
      }
    }
  }
};

template <int kTaps>
DL_INLINE bool slides(const ConvSizes& s) {
  const SlidingWindow& w = s.window;
  const int64_t before = w.before[2], after = s.out[2] + kTaps - 1 - before - s.in[2];
  return w.size[2] == kTaps && w.stride[2] == 1 && w.dilation[2] == 1 && s.out[2] >= 4 &&
         before >= 0 && before < kTaps && after < kTaps;
}

// Stores the row of a window that slides; the last outputs may be computed twice.
template <class T, int kTaps, int kOutputs, bool kFull, class Store>
DL_INLINE void for_each_sliding_sum(const ConvSizes& s, const Row<T>& row, Store&& store) {
  for (int64_t o = 0; o < s.out[2]; o += kOutputs) {
    const int64_t at = o + kOutputs <= s.out[2] ? o : s.out[2] - kOutputs;
    simd<T> sum[kOutputs];
    row.template sliding_sums<kTaps, kOutputs, kFull>(at, s.window.before[2], s.in[2], sum);
#pragma GCC unroll 8
    for (int j = 0; j < kOutputs; ++j) store(at + j, sum[j]);
  }
}

// Stores the row: store(output, sum).
template <class T, bool kFull, class Store>
DL_INLINE void for_each_sum(const ConvSizes& s, const Row<T>& row, Range whole, Store&& store) {
  if (slides<3>(s)) {
    return s.out[2] < 8 ? for_each_sliding_sum<T, 3, 4, kFull>(s, row, store)
                        : for_each_sliding_sum<T, 3, 8, kFull>(s, row, store);
  }
  if (slides<5>(s)) return for_each_sliding_sum<T, 5, 4, kFull>(s, row, store);
  constexpr int kOutputs = 6;  // share the loads of the kernel
  for (int64_t o = 0; o < s.out[2];) {
    simd<T> sum[kOutputs];
    if (o >= whole.begin && o + kOutputs <= whole.end) {
      row.template sums<kOutputs, kFull>(o, {0, s.window.size[2]}, sum);
#pragma GCC unroll 8
      for (int j = 0; j < kOutputs; ++j) store(o + j, sum[j]);
      o += kOutputs;
    } else {
      row.template sums<1, kFull>(o, taps_inside(s, 2, o), sum);
      store(o, sum[0]);
      ++o;
    }
  }
}

// The strides and taps of row (o0, o1) of outputs. `turned`: the kernel is read backwards.
template <class T>
DL_INLINE Row<T> row_at(const ConvSizes& s, bool turned, int64_t o0, int64_t o1) {
  const int64_t c_all = s.groups;
  Row<T> row;
  row.x_tap[2] = s.window.dilation[2] * c_all;
  row.x_tap[1] = s.window.dilation[1] * s.in[2] * c_all;
  row.x_tap[0] = s.window.dilation[0] * s.in[1] * s.in[2] * c_all;
  row.x_out = s.window.stride[2] * c_all;
  row.w_tap[2] = turned ? -c_all : c_all;
  row.w_tap[1] = row.w_tap[2] * s.window.size[2];
  row.w_tap[0] = row.w_tap[1] * s.window.size[1];
  row.taps[0] = taps_inside(s, 0, o0);
  row.taps[1] = taps_inside(s, 1, o1);
  return row;
}

template <class T>
void forward(const ConvSizes& s, const T* x, const T* kernel, bool turned, const Epilogue<T>& after,
             T* y) {
  const int64_t c_all = s.groups, work = s.out[2] * s.taps() * c_all / kLanes<T>;
  const T* first_tap = turned ? kernel + (s.taps() - 1) * c_all : kernel;
  const Range whole = both(outputs_inside(s, 0), outputs_inside(s, s.window.size[2] - 1));
  parallel_for(s.images * s.out[0] * s.out[1], grain_for(work), [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t o1 = at % s.out[1], o0 = at / s.out[1] % s.out[0];
      const int64_t image = at / s.out[1] / s.out[0] * s.in[0];
      const int64_t i0 = image + o0 * s.window.stride[0] - s.window.before[0];
      const int64_t i1 = o1 * s.window.stride[1] - s.window.before[1];
      const int64_t start = ((i0 * s.in[1] + i1) * s.in[2] - s.window.before[2]) * c_all;
      Row<T> row = row_at<T>(s, turned, o0, o1);
      for_each_vector<T>(0, c_all, [&](int64_t c, int64_t n) {
        row.x = x + start + c;
        row.kernel = first_tap + c;
        row.lanes = n;
        T* to = y + at * s.out[2] * c_all + c;
        const Epilogue<T> here = after.from(at * s.out[2] * c_all + c, c);
        const simd<T> b = here.bias ? load_some(here.bias, n) : simd<T>{};
        const auto finished = [&](int64_t o, simd<T> sum) {
          if (here.addend) sum += load_some(here.addend + o * c_all, n);
          sum += b;
          return here.relu ? (sum < 0 ? simd<T>{} : sum) : sum;
        };
        if (n == kLanes<T>) {
          for_each_sum<T, true>(s, row, whole, [&](int64_t o, simd<T> sum) {
            store(to + o * c_all, finished(o, sum));
          });
        } else {
          for_each_sum<T, false>(s, row, whole, [&](int64_t o, simd<T> sum) {
            store_first(to + o * c_all, finished(o, sum), n);
          });
        }
      });
    }
  });
}

// With stride 1 the data gradient is a convolution with the kernel turned by half a turn.
template <class T>
bool convolve_gradient(ConvSizes s, const T* dy, const T* kernel, T* dx) {
  for (int d = 0; d < 3; ++d) {
    if (s.window.stride[d] != 1) return false;
    const int64_t out = s.out[d];
    s.out[d] = s.in[d];
    s.in[d] = out;
    s.window.before[d] = (s.window.size[d] - 1) * s.window.dilation[d] - s.window.before[d];
  }
  forward<T>(s, dy, kernel, /*turned=*/true, Epilogue<T>{}, dx);
  return true;
}

template <class T>
void data_gradient(const ConvSizes& s, const T* dy, const T* kernel, T* dx) {
  const int64_t c_all = s.groups, work = s.in[2] * s.taps() * c_all / kLanes<T>;
  parallel_for(s.images * s.in[0] * s.in[1], grain_for(work), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t i1 = row % s.in[1], i0 = row / s.in[1] % s.in[0];
      const int64_t image = row / s.in[1] / s.in[0] * s.out[0];
      for (int64_t i2 = 0; i2 < s.in[2]; ++i2) {
        for_each_vector<T>(0, c_all, [&](int64_t c, int64_t n) {
          simd<T> sum = {};
          for (int64_t t0 = 0; t0 < s.window.size[0]; ++t0) {
            const int64_t o0 = output_of(s, 0, i0, t0);
            for (int64_t t1 = 0; t1 < s.window.size[1] && o0 >= 0; ++t1) {
              const int64_t o1 = output_of(s, 1, i1, t1);
              for (int64_t t2 = 0; t2 < s.window.size[2] && o1 >= 0; ++t2) {
                const int64_t o2 = output_of(s, 2, i2, t2);
                if (o2 < 0) continue;
                const int64_t tap = (t0 * s.window.size[1] + t1) * s.window.size[2] + t2;
                const int64_t at = ((image + o0) * s.out[1] + o1) * s.out[2] + o2;
                sum += load_some(dy + at * c_all + c, n) * load_some(kernel + tap * c_all + c, n);
              }
            }
          }
          store_some(dx + (row * s.in[2] + i2) * c_all + c, sum, n);
        });
      }
    }
  });
}

// The outputs of the last axis at which taps first, first + 1, ... lie inside the row.
struct TapRanges {
  static constexpr int64_t kTaps = 4;  // share the loads of dy and keep several sums in flight
  int64_t first, taps;
  Range inside[kTaps], all;

  DL_INLINE TapRanges(const ConvSizes& s, int64_t tap) : first(tap), all(outputs_inside(s, tap)) {
    taps = s.window.size[2] - first < kTaps ? s.window.size[2] - first : kTaps;
    for (int64_t t = 0; t < taps; ++t) {
      inside[t] = outputs_inside(s, first + t);
      all = both(all, inside[t]);
    }
  }
};

// sums[tap] += the products of a row of x under that tap with a row of dy, for kTaps taps.
template <class T, int kTaps, bool kFull>
DL_INLINE void add_row_products(const ConvSizes& s, const TapRanges& r, const T* x, const T* dy,
                                T* sums, int64_t n) {
  const int64_t c_all = s.groups, step = s.window.stride[2] * c_all;
  const int64_t x_tap = s.window.dilation[2] * c_all;
  const T* under = x + r.first * x_tap - s.window.before[2] * c_all;
  simd<T> sum[kTaps] = {};
  for (int64_t o = r.all.begin; o < r.all.end; ++o) {
    const simd<T> d = load_lanes<T, kFull>(dy + o * c_all, n);
#pragma GCC unroll 4
    for (int64_t t = 0; t < kTaps; ++t) {
      sum[t] += load_lanes<T, kFull>(under + o * step + t * x_tap, n) * d;
    }
  }
#pragma GCC unroll 4
  for (int64_t t = 0; t < kTaps; ++t) {
    for (int64_t o = r.inside[t].begin; o < r.inside[t].end; ++o) {
      if (o == r.all.begin && r.all.end > r.all.begin) o = r.all.end;
      if (o >= r.inside[t].end) break;
      sum[t] += load_lanes<T, kFull>(under + o * step + t * x_tap, n) *
                load_lanes<T, kFull>(dy + o * c_all, n);
    }
    T* to = sums + (r.first + t) * c_all;
    store_lanes<T, kFull>(to, load_lanes<T, kFull>(to, n) + sum[t], n);
  }
}

template <class T, int kTaps>
void add_products(const ConvSizes& s, const TapRanges& r, const T* x, const T* dy, T* sums) {
  for_each_vector<T>(0, s.groups, [&](int64_t c, int64_t n) {
    n == kLanes<T> ? add_row_products<T, kTaps, true>(s, r, x + c, dy + c, sums + c, n)
                   : add_row_products<T, kTaps, false>(s, r, x + c, dy + c, sums + c, n);
  });
}

// Rows of positions are split into fixed parts with sums of their own.
template <class T>
void weight_gradient(const ConvSizes& s, const T* x, const T* dy, T* dkernel, T* scratch) {
  const int64_t c_all = s.groups, size = s.taps() * c_all, splits = depthwise_splits(s);
  const int64_t rows = s.images * s.out[0] * s.out[1];
  parallel_for(splits, 1, [&](int64_t begin, int64_t end) {
    for (int64_t split = begin; split < end; ++split) {
      T* sums = scratch + split * size;
      for (int64_t i = 0; i < size; ++i) sums[i] = 0;
      for (int64_t row = rows * split / splits; row < rows * (split + 1) / splits; ++row) {
        const int64_t o1 = row % s.out[1], o0 = row / s.out[1] % s.out[0];
        const int64_t image = row / s.out[1] / s.out[0] * s.in[0];
        const Range r0 = taps_inside(s, 0, o0), r1 = taps_inside(s, 1, o1);
        for (int64_t t0 = r0.begin; t0 < r0.end; ++t0) {
          const int64_t i0 =
              o0 * s.window.stride[0] - s.window.before[0] + t0 * s.window.dilation[0];
          for (int64_t t1 = r1.begin; t1 < r1.end; ++t1) {
            const int64_t i1 =
                o1 * s.window.stride[1] - s.window.before[1] + t1 * s.window.dilation[1];
            const T* from = x + ((image + i0) * s.in[1] + i1) * s.in[2] * c_all;
            T* to = sums + (t0 * s.window.size[1] + t1) * s.window.size[2] * c_all;
            const T* dy_row = dy + row * s.out[2] * c_all;
            for (int64_t t2 = 0; t2 < s.window.size[2]; t2 += TapRanges::kTaps) {
              const TapRanges r(s, t2);
              switch (r.taps) {
                case 1:
                  add_products<T, 1>(s, r, from, dy_row, to);
                  break;
                case 2:
                  add_products<T, 2>(s, r, from, dy_row, to);
                  break;
                case 3:
                  add_products<T, 3>(s, r, from, dy_row, to);
                  break;
                default:
                  add_products<T, 4>(s, r, from, dy_row, to);
              }
            }
          }
        }
      }
    }
  });
  parallel_for(size, grain_for(splits), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      T sum = 0;
      for (int64_t split = 0; split < splits; ++split) sum += scratch[split * size + i];
      dkernel[i] = sum;
    }
  });
}

}  // namespace

void depthwise_conv(const ConvSizes& s, const View& x, const View& kernel, const View& bias,
                    const View& addend, const View& y, bool relu) {
  for_type(y.dtype, [&]<class T>(T) {
    const Epilogue<T> after{addend.ptr<T>(), bias.ptr<T>(), relu};
    forward<T>(s, x.ptr<T>(), kernel.ptr<T>(), /*turned=*/false, after, y.ptr<T>());
  });
}

void depthwise_data_gradient(const ConvSizes& s, const View& dy, const View& kernel,
                             const View& dx) {
  for_type(dx.dtype, [&]<class T>(T) {
    if (convolve_gradient(s, dy.ptr<T>(), kernel.ptr<T>(), dx.ptr<T>())) return;
    data_gradient(s, dy.ptr<T>(), kernel.ptr<T>(), dx.ptr<T>());
  });
}

void depthwise_weight_gradient(const ConvSizes& s, const View& x, const View& dy,
                               const View& dkernel, const View& scratch) {
  for_type(dkernel.dtype, [&]<class T>(T) {
    weight_gradient(s, x.ptr<T>(), dy.ptr<T>(), dkernel.ptr<T>(), scratch.ptr<T>());
  });
}

}  // namespace danlu::cpu::DL_LEVEL
