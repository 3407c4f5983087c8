// How matrix products and convolutions are cut, which algorithm computes them and what scratch that
// takes: by shape alone, never by the number of threads.
#pragma once

#include <cstdint>

#include "danlu/core/macros.h"

namespace danlu {

// ---- matmul -----------------------------------------------------------------------------------

// One product of the batch for each chunk of work, or, where a product is large, all threads on
// one product after the other.
DL_INLINE int64_t batch_pieces(int64_t batch, int64_t m, int64_t n, int64_t k) {
  if (m * n * k > int64_t{1} << 22 && batch < 16) return 1;
  const int64_t pieces = batch * m * n * k / 65536 + 1;
  return pieces < batch ? (pieces < 64 ? pieces : 64) : batch < 64 ? batch : 64;
}

// What is computed for y (m, n) = a (m, k) b (k, n) with these strides.
struct ProductPlan {
  bool transposed;      // y is one column: the row of the transposed product b^T a^T
  bool dots;            // few rows, and memory runs along k in both: dot products beat packing b
  bool packed;          // b is copied into panels first
  int64_t packed_size;  // elements of scratch for that: panels of up to 64 columns
};
DL_INLINE ProductPlan plan_product(int64_t m, int64_t n, int64_t k, int64_t a_row, int64_t a_col,
                                   int64_t b_row, int64_t b_col, bool bias) {
  ProductPlan plan;
  plan.transposed = n == 1 && m > 1 && !bias;
  if (plan.transposed) {
    n = m;
    m = 1;
    const int64_t row = b_row;
    b_row = a_col;
    b_col = a_row;
    a_col = row;
  }
  plan.dots = m <= 4 && a_col == 1 && b_row == 1 && b_col != 1;
  // Always when columns are not adjacent, and when the copy (one pass over b) is small against m
  // passes over a large b.
  const bool large = m >= 256 && n * k >= 512 * 512;
  plan.packed = !plan.dots && ((b_col != 1 && n > 1) || large);
  plan.packed_size = plan.packed ? (n + 63) / 64 * 64 * k : 0;
  return plan;
}
// The same for rows of b that lie side by side.
DL_INLINE ProductPlan plan_product(int64_t m, int64_t n, int64_t k) {
  return plan_product(m, n, k, k, 1, n, 1, true);
}
DL_INLINE int64_t packed_columns_size(int64_t n, int64_t k) { return (n + 63) / 64 * 64 * k; }

// ---- conv, pool -------------------------------------------------------------------------------

// A window that slides over three spatial axes; 1-D and 2-D use the last ones, with size 1 before.
struct SlidingWindow {
  int64_t size[3] = {1, 1, 1};
  int64_t stride[3] = {1, 1, 1};
  int64_t dilation[3] = {1, 1, 1};
  int64_t before[3] = {0, 0, 0};  // padding before the first element
};

// What a convolution's kernels need of its sizes. Channels are of one group.
struct ConvSizes {
  int64_t images, in[3], out[3], channels, filters, groups;
  SlidingWindow window;

  DL_INLINE int64_t taps() const { return window.size[0] * window.size[1] * window.size[2]; }
  DL_INLINE int64_t positions() const { return images * out[0] * out[1] * out[2]; }
  DL_INLINE bool depthwise() const { return groups > 1 && channels == 1 && filters == 1; }
};

inline constexpr int64_t kMaxJoined = 4;   // neighbouring outputs computed as one
inline constexpr int64_t kMaxSplits = 16;  // partial sums of a weight gradient
inline constexpr int64_t kConvBlockRows = 48;

// Into how many parts the positions are split, where the kernel alone gives too little to share.
DL_INLINE int64_t weight_gradient_splits(const ConvSizes& s) {
  const int64_t blocks = (s.taps() * s.channels + kConvBlockRows - 1) / kConvBlockRows;
  const int64_t wanted = (kMaxSplits + blocks - 1) / (blocks < 1 ? 1 : blocks);
  const int64_t most = s.positions() / 256;
  return most <= 1 ? 1 : wanted < most ? wanted : most;
}
DL_INLINE int64_t depthwise_splits(const ConvSizes& s) {
  const int64_t rows = s.images * s.out[0] * s.out[1];
  return rows < 1 ? 1 : rows < kMaxSplits ? rows : kMaxSplits;
}
DL_INLINE int64_t scatter_pieces(int64_t images) { return images < 32 ? images : 32; }
// Whether the data gradient is scattered (few channels) or gathered.
DL_INLINE bool scatters(const ConvSizes& s, int64_t lanes) { return s.channels < lanes; }

// Elements of scratch, at most, for any vector width.
DL_INLINE int64_t joined_kernel_size(const ConvSizes& s) {
  if (s.groups > 1 || s.filters >= 16) return 0;
  const int64_t width = s.window.size[2] + (kMaxJoined - 1) * s.window.stride[2];
  return s.window.size[0] * s.window.size[1] * width * s.channels * s.filters * kMaxJoined;
}
DL_INLINE int64_t conv_scratch(const ConvSizes& s) {
  const int64_t k = s.taps() * s.channels, joined = joined_kernel_size(s);
  return packed_columns_size(s.filters, k) + 64 * kMaxJoined + 17 * joined;
}
DL_INLINE int64_t conv_data_gradient_scratch(const ConvSizes& s) {
  const int64_t k = s.taps() * s.channels;
  const int64_t gathered = packed_columns_size(s.channels, s.taps() * s.filters);
  const int64_t scattered =
      packed_columns_size(k, s.filters) + scatter_pieces(s.images) * kConvBlockRows * k;
  return scatters(s, 16) && scattered > gathered ? scattered : gathered;
}
DL_INLINE int64_t conv_weight_gradient_scratch(const ConvSizes& s) {
  if (s.depthwise()) return depthwise_splits(s) * s.taps() * s.groups;
  const int64_t splits = weight_gradient_splits(s);
  const int64_t joined = joined_kernel_size(s);
  return (splits > 1 ? splits * s.taps() * s.channels * s.filters : 0) + (kMaxSplits + 1) * joined;
}

}  // namespace danlu
