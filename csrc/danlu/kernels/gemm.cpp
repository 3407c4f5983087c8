#include "danlu/kernels/gemm.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// One tile: kRows rows by kVectors vectors of y stay in registers over the whole depth. With
// `kPartial` the last vector has only `last` columns. `kFetch`: b comes from L2 and further.
template <class T>
struct Tile {
  const GemmBlock<T>* block;
  const T* a;
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row;
  T* y;
  const int64_t* y_row;
  const T *addend, *bias;
  int64_t last;
};

template <class T, int kRows, int kVectors, bool kPartial, bool kFetch>
void multiply_tile(const Tile<T>& t) {
  constexpr int64_t kL = kLanes<T>;
  simd<T> sum[kRows][kVectors] = {};
  const int64_t a_row = t.a_row, a_col = t.a_col;
  // One pointer for three rows: x86 addresses base + {0, 1, 2} * stride in one instruction.
  const T* a[(kRows + 2) / 3];
  const T* b = t.b;
  for (int64_t segment = 0; segment < t.block->segments; ++segment) {
    const T* first = t.a + (t.block->segment ? t.block->segment[segment] : 0);
#pragma GCC unroll 4
    for (int i = 0; i < (kRows + 2) / 3; ++i) a[i] = first + 3 * i * a_row;
    for (int64_t k = t.block->k; k > 0; --k) {
      simd<T> v[kVectors];
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; ++j) {
        v[j] = kPartial && j == kVectors - 1 ? load_first(b + j * kL, t.last) : load(b + j * kL);
        if (kFetch && j * kVectorBytes % 64 == 0) __builtin_prefetch(b + 8 * t.b_row + j * kL);
      }
      b += t.b_row;
#pragma GCC unroll 12
      for (int i = 0; i < kRows; ++i) {
        const T x = a[i / 3][i % 3 * a_row];
#pragma GCC unroll 8
        for (int j = 0; j < kVectors; ++j) sum[i][j] += x * v[j];
      }
#pragma GCC unroll 4
      for (int i = 0; i < (kRows + 2) / 3; ++i) a[i] += a_col;
    }
  }
  simd<T> bias[kVectors] = {};
  if (t.bias) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      bias[j] = kPartial && j == kVectors - 1 ? load_first(t.bias + j * kL, t.last)
                                              : load(t.bias + j * kL);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kRows; ++i) {
    T* y = t.y + t.y_row[i];
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      const bool partial = kPartial && j == kVectors - 1;
      simd<T> z = sum[i][j];
      if (t.addend) {
        const T* addend = t.addend + t.y_row[i] + j * kL;
        z += partial ? load_first(addend, t.last) : load(addend);
      }
      if (t.bias) z += bias[j];
      if (t.block->relu) z = z < 0 ? simd<T>{} : z;  // NaN stays NaN
      if (partial) {
        store_first(y + j * kL, z, t.last);
      } else {
        store(y + j * kL, z);
      }
    }
  }
}

// The tile functions of one width, by number of rows.
template <class T, int kVectors, bool kPartial, int kMaxRows, bool kFetch>
DL_INLINE void multiply_rows(int64_t rows, const Tile<T>& t) {
  static_assert(kMaxRows <= 12);
#define DL_ROWS(r)                                                                          \
  case r:                                                                                   \
    if constexpr (r <= kMaxRows) return multiply_tile<T, r, kVectors, kPartial, kFetch>(t); \
    break;
  switch (rows) {
    // clang-format off
    DL_ROWS(1) DL_ROWS(2) DL_ROWS(3) DL_ROWS(4) DL_ROWS(5) DL_ROWS(6)
    DL_ROWS(7) DL_ROWS(8) DL_ROWS(9) DL_ROWS(10) DL_ROWS(11) DL_ROWS(12)
    // clang-format on
  }
#undef DL_ROWS
}

// All rows of a strip of kVectors vectors, in tiles of nearly equal height.
template <class T, int kVectors, bool kPartial, int kMaxRows>
void multiply_strip(const GemmBlock<T>& block, int64_t column, int64_t last, const T* b) {
  constexpr bool kStays = kPanelStays && kVectors <= 2;
  const int64_t tiles = (block.m + kMaxRows - 1) / kMaxRows;
  for (int64_t i = 0; i < tiles; ++i) {
    const int64_t m = block.m * i / tiles, rows = block.m * (i + 1) / tiles - m;
    const Tile<T> tile{&block,
                       block.a + m * (block.tiles ? block.k : block.a_row),
                       block.tiles ? 1 : block.a_row,
                       block.tiles ? rows : block.a_col,
                       b,
                       block.b_row,
                       block.y + column,
                       block.y_row + m,
                       block.addend ? block.addend + column : nullptr,
                       block.bias ? block.bias + column : nullptr,
                       last};
    if (kStays && i > 0) {
      multiply_rows<T, kVectors, kPartial, kMaxRows, !kStays>(rows, tile);
    } else {
      multiply_rows<T, kVectors, kPartial, kMaxRows, true>(rows, tile);
    }
  }
}

