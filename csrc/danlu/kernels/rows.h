// What softmax, cross-entropy and normalisation share: passes over one contiguous row.
//
// A row is summed in kRowLanes interleaved partial sums which are then added as a tree: the order
// depends on the length of the row alone, and the lanes are what the compiler puts into vectors.
#pragma once

#include "danlu/core/dtype.h"
#include "danlu/core/macros.h"
#include "danlu/core/view.h"
#include "danlu/kernels/parallel.h"
#include "danlu/kernels/simd.h"

namespace danlu::cpu::DL_LEVEL {

// The type that sums of T are taken in.
template <class T>
struct Wide {
  using type = float;
};
template <>
struct Wide<double> {
  using type = double;
};
template <class T>
using wide = typename Wide<T>::type;

inline constexpr int kRowLanes = 32;

// row(r, n) for every row r of a dense x whose last axis has n elements, in parallel.
template <class F>
DL_INLINE void for_rows(const View& x, F row) {
  constexpr int kWork = 8;  // simple operations an element, for the grain
  const int64_t n = x.shape.back();
  if (x.numel() == 0) return;
  parallel_for(x.numel() / n, grain_for(kWork * n), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) row(r, n);
  });
}

// Brings the row after this one into the cache, for loops that compute much between their loads.
// Of long rows both would not fit there.
template <class T>
DL_INLINE void fetch_next_row(const T* row, int64_t n) {
  if (n * static_cast<int64_t>(sizeof(T)) > int64_t{1} << 16) return;
  for (int64_t i = 0; i < n; i += 64 / static_cast<int64_t>(sizeof(T))) {
    __builtin_prefetch(row + n + i);
  }
}

template <class A>
DL_INLINE A sum_lanes(A* lanes) {
  for (int half = kRowLanes / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

// term(0) + ... + term(n - 1)
template <class A, class Term>
DL_INLINE A sum_row(int64_t n, Term term) {
  A lanes[kRowLanes] = {};
  int64_t i = 0;
  for (; i + kRowLanes <= n; i += kRowLanes) {
    for (int j = 0; j < kRowLanes; ++j) lanes[j] += term(i + j);
  }
  for (int j = 0; i + j < n; ++j) lanes[j] += term(i + j);
  return sum_lanes(lanes);
}

// Two sums in one pass; term(i, a, b) adds to both. It may write element i of an array.
template <class A>
struct Two {
  A a, b;
};
template <class A, class Term>
DL_INLINE Two<A> sum_row_twice(int64_t n, Term term) {
  A a[kRowLanes] = {}, b[kRowLanes] = {};
  int64_t i = 0;
  for (; i + kRowLanes <= n; i += kRowLanes) {
    DL_VECTORIZE
    for (int j = 0; j < kRowLanes; ++j) term(i + j, a[j], b[j]);
  }
  for (int j = 0; i + j < n; ++j) term(i + j, a[j], b[j]);
  return {sum_lanes(a), sum_lanes(b)};
}

// The largest of a row of at least one element. A NaN may be passed over: what is computed from
// the row afterwards is NaN anyway.
template <class A, class T>
DL_INLINE A max_row(const T* x, int64_t n) {
  A lanes[kRowLanes];
  for (int j = 0; j < kRowLanes; ++j) lanes[j] = static_cast<A>(x[0]);
  int64_t i = 0;
  for (; i + kRowLanes <= n; i += kRowLanes) {
    for (int j = 0; j < kRowLanes; ++j) {
      const A value = static_cast<A>(x[i + j]);
      lanes[j] = value > lanes[j] ? value : lanes[j];
    }
  }
  for (int j = 0; i + j < n; ++j) {
    const A value = static_cast<A>(x[i + j]);
    lanes[j] = value > lanes[j] ? value : lanes[j];
  }
  for (int half = kRowLanes / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; ++j)
      lanes[j] = lanes[j] > lanes[j + half] ? lanes[j] : lanes[j + half];
  }
  return lanes[0];
}

}  // namespace danlu::cpu::DL_LEVEL
