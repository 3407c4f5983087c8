// Windows that slide over images whose channels are treated alike: depthwise convolution, pooling.
#pragma once

#include "danlu/kernels/gemm.h"
#include "danlu/kernels/plans.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

struct Range {
  int64_t begin, end;
};
// The taps of axis d that lie inside the image when the window stands at `out`.
DL_INLINE Range taps_inside(const ConvSizes& s, int d, int64_t out) {
  const int64_t at = out * s.window.stride[d] - s.window.before[d], step = s.window.dilation[d];
  Range r;
  if (step == 1) {  // a division costs as much as a window
    r.begin = at >= 0 ? 0 : -at;
    r.end = at >= s.in[d] ? 0 : s.in[d] - at;
  } else {
    r.begin = at >= 0 ? 0 : (-at + step - 1) / step;
    r.end = at >= s.in[d] ? 0 : (s.in[d] - at + step - 1) / step;
  }
  if (r.end > s.window.size[d]) r.end = s.window.size[d];
  return r;
}
// f(first channel, count) for each vector of channels [from, to); the last may be partial.
template <class T, class F>
DL_INLINE void for_each_vector(int64_t from, int64_t to, F&& f) {
  int64_t c = from;
  for (; c + kLanes<T> <= to; c += kLanes<T>) f(c, kLanes<T>);
  if (c < to) f(c, to - c);
}
template <class T>
DL_INLINE simd<T> load_some(const T* p, int64_t n) {
  return n == kLanes<T> ? load(p) : load_first(p, n);
}
template <class T>
DL_INLINE void store_some(T* p, simd<T> v, int64_t n) {
  n == kLanes<T> ? store(p, v) : store_first(p, v, n);
}

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
