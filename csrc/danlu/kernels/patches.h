// What the windows of a convolution see, as a matrix that is never stored: blocks of it are
// gathered from the images.
#pragma once

#include "danlu/kernels/gemm.h"
#include "danlu/kernels/plans.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

template <class T>
DL_INLINE void copy_run(T* to, const T* from, int64_t n) {
  constexpr int64_t kL = kLanes<T>;
  int64_t i = 0;
  for (; i + kL <= n; i += kL) store(to + i, load(from + i));
  if (i < n) store_first(to + i, load_first(from + i, n - i), n - i);
}
template <class T>
DL_INLINE void zero_run(T* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = 0;
}
template <class T>
DL_INLINE void add_run(T* to, const T* from, int64_t n) {
  constexpr int64_t kL = kLanes<T>;
  int64_t i = 0;
  for (; i + kL <= n; i += kL) store(to + i, load(to + i) + load(from + i));
  if (i < n) store_first(to + i, load_first(to + i, n - i) + load_first(from + i, n - i), n - i);
}

// The matrix of patches: one row for each position of the window, one column for each (tap,
// channel).
struct Patches : Windows {
  int64_t pixel;     // elements from one pixel to the next
  int64_t channels;  // of these, the ones in use

  // Neighbouring taps are neighbours in memory.
  DL_INLINE bool merged() const { return tap_step[2] == 1 && channels == pixel; }
  // The matrix is the image itself.
  DL_INLINE bool is_image() const {
    bool same = true;
    for (int d = 0; d < 3; ++d) {
      same = same && taps[d] == 1 && start[d] == 0 && step[d] == 1 && in[d] == out[d];
    }
    return same;
  }

  // A position of the window: the element under tap 0 of each axis, and the image it is in.
  struct Position {
    int64_t at[3], image, index[3];
  };
  DL_INLINE Position position(int64_t m) const {
    Position p;
    for (int d = 2; d >= 0; --d) {
      p.index[d] = m % out[d];
      p.at[d] = start[d] + p.index[d] * step[d];
      m /= out[d];
    }
    p.image = m;
    return p;
  }
  DL_INLINE void advance(Position& p) const {
    for (int d = 2; d >= 0; --d) {
      p.at[d] += step[d];
      if (++p.index[d] < out[d]) return;
      p.index[d] = 0;
      p.at[d] = start[d];
    }
    ++p.image;
  }
  DL_INLINE bool inside(const Position& p) const {
    bool yes = true;
    for (int d = 0; d < 3; ++d) {
      const int64_t reach = (taps[d] - 1) * tap_step[d];
      yes = yes && p.at[d] + (reach < 0 ? reach : 0) >= 0 &&
            p.at[d] + (reach > 0 ? reach : 0) < in[d];
    }
    return yes;
  }

  // f(column, tap of each axis, first and last channel) for each stretch of columns [k, k + depth)
  // that is adjacent in memory; `merged` taps of the last axis count as channels of one tap.
  template <class F>
  DL_INLINE void for_each_stretch(int64_t k, int64_t depth, F&& f) const {
    if (depth == 0) return;
    const int64_t length = merged() ? taps[2] * channels : channels;
    const int64_t count = merged() ? 1 : taps[2];  // in one row of the window
    int64_t skip = k % length, tap = k / length;
    int64_t t2 = tap % count, t1 = tap / count % taps[1], t0 = tap / count / taps[1];
    for (int64_t done = 0; done < depth;) {
      const int64_t n = length - skip < depth - done ? length - skip : depth - done;
      f(done, t0, t1, t2, skip, n);
      done += n;
      skip = 0;
      if (++t2 < count) continue;
      t2 = 0;
      if (++t1 < taps[1]) continue;
      t1 = 0;
      ++t0;
    }
  }

  // The stretches of a window that lies inside the image, relative to its tap 0.
  struct Runs {
    static constexpr int kMost = 128;
    int count = 0;  // more than kMost: not listed
    struct Run {
      int64_t column, offset, n;
    } run[kMost];
  };
  DL_INLINE void list_runs(int64_t k, int64_t depth, Runs& runs) const {
    for (int d = 0; d < 3; ++d) {  // a window that lies in no image
      const int64_t reach = (taps[d] - 1) * tap_step[d];
      if (reach >= in[d] || reach <= -in[d]) {
        runs.count = Runs::kMost + 1;
        return;
      }
    }
    for_each_stretch(
        k, depth, [&](int64_t column, int64_t t0, int64_t t1, int64_t t2, int64_t skip, int64_t n) {
          if (runs.count++ >= Runs::kMost) return;
          const int64_t row = t0 * tap_step[0] * in[1] + t1 * tap_step[1];
          runs.run[runs.count - 1] = {column, (row * in[2] + t2 * tap_step[2]) * pixel + skip, n};
        });
  }

