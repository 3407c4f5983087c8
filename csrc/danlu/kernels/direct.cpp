// Convolution for few channels and a small kernel, as first layers have it. Gathering a patch would
// cost as much as multiplying it, and none is gathered: in one row of the window, the taps of all
// channels lie side by side in the image, and those of the next position a stride further. They are
// rows of a matrix whose elements overlap, which gemm_block reads in place, one row of the window
// after the other. An image with padding is copied once, with its border of zeros.
#include "danlu/kernels/direct.h"

#include "danlu/kernels/gemm.h"
#include "danlu/kernels/patches.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// The images, or their copy with zeros around them.
template <class T>
struct Framed {
  const T* data;
  int64_t line, plane, image;  // elements from one row, plane, image to the next

  // The first element under the window at row `index` of all rows of positions.
  DL_INLINE int64_t row(const ConvSizes& s, int64_t index) const {
    const int64_t i1 = index % s.out[1], i0 = index / s.out[1] % s.out[0];
    return index / s.out[1] / s.out[0] * image + i0 * s.window.stride[0] * plane +
           i1 * s.window.stride[1] * line;
  }
};

// Rows [begin, end) of the copy `to`, whose rows of all images have `line` elements.
template <class T>
void copy_rows(const ConvSizes& s, const Frame& frame, int64_t line, const T* x, T* to,
               int64_t begin, int64_t end) {
  const int64_t c = s.channels, before = s.window.before[2] * c;
  const int64_t inside = s.in[2] * c < line - before ? s.in[2] * c : line - before;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t i1 = row % frame.size[1] - s.window.before[1];
    const int64_t plane = row / frame.size[1];
    const int64_t i0 = plane % frame.size[0] - s.window.before[0];
    T* out = to + row * line;
    for (int64_t i = 0; i < line; ++i) out[i] = 0;
    if (i1 < 0 || i1 >= s.in[1] || i0 < 0 || i0 >= s.in[0]) continue;
    const T* from = x + ((plane / frame.size[0] * s.in[0] + i0) * s.in[1] + i1) * s.in[2] * c;
    for (int64_t i = 0; i < inside; ++i) out[before + i] = from[i];
  }
}

template <class T>
Framed<T> make_frame(const ConvSizes& s, const T* x, T* scratch) {
  const Frame frame = frame_of(s);
  const int64_t line = frame.size[2] * s.channels, plane = frame.size[1] * line;
  if (frame.copies) {
    const int64_t rows = s.images * frame.size[0] * frame.size[1];
    parallel_for(rows, grain_for(2 * line), [&](int64_t begin, int64_t end) {
      copy_rows(s, frame, line, x, scratch, begin, end);
    });
  }
  return {frame.copies ? scratch : x, line, plane, frame.size[0] * plane};
}

// Where each row of the window begins, from the position's first element.
template <class T>
DL_INLINE void window_rows(const ConvSizes& s, const Framed<T>& x, int64_t* offset) {
  for (int64_t i = 0; i < s.window.size[0] * s.window.size[1]; ++i) {
    offset[i] = i / s.window.size[1] * s.window.dilation[0] * x.plane +
                i % s.window.size[1] * s.window.dilation[1] * x.line;
  }
}

// ---- one channel, few filters -----------------------------------------------------------------

// Vectors that run over filters would be half empty. These run along a row of positions, one for
// each filter, as the image has it in place. The last vector of a row overlaps the one before, so
// that none reaches beyond.

// The matrix (kFewFilters, kLanes) in `v`, transposed and flat, in log2(steps) steps: each
// interleaves row i with row i + kFewFilters / 2. After `steps` = kFewFilters it is transposed,
// and after kLanes more as it was.
template <class T>
DL_INLINE void transpose(simd<T>* v, int64_t steps) {
  using Lanes = std::make_index_sequence<kLanes<T>>;
  constexpr int kHalf = kFewFilters / 2;
#pragma GCC unroll 4
  for (; steps > 1; steps /= 2) {
    simd<T> w[kFewFilters];
#pragma GCC unroll 4
    for (int i = 0; i < kHalf; ++i) {
      w[2 * i] = interleave<false>(v[i], v[i + kHalf], Lanes{});
      w[2 * i + 1] = interleave<true>(v[i], v[i + kHalf], Lanes{});
    }
#pragma GCC unroll 8
    for (int i = 0; i < kFewFilters; ++i) v[i] = w[i];
  }
}

