// The threads that help a parallel_for.
//
// OpenMP starts them (so OMP_PROC_BIND, OMP_PLACES and OMP_STACKSIZE hold) in regions that never
// end; work is handed to them here and not by a region of its own, because at the end of a region
// everybody waits for the last thread, even for one that a busy neighbour keeps off its core and
// that has done nothing: milliseconds for a product of 25 us. Here a thread that comes late finds
// the job gone, and nobody waited for it.
#pragma once

#include <atomic>
#include <cstdint>

namespace danlu {

// One parallel_for: who helps takes chunks until there are none. Each begins with another share of
// them, in every job with the same one: rows that follow each other through several jobs are in its
// core's cache.
class Job {
 public:
  using Function = void (*)(void* context, int64_t begin, int64_t end);
  Job(int64_t n, int64_t grain, Function fn, void* context, int helpers)
      : grain_(grain), fn_(fn), context_(context), seats_(helpers) {
    shares_ = helpers < kMostShares ? helpers + 1 : kMostShares;
    const int64_t chunks = (n + grain - 1) / grain;
    for (int i = 0; i < shares_; ++i) {
      const int64_t end = chunks * (i + 1) / shares_ * grain;
      share_[i].next.store(chunks * i / shares_ * grain, std::memory_order_relaxed);
      share_[i].end = end < n ? end : n;
    }
  }

  bool take_seat() { return seats_.fetch_sub(1, std::memory_order_relaxed) > 0; }
  void work(int worker);  // the caller is worker 0

 private:
  static constexpr int kMostShares = 16;
  struct alignas(64) Share {
    std::atomic<int64_t> next;
    int64_t end;
  };
  const int64_t grain_;
  const Function fn_;
  void* const context_;
  int shares_;
  std::atomic<int> seats_;  // helpers that may still join
  Share share_[kMostShares];
};

// Works on `job` with up to `helpers` other threads; returns when all of it is done. False, and
// nothing done, if the helpers work for another thread.
bool work_together(Job& job, int helpers);

// Whether this thread is at work on a job: what it starts runs on it alone.
bool is_working();

}  // namespace danlu
