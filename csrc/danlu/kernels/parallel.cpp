#include "danlu/kernels/parallel.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <fstream>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace danlu {

namespace {

// OpenMP workers do not survive a fork; a child that entered a region would wait for them forever.
std::atomic<bool> forked{false};
std::atomic<int> wanted_threads{0};

// The processors that a container may use: "150000 100000" (quota and period) or "max 100000".
int container_limit() {
  double quota = 0, period = 0;
  std::ifstream limits("/sys/fs/cgroup/cpu.max");
  if (!(limits >> quota >> period) || quota <= 0 || period <= 0) return INT_MAX;
  return static_cast<int>(std::ceil(quota / period));
}

int default_threads() {
  pthread_atfork(nullptr, nullptr, [] { forked.store(true); });
  cpu_set_t set;
  int n = omp_get_max_threads();  // honours OMP_NUM_THREADS
  if (!std::getenv("OMP_NUM_THREADS") && sched_getaffinity(0, sizeof(set), &set) == 0) {
    n = std::min({n, CPU_COUNT(&set), container_limit()});
  }
  return std::max(1, n);
}

// Numbers below 1e-38 cost a hundred times as much as others, and mean zero: flush them while a
// kernel runs, and leave the caller's setting as it was.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" : : "r"(before_ | (1ull << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(before_)); }

 private:
  unsigned long long before_;
#endif
};

}  // namespace

int num_threads() {
  static const int fallback = default_threads();
  if (forked.load(std::memory_order_relaxed)) return 1;
  const int wanted = wanted_threads.load(std::memory_order_relaxed);
  return wanted > 0 ? wanted : fallback;
}

void set_num_threads(int n) { wanted_threads.store(std::max(0, n)); }

void run_chunks(int64_t n, int64_t grain, void (*fn)(void*, int64_t, int64_t), void* context) {
  const int64_t chunks = (n + grain - 1) / grain;
  const int threads = static_cast<int>(std::min<int64_t>(chunks, num_threads()));
  if (threads <= 1 || omp_in_parallel()) {
    FlushDenormals flush;
    for (int64_t begin = 0; begin < n; begin += grain)
      fn(context, begin, std::min(n, begin + grain));
    return;
  }
  std::atomic<int64_t> next{0};
#pragma omp parallel num_threads(threads)
  {
    FlushDenormals flush;
    for (;;) {
      const int64_t begin = next.fetch_add(grain, std::memory_order_relaxed);
      if (begin >= n) break;
      fn(context, begin, std::min(n, begin + grain));
    }
  }
}

}  // namespace danlu
