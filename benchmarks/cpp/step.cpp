#include "step.h"

#include <utility>
#include <vector>

namespace danlu::bench {

Tensor random(const Shape& shape, DType dtype) {
  static const Tensor state = make_seed_state(/*seed=*/0);
  return astype(random_normal(state, shape, 0, 1, DType::float32), dtype);
}

Step forward_step(const Work& work, const Tensors& inputs, const Forward& forward) {
  return {work, [=] {
            const NoGrad no_grad;
            forward(inputs);
          }};
}

Step gradient_step(const Work& work, const Tensors& inputs, const Forward& forward) {
  Tensors watched;
  std::vector<Edge> edges;
  for (const Tensor& x : inputs) {
    watched.push_back(watch(x));
    edges.push_back(watched[watched.size() - 1].edge());
  }
  const Tensor y = forward(watched);
  const Tensor dy = ones(y.shape(), y.dtype());
  return {work, [=] {
            const Tensor result = forward(watched);
            gradients({&result, 1}, {&dy, 1}, edges);
          }};
}

OptimizerState make_optimizer(const OptimizerSettings& settings,
                              const std::vector<Variable>& variables, int slots) {
  OptimizerState state;
  state.settings = settings;
  state.variables = variables;
  state.decayed.assign(variables.size(), false);
  state.slots.resize(static_cast<size_t>(slots));
  for (auto& slot : state.slots) {
    for (const Variable& variable : variables) {
      slot.push_back(make_variable(zeros(variable->shape(), variable->dtype()), false));
    }
  }
  state.iterations = make_variable(zeros({}, DType::int64), false);
  return state;
}

}  // namespace danlu::bench
