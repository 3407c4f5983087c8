// Matrix products on the tile unit of newer Xeons (AMX), which sums 16 x 16 products of 32 bfloat16
// in one instruction, at sixteen times the rate of float32 multiply-adds.
//
// A float32 is the exact sum of three bfloat16, 8 + 8 + 8 bits of its significand, so that a
// product of two is the sum of nine; the three smallest are below half a unit in the last place and
// left out (Henry, Tang and Heinecke, 2019, arXiv:1904.06376). Six instructions in place of
// sixteen, and the error of any float32 sum. bfloat16 matrices take one; where there is no tile
// unit, the dot products of AVX-512's bfloat16 extension do (bfloat16.cpp), at twice the rate of
// multiply-adds.
//
// Both units flush denormals: of elements below 1e-33, the bits below 1e-38 count as zero.
#pragma once

#include <cstdint>

#include "danlu/core/dtype.h"
#include "danlu/core/macros.h"

namespace danlu::cpu {

// Whether this machine has the unit, the system lends it, and DANLU_ISA allows it; and the same for
// dot products of bfloat16.
extern const bool has_amx;
extern const bool has_bfloat16;  // by either

namespace amx {

// Matrices are packed in strips of 32 rows (left) and panels of 32 columns (right), both cut along
// k into steps of 32: (steps, parts, 2, 16, 32). Element k of a step stands beside element k + 16.
inline constexpr int64_t kStrip = 32;
inline constexpr int64_t kStep = 32;
inline constexpr int64_t kMostSteps = 4;  // in one product: strip and panel stay in the first cache
inline constexpr int kFloatParts = 3;     // of a float32; a bfloat16 is one
inline constexpr int64_t kSquare = kStrip * kStep;
inline constexpr int64_t kTile = kSquare / 2;  // a register: 16 lines of a step

DL_INLINE constexpr int64_t steps_of(int64_t k) { return (k + kStep - 1) / kStep; }
DL_INLINE constexpr int64_t strips_of(int64_t rows) { return (rows + kStrip - 1) / kStrip; }
// Elements of a packed strip or panel.
DL_INLINE constexpr int64_t packed_size(int64_t k, int parts = kFloatParts) {
  return steps_of(k) * parts * kSquare;
}

using Packed = uint16_t;

// Rows [0, rows) of `a` and columns [0, columns) of `b`, at most 32, one of whose strides is 1;
// zeros beyond. One part of a float32 is all of it where it holds the value of a bfloat16.
void pack_left(const float* a, int64_t row, int64_t col, int64_t rows, int64_t k, int parts,
               Packed* strip);
void pack_left(const bfloat16* a, int64_t row, int64_t col, int64_t rows, int64_t k, int parts,
               Packed* strip);
// Splits pixels, `stride` elements apart, in place of packing them: each (steps, parts, 32), where
// its steps lie `plane` elements apart and the next pixel follows. Zeros where `x` is null.
void split_pixels(const float* x, int64_t stride, int64_t pixels, int64_t channels, int parts,
                  Packed* out, int64_t plane);

// Where a strip lies: the first row of each step, and the distance of its rows and of its parts.
struct Strip {
  const Packed* step[kMostSteps];
  int64_t row, part;
};
DL_INLINE Strip packed_strip(const Packed* packed, int64_t steps, int parts) {
  Strip strip{{}, kStep, kSquare};
  for (int64_t s = 0; s < steps; ++s) strip.step[s] = packed + s * parts * kSquare;
  return strip;
}

// What is done in small pieces while the unit multiplies: it waits for nothing then.
struct Job {
  void (*some)(Job& job, int64_t end);  // pieces [next, end)
  int64_t next, pieces, share;          // share: pieces at a time, perhaps none
  const void* from;
  int64_t stride;  // from line to line, in elements
  int64_t columns, k;
  Packed* to;
};
// Packs columns [0, columns) of `b` into a panel.
Job pack_right(const float* b, int64_t row, int64_t col, int64_t k, int64_t columns, int parts,
               Packed* panel);
Job pack_right(const bfloat16* b, int64_t row, int64_t col, int64_t k, int64_t columns, int parts,
               Packed* panel);
// Brings so many elements into the second cache.
Job fetch(const Packed* from, int64_t size);
// Spreads the job over so many products of `steps`.
DL_INLINE Job spread(Job job, int64_t products, int64_t steps, int parts) {
  const int64_t pauses = products * steps * (parts == 1 ? 1 : 5);
  job.share = (job.pieces + pauses - 1) / pauses;
  return job;
}
DL_INLINE void complete(Job& job) {
  if (job.next < job.pieces) job.some(job, job.pieces);
}

// A block of y, at most 32 x 32, without the rows whose offset is negative, and what becomes of its
// sum over some k. Where k is longer, the sums lie side by side in `running` before they go to y:
// rows of a large y crowd one cache set.
struct Output {
  float* y;
  const int64_t* y_row;  // offset of each row
  int64_t rows, columns;
  float* running;  // kSquare elements, or null where k is not cut
  bool first, last;
  const float* addend;  // added to the sum; rows as those of y, perhaps y itself; or null
  const float* bias;    // of the columns, or null; added last
  bool relu;
};

// One thread's use of the unit. The last block is stored while the next one is multiplied: strip,
// panel, addend, bias and y_row must live on until then.
struct Unit {
  alignas(64) float sum[4][16 * 16];
  Output output;
  Strip strip;
  const Packed* panel;
  int64_t steps;  // of the block in `sum`; 0: none
  int parts;
  bool in_floats;  // `sum` was summed again, in float32
  Job job;
};
void begin(Unit& unit, int parts);
void multiply(Unit& unit, const Strip& strip, const Packed* panel, int64_t steps,
              const Output& output);
void flush(Unit& unit);  // stores the last block
void end(Unit& unit);    // after flush

// unit.sum = strip times panel of bfloat16, by dot products.
void dot_products(Unit& unit, const Strip& strip, const Packed* panel, int64_t steps, int64_t rows);

}  // namespace amx
}  // namespace danlu::cpu
