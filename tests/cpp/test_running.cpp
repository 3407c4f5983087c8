// Work on several threads, and graphs that are too deep for the stack.
#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "check.h"
#include "danlu/danlu.h"

using namespace danlu;

namespace {

using Chunks = std::multiset<std::pair<int64_t, int64_t>>;

Chunks chunks_of(int64_t n, int64_t grain) {
  Chunks seen;
  std::mutex mutex;
  parallel_for(n, grain, [&](int64_t begin, int64_t end) {
    std::lock_guard lock(mutex);
    seen.emplace(begin, end);
  });
  return seen;
}

// [0, grain), [grain, 2 grain), ... whatever the number of threads.
Chunks expected(int64_t n, int64_t grain) {
  Chunks chunks;
  for (int64_t begin = 0; begin < n; begin += grain)
    chunks.emplace(begin, std::min(n, begin + grain));
  return chunks;
}

}  // namespace

TEST(parallel_for_runs_every_chunk_once) {
  for (int threads : {1, 2, 3, 4, 7}) {
    set_num_threads(threads);
    for (int64_t n : {0, 1, 2, 7, 64, 1000, 1001}) {
      for (int64_t grain : {1, 2, 3, 64, 1000, 5000})
        CHECK(chunks_of(n, grain) == expected(n, grain));
    }
    std::atomic<int64_t> sum{0};
    for (int i = 0; i < 2000; ++i) {  // short jobs, so that helpers come late
      parallel_for(8, 1, [&](int64_t begin, int64_t) { sum += begin; });
    }
    CHECK(sum == 2000 * 28);
  }
  set_num_threads(0);
}

TEST(parallel_for_within_parallel_for_runs_on_the_caller) {
  set_num_threads(3);
  std::atomic<int> inner{0};
  std::atomic<bool> strayed{false};
  parallel_for(10, 1, [&](int64_t, int64_t) {
    const auto self = std::this_thread::get_id();
    parallel_for(10, 1, [&](int64_t, int64_t) {
      ++inner;
      if (std::this_thread::get_id() != self) strayed = true;
    });
  });
  CHECK(inner == 100 && !strayed);
  set_num_threads(0);
}

TEST(parallel_for_from_several_threads) {
  set_num_threads(4);
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 500; ++i)
        parallel_for(100, 7, [&](int64_t begin, int64_t end) { sum += end - begin; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(sum == 3 * 500 * 100);
  set_num_threads(0);
}

TEST(a_long_graph_is_freed_without_recursion) {
  const Variable w = make_variable(ones({1}, DType::float32));
  const int64_t in_use = memory_stats().in_use;
  {
    Tensor y = w->read();
    for (int i = 0; i < 1000000; ++i) y = y + w->read();
    CHECK(y.item() == 1000001);
  }
  const int64_t after_one = memory_stats().in_use;
  {
    Tensor y = w->read();
    for (int i = 0; i < 1000000; ++i) y = y + w->read();
  }
  CHECK(memory_stats().in_use == after_one);  // all of it came back
  CHECK(after_one >= in_use);
}

TEST(a_long_graph_is_walked_without_recursion) {
  const Variable w = make_variable(ones({1}, DType::float32));
  Tensor y = w->read();
  for (int i = 0; i < 100000; ++i) y = y + w->read();
  backward(y);
  CHECK(w->grad().item() == 100001);
}

TEST(an_unfinished_walk_leaves_no_gradient) {
  const Variable w = make_variable(ones({3}, DType::float32));
  CHECK_THROWS(Error, backward(w->read() * w->read()));  // not one number
  CHECK(!w->grad());
  const Tensor loss = sum(w->read() * w->read());
  backward(loss);
  CHECK_THROWS(Error, backward(loss));  // its values were freed
  CHECK(sum(w->grad()).item() == 6);
}
