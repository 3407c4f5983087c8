// gemm.h's product on the tile unit (amx.h): the same sources of `a`, the same targets, and the sum
// over k in blocks of 128.
#pragma once

#include "danlu/kernels/amx.h"
#include "danlu/kernels/gemm.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

#if defined(__AVX512F__) && defined(__x86_64__)
template <class T>
inline constexpr bool kMayUseAmx = sizeof(T) == 4;
#else
template <class T>
inline constexpr bool kMayUseAmx = false;
#endif

// b (k, n) with any strides, one of them 1; `packed`: its panels one after the other, or null.
struct AmxRight {
  const float* data;
  int64_t row, col;
  const amx::Packed* packed;
};

inline constexpr int64_t kAmxStrips = 6;  // of a block of rows
inline constexpr int64_t kAmxDepth = amx::kMostSteps * amx::kStep;
inline constexpr int64_t kAmxPacked = kAmxDepth * amx::kStrip * amx::kParts;  // of a block of k

// What a thread works with, on its stack.
struct AmxBuffer {
  alignas(64) amx::Packed left[kAmxStrips * kAmxPacked];
  alignas(64) amx::Packed right[2][kAmxPacked];
  alignas(64) float rows[amx::kStrip * (kAmxDepth + 2 * kLanes<float>)];  // as BlockBuffer
  int64_t offsets[kAmxStrips * amx::kStrip];
  amx::Unit unit;
};

// How a product is cut: into blocks of rows, as few as fit into the buffer or more, and of columns.
// Each block of columns packs its rows anew unless they are `packed`: not fewer than 8 panels then.
struct AmxCut {
  int64_t row_blocks, column_blocks;
};
DL_INLINE AmxCut amx_cut(int64_t m, int64_t n, int64_t k, int64_t most, bool packed) {
  const int64_t strips = amx::strips_of(m), panels = amx::strips_of(n);
  int64_t pieces = m * n * k / (int64_t{1} << 18);
  pieces = pieces < 1 ? 1 : pieces > most ? most : pieces;
  const int64_t most_columns = packed ? panels : (panels + 7) / 8;
  AmxCut c;
  c.row_blocks = (strips + kAmxStrips - 1) / kAmxStrips;
  c.column_blocks = (pieces + c.row_blocks - 1) / c.row_blocks;
  if (c.column_blocks > most_columns) c.column_blocks = most_columns;
  if (c.row_blocks * c.column_blocks < pieces) {
    c.row_blocks = (pieces + c.column_blocks - 1) / c.column_blocks;
    if (c.row_blocks > strips) c.row_blocks = strips;
  }
  return c;
}

// All strips of a (m, k) and, unless `panels` is null, all panels of b (k, n).
DL_INLINE void amx_pack(int64_t m, int64_t n, int64_t k, const MatrixSource<float>& a,
                        const AmxRight& b, amx::Packed* strips, amx::Packed* panels) {
  const int64_t size = amx::packed_size(k), left = strips ? amx::strips_of(m) : 0;
  const int64_t right = panels ? amx::strips_of(n) : 0;
  constexpr int64_t kSide = amx::kStrip;
  parallel_for(left + right, grain_for(k * kSide / 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (i < left) {
        const int64_t rows = m - i * kSide < kSide ? m - i * kSide : kSide;
        amx::pack_left(a.data + i * kSide * a.row, a.row, a.col, rows, k, strips + i * size);
      } else {
        const int64_t j = (i - left) * kSide, columns = n - j < kSide ? n - j : kSide;
        amx::pack_right(b.data + j * b.col, b.row, b.col, k, columns, panels + (i - left) * size);
      }
    }
  });
}

// b (k, n) with its panels in scratch. In `b` the panels begin `panel` elements apart: 32 columns
// of a matrix, or those that gemm.h packed.
DL_INLINE AmxRight amx_panels(int64_t n, int64_t k, AmxRight b, float* scratch,
                              int64_t panel = amx::kStrip) {
  auto* panels = reinterpret_cast<amx::Packed*>(scratch);
  parallel_for(amx::strips_of(n), grain_for(k * amx::kStrip / 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t columns = n - i * amx::kStrip < amx::kStrip ? n - i * amx::kStrip : amx::kStrip;
      amx::pack_right(b.data + i * panel, b.row, b.col, k, columns,
                      panels + i * amx::packed_size(k));
    }
  });
  b.packed = panels;
  return b;
}

