#include "danlu/kernels/team.h"

#include <omp.h>

#include <chrono>
#include <mutex>
#include <system_error>
#include <thread>

#include "danlu/kernels/denormals.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace danlu {

namespace {

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Ops of a training step follow each other within this time; a thread that waits longer sleeps.
constexpr std::chrono::microseconds kPatience{100};

// True as soon as `ready()` is; false when patience ends.
template <class Ready>
bool spin_until(Ready&& ready) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

thread_local bool working = false;

struct Team {
  std::mutex caller;                            // held by the thread whose job is open
  int size = 0;                                 // helpers that were started; guarded by `caller`
  alignas(64) std::atomic<uint32_t> posted{0};  // jobs so far: what idle helpers wait on
  alignas(64) std::atomic<Job*> open{nullptr};
  alignas(64) std::atomic<int> inside{0};  // helpers that may be looking at the open job

  // A helper counts itself in before it looks, and the caller takes its job away before it looks
  // who is in: so nobody looks at a job that is gone.
  [[noreturn]] void help(uint32_t seen, int worker) {
    for (;;) {
      if (!spin_until([&] { return posted.load(std::memory_order_relaxed) != seen; })) {
        posted.wait(seen, std::memory_order_relaxed);
      }
      seen = posted.load(std::memory_order_acquire);
      inside.fetch_add(1, std::memory_order_seq_cst);
      if (Job* job = open.load(std::memory_order_seq_cst); job && job->take_seat()) {
        job->work(worker);
      }
      inside.fetch_sub(1, std::memory_order_release);
    }
  }

  // OpenMP's region needs a first thread, which waits at its end for good.
  void grow(int to) {
    const int more = to - size;
    if (more <= 0) return;
    const uint32_t seen = posted.load(std::memory_order_relaxed);
    try {
      std::thread([this, more, seen, before = size] {
#pragma omp parallel num_threads(more + 1)
        if (const int i = omp_get_thread_num(); i > 0) help(seen, before + i);
      }).detach();
      size = to;
    } catch (const std::system_error&) {  // no thread to be had: the caller works alone
    }
  }
};

// Never destroyed: helpers wait on it until the process ends.
Team& team() {
  static Team* const instance = new Team;
  return *instance;
}

}  // namespace

void Job::work(int worker) {
  const FlushDenormals flush;
  working = true;
  for (int i = 0; i < shares_; ++i) {
    Share& share = share_[(worker + i) % shares_];
    for (;;) {
      const int64_t begin = share.next.fetch_add(grain_, std::memory_order_relaxed);
      if (begin >= share.end) break;
      fn_(context_, begin, share.end - begin < grain_ ? share.end : begin + grain_);
    }
  }
  working = false;
}

bool is_working() { return working || omp_in_parallel(); }

bool work_together(Job& job, int helpers) {
  Team& t = team();
  const std::unique_lock busy(t.caller, std::try_to_lock);
  if (!busy) return false;
  t.grow(helpers);
  t.open.store(&job, std::memory_order_release);
  t.posted.fetch_add(1, std::memory_order_seq_cst);
  t.posted.notify_all();
  job.work(/*worker=*/0);
  t.open.store(nullptr, std::memory_order_seq_cst);
  const auto alone = [&] { return t.inside.load(std::memory_order_seq_cst) == 0; };
  // Someone has a chunk and was put off its core: let it have ours.
  while (!spin_until(alone)) std::this_thread::yield();
  return true;
}

}  // namespace danlu