// f(integral_constant n), 1 <= n <= kMost.
template <int kMost, class F>
DL_INLINE void for_count(int64_t n, F&& f) {
  if constexpr (kMost > 1) {
    if (n < kMost) return for_count<kMost - 1>(n, f);
  }
  f(std::integral_constant<int, kMost>{});
}

// Where vector `i` of a row of positions starts.
template <class T>
DL_INLINE int64_t vector_start(const ConvSizes& s, int64_t i) {
  const int64_t at = i * kLanes<T>, last = s.out[2] - kLanes<T>;
  return at < last ? at : last;
}

// y (kLanes, kCount) = the transposed sums, with what follows them. Pixels are stored whole: what
// they have too much the next one overwrites.
template <class T, int kCount>
DL_INLINE void finish_along_row(const simd<T>* sum, const Epilogue<T>& after, T* y) {
  simd<T> v[kFewFilters];
#pragma GCC unroll 8
  for (int f = 0; f < kFewFilters; ++f) {
    v[f] = f < kCount ? sum[f] : simd<T>{};
    if (f < kCount && after.addend) {
      for (int i = 0; i < kLanes<T>; ++i) v[f][i] += after.addend[i * kCount + f];
    }
    if (f < kCount && after.bias) v[f] += after.bias[f];
    if (f < kCount && after.relu) v[f] = v[f] < 0 ? simd<T>{} : v[f];  // NaN stays NaN
  }
  transpose<T>(v, kFewFilters);
  T pixels[kLanes<T> * kFewFilters];
#pragma GCC unroll 8
  for (int f = 0; f < kFewFilters; ++f) store(pixels + f * kLanes<T>, v[f]);
#pragma GCC unroll 16
  for (int i = 0; i < kLanes<T>; ++i) {
    const int left = (kLanes<T> - i) * kCount, count = left < kFewFilters ? left : kFewFilters;
    __builtin_memcpy(y + i * kCount, pixels + i * kFewFilters, count * sizeof(T));
  }
}

// Two vectors of positions of kCount = all filters: they start at_0 and at_1 after x and y.
template <class T, int kCount>
void multiply_along_row(const ConvSizes& s, const T* x, const int64_t* taps, int64_t at_0,
                        int64_t at_1, const T* kernel, const Epilogue<T>& after, T* y) {
  simd<T> sum_0[kCount] = {}, sum_1[kCount] = {};
  for (int64_t r = 0; r < s.window.size[0] * s.window.size[1]; ++r) {
    const T* row = x + taps[r];
    for (int64_t t = 0; t < s.window.size[2]; ++t, kernel += kCount) {
      const simd<T> v_0 = load(row + at_0 + t), v_1 = load(row + at_1 + t);
#pragma GCC unroll 8
      for (int f = 0; f < kCount; ++f) {
        sum_0[f] += kernel[f] * v_0;
        sum_1[f] += kernel[f] * v_1;
      }
    }
  }
  finish_along_row<T, kCount>(sum_0, after.from(at_0 * kCount, 0), y + at_0 * kCount);
  finish_along_row<T, kCount>(sum_1, after.from(at_1 * kCount, 0), y + at_1 * kCount);
}

template <class T>
void forward_along_rows(const ConvSizes& s, const Framed<T>& x, const T* kernel,
                        const Epilogue<T>& after, T* y) {
  const int64_t width = s.out[2], rows = s.images * s.out[0] * s.out[1];
  int64_t taps[kMostWindowRows];
  window_rows(s, x, taps);
  parallel_for(rows, grain_for(width * s.taps() * s.filters / 4), [&](int64_t begin, int64_t end) {
    for_count<kFewFilters>(s.filters, [&](auto count) {
      for (int64_t row = begin; row < end; ++row) {
        for (int64_t i = 0; i * kLanes<T> < width; i += 2) {
          multiply_along_row<T, count>(
              s, x.data + x.row(s, row), taps, vector_start<T>(s, i), vector_start<T>(s, i + 1),
              kernel, after.from(row * width * s.filters, 0), y + row * width * s.filters);
        }
      }
    });
  });
}

