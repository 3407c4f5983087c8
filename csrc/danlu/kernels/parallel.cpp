#include "danlu/kernels/parallel.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>

#include "danlu/core/cgroup.h"
#include "danlu/kernels/team.h"

namespace danlu {

namespace {

// Helpers do not survive a fork: a child works alone.
std::atomic<bool> forked{false};
std::atomic<int> wanted_threads{0};

int default_threads() {
  pthread_atfork(nullptr, nullptr, [] { forked.store(true); });
  cpu_set_t set;
  int n = omp_get_max_threads();  // honours OMP_NUM_THREADS
  if (!std::getenv("OMP_NUM_THREADS") && sched_getaffinity(0, sizeof(set), &set) == 0) {
    const double allowed = std::ceil(cgroup_limits().processors);
    n = static_cast<int>(std::min<double>(std::min(n, CPU_COUNT(&set)), allowed));
  }
  return std::max(1, n);
}

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
  const int helpers = static_cast<int>(std::min<int64_t>(chunks, num_threads())) - 1;
  if (is_working()) {
    for (int64_t begin = 0; begin < n; begin += grain)
      fn(context, begin, std::min(n, begin + grain));
    return;
  }
  Job job(n, grain, fn, context, helpers);
  if (helpers == 0 || !work_together(job, helpers)) job.work(/*worker=*/0);
}

}  // namespace danlu