// Where the panel p is read from, shared among the products of `strips`.
DL_INLINE amx::Next amx_next(const AmxRight& b, int64_t p, int64_t k, int64_t depth, int64_t packed,
                             int64_t strips) {
  constexpr int64_t kStepSize = amx::kParts * amx::kSquare;
  if (b.packed) {
    const amx::Packed* at = b.packed + p * packed + k / amx::kStep * kStepSize;
    const int64_t bytes = amx::packed_size(depth) * static_cast<int64_t>(sizeof(amx::Packed));
    return {reinterpret_cast<const char*>(at), 128, (bytes / 128 + strips - 1) / strips};
  }
  if (b.col != 1) return {};
  return {reinterpret_cast<const char*>(b.data + k * b.row + p * amx::kStrip),
          b.row * static_cast<int64_t>(sizeof(float)), (depth + strips - 1) / strips};
}

// y (m, n) = a b. `strips`: those of `a`, packed, or null.
template <class Source, class Target>
void amx_gemm(int64_t m, int64_t n, int64_t k, const Source& a, const amx::Packed* strips,
              const AmxRight& b, const Target& y, const Epilogue<float>& epilogue,
              int64_t most_pieces = kPieces) {
  constexpr int64_t kSide = amx::kStrip, kStepSize = amx::kParts * amx::kSquare;
  const AmxCut c = amx_cut(m, n, k, most_pieces, /*packed=*/strips != nullptr);
  const int64_t all_strips = amx::strips_of(m), all_panels = amx::strips_of(n);
  const int64_t steps = amx::steps_of(k), depths = (steps + amx::kMostSteps - 1) / amx::kMostSteps;
  const int64_t packed = amx::packed_size(k);
  const int64_t pieces = c.row_blocks * c.column_blocks;
  parallel_for(pieces, grain_for(m * n * k / pieces / 8), [&](int64_t begin, int64_t end) {
    AmxBuffer buffer;
    amx::begin(buffer.unit);
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t i = piece % c.row_blocks, j = piece / c.row_blocks;
      const int64_t s0 = all_strips * i / c.row_blocks, s1 = all_strips * (i + 1) / c.row_blocks;
      const int64_t p0 = all_panels * j / c.column_blocks;
      const int64_t p1 = all_panels * (j + 1) / c.column_blocks;
      const auto rows_of = [&](int64_t s) { return m - s * kSide < kSide ? m - s * kSide : kSide; };
      y.offsets(s0 * kSide, (s1 - 1 - s0) * kSide + rows_of(s1 - 1), buffer.offsets);
      for (int64_t d = 0; d < depths; ++d) {
        const int64_t t0 = steps * d / depths, t1 = steps * (d + 1) / depths;
        const int64_t k0 = t0 * amx::kStep;
        const int64_t depth = (t1 * amx::kStep < k ? t1 * amx::kStep : k) - k0;
        for (int64_t s = s0; s < s1 && !strips; ++s) {
          const Block<float> block = a.block(s * kSide, rows_of(s), k0, depth, buffer.rows);
          amx::pack_left(block.data, block.row, block.col, rows_of(s), depth,
                         buffer.left + (s - s0) * kAmxPacked);
        }
        for (int64_t p = p0; p < p1; ++p) {
          const int64_t n0 = p * kSide, columns = n - n0 < kSide ? n - n0 : kSide;
          const amx::Packed* panel = buffer.right[p % 2];
          if (b.packed) {
            panel = b.packed + p * packed + t0 * kStepSize;
          } else {
            amx::pack_right(b.data + k0 * b.row + n0 * b.col, b.row, b.col, depth, columns,
                            buffer.right[p % 2]);
          }
          buffer.unit.next =
              p + 1 < p1 ? amx_next(b, p + 1, k0, depth, packed, s1 - s0) : amx::Next{};
          const bool last = d + 1 == depths;
          for (int64_t s = s0; s < s1; ++s) {
            amx::multiply(
                buffer.unit,
                strips ? strips + s * packed + t0 * kStepSize : buffer.left + (s - s0) * kAmxPacked,
                panel, t1 - t0,
                {.y = y.data + n0,
                 .y_row = buffer.offsets + (s - s0) * kSide,
                 .rows = rows_of(s),
                 .columns = columns,
                 .accumulate = epilogue.accumulate || d > 0,
                 .bias = last && epilogue.bias ? epilogue.bias + n0 : nullptr,
                 .relu = last && epilogue.relu});
          }
        }
        amx::flush(buffer.unit);  // before strips and offsets change
      }
    }
    amx::end(buffer.unit);
  });
}

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