// dy of kLanes positions from `at` on as one vector for each filter, 0 at the first `skip`.
template <class T, int kCount>
DL_INLINE void load_along_row(const T* dy, int64_t skip, T* planes) {
  T pixels[kLanes<T> * kFewFilters];
#pragma GCC unroll 16
  for (int i = 0; i < kLanes<T>; ++i) {
    const int left = (kLanes<T> - i) * kCount, count = left < kFewFilters ? left : kFewFilters;
    __builtin_memcpy(pixels + i * kFewFilters, dy + i * kCount, count * sizeof(T));
  }
  zero_run(pixels, skip * kFewFilters);
  simd<T> v[kFewFilters];
#pragma GCC unroll 8
  for (int f = 0; f < kFewFilters; ++f) v[f] = load(pixels + f * kLanes<T>);
  transpose<T>(v, kLanes<T>);
#pragma GCC unroll 8
  for (int f = 0; f < kCount; ++f) store(planes + f * kLanes<T>, v[f]);
}

// The weight gradient takes dy of this many rows at a time, and 3 filters with 5 taps: 15 sums.
constexpr int kRowsAtOnce = 16;
constexpr int kFiltersAtOnce = 3, kTapsAtOnce = 5;
constexpr int kPlanes = 9;  // of filters: a multiple of 3

// What a split of the rows adds to, and rows of dy as two vectors for each filter.
template <class T>
struct RowSums {
  int64_t at[2];               // where the two vectors of positions start
  int64_t start[kRowsAtOnce];  // of rows of x
  alignas(64) T dy[kRowsAtOnce][2][kPlanes * kLanes<T>];
  simd<T> sum[kMostRowTaps * kPlanes];  // of (tap, filter)
};

// kTaps taps from `tap` on, whose first one is at `offset` after the starts, for all filters.
template <class T, int kTaps>
void add_products(RowSums<T>& to, const T* x, int64_t rows, int64_t filters, int64_t tap) {
  constexpr int kL = kLanes<T>;
  for (int64_t f = 0; f < filters; f += kFiltersAtOnce) {
    simd<T>* const total = to.sum + tap * kPlanes + f;
    simd<T> sum[kTaps][kFiltersAtOnce] = {};
    for (int64_t i = 0; i < rows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < 2; ++j) {
        const T* const from = x + to.start[i] + to.at[j];
        const T* const dy = to.dy[i][j] + f * kL;
        const simd<T> d[] = {load(dy), load(dy + kL), load(dy + 2 * kL)};
#pragma GCC unroll 8
        for (int t = 0; t < kTaps; ++t) {
          const simd<T> v = load(from + t);
#pragma GCC unroll 3
          for (int g = 0; g < kFiltersAtOnce; ++g) sum[t][g] += v * d[g];
        }
      }
    }
#pragma GCC unroll 8
    for (int t = 0; t < kTaps; ++t) {
#pragma GCC unroll 3
      for (int g = 0; g < kFiltersAtOnce; ++g) total[t * kPlanes + g] += sum[t][g];
    }
  }
}

// The sums of rows [first, last), all vectors of positions, all taps.
template <class T, int kCount>
void sum_rows(const ConvSizes& s, const Framed<T>& x, const T* dy, const int64_t* taps,
              int64_t first, int64_t last, RowSums<T>& to) {
  const int64_t width = s.out[2], run = s.window.size[2];
  for (int64_t i = 0; i * kLanes<T> < width; i += 2) {
    for (int j = 0; j < 2; ++j) to.at[j] = vector_start<T>(s, i + j);
    for (int64_t row = first; row < last; row += kRowsAtOnce) {
      const int64_t rows = last - row < kRowsAtOnce ? last - row : kRowsAtOnce;
      for (int64_t r = 0; r < rows; ++r) {
        to.start[r] = x.row(s, row + r);
        for (int j = 0; j < 2; ++j) {
          const int64_t done = (i + j) * kLanes<T> - to.at[j];
          load_along_row<T, kCount>(dy + ((row + r) * width + to.at[j]) * kCount,
                                    done < kLanes<T> ? done : kLanes<T>, to.dy[r][j]);
        }
      }
      for (int64_t r = 0; r < s.window.size[0] * s.window.size[1]; ++r) {
        for (int64_t t = 0; t < run; t += kTapsAtOnce) {
          for_count<kTapsAtOnce>(run - t, [&](auto count) {
            add_products<T, count>(to, x.data + taps[r] + t, rows, kCount, r * run + t);
          });
        }
      }
    }
  }
}

