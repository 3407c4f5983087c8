// What a benchmark times: a function, and what it has to do at least.
#pragma once

#include <functional>

#include "danlu/danlu.h"
#include "limit_kernels.h"

namespace danlu::bench {

// Counted by the definition of the function, whatever the kernel does: a convolution is its direct
// sum, each pass that data larger than the cache needs counts. Multiplication and addition are 2.
struct Work {
  double flops = 0, bytes = 0;
  Stream stream = Stream::copy;  // whose bandwidth bounds the bytes
  DType dtype = DType::float32;  // whose peak bounds the flops
};

struct Step {
  Work work;
  std::function<void()> run;
};

Tensor random(const Shape& shape, DType dtype = DType::float32);  // standard normal

using Forward = std::function<Tensor(const Tensors&)>;
// forward(inputs), recorded by nobody.
Step forward_step(const Work& work, const Tensors& inputs, const Forward& forward);
// forward(inputs), then the gradients of all inputs for a gradient of ones.
Step gradient_step(const Work& work, const Tensors& inputs, const Forward& forward);

// A rule with this many slots a variable.
OptimizerState make_optimizer(const OptimizerSettings& settings,
                              const std::vector<Variable>& variables, int slots);

}  // namespace danlu::bench
