// Small parameter structs and enums that kernels and ops share, grouped by kernel file.
#pragma once

#include <cstdint>

#include "danlu/core/shape.h"
#include "danlu/core/view.h"

namespace danlu {

/* ---- matmul ---- */

// One product of the batch for each chunk of work, or, where a product is large, all threads on
// one product after the other.
DL_INLINE int64_t batch_pieces(int64_t batch, int64_t m, int64_t n, int64_t k) {
  if (m * n * k > int64_t{1} << 22 && batch < 16) return 1;
  const int64_t pieces = batch * m * n * k / 65536 + 1;
  return pieces < batch ? (pieces < 64 ? pieces : 64) : batch < 64 ? batch : 64;
}

// Few rows of a and memory that runs along k in both: dot products beat packing b.
DL_INLINE bool use_dot(int64_t m, int64_t a_col, int64_t b_row, int64_t b_col) {
  return m <= 4 && a_col == 1 && b_row == 1 && b_col != 1;
}

// Whether b (k, n) with these strides is copied into panels first: always when its columns are not
// adjacent, and when the copy (one pass over b) is small against m passes over a large b.
DL_INLINE bool pack_columns(int64_t m, int64_t n, int64_t k, int64_t b_col) {
  if (b_col != 1 && n > 1) return true;
  return m >= 256 && n * k >= 512 * 512;
}

// Elements of scratch that one product needs: b in panels of up to 64 columns.
DL_INLINE int64_t packed_columns_size(int64_t n, int64_t k) { return (n + 63) / 64 * 64 * k; }

/* ---- index ---- */

// Indices (int64, all of one shape) of `count` neighbouring axes.
struct IndexList {
  View index[kMaxDims];
  int count = 0;
};

// first + i * step, exact for integers and in float64 for the rest.
struct Ramp {
  double first = 0, step = 1;
  int64_t first_int = 0, step_int = 1;
};

/* ---- sort ---- */

// Rows that are sorted at the same time, each with scratch of its own.
inline constexpr int64_t kSortLanes = 64;

}  // namespace danlu
