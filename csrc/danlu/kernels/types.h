// Small parameter structs and enums that kernels and ops share, grouped by kernel file.
#pragma once

#include <cstdint>

#include "danlu/core/dtype.h"
#include "danlu/core/shape.h"
#include "danlu/core/view.h"

namespace danlu {

/* ---- reduce ---- */

enum class Reduce : uint8_t { sum, mean, prod, max, min };

// A long reduction is cut into chunks of this many elements, each with a partial result in scratch;
// one over columns into chunks of rows.
inline constexpr int64_t kReduceChunk = 32768;
inline constexpr int64_t kColumns = 256;
DL_INLINE int64_t reduce_chunks(int64_t length) {
  return length <= 2 * kReduceChunk ? 1 : (length + kReduceChunk - 1) / kReduceChunk;
}
DL_INLINE int64_t column_chunk_rows(int64_t width) {
  const int64_t rows = kReduceChunk / (width < kColumns ? (width < 1 ? 1 : width) : kColumns);
  return (rows + 63) / 64 * 64;
}
DL_INLINE int64_t column_chunks(int64_t length, int64_t width) {
  const int64_t rows = column_chunk_rows(width);
  return length <= rows ? 1 : (length + rows - 1) / rows;
}

/* ---- norm ---- */

// Rows whose sums are taken together: a chunk of work, but not so many that a sum loses digits, nor
// so few that the partial sums take as much memory as x.
DL_INLINE int64_t norm_block(int64_t channels) {
  const int64_t rows = 16384 / (channels < 1 ? 1 : channels);
  return rows < 8 ? 8 : rows < 1024 ? rows : 1024;
}

/* ---- optim ---- */

enum class OptimizerKind : uint8_t { sgd, rmsprop, adagrad, adadelta, adam, adamax, nadam, lion };

// What Keras's constructors take; a limit of 0 clips nothing.
struct OptimizerSettings {
  OptimizerKind kind = OptimizerKind::sgd;
  double momentum = 0, beta_1 = 0, beta_2 = 0, rho = 0, epsilon = 0;
  bool nesterov = false, centered = false, amsgrad = false;
  double weight_decay = 0, clipnorm = 0, global_clipnorm = 0, clipvalue = 0;
  double loss_scale = 1;
  bool use_ema = false;
  double ema_momentum = 0;
  int64_t ema_overwrite_frequency = 0;  // 0: never
  int64_t accumulation_steps = 0;       // 0: every gradient is applied at once
};

// A variable with its gradient and slots. Variables are numbered as if they lay end to end.
struct OptimizerVariable {
  void* value;
  const void* gradient;  // null: not this time
  void* slots[3];
  void* accumulator;
  void* average;
  int64_t size, start;
  int64_t piece;  // the first of its partial sums
  double scale;   // what the gradient is multiplied by
  DType dtype;
  bool decayed;
};
inline constexpr int64_t kOptimizerGrain = 16384;

/* ---- schedule ---- */

enum class ScheduleKind : uint8_t {
  exponential,
  inverse_time,
  polynomial,
  cosine,
  cosine_restarts,
  piecewise,
};

// The numbers of Keras's schedules; each kind reads its own.
struct Schedule {
  ScheduleKind kind = ScheduleKind::exponential;
  float initial = 0, decay_steps = 1, decay_rate = 0;
  float end = 0, power = 1;
  float alpha = 0, warmup_target = 0, warmup_steps = 0;
  float period_factor = 1, height_factor = 1;
  bool flag = false;  // staircase, cycle, or a warm-up
};

/* ---- index ---- */

// Indices (int64, all of one shape) of `count` neighbouring axes.
struct IndexList {
  View index[kMaxDims];
  int count = 0;
  bool from_end = true;  // -1 is the last
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
