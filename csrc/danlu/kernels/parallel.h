// parallel_for(n, grain, fn): fn(begin, end) for the chunks [0, grain), [grain, 2 grain), ...
//
// The chunks depend on n and grain alone, never on the number of threads, so whatever is summed
// per chunk has the same bits on any number of threads. Workers pull chunks from atomic counters,
// each first from another share and then what others have left: a busy core slows us little.
// Nested calls and small n run on the caller.
#pragma once

#include <cstdint>
#include <type_traits>

#include "danlu/core/macros.h"

namespace danlu {

// Runs fn(context, begin, end) for every chunk. Defined once, in kernels/parallel.cpp.
void run_chunks(int64_t n, int64_t grain, void (*fn)(void* context, int64_t begin, int64_t end),
                void* context);
DL_EXPORT int num_threads();
DL_EXPORT void set_num_threads(int n);

template <class F>
DL_INLINE void parallel_for(int64_t n, int64_t grain, F&& fn) {
  if (n <= 0) return;
  if (n <= grain) {
    fn(int64_t{0}, n);
    return;
  }
  run_chunks(
      n, grain,
      [](void* context, int64_t begin, int64_t end) {
        (*static_cast<std::remove_reference_t<F>*>(context))(begin, end);
      },
      const_cast<void*>(static_cast<const void*>(&fn)));
}

// A chunk that does about 32 K simple operations: worth the microsecond that waking a thread costs.
inline constexpr int64_t kGrain = 32768;
DL_INLINE constexpr int64_t grain_for(int64_t work_per_item) {
  return work_per_item >= kGrain ? 1 : kGrain / (work_per_item < 1 ? 1 : work_per_item);
}

}  // namespace danlu