template <class T>
void weight_gradient_along_rows(const ConvSizes& s, const Framed<T>& x, const T* dy, T* dkernel,
                                int64_t splits) {
  const int64_t rows = s.images * s.out[0] * s.out[1], size = s.taps() * s.filters;
  int64_t taps[kMostWindowRows];
  window_rows(s, x, taps);
  parallel_for(splits, grain_for(rows * s.out[2] * size / splits / 4), [&](int64_t i, int64_t end) {
    for (; i < end; ++i) {
      RowSums<T> sums;
      zero_run(&sums.dy[0][0][0], kRowsAtOnce * 2 * kPlanes * kLanes<T>);
      zero_run(reinterpret_cast<T*>(sums.sum), s.taps() * kPlanes * kLanes<T>);
      for_count<kFewFilters>(s.filters, [&](auto count) {
        sum_rows<T, count>(s, x, dy, taps, rows * i / splits, rows * (i + 1) / splits, sums);
      });
      for (int64_t k = 0; k < size; ++k) {
        T lane[kLanes<T>];
        store(lane, sums.sum[k / s.filters * kPlanes + k % s.filters]);
        for (int half = kLanes<T> / 2; half > 0; half /= 2) {
          for (int j = 0; j < half; ++j) lane[j] += lane[j + half];
        }
        dkernel[i * size + k] = lane[0];
      }
    }
  });
}

// ---- any channels and filters ------------------------------------------------------------------

template <class T>
void forward(const ConvSizes& s, const T* images, const T* kernel, const Epilogue<T>& after, T* y,
             T* scratch) {
  const Framed<T> x = make_frame(s, images, scratch);
  if (goes_along_rows(s, kLanes<T>)) return forward_along_rows(s, x, kernel, after, y);
  const int64_t run = s.window.size[2] * s.channels, step = s.window.stride[2] * s.channels;
  const int64_t width = s.out[2], rows = s.images * s.out[0] * s.out[1];
  int64_t taps[kMostWindowRows], offsets[kBlockRows];
  window_rows(s, x, taps);
  for (int64_t i = 0; i < kBlockRows; ++i) offsets[i] = i * s.filters;
  const int64_t work = width * s.taps() * s.channels * s.filters;
  parallel_for(rows, grain_for(work / 4), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t at = 0; at < width; at += kBlockRows) {
        const Epilogue<T> here = after.from((row * width + at) * s.filters, 0);
        gemm_block({.m = width - at < kBlockRows ? width - at : kBlockRows,
                    .n = s.filters,
                    .k = run,
                    .a = x.data + x.row(s, row) + at * step,
                    .a_row = step,
                    .a_col = 1,
                    .b = kernel,
                    .b_row = s.filters,
                    .b_panel = 0,
                    .y = y + (row * width + at) * s.filters,
                    .y_row = offsets,
                    .addend = here.addend,
                    .bias = here.bias,
                    .relu = here.relu,
                    .segments = s.window.size[0] * s.window.size[1],
                    .segment = taps});
      }
    }
  });
}

