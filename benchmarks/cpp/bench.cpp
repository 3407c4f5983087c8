#include "bench.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "limits.h"

namespace danlu::bench {

namespace {

double least_seconds(const Work& work) {
  double peak = peak_float32();  // which 16-bit numbers can be computed at, too
  if (work.dtype == DType::bfloat16) peak = std::max(peak, peak_bfloat16());
  const double moving =
      work.bytes > 0 ? work.bytes / bandwidth(work.stream, static_cast<int64_t>(work.bytes)) : 0;
  return std::max(work.flops / peak, moving);
}

void measure(benchmark::State& state, const std::function<Step()>& make) {
  const Step step = make();
  const double least = least_seconds(step.work);
  step.run();  // allocates
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) step.run();
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
  const double seconds = all.count() / static_cast<double>(state.iterations());
  if (step.work.flops > 0) state.counters["GFLOP/s"] = step.work.flops / seconds / 1e9;
  if (step.work.bytes > 0) state.counters["GB/s"] = step.work.bytes / seconds / 1e9;
  if (least > 0) state.counters["of_limit"] = least / seconds;
}

}  // namespace

void add_case(const std::string& name, std::function<Step()> make) {
  benchmark::RegisterBenchmark(
      name.c_str(), [make = std::move(make)](benchmark::State& state) { measure(state, make); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

void add_pair(const std::string& name, const Work& forward, const Work& with_gradient,
              std::function<Pair()> make) {
  add_case(name + "_fwd", [=] {
    const Pair pair = make();
    return forward_step(forward, pair.inputs, pair.forward);
  });
  add_case(name + "_fwdbwd", [=] {
    const Pair pair = make();
    return gradient_step(with_gradient, pair.inputs, pair.forward);
  });
}

}  // namespace danlu::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  danlu::bench::add_cases();
  benchmark::AddCustomContext("danlu threads", std::to_string(danlu::num_threads()));
  benchmark::AddCustomContext("danlu kernels", danlu::cpu::isa_name());
  benchmark::AddCustomContext("limits with vectors of", danlu::bench::limit_level());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
