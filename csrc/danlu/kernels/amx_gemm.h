// gemm.h's product by units of bfloat16 (amx.h): the same sources of `a`, the same targets, and the
// sum over k in blocks of 128.
#pragma once

#include "danlu/kernels/amx.h"
#include "danlu/kernels/gemm.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// Whether matrices of T may be multiplied so on this level; whether they are is for plans.h.
#if defined(__AVX512F__) && defined(__x86_64__)
template <class T>
inline constexpr bool kMayUseAmx = sizeof(T) <= 4;
#else
template <class T>
inline constexpr bool kMayUseAmx = false;
#endif

// b (k, n) with any strides, one of them 1; `packed`: its panels one after the other, or null.
template <class T>
struct AmxRight {
  const T* data;
  int64_t row, col;
  const amx::Packed* packed = nullptr;
};
// The same of a (m, k), as a source of blocks.
template <class T>
struct AmxLeft {
  const T* data;
  int64_t row, col;
  const amx::Packed* packed = nullptr;
  DL_INLINE Block<T> block(int64_t m, int64_t, int64_t k, int64_t, float*) const {
    return {data + m * row + k * col, row, col};
  }
};

inline constexpr int64_t kAmxStrips = 6;  // of a block of rows
inline constexpr int64_t kAmxDepth = amx::kMostSteps * amx::kStep;

// What a thread works with, on its stack: a block of rows, and two panels of which one is new and
// the other's product not yet stored.
struct AmxBuffer {
  static constexpr int64_t kLines = amx::packed_size(kAmxDepth);
  alignas(64) amx::Packed left[kAmxStrips * kLines];
  alignas(64) amx::Packed right[2][kLines];
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

DL_INLINE int64_t lines_at(int64_t i, int64_t all) {  // of strip or panel i
  return all - i * amx::kStrip < amx::kStrip ? all - i * amx::kStrip : amx::kStrip;
}

// All strips of a (m, k) and all panels of b (k, n), for those of them that have room.
template <class T>
DL_INLINE void amx_pack(int64_t m, int64_t n, int64_t k, int parts, const AmxLeft<T>& a,
                        amx::Packed* strips, const AmxRight<T>& b, amx::Packed* panels) {
  const int64_t size = amx::packed_size(k, parts), left = strips ? amx::strips_of(m) : 0;
  const int64_t right = panels ? amx::strips_of(n) : 0;
  constexpr int64_t kSide = amx::kStrip;
  parallel_for(left + right, grain_for(k * kSide / 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (i < left) {
        amx::pack_left(a.data + i * kSide * a.row, a.row, a.col, lines_at(i, m), k, parts,
                       strips + i * size);
      } else {
        const int64_t j = i - left;
        amx::pack_right(b.data + j * kSide * b.col, b.row, b.col, k, lines_at(j, n), parts,
                        panels + j * size);
      }
    }
  });
}

// b (k, n) with its panels in scratch. In `b` they begin `panel` elements apart: 32 columns of a
// matrix, or those that gemm.h packed.
DL_INLINE AmxRight<float> amx_panels(int64_t n, int64_t k, int parts, AmxRight<float> b,
                                     float* scratch, int64_t panel = amx::kStrip) {
  auto* panels = reinterpret_cast<amx::Packed*>(scratch);
  parallel_for(amx::strips_of(n), grain_for(k * amx::kStrip / 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      amx::pack_right(b.data + i * panel, b.row, b.col, k, lines_at(i, n), parts,
                      panels + i * amx::packed_size(k, parts));
    }
  });
  b.packed = panels;
  return b;
}

// Where panel p of b is read from in the block of k from k0 on, in shares for `strips` products.
template <class T>
DL_INLINE amx::Next amx_next(const AmxRight<T>& b, int64_t p, int64_t k0, int64_t depth,
                             int64_t panel_size, int parts, int64_t strips) {
  if (b.packed) {
    const amx::Packed* at = b.packed + p * panel_size + amx::packed_size(k0, parts);
    const int64_t rows = amx::packed_size(depth, parts) / 64;
    return {reinterpret_cast<const char*>(at), 128, (rows + strips - 1) / strips};
  }
  if (b.col != 1) return {};
  return {reinterpret_cast<const char*>(b.data + k0 * b.row + p * amx::kStrip),
          b.row * static_cast<int64_t>(sizeof(T)), (depth + strips - 1) / strips};
}

// y (m, n) = a b. `strips`: those of `a`, packed, or null. `parts`: see amx.h.
template <class T, class Source, class Target>
void amx_gemm(int64_t m, int64_t n, int64_t k, int parts, const Source& a,
              const amx::Packed* strips, const AmxRight<T>& b, const Target& y,
              const Epilogue<float>& epilogue, int64_t most_pieces = kPieces) {
  constexpr int64_t kSide = amx::kStrip;
  const AmxCut c = amx_cut(m, n, k, most_pieces, /*packed=*/strips != nullptr);
  const int64_t all_strips = amx::strips_of(m), all_panels = amx::strips_of(n);
  const int64_t steps = amx::steps_of(k), depths = (steps + amx::kMostSteps - 1) / amx::kMostSteps;
  const int64_t packed = amx::packed_size(k, parts), pieces = c.row_blocks * c.column_blocks;
  parallel_for(pieces, grain_for(m * n * k / pieces / 8), [&](int64_t begin, int64_t end) {
    AmxBuffer buffer;
    amx::begin(buffer.unit, parts);
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t i = piece % c.row_blocks, j = piece / c.row_blocks;
      const int64_t s0 = all_strips * i / c.row_blocks, s1 = all_strips * (i + 1) / c.row_blocks;
      const int64_t p0 = all_panels * j / c.column_blocks;
      const int64_t p1 = all_panels * (j + 1) / c.column_blocks;
      y.offsets(s0 * kSide, (s1 - 1 - s0) * kSide + lines_at(s1 - 1, m), buffer.offsets);
      for (int64_t d = 0; d < depths; ++d) {
        const int64_t t0 = steps * d / depths, t1 = steps * (d + 1) / depths;
        const int64_t k0 = t0 * amx::kStep, begins = amx::packed_size(k0, parts);
        const int64_t depth = (t1 * amx::kStep < k ? t1 * amx::kStep : k) - k0;
        for (int64_t s = s0; s < s1 && !strips; ++s) {
          const auto block = a.block(s * kSide, lines_at(s, m), k0, depth, buffer.rows);
          amx::pack_left(block.data, block.row, block.col, lines_at(s, m), depth, parts,
                         buffer.left + (s - s0) * AmxBuffer::kLines);
        }
        for (int64_t p = p0; p < p1; ++p) {
          const int64_t n0 = p * kSide;
          const amx::Packed* panel = buffer.right[p % 2];
          if (b.packed) {
            panel = b.packed + p * packed + begins;
          } else {
            amx::pack_right(b.data + k0 * b.row + n0 * b.col, b.row, b.col, depth, lines_at(p, n),
                            parts, buffer.right[p % 2]);
          }
          buffer.unit.next =
              p + 1 < p1 ? amx_next(b, p + 1, k0, depth, packed, parts, s1 - s0) : amx::Next{};
          const bool last = d + 1 == depths;
          for (int64_t s = s0; s < s1; ++s) {
            amx::multiply(
                buffer.unit,
                strips ? strips + s * packed + begins : buffer.left + (s - s0) * AmxBuffer::kLines,
                panel, t1 - t0,
                {.y = y.data + n0,
                 .y_row = buffer.offsets + (s - s0) * kSide,
                 .rows = lines_at(s, m),
                 .columns = lines_at(p, n),
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