// Few rows need more vectors each, to have enough independent sums in flight.
template <class T>
void multiply_block(const GemmBlock<T>& block) {
  constexpr int64_t kL = kLanes<T>;
  int64_t column = 0;
  if (!block.b_panel && block.m <= 2) {
    for (; column + 8 * kL <= block.n; column += 8 * kL) {
      multiply_strip<T, 8, false, (kTileRows > 6 ? 2 : 1)>(block, column, 0, block.b + column);
    }
  }
  if (!block.b_panel && block.m <= 4) {
    for (; column + 4 * kL <= block.n; column += 4 * kL) {
      multiply_strip<T, 4, false, (kTileRows > 6 ? 4 : 2)>(block, column, 0, block.b + column);
    }
  }
  for (; column < block.n; column += kPanel<T>) {
    const T* b = block.b + (block.b_panel ? column / kPanel<T> * block.b_panel : column);
    const int64_t left = block.n - column;
    if (left >= 2 * kL) {
      multiply_strip<T, 2, false, kTileRows>(block, column, 0, b);
    } else if (left > kL) {
      multiply_strip<T, 2, true, kTileRows>(block, column, left - kL, b);
    } else if (left == kL) {
      multiply_strip<T, 1, false, kTileRows>(block, column, 0, b);
    } else {
      multiply_strip<T, 1, true, kTileRows>(block, column, left, b);
    }
  }
}

// kLanes rows of kLanes adjacent elements, transposed in registers: log2 steps, each of which
// interleaves row i with row i + kLanes / 2. Of x there are `rows`; what stands for the others is
// of no account.
template <class T>
DL_INLINE void transpose_square(const T* x, int64_t x_row, int64_t rows, T* y, int64_t y_row) {
  constexpr int kL = kLanes<T>;
  using Lanes = std::make_index_sequence<kL>;
  simd<T> v[kL], w[kL];
#pragma GCC unroll 16
  for (int i = 0; i < kL; ++i) v[i] = load(x + (i < rows ? i : 0) * x_row);
#pragma GCC unroll 4
  for (int step = 1; step < kL; step *= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < kL / 2; ++i) {
      w[2 * i] = interleave<false>(v[i], v[i + kL / 2], Lanes{});
      w[2 * i + 1] = interleave<true>(v[i], v[i + kL / 2], Lanes{});
    }
#pragma GCC unroll 16
    for (int i = 0; i < kL; ++i) v[i] = w[i];
  }
#pragma GCC unroll 16
  for (int i = 0; i < kL; ++i) store(y + i * y_row, v[i]);
}

template <class T>
void pack_panel_of(const T* b, int64_t row, int64_t col, int64_t k, int64_t columns, T* panel) {
  constexpr int64_t kL = kLanes<T>, kP = kPanel<T>;
  if (columns < kP) {
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t j = 0; j < kP; ++j)
        panel[i * kP + j] = j < columns ? b[i * row + j * col] : T(0);
    }
    return;
  }
  if (col == 1) {
    for (int64_t i = 0; i < k; ++i) {
      store(panel + i * kP, load(b + i * row));
      store(panel + i * kP + kL, load(b + i * row + kL));
    }
    return;
  }
  int64_t i = 0;
  if (row == 1) {
    for (; i + kL <= k; i += kL) {
      transpose_square(b + i, col, kL, panel + i * kP, kP);
      transpose_square(b + i + kL * col, col, kL, panel + i * kP + kL, kP);
    }
  }
  for (; i < k; ++i) {
    for (int64_t j = 0; j < kP; ++j) panel[i * kP + j] = b[i * row + j * col];
  }
}

// Vectors are stored whole while there is room: what they have too much the next one overwrites.
template <class T>
void pack_tile(const T* a, int64_t row, int64_t col, int64_t rows, int64_t depth, T* out) {
  constexpr int64_t kL = kLanes<T>;
  const int64_t room = depth * rows - kL;
  int64_t k = 0;
  if (row == 1 && rows <= kL) {
    for (; k * rows <= room; ++k) {
      __builtin_prefetch(a + (k + 16) * col);
      const T* from = a + k * col;
      store(out + k * rows, rows < kL ? load_first(from, rows) : load(from));
    }
  } else if (col == 1 && rows <= kL) {
    for (; k + kL <= depth && (k + kL - 1) * rows <= room; k += kL) {
      transpose_square(a + k, row, rows, out + k * rows, rows);
    }
  }
  for (; k < depth; ++k) {
    for (int64_t i = 0; i < rows; ++i) out[k * rows + i] = a[i * row + k * col];
  }
}

template <class T>
void pack_all_tiles(const T* a, int64_t row, int64_t col, int64_t rows, int64_t depth, T* out) {
  const int64_t tiles = (rows + kTileRows - 1) / kTileRows;
  for (int64_t t = 0; t < tiles; ++t) {
    const int64_t m = rows * t / tiles;
    pack_tile(a + m * row, row, col, rows * (t + 1) / tiles - m, depth, out + m * depth);
  }
}

}  // namespace

void pack_tiles(const float* a, int64_t row, int64_t col, int64_t rows, int64_t depth, float* out) {
  pack_all_tiles(a, row, col, rows, depth, out);
}
void pack_tiles(const double* a, int64_t row, int64_t col, int64_t rows, int64_t depth,
                double* out) {
  pack_all_tiles(a, row, col, rows, depth, out);
}

void gemm_block(const GemmBlock<float>& block) { multiply_block(block); }
void gemm_block(const GemmBlock<double>& block) { multiply_block(block); }

void pack_panel(const float* b, int64_t row, int64_t col, int64_t k, int64_t columns,
                float* panel) {
  pack_panel_of(b, row, col, k, columns, panel);
}
void pack_panel(const double* b, int64_t row, int64_t col, int64_t k, int64_t columns,
                double* panel) {
  pack_panel_of(b, row, col, k, columns, panel);
}

}  // namespace danlu::cpu::DL_LEVEL
