#include "limits.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "danlu/kernels/amx.h"
#include "danlu/kernels/parallel.h"

namespace danlu::bench {

#if defined(__x86_64__)  // as CMakeLists.txt compiles them, plainest first
#define DL_LIMIT_LEVELS(x) x(baseline) x(avx2) x(avx512) x(avx512bf16) x(amx)
#else
#define DL_LIMIT_LEVELS(x) x(portable)
#endif
#define DL_LIMIT_DECLARE(level) extern const LimitKernels limits_##level;
DL_LIMIT_LEVELS(DL_LIMIT_DECLARE)

namespace {

struct Level {
  const char* name;
  const LimitKernels* kernels;
};

bool supported(std::string_view level) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (level == "baseline") return true;
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (level == "avx2") return avx2;
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (level == "amx") return cpu::has_amx;  // the system lends the tiles to whom danlu asks it for
  return avx512 && (level == "avx512" || __builtin_cpu_supports("avx512bf16"));
#else
  return level == "portable";
#endif
}

const Level& chosen() {
#define DL_LIMIT_ROW(level) {#level, &limits_##level},
  static constexpr Level kLevels[] = {DL_LIMIT_LEVELS(DL_LIMIT_ROW)};
  static const Level& best = *std::find_if(std::rbegin(kLevels), std::rend(kLevels),
                                           [](const Level& x) { return supported(x.name); });
  return best;
}

// The least seconds of one call, of at least three calls and 100 ms.
template <class F>
double best_seconds(F&& f) {
  using Clock = std::chrono::steady_clock;
  const auto seconds = [](auto time) { return std::chrono::duration<double>(time).count(); };
  double best = std::numeric_limits<double>::infinity();
  const auto start = Clock::now();
  for (int calls = 0; calls < 3 || seconds(Clock::now() - start) < 0.1; ++calls) {
    const auto before = Clock::now();
    f();
    best = std::min(best, seconds(Clock::now() - before));
  }
  return best;
}

double measure_peak(int64_t (*kernel)(int64_t, float*)) {
  if (!kernel) return 0;
  constexpr int64_t kRounds = 4096;
  float once[] = {0.5f, 0.5f, 0.0f};
  const int64_t pieces = 32 * num_threads();  // few microseconds each: nobody waits for the last
  const double flops = static_cast<double>(kernel(kRounds, once) * pieces);
  return flops / best_seconds([&] {
           parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
             float values[] = {0.5f, 0.5f, 0.0f};
             kernel((end - begin) * kRounds, values);
           });
         });
}

struct Free {
  void operator()(float* x) const { std::free(x); }
};

// Zeroed room for n numbers, kept for the next request.
float* room(int64_t n) {
  static std::unique_ptr<float, Free> kept;
  static int64_t size = 0;
  if (size < n) {
    kept.reset();
    kept.reset(static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>(4 * n))));
    if (!kept) throw std::bad_alloc();
    std::fill_n(kept.get(), n, 0.0f);
    size = n;
  }
  return kept.get();
}

double measure_bandwidth(Stream stream, int64_t bytes) {
  const int64_t arrays = stream == Stream::triad ? 3 : stream == Stream::copy ? 2 : 1;
  const int64_t steps = std::max<int64_t>(1, bytes / (4 * arrays * kStreamStep));
  const int64_t n = steps * kStreamStep;
  float* a = room(arrays * n);
  const float *b = arrays > 1 ? a + n : a, *c = arrays > 2 ? b + n : b;
  const int64_t grain = std::max<int64_t>(grain_for(kStreamStep), steps / (4 * num_threads()));
  double best = std::numeric_limits<double>::infinity();
  for (const bool past_cache : {false, true}) {
    best = std::min(best, best_seconds([&] {
                      parallel_for(steps, grain, [&](int64_t begin, int64_t end) {
                        float values[] = {0.5f, 0.5f, 0.0f};
                        const int64_t at = begin * kStreamStep;
                        chosen().kernels->stream(stream, past_cache, a + at, b + at, c + at,
                                                 (end - begin) * kStreamStep, values);
                      });
                    }));
  }
  return static_cast<double>(4 * arrays * n) / best;
}

}  // namespace

double peak_float32() {
  static const double peak = measure_peak(chosen().kernels->float32);
  return peak;
}

double peak_bfloat16() {
  static const double peak = measure_peak(chosen().kernels->bfloat16);
  return peak;
}

double bandwidth(Stream stream, int64_t bytes) {
  static std::map<std::pair<Stream, int64_t>, double> measured;
  bytes = std::min<int64_t>(bytes, int64_t{512} << 20);
  const auto [at, fresh] = measured.try_emplace({stream, bytes});
  if (fresh) at->second = measure_bandwidth(stream, bytes);
  return at->second;
}

const char* limit_level() { return chosen().name; }

}  // namespace danlu::bench
