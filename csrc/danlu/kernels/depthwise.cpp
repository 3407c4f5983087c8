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

template <class T>
void forward(const ConvSizes& s, const T* x, const T* kernel, const T* bias, T* y, bool relu) {
  const int64_t c_all = s.groups, work = s.out[2] * s.taps() * c_all / kLanes<T>;
  parallel_for(s.images * s.out[0] * s.out[1], grain_for(work), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t o1 = row % s.out[1], o0 = row / s.out[1] % s.out[0];
      const int64_t image = row / s.out[1] / s.out[0] * s.in[0];
      const Range r0 = taps_inside(s, 0, o0), r1 = taps_inside(s, 1, o1);
      for (int64_t o2 = 0; o2 < s.out[2]; ++o2) {
        const Range r2 = taps_inside(s, 2, o2);
        T* to = y + (row * s.out[2] + o2) * c_all;
        for_each_vector<T>(0, c_all, [&](int64_t c, int64_t n) {
          simd<T> sum = {};
          for (int64_t t0 = r0.begin; t0 < r0.end; ++t0) {
            const int64_t i0 =
                o0 * s.window.stride[0] - s.window.before[0] + t0 * s.window.dilation[0];
            for (int64_t t1 = r1.begin; t1 < r1.end; ++t1) {
              const int64_t i1 =
                  o1 * s.window.stride[1] - s.window.before[1] + t1 * s.window.dilation[1];
              const int64_t i2 = o2 * s.window.stride[2] - s.window.before[2];
              const T* from = x + (((image + i0) * s.in[1] + i1) * s.in[2] + i2) * c_all + c;
              const T* w = kernel + (t0 * s.window.size[1] + t1) * s.window.size[2] * c_all + c;
              for (int64_t t2 = r2.begin; t2 < r2.end; ++t2) {
                sum += load_some(from + t2 * s.window.dilation[2] * c_all, n) *
                       load_some(w + t2 * c_all, n);
              }
            }
          }
          if (bias) sum += load_some(bias + c, n);
          if (relu) sum = sum < 0 ? simd<T>{} : sum;
          store_some(to + c, sum, n);
        });
      }
    }
  });
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
            for (int64_t t2 = 0; t2 < s.window.size[2]; ++t2) {
              const int64_t shift = t2 * s.window.dilation[2] - s.window.before[2];
              T* to = sums + ((t0 * s.window.size[1] + t1) * s.window.size[2] + t2) * c_all;
              for_each_vector<T>(0, c_all, [&](int64_t c, int64_t n) {
                simd<T> sum = load_some(to + c, n);
                for (int64_t o2 = 0; o2 < s.out[2]; ++o2) {
                  const int64_t i2 = o2 * s.window.stride[2] + shift;
                  if (i2 < 0 || i2 >= s.in[2]) continue;
                  sum += load_some(from + i2 * c_all + c, n) *
                         load_some(dy + (row * s.out[2] + o2) * c_all + c, n);
                }
                store_some(to + c, sum, n);
              });
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
                    const View& y, bool relu) {
  for_type(y.dtype, [&]<class T>(T) {
    forward(s, x.ptr<T>(), kernel.ptr<T>(), bias.ptr<T>(), y.ptr<T>(), relu);
  });
}

void depthwise_data_gradient(const ConvSizes& s, const View& dy, const View& kernel,
                             const View& dx) {
  for_type(dx.dtype,
           [&]<class T>(T) { data_gradient(s, dy.ptr<T>(), kernel.ptr<T>(), dx.ptr<T>()); });
}

void depthwise_weight_gradient(const ConvSizes& s, const View& x, const View& dy,
                               const View& dkernel, const View& scratch) {
  for_type(dkernel.dtype, [&]<class T>(T) {
    weight_gradient(s, x.ptr<T>(), dy.ptr<T>(), dkernel.ptr<T>(), scratch.ptr<T>());
  });
}

}  // namespace danlu::cpu::DL_LEVEL
