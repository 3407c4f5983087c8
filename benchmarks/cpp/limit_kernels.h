// The loops that show what the machine can do. limit_kernels.cpp is compiled once for each
// instruction set, with vectors of its full width; limits.cpp chooses.
#pragma once

#include <cstdint>

namespace danlu::bench {

enum class Stream { read, write, copy, triad };  // sum of a; a = s; a = b; a = b + s c

struct LimitKernels {
  // Multiplies and adds in registers; returns how many floating-point operations that were.
  // `values` holds a factor and a summand, and receives what nobody reads.
  int64_t (*float32)(int64_t rounds, float* values);
  int64_t (*bfloat16)(int64_t rounds, float* values);  // null without an instruction for it
  // n, a multiple of kStreamStep, elements of aligned arrays; `past_cache`: by streaming stores.
  void (*stream)(Stream stream, bool past_cache, float* a, const float* b, const float* c,
                 int64_t n, float* values);
};
inline constexpr int64_t kStreamStep = 128;

}  // namespace danlu::bench
