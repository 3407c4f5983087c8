// The one blocked GEMM that matmul, dense and convolution share: y (m, n) [+]= a (m, k) b (k, n).
//
// gemm.cpp multiplies a block that the caches hold; `gemm` below cuts a product into such blocks.
// Where a block of `a` comes from is the caller's: a matrix in place, a packed copy, or patches of
// an image gathered on the fly. Every element is summed over k in one order, in steps of kDepth:
// threads divide rows and columns only, so the bits do not depend on their number.
#pragma once

#include <cstdint>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "danlu/core/dtype.h"
#include "danlu/kernels/parallel.h"
#include "danlu/kernels/plans.h"
#include "danlu/kernels/simd.h"

namespace danlu::cpu::DL_LEVEL {

// Rows of y in registers at a time: with two vectors each they fill 32 or 16 registers. And the k
// of a block: a panel of 16 KB stays in the first cache from one tile to the next; AVX-512's, of
// 64 KB, comes from the second each time, and shorter ones were not faster.
#if defined(__AVX512F__)
inline constexpr int kTileRows = 12;
inline constexpr int64_t kDepthBytes = 2048;
inline constexpr bool kPanelStays = false;
#else
inline constexpr int kTileRows = 6;
inline constexpr int64_t kDepthBytes = 1024;
inline constexpr bool kPanelStays = true;
#endif
template <class T>
inline constexpr int64_t kPanel = 2 * kLanes<T>;  // columns of a packed panel of `b`
template <class T>
inline constexpr int64_t kDepth = kDepthBytes / static_cast<int64_t>(sizeof(T));  // k of a block

// What may follow the sum. `bias` is of the columns, `addend` lies as y does.
template <class T>
struct Epilogue {
  const T* addend = nullptr;
  const T* bias = nullptr;
  bool relu = false;

  // The same for what begins `at` elements into y, in that column.
  DL_INLINE Epilogue from(int64_t at, int64_t column) const {
    return {addend ? addend + at : nullptr, bias ? bias + column : nullptr, relu};
  }
};

template <class T>
struct GemmBlock {
  int64_t m, n, k;
  const T* a;
  int64_t a_row, a_col;  // strides
  const T* b;
  int64_t b_row;    // stride of k; columns are adjacent
  int64_t b_panel;  // elements from one packed panel to the next; 0: not packed
  T* y;
  const int64_t* y_row;  // offset of each of the m rows
  const T* addend;       // added to the sum; rows as those of y, perhaps y itself; or null
  const T* bias;         // of the n columns, or null; added last
  bool relu;
  // The sum may run over several stretches of k: `b` goes on from one to the next, and `a` starts
  // `segment[i]` elements further in each.
  int64_t segments = 1;
  const int64_t* segment = nullptr;
  bool tiles = false;  // `a` is as `pack_tiles` left it, and has no strides
};
void gemm_block(const GemmBlock<float>& block);
void gemm_block(const GemmBlock<double>& block);

// Packs rows x depth elements of `a` tile by tile, so that the elements that are multiplied
// together lie together.
void pack_tiles(const float* a, int64_t row, int64_t col, int64_t rows, int64_t depth, float* out);
void pack_tiles(const double* a, int64_t row, int64_t col, int64_t rows, int64_t depth,
                double* out);

// Packs columns [column, column + kPanel) of b (k, n) with any strides into one panel (k, kPanel),
// zero beyond n.
void pack_panel(const float* b, int64_t row, int64_t col, int64_t k, int64_t columns, float* panel);
void pack_panel(const double* b, int64_t row, int64_t col, int64_t k, int64_t columns,
                double* panel);

namespace {

// The first `n` < kLanes elements; zeros follow. What lies beyond is not touched.
DL_INLINE simd<float> load_first(const float* p, int64_t n) {
#if defined(__AVX512F__)
  return (simd<float>)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p);
#elif defined(__AVX__)
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return (simd<float>)_mm256_maskload_ps(
      p, _mm256_castps_si256(_mm256_cmp_ps(_mm256_cvtepi32_ps(lane),
                                           _mm256_set1_ps(static_cast<float>(n)), _CMP_LT_OQ)));
#else
  simd<float> v = {};
  for (int i = 0; i < kLanes<float> - 1; ++i) {
    if (i < n) v[i] = p[i];
  }
  return v;
#endif
}
DL_INLINE simd<double> load_first(const double* p, int64_t n) {
#if defined(__AVX512F__)
  return (simd<double>)_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p);
#else
  simd<double> v = {};
  for (int i = 0; i < kLanes<double> - 1; ++i) {
    if (i < n) v[i] = p[i];
  }
  return v;
#endif
}
template <class T>
DL_INLINE void store_first(T* p, simd<T> v, int64_t n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), (__m512)v);
  } else {
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), (__m512d)v);
  }
