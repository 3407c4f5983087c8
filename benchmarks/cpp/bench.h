// Each program is a table of shapes and a function `add_cases`; bench.cpp is the rest: it runs them
// under Google Benchmark and reports GFLOP/s, GB/s and the fraction of the limit, of_limit = 1
// being a step that takes no longer than its flops at the machine's peak and its bytes at its
// bandwidth.
#pragma once

#include <functional>
#include <string>

#include "danlu/core/error.h"
#include "step.h"

namespace danlu::bench {

void add_cases();  // defined by the program

// `make` runs when its turn comes, so that one case at a time is in memory.
void add_case(const std::string& name, std::function<Step()> make);

// The case `name_fwd`, and `name_fwdbwd` with the gradients of all inputs.
struct Pair {
  Tensors inputs;
  Forward forward;
};
void add_pair(const std::string& name, const Work& forward, const Work& with_gradient,
              std::function<Pair()> make);

}  // namespace danlu::bench
