// gemm.h's product by units of bfloat16 (amx.h): the same sources of `a`, the same targets, and the
// sum over k in blocks of 128.
#pragma once

#include "danlu/kernels/amx.h"
#include "danlu/kernels/gemm.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// Whether matrices of T may be multiplied so on this level; whether they are is for plans.h.
#if defined(DL_AMX)
template <class T>
inline constexpr bool kMayUseAmx = sizeof(T) <= 4;
#else
template <class T>
inline constexpr bool kMayUseAmx = false;
#endif

// b (k, n) with any strides, one of them 1. Its panels begin `panel` elements apart: 32 columns of
// a matrix, or those that gemm.h packed.
template <class T>
struct AmxRight {
  const T* data;
  int64_t row, col, panel;
  const amx::Packed* packed = nullptr;  // all panels, where that is done beforehand
  AmxRight(const T* from, int64_t row_stride, int64_t col_stride)
      : data(from), row(row_stride), col(col_stride), panel(amx::kStrip * col_stride) {}
};
// a (m, k) the same, as a source of blocks.
template <class T>
struct AmxLeft {
  const T* data;
  int64_t row, col;
  DL_INLINE Block<T> block(int64_t m, int64_t, int64_t k, int64_t, float*) const {
    return {data + m * row + k * col, row, col};
  }
};

inline constexpr int64_t kAmxStrips = 4;   // of a block of rows
inline constexpr int64_t kAmxBlocks = 16;  // of y, whose sums run at a time
inline constexpr int64_t kAmxDepth = amx::kMostSteps * amx::kStep;

// What a thread works with, on its stack: a block of rows, and panels. One is multiplied while the
// product of another is not yet stored; of bfloat16 a third is being packed.
struct AmxBuffer {
  static constexpr int64_t kLines = amx::packed_size(kAmxDepth);
  alignas(64) amx::Packed left[kAmxStrips * kLines];
  alignas(64) amx::Packed right[2 * kLines];
  alignas(64) float running[kAmxBlocks * amx::kSquare];
  alignas(64) float rows[amx::kStrip * (kAmxDepth + 2 * kLanes<float>)];  // as BlockBuffer
  int64_t offsets[kAmxStrips * amx::kStrip];
  amx::Unit unit;
};

