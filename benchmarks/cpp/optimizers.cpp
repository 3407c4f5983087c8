// One update of 100 variables with 250,000 numbers each: reads weights, gradients and slots, writes
// weights and slots.
#include <vector>

#include "bench.h"

namespace danlu::bench {

namespace {

constexpr int kVariables = 100;
constexpr int64_t kSize = 250'000;
const struct {
  const char* name;
  OptimizerSettings settings;
  int slots;
} kCases[] = {
    {"sgd", {.kind = OptimizerKind::sgd}, 0},
    {"momentum", {.kind = OptimizerKind::sgd, .momentum = 0.9}, 1},
    {"rmsprop", {.kind = OptimizerKind::rmsprop, .rho = 0.9, .epsilon = 1e-7}, 1},
    {"adam", {.kind = OptimizerKind::adam, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7}, 2},
    {"lion", {.kind = OptimizerKind::lion, .beta_1 = 0.9, .beta_2 = 0.99}, 1},
};

}  // namespace

void add_cases() {
  for (const auto& c : kCases) {
    add_case(format("{}_25m_100t", c.name), [=] {
      std::vector<Variable> variables;
      std::vector<Tensor> gradients;
      for (int i = 0; i < kVariables; ++i) {
        variables.push_back(make_variable(random({kSize})));
        gradients.push_back(full({kSize}, 1e-3, DType::float32));
      }
      const OptimizerState state = make_optimizer(c.settings, variables, c.slots);
      const Tensor rate = Tensor::scalar(1e-3, DType::float32);
      return Step{{.bytes = 4.0 * (3 + 2 * c.slots) * kVariables * kSize},
                  [=] { optimizer_update(state, gradients, rate); }};
    });
  }
}

}  // namespace danlu::bench