#else
  for (int i = 0; i < kLanes<T> - 1; ++i) {
    if (i < n) p[i] = v[i];
  }
#endif
}

// Kernels here know two types: ops compute 16-bit floats in float32.
template <class F>
DL_INLINE void for_type(DType dtype, F&& f) {
  dtype == DType::float64 ? f(double{}) : f(float{});
}

template <class T>
struct Panels {
  const T* b;
  int64_t row;
  int64_t panel;  // as in GemmBlock

  // A matrix whose columns are adjacent, used in place.
  static DL_INLINE Panels in_place(const T* b, int64_t row) { return {b, row, 0}; }
  static DL_INLINE Panels packed(const T* panels, int64_t k) {
    return {panels, kPanel<T>, k * kPanel<T>};
  }
  DL_INLINE const T* at(int64_t k, int64_t n) const {
    return panel ? b + n / kPanel<T> * panel + k * row : b + k * row + n;
  }
};

template <class T>
DL_INLINE int64_t panel_count(int64_t n) {
  return (n + kPanel<T> - 1) / kPanel<T>;
}

// All of b (k, n) into panels: `out` holds panel_count(n) * k * kPanel elements.
template <class T>
void pack_panels(const T* b, int64_t row, int64_t col, int64_t k, int64_t n, T* out) {
  parallel_for(panel_count<T>(n), grain_for(k * kPanel<T>), [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; ++j) {
      const int64_t column = j * kPanel<T>;
      const int64_t columns = n - column < kPanel<T> ? n - column : kPanel<T>;
      pack_panel(b + column * col, row, col, k, columns, out + j * k * kPanel<T>);
    }
  });
}

// A block of `a` for the kernel: where it starts and its strides.
template <class T>
struct Block {
  const T* data;
  int64_t row, col;
  bool tiles = false;  // see GemmBlock
};
// The stride of a block's rows: no multiple of two vectors, so that rows spread over cache sets.
template <class T>
DL_INLINE constexpr int64_t block_row(int64_t depth) {
  return (depth + kLanes<T>) | kLanes<T>;
}
// Room for one block, on the stack of the thread that uses it.
template <class T>
struct BlockBuffer {
  alignas(64) T data[kBlockRows * (kDepth<T> + 2 * kLanes<T>)];
};

// `a` is a matrix with any strides.
template <class T>
struct MatrixSource {
  const T* data;
  int64_t row, col;
  bool pack;

  DL_INLINE Block<T> block(int64_t m, int64_t rows, int64_t k, int64_t depth, T* buffer) const {
    const T* from = data + m * row + k * col;
    if (!pack) return {from, row, col};
    pack_tiles(from, row, col, rows, depth, buffer);
    return {buffer, 0, 0, /*tiles=*/true};
  }
};

// Row i of y starts at data + i * row.
template <class T>
struct MatrixTarget {
  T* data;
  int64_t row;
  DL_INLINE void offsets(int64_t m, int64_t rows, int64_t* offset) const {
    for (int64_t i = 0; i < rows; ++i) offset[i] = (m + i) * row;
  }
};