// Rows of the gradient are (tap, channel), the sum runs over positions: over the rows of positions
// as segments.
template <class T>
void weight_gradient(const ConvSizes& s, const T* images, const T* dy, T* dkernel, int64_t splits,
                     T* scratch) {
  const Framed<T> x = make_frame(s, images, scratch);
  if (goes_along_rows(s, kLanes<T>)) {
    return weight_gradient_along_rows(s, x, dy, dkernel, splits);
  }
  const int64_t run = s.window.size[2] * s.channels, step = s.window.stride[2] * s.channels;
  const int64_t width = s.out[2], rows = s.images * s.out[0] * s.out[1];
  const int64_t window_height = s.window.size[0] * s.window.size[1];
  int64_t taps[kMostWindowRows];
  window_rows(s, x, taps);
  const int64_t work = rows * width * run * s.filters / splits;
  parallel_for(splits * window_height, grain_for(work / 4), [&](int64_t begin, int64_t end) {
    constexpr int64_t kMost = 64;
    int64_t starts[kMost], offsets[kBlockRows];
    for (int64_t i = 0; i < kBlockRows; ++i) offsets[i] = i * s.filters;
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t split = piece / window_height, tap = piece % window_height;
      const int64_t first = rows * split / splits, last = rows * (split + 1) / splits;
      T* to = dkernel + piece * run * s.filters;
      for (int64_t row = first; row < last; row += kMost) {
        const int64_t some = last - row < kMost ? last - row : kMost;
        for (int64_t i = 0; i < some; ++i) starts[i] = x.row(s, row + i);
        for (int64_t at = 0; at < run; at += kBlockRows) {
          gemm_block({.m = run - at < kBlockRows ? run - at : kBlockRows,
                      .n = s.filters,
                      .k = width,
                      .a = x.data + taps[tap] + at,
                      .a_row = 1,
                      .a_col = step,
                      .b = dy + row * width * s.filters,
                      .b_row = s.filters,
                      .b_panel = 0,
                      .y = to + at * s.filters,
                      .y_row = offsets,
                      .addend = row > first ? to + at * s.filters : nullptr,
                      .bias = nullptr,
                      .relu = false,
                      .segments = some,
                      .segment = starts});
        }
      }
    }
  });
}

// ---- data gradient ----------------------------------------------------------------------------

// A row of dx, `joined` neighbouring pixels at a time, from the rows of dy that see it: for a
// window that moves by one, whose products would otherwise be added up in memory. Vectors run over
// the few channels of all these pixels.
template <class T>
struct JoinedGradient {
  int64_t joined, reach, kernel_size;  // reach: pixels of dy's row that see them

  DL_INLINE explicit JoinedGradient(const ConvSizes& s) {
    joined = 2 * kLanes<T> / s.channels;
    reach = s.window.size[2] + joined - 1;
    kernel_size = s.window.size[1] * reach * s.filters * joined * s.channels;
  }
  // Where that is possible, and cheaper than the product for each position and adding it: in
  // vectors that are multiplied, of which an addition to memory costs as much as 22.
  DL_INLINE bool fits(const ConvSizes& s) const {
    const SlidingWindow& w = s.window;
    const int64_t run = w.size[2] * s.channels, height = w.size[1], lanes = kLanes<T>;
    const int64_t gathered = 2 * height * reach * s.filters / joined;
    const int64_t scattered =
        (height * run + lanes - 1) / lanes * s.filters + (run + lanes - 1) / lanes * height * 22;
    return s.groups == 1 && s.in[0] == 1 && w.size[0] == 1 && w.before[0] == 0 &&
           w.stride[1] == 1 && w.stride[2] == 1 && w.dilation[2] == 1 && s.out[1] >= 8 &&
           gathered < scattered && kernel_size <= conv_data_gradient_scratch(s);
  }
};

// kernel (window rows, reach, filters, joined, channels): pixel `from` of the reach is under tap
// pixel + window - 1 - from.
template <class T>
void join_for_gradient(const ConvSizes& s, const JoinedGradient<T>& j, const T* kernel, T* out) {
  const int64_t c = s.channels, o = s.filters, width = s.window.size[2];
  zero_run(out, j.kernel_size);
  for (int64_t row = 0; row < s.window.size[1]; ++row) {
    for (int64_t tap = 0; tap < width; ++tap) {
      for (int64_t pixel = 0; pixel < j.joined; ++pixel) {
        const int64_t from = pixel + width - 1 - tap;
        T* to = out + ((row * j.reach + from) * o * j.joined + pixel) * c;
        for (int64_t k = 0; k < c; ++k) {
          for (int64_t i = 0; i < o; ++i) {
            to[i * j.joined * c + k] = kernel[((row * width + tap) * c + k) * o + i];
          }
        }
      }
    }
  }
}