  // copy(column, offset in the images, n) for the part of each stretch that lies inside the image
  // and zero(column, n) for the padding; columns are [k, k + depth), whose `runs` are listed.
  template <class Copy, class Zero>
  DL_INLINE void for_each_run(const Position& p, int64_t k, int64_t depth, const Runs& runs,
                              Copy&& copy, Zero&& zero) const {
    const int64_t first = ((p.image * in[0] + p.at[0]) * in[1] + p.at[1]) * in[2] + p.at[2];
    if (runs.count <= Runs::kMost && inside(p)) {
      for (int i = 0; i < runs.count; ++i) {
        copy(runs.run[i].column, first * pixel + runs.run[i].offset, runs.run[i].n);
      }
      return;
    }
    for_each_stretch(
        k, depth, [&](int64_t column, int64_t t0, int64_t t1, int64_t t2, int64_t skip, int64_t n) {
          const int64_t i0 = p.at[0] + t0 * tap_step[0], i1 = p.at[1] + t1 * tap_step[1];
          const int64_t i2 = p.at[2] + t2 * tap_step[2];
          if (i0 < 0 || i0 >= in[0] || i1 < 0 || i1 >= in[1]) return zero(column, n);
          if (i2 <= -(merged() ? taps[2] : 1) || i2 >= in[2]) return zero(column, n);
          // Elements [low, high) of the stretch lie inside the row of the image.
          const int64_t row = ((p.image * in[0] + i0) * in[1] + i1) * in[2];
          int64_t low = i2 < 0 ? -i2 * channels : 0;
          int64_t high = merged() ? (in[2] - i2) * channels : i2 < in[2] ? channels : 0;
          low = low < skip ? skip : low > skip + n ? skip + n : low;
          high = high > skip + n ? skip + n : high < low ? low : high;
          if (low > skip) zero(column, low - skip);
          if (high > low) copy(column + low - skip, (row + i2) * pixel + low, high - low);
          if (skip + n > high) zero(column + high - skip, skip + n - high);
        });
  }

  // Rows [m, m + rows) and columns [k, k + depth) of the matrix.
  template <class T>
  DL_INLINE void gather(const T* x, int64_t m, int64_t rows, int64_t k, int64_t depth, T* to,
                        int64_t to_row) const {
    Runs runs;
    list_runs(k, depth, runs);
    Position p = position(m);
    for (int64_t i = 0; i < rows; ++i, to += to_row, advance(p)) {
      for_each_run(
          p, k, depth, runs,
          [&](int64_t column, int64_t from, int64_t n) { copy_run(to + column, x + from, n); },
          [&](int64_t column, int64_t n) { zero_run(to + column, n); });
    }
  }
};

// What the window at each output position sees.
DL_INLINE Patches forward_patches(const ConvSizes& s) {
  return {windows_of(s), s.channels * s.groups, s.channels};
}

// Patches as the left matrix.
template <class T>
struct PatchSource {
  Patches patches;
  const T* x;

  DL_INLINE Block<T> block(int64_t m, int64_t rows, int64_t k, int64_t depth, T* buffer) const {
    // (Rows of an image that lie a multiple of 4 KiB apart would crowd one cache set.)
    if (patches.is_image() && patches.pixel * static_cast<int64_t>(sizeof(T)) % 4096 != 0) {
      return {x + m * patches.pixel + k, patches.pixel, 1};
    }
    const int64_t row = block_row<T>(depth);
    patches.gather(x, m, rows, k, depth, buffer, row);
    return {buffer, row, 1};
  }
};

// Patches transposed: rows are (tap, channel), the sum runs over positions from `first` on.
template <class T>
struct TransposedPatchSource {
  Patches patches;
  const T* x;
  int64_t first;

  DL_INLINE Block<T> block(int64_t m, int64_t rows, int64_t k, int64_t depth, T* buffer) const {
    if (patches.is_image()) return {x + (first + k) * patches.pixel + m, 1, patches.pixel};
    const int64_t row = (rows + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
    patches.gather(x, first + k, depth, m, rows, buffer, row);
    return {buffer, 1, row};
  }
};

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
