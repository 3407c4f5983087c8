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

// A source of strips that need no packing: those of `a`, packed beforehand.
struct AmxStrips {
  const amx::Packed* data;
  int64_t k;
  int parts;
  DL_INLINE amx::Strip strip(int64_t m, int64_t step, int64_t steps) const {
    return amx::packed_strip(data + m / amx::kStrip * amx::packed_size(k, parts) +
                                 amx::packed_size(step * amx::kStep, parts),
                             steps, parts);
  }
};
template <class Source>
inline constexpr bool kHasStrips = requires(const Source& a) {
  a.strip(0, 0, 0);
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
DL_INLINE AmxCut amx_cut(int64_t m, int64_t n, int64_t k, int64_t most, bool has_strips) {
  const int64_t strips = amx::strips_of(m), panels = amx::strips_of(n);
  // No more than the threads can share well: each piece reads its panels from memory. (The bits do
  // not depend on it: k is cut by its length alone.)
  const int64_t shared = 2 * num_threads();
  int64_t pieces = m * n * k / (int64_t{1} << 18);
  if (most > shared) most = shared;
  pieces = pieces < 1 ? 1 : pieces > most ? most : pieces;
  // Each group of columns packs its rows anew unless there are strips.
  int64_t tall = has_strips ? kAmxStrips : kAmxBlocks / panels;
  tall = tall < 2 ? 2 : tall > kAmxStrips ? kAmxStrips : tall;
  const int64_t most_columns = has_strips ? panels : (panels + 7) / 8;
  AmxCut c;
  c.row_blocks = (strips + tall - 1) / tall;
  c.column_blocks = (pieces + c.row_blocks - 1) / c.row_blocks;
  if (c.column_blocks > most_columns) c.column_blocks = most_columns;
  if (c.row_blocks * c.column_blocks < pieces) {
    c.row_blocks = (pieces + c.column_blocks - 1) / c.column_blocks;
    if (c.row_blocks > strips) c.row_blocks = strips;
  }
  // Few pieces that the threads cannot share evenly leave some of them idle at the end.
  const int64_t threads = num_threads(), even = (c.row_blocks + threads - 1) / threads * threads;
  if (c.row_blocks * c.column_blocks % threads != 0 && even <= strips) c.row_blocks = even;
  return c;
}

DL_INLINE int64_t lines_at(int64_t i, int64_t all) {  // of strip or panel i
  return all - i * amx::kStrip < amx::kStrip ? all - i * amx::kStrip : amx::kStrip;
}

// Rows of b that come in runs, each packed from a step of its own on: how many there are in one,
// and the elements from one to the next.
struct AmxRuns {
  int64_t rows, next;
};
// All panels of b (k, n), step by step of k: rows of b are read as they lie.
template <class T>
DL_INLINE void amx_pack_right(int64_t n, int64_t k, const AmxRuns& runs, int parts, AmxRight<T>& b,
                              amx::Packed* panels) {
  const int64_t of_run = amx::steps_of(runs.rows), steps = k / runs.rows * of_run;
  const int64_t size = amx::packed_size(steps * amx::kStep, parts), count = amx::strips_of(n);
  const int64_t step = amx::packed_size(amx::kStep, parts);
  const bool turned = b.col != 1;  // then one panel after the other
  parallel_for(steps * count, grain_for(amx::kSquare / 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t t = turned ? i % steps : i / count, p = turned ? i / steps : i % count;
      const int64_t at = t % of_run * amx::kStep;
      const int64_t depth = runs.rows - at < amx::kStep ? runs.rows - at : amx::kStep;
      const T* from = b.data + t / of_run * runs.next + at * b.row + p * b.panel;
      amx::Job job = amx::pack_right(from, b.row, b.col, depth, lines_at(p, n), parts,
                                     panels + p * size + t * step);
      amx::complete(job);
    }
  });
  b.packed = panels;
}
template <class T>
DL_INLINE void amx_pack_right(int64_t n, int64_t k, int parts, AmxRight<T>& b,
                              amx::Packed* panels) {
  amx_pack_right(n, k, {k, 0}, parts, b, panels);
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

// y (m, n) = a b. `parts`: see amx.h.
template <class T, class Source, class Target>
struct AmxProduct {
  int64_t m, n, k;
  int parts;
  const Source& a;
  const AmxRight<T>& b;
  const Target& y;
  const Epilogue<float>& epilogue;

  static constexpr int64_t kSide = amx::kStrip;
  const int64_t steps = amx::steps_of(k);
  const int64_t depths = (steps + amx::kMostSteps - 1) / amx::kMostSteps;
  const int64_t packed = amx::packed_size(k, parts);
  // Splitting float32 takes so long that the unit would wait for it.
  const bool meanwhile = b.packed || parts == 1;
  const int64_t turns = parts == 1 ? 3 : 2;  // panels in the buffer

  // Strips [s0, s1) times panels [p0, p1).
  struct Piece {
    int64_t s0, s1, p0, p1;
    int64_t group;  // panels whose sums run while the blocks of k go by
  };
  // Panel p in block d of k, in the group that begins at g.
  struct At {
    int64_t g, d, p;
  };

  DL_INLINE int64_t step_of(int64_t d) const { return steps * d / depths; }
  DL_INLINE int64_t begin_of(int64_t d) const { return step_of(d) * amx::kStep; }
  DL_INLINE int64_t depth_of(int64_t d) const {
    const int64_t end = begin_of(d + 1);
    return (end < k ? end : k) - begin_of(d);
  }
  DL_INLINE At after(At at, const Piece& piece) const {
    if (++at.p < piece.p1 && at.p < at.g + piece.group) return at;
    if (++at.d < depths) return At{at.g, at.d, at.g};
    return At{at.g + piece.group, 0, at.g + piece.group};
  }
  DL_INLINE amx::Packed* room(AmxBuffer& buffer, int64_t turn) const {
    return buffer.right + turn * amx::packed_size(kAmxDepth, parts);
  }
  DL_INLINE const amx::Packed* panel(At at, AmxBuffer& buffer, int64_t turn) const {
    if (!b.packed) return room(buffer, turn);
    return b.packed + at.p * packed + amx::packed_size(begin_of(at.d), parts);
  }
  // What must be done before the panel is multiplied.
  DL_INLINE amx::Job prepare(At at, AmxBuffer& buffer, int64_t turn) const {
    if (b.packed) {
      return amx::fetch(panel(at, buffer, turn), amx::packed_size(depth_of(at.d), parts));
    }
    return amx::pack_right(b.data + begin_of(at.d) * b.row + at.p * b.panel, b.row, b.col,
                           depth_of(at.d), lines_at(at.p, n), parts, room(buffer, turn));
  }
  DL_INLINE void pack_rows(const Piece& piece, int64_t d, AmxBuffer& buffer) const {
    for (int64_t s = piece.s0; s < piece.s1; ++s) {
      const auto block = a.block(s * kSide, lines_at(s, m), begin_of(d), depth_of(d), buffer.rows);
      amx::pack_left(block.data, block.row, block.col, lines_at(s, m), depth_of(d), parts,
                     buffer.left + (s - piece.s0) * AmxBuffer::kLines);
    }
  }
  DL_INLINE amx::Strip strip(int64_t s, int64_t i, int64_t d, const AmxBuffer& buffer) const {
    const int64_t first = step_of(d), count = step_of(d + 1) - first;
    if constexpr (kHasStrips<Source>) {
      return a.strip(s * kSide, first, count);
    } else {
      return amx::packed_strip(buffer.left + i * AmxBuffer::kLines, count, parts);
    }
  }
  DL_INLINE void multiply_panel(const Piece& piece, At at, const amx::Packed* panel,
                                AmxBuffer& buffer) const {
    const Epilogue<float> after = epilogue.from(at.p * kSide, at.p * kSide);
    for (int64_t s = piece.s0; s < piece.s1; ++s) {
      const int64_t i = s - piece.s0;
      const int64_t block = (at.p - at.g) * (piece.s1 - piece.s0) + i;
      amx::multiply(buffer.unit, strip(s, i, at.d, buffer), panel,
                    step_of(at.d + 1) - step_of(at.d),
                    {.y = y.data + at.p * kSide,
                     .y_row = buffer.offsets + i * kSide,
                     .rows = lines_at(s, m),
                     .columns = lines_at(at.p, n),
                     .running = buffer.running + block * amx::kSquare,
                     .first = at.d == 0,
                     .last = at.d + 1 == depths,
                     .addend = after.addend,
                     .bias = after.bias,
                     .relu = after.relu});
    }
  }
  DL_INLINE void multiply(const Piece& piece, AmxBuffer& buffer) const {
    amx::Unit& unit = buffer.unit;
    const int64_t count = piece.s1 - piece.s0;
    y.offsets(piece.s0 * kSide, (count - 1) * kSide + lines_at(piece.s1 - 1, m), buffer.offsets);
    int64_t turn = 0;
    At at{piece.p0, 0, piece.p0};
    unit.job = prepare(at, buffer, turn);
    while (at.g < piece.p1) {
      amx::complete(unit.job);
      const amx::Packed* ready = panel(at, buffer, turn);
      if constexpr (!kHasStrips<Source>) {
        if (at.p == at.g) {
          amx::flush(unit);  // before the strips change
          pack_rows(piece, at.d, buffer);
        }
      }
      turn = (turn + 1) % turns;
      const At then = after(at, piece);
      if (then.g < piece.p1) {
        unit.job = prepare(then, buffer, turn);
        const int64_t now = step_of(at.d + 1) - step_of(at.d);
        if (meanwhile) unit.job = amx::spread(unit.job, count, now, parts);
      }
      multiply_panel(piece, at, ready, buffer);
      at = then;
    }
    amx::flush(unit);  // before the offsets change
  }
};

template <class T, class Source, class Target>
void amx_gemm(int64_t m, int64_t n, int64_t k, int parts, const Source& a, const AmxRight<T>& b,
              const Target& y, const Epilogue<float>& epilogue, int64_t most_pieces = kPieces) {
  using Product = AmxProduct<T, Source, Target>;
  const Product product{m, n, k, parts, a, b, y, epilogue};
  const AmxCut c = amx_cut(m, n, k, most_pieces, kHasStrips<Source>);
  const int64_t all_strips = amx::strips_of(m), all_panels = amx::strips_of(n);
  const int64_t pieces = c.row_blocks * c.column_blocks;
  parallel_for(pieces, grain_for(m * n * k / pieces / 8), [&](int64_t begin, int64_t end) {
    AmxBuffer buffer;
    amx::begin(buffer.unit, parts);
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t i = piece % c.row_blocks, j = piece / c.row_blocks;
      const int64_t s0 = all_strips * i / c.row_blocks, s1 = all_strips * (i + 1) / c.row_blocks;
      product.multiply(
          {s0, s1, all_panels * j / c.column_blocks, all_panels * (j + 1) / c.column_blocks,
           kHasStrips<Source> && b.packed && k <= 1024 ? 1 : kAmxBlocks / (s1 - s0)},
          buffer);
    }
    amx::end(buffer.unit);
  });
}

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