inline constexpr int64_t kPieces = 16;  // of a product, where there is that much work

// How a product is cut: rows_per_block and columns_per_block of y make one piece of work.
struct Cut {
  int64_t row_blocks, column_blocks, panels_per_block;
};
template <class T>
DL_INLINE Cut cut(int64_t m, int64_t n, int64_t k, int64_t most) {
  constexpr int64_t kMinWork = 1 << 16;  // multiply-adds worth a thread's waking
  int64_t pieces = m * n * (k < 1 ? 1 : k) / kMinWork;
  pieces = pieces < 1 ? 1 : pieces > most ? most : pieces;
  Cut c;
  c.row_blocks = (m + kBlockRows - 1) / kBlockRows;
  const int64_t panels = panel_count<T>(n);
  c.column_blocks = c.row_blocks >= pieces ? 1 : (pieces + c.row_blocks - 1) / c.row_blocks;
  if (c.column_blocks > panels) c.column_blocks = panels;
  c.panels_per_block = (panels + c.column_blocks - 1) / c.column_blocks;
  c.column_blocks = (panels + c.panels_per_block - 1) / c.panels_per_block;
  // Many columns were enough; few columns and many pieces wanted: smaller blocks of rows.
  if (c.row_blocks * c.column_blocks < pieces) {
    const int64_t tiles = (m + kTileRows - 1) / kTileRows;
    c.row_blocks = (pieces + c.column_blocks - 1) / c.column_blocks;
    if (c.row_blocks > tiles) c.row_blocks = tiles;
  }
  return c;
}

// y (m, n) = a b: `Source` gives blocks of a, `Target` the rows of y.
template <class T, class Source, class Target>
void gemm(int64_t m, int64_t n, int64_t k, const Source& a, const Panels<T>& b, const Target& y,
          const Epilogue<T>& epilogue, int64_t most_pieces = kPieces) {
  if (m == 0 || n == 0) return;
  const Cut c = cut<T>(m, n, k, most_pieces);
  const int64_t depths = k <= kDepth<T> ? 1 : (k + kDepth<T> - 1) / kDepth<T>;
  const int64_t pieces = c.row_blocks * c.column_blocks;
  const int64_t work = m * n * (k < 1 ? 1 : k) / pieces;
  parallel_for(pieces, grain_for(work / 2), [&](int64_t begin, int64_t end) {
    BlockBuffer<T> buffer;
    int64_t offsets[kBlockRows];
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t i = piece / c.column_blocks, j = piece % c.column_blocks;
      const int64_t m0 = m * i / c.row_blocks, rows = m * (i + 1) / c.row_blocks - m0;
      const int64_t n0 = j * c.panels_per_block * kPanel<T>;
      int64_t columns = c.panels_per_block * kPanel<T>;
      if (columns > n - n0) columns = n - n0;
      y.offsets(m0, rows, offsets);
      const Epilogue<T> after = epilogue.from(n0, n0);
      for (int64_t d = 0; d < depths; ++d) {
        const int64_t k0 = k * d / depths, depth = k * (d + 1) / depths - k0;
        const Block<T> block = a.block(m0, rows, k0, depth, buffer.data);
        const bool last = d + 1 == depths;
        gemm_block({.m = rows,
                    .n = columns,
                    .k = depth,
                    .a = block.data,
                    .a_row = block.row,
                    .a_col = block.col,
                    .b = b.at(k0, n0),
                    .b_row = b.row,
                    .b_panel = b.panel,
                    .y = y.data + n0,
                    .y_row = offsets,
                    .addend = d > 0 ? y.data + n0 : after.addend,
                    .bias = last ? after.bias : nullptr,
                    .relu = last && after.relu,
                    .tiles = block.tiles});
      }
    }
  });
}

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