// Row i of dy adds to rows i + shift of dx, one shift for each row of the window.
template <class T>
void data_gradient(const ConvSizes& s, const JoinedGradient<T>& j, const T* dy, const T* kernel,
                   T* dx, T* scratch) {
  const int64_t c = s.channels, o = s.filters, line = s.in[2] * c;
  join_for_gradient(s, j, kernel, scratch);
  const int64_t work = s.out[1] * s.in[2] * s.taps() * o * c;
  parallel_for(s.images, grain_for(work / 4), [&](int64_t image, int64_t end) {
    int64_t offsets[kBlockRows];
    for (int64_t i = 0; i < kBlockRows; ++i) offsets[i] = i * line;
    for (; image < end; ++image) {
      T* to = dx + image * s.in[1] * line;
      zero_run(to, s.in[1] * line);
      for (int64_t pixel = 0; pixel < s.in[2]; pixel += j.joined) {
        // The pixels of a row of dy that see these: [first, last) of it, from `skip` of the reach.
        const int64_t start = pixel + s.window.before[2] - s.window.size[2] + 1;
        const int64_t first = start > 0 ? start : 0, skip = first - start;
        const int64_t reach_end = start + j.reach,
                      last = reach_end < s.out[2] ? reach_end : s.out[2];
        const int64_t left = s.in[2] - pixel, pixels = left < j.joined ? left : j.joined;
        if (first >= last) continue;
        for (int64_t row = 0; row < s.window.size[1]; ++row) {
          const int64_t shift = row * s.window.dilation[1] - s.window.before[1];
          int64_t i = shift < 0 ? -shift : 0;
          const int64_t stop = s.in[1] - shift < s.out[1] ? s.in[1] - shift : s.out[1];
          for (int64_t rows; i < stop; i += rows) {
            rows = stop - i < kBlockRows ? stop - i : kBlockRows;
            gemm_block({.m = rows,
                        .n = pixels * c,
                        .k = (last - first) * o,
                        .a = dy + ((image * s.out[1] + i) * s.out[2] + first) * o,
                        .a_row = s.out[2] * o,
                        .a_col = 1,
                        .b = scratch + (row * j.reach + skip) * o * j.joined * c,
                        .b_row = j.joined * c,
                        .b_panel = 0,
                        .y = to + (i + shift) * line + pixel * c,
                        .y_row = offsets,
                        .addend = to + (i + shift) * line + pixel * c,
                        .bias = nullptr,
                        .relu = false});
          }
        }
      }
    }
  });
}

template <class T>
bool try_data_gradient(const ConvSizes& s, const T* dy, const T* kernel, T* dx, T* scratch) {
  const JoinedGradient<T> joined(s);
  if (!joined.fits(s)) return false;
  data_gradient(s, joined, dy, kernel, dx, scratch);
  return true;
}

}  // namespace

void direct_conv(const ConvSizes& sizes, const float* x, const float* kernel,
                 const Epilogue<float>& after, float* y, float* scratch) {
  forward(sizes, x, kernel, after, y, scratch);
}
void direct_conv(const ConvSizes& sizes, const double* x, const double* kernel,
                 const Epilogue<double>& after, double* y, double* scratch) {
  forward(sizes, x, kernel, after, y, scratch);
}
void direct_weight_gradient(const ConvSizes& sizes, const float* x, const float* dy, float* dkernel,
                            int64_t splits, float* scratch) {
  weight_gradient(sizes, x, dy, dkernel, splits, scratch);
}
void direct_weight_gradient(const ConvSizes& sizes, const double* x, const double* dy,
                            double* dkernel, int64_t splits, double* scratch) {
  weight_gradient(sizes, x, dy, dkernel, splits, scratch);
}

bool direct_data_gradient(const ConvSizes& sizes, const float* dy, const float* kernel, float* dx,
                          float* scratch) {
  return try_data_gradient(sizes, dy, kernel, dx, scratch);
}
bool direct_data_gradient(const ConvSizes& sizes, const double* dy, const double* kernel,
                          double* dx, double* scratch) {
  return try_data_gradient(sizes, dy, kernel, dx, scratch);
}

}  // namespace danlu::cpu::DL_LEVEL
