// Numbers below 1e-38 cost a hundred times as much as others, and as results they mean zero.
#pragma once

#include "danlu/core/macros.h"

namespace danlu {

// While it lives, float results that small become zero; the caller's setting is put back after.
// Operands that small still count: what compares, sorts, searches or takes the logarithm sees them
// in arrays of any size. Around the chunks of large arrays only: setting it costs as much as a sum.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  DL_INLINE FlushDenormals() : before_(__builtin_ia32_stmxcsr()) {
    __builtin_ia32_ldmxcsr(before_ | kFlushToZero);
  }
  DL_INLINE ~FlushDenormals() { __builtin_ia32_ldmxcsr(before_); }

 private:
  static constexpr unsigned kFlushToZero = 0x8000;
  const unsigned before_;
#else
  // Other processors compute them at full speed.
  DL_INLINE FlushDenormals() {}
  DL_INLINE ~FlushDenormals() {}
#endif
};

}  // namespace danlu