// How a product is cut: into blocks of at most four strips, or as few as let the columns' sums run
// together, and into blocks of columns.
struct AmxCut {
  int64_t row_blocks, column_blocks;
};
DL_INLINE AmxCut amx_cut(int64_t m, int64_t n, int64_t k, int64_t most, bool packed) {
  const int64_t strips = amx::strips_of(m), panels = amx::strips_of(n);
  int64_t pieces = m * n * k / (int64_t{1} << 18);
  pieces = pieces < 1 ? 1 : pieces > most ? most : pieces;
  // Each group of columns packs its rows anew unless they are `packed`.
  int64_t tall = packed ? kAmxStrips : kAmxBlocks / panels;
  tall = tall < 2 ? 2 : tall > kAmxStrips ? kAmxStrips : tall;
  const int64_t most_columns = packed ? panels : (panels + 7) / 8;
  AmxCut c;
  c.row_blocks = (strips + tall - 1) / tall;
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

// All panels of b (k, n), step by step of k: rows of b are read as they lie.
template <class T>
DL_INLINE void amx_pack_right(int64_t n, int64_t k, int parts, AmxRight<T>& b,
                              amx::Packed* panels) {
  const int64_t size = amx::packed_size(k, parts), count = amx::strips_of(n);
  const int64_t steps = amx::steps_of(k), step = amx::packed_size(amx::kStep, parts);
  const bool turned = b.col != 1;  // then one panel after the other
  parallel_for(steps * count, grain_for(amx::kSquare / 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t t = turned ? i % steps : i / count, p = turned ? i / steps : i % count;
      const int64_t k0 = t * amx::kStep, depth = k - k0 < amx::kStep ? k - k0 : amx::kStep;
      amx::Job job = amx::pack_right(b.data + k0 * b.row + p * b.panel, b.row, b.col, depth,
                                     lines_at(p, n), parts, panels + p * size + t * step);
      amx::complete(job);
    }
  });
  b.packed = panels;
}
// All strips of a (m, k), side by side in memory.
template <class T>
DL_INLINE void amx_pack_left(int64_t m, int64_t k, int parts, const AmxLeft<T>& a,
                             amx::Packed* strips) {
  const int64_t size = amx::packed_size(k, parts), count = amx::strips_of(m);
  const int64_t steps = amx::steps_of(k), step = amx::packed_size(amx::kStep, parts);
  const bool turned = a.col != 1;
  parallel_for(steps * count, grain_for(amx::kSquare / 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t t = turned ? i / count : i % steps, s = turned ? i % count : i / steps;
      const int64_t k0 = t * amx::kStep, depth = k - k0 < amx::kStep ? k - k0 : amx::kStep;
      amx::pack_left(a.data + s * amx::kStrip * a.row + k0 * a.col, a.row, a.col, lines_at(s, m),
                     depth, parts, strips + s * size + t * step);
    }
  });
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
    amx::Unit& unit = buffer.unit;
    amx::begin(unit, parts);
    // Splitting float32 takes so long that the unit would wait for it.
    const bool meanwhile = b.packed || parts == 1;
    const int64_t turns = parts == 1 ? 3 : 2, room = amx::packed_size(kAmxDepth, parts);
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t i = piece % c.row_blocks, j = piece / c.row_blocks;
      const int64_t s0 = all_strips * i / c.row_blocks, s1 = all_strips * (i + 1) / c.row_blocks;
      const int64_t p0 = all_panels * j / c.column_blocks;
      const int64_t p1 = all_panels * (j + 1) / c.column_blocks;
      y.offsets(s0 * kSide, (s1 - 1 - s0) * kSide + lines_at(s1 - 1, m), buffer.offsets);
      // Panels [g, g + group) have their sums running while the blocks d of k go by.
      struct At {
        int64_t g, d, p;
      };
      const int64_t group = strips ? 1 : kAmxBlocks / (s1 - s0);
      const auto after = [&](At at) {
        if (++at.p < p1 && at.p < at.g + group) return at;
        if (++at.d < depths) return At{at.g, at.d, at.g};
        return At{at.g + group, 0, at.g + group};
      };
      const auto steps_before = [&](int64_t d) { return steps * d / depths; };
      const auto depth_of = [&](int64_t d) {
        const int64_t last = steps_before(d + 1) * amx::kStep;
        return (last < k ? last : k) - steps_before(d) * amx::kStep;
      };
      const auto panel_at = [&](At at, int64_t turn) {
        const int64_t k0 = steps_before(at.d) * amx::kStep;
        return b.packed ? b.packed + at.p * packed + amx::packed_size(k0, parts)
                        : buffer.right + turn * room;
      };
      // What must be done before the panel is multiplied.
      const auto prepare = [&](At at, int64_t turn) {
        const int64_t k0 = steps_before(at.d) * amx::kStep;
        if (b.packed) return amx::fetch(panel_at(at, 0), amx::packed_size(depth_of(at.d), parts));
        return amx::pack_right(b.data + k0 * b.row + at.p * b.panel, b.row, b.col, depth_of(at.d),
                               lines_at(at.p, n), parts, buffer.right + turn * room);
      };
      int64_t turn = 0;
      At at{p0, 0, p0};
      unit.job = prepare(at, 0);
      for (; at.g < p1; at = after(at)) {
        amx::complete(unit.job);
        const amx::Packed* panel = panel_at(at, turn);
        const int64_t t0 = steps_before(at.d), count = steps_before(at.d + 1) - t0;
        if (at.p == at.g && !strips) {
          amx::flush(unit);  // before the strips change
          for (int64_t s = s0; s < s1; ++s) {
            const auto block =
                a.block(s * kSide, lines_at(s, m), t0 * amx::kStep, depth_of(at.d), buffer.rows);
            amx::pack_left(block.data, block.row, block.col, lines_at(s, m), depth_of(at.d), parts,
                           buffer.left + (s - s0) * AmxBuffer::kLines);
          }
        }
        turn = (turn + 1) % turns;
        if (const At then = after(at); then.g < p1) {
          unit.job = prepare(then, turn);
          if (meanwhile) unit.job = amx::spread(unit.job, s1 - s0, count, parts);
        }
        for (int64_t s = s0; s < s1; ++s) {
          const int64_t block = (at.p - at.g) * (s1 - s0) + s - s0;
          amx::multiply(unit,
                        strips ? strips + s * packed + amx::packed_size(t0 * amx::kStep, parts)
                               : buffer.left + (s - s0) * AmxBuffer::kLines,
                        panel, count,
                        {.y = y.data + at.p * kSide,
                         .y_row = buffer.offsets + (s - s0) * kSide,
                         .rows = lines_at(s, m),
                         .columns = lines_at(at.p, n),
                         .running = buffer.running + block * amx::kSquare,
                         .first = at.d == 0,
                         .last = at.d + 1 == depths,
                         .accumulate = epilogue.accumulate,
                         .bias = epilogue.bias ? epilogue.bias + at.p * kSide : nullptr,
                         .relu = epilogue.relu});
        }
      }
      amx::flush(unit);  // before the offsets change
    }
    amx::end(unit);
  });
}

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
