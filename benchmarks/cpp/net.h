// A net whose weights are made in its first pass, in the order of their use, and its training step.
#pragma once

#include <functional>
#include <vector>

#include "step.h"

namespace danlu::bench {

class Net {
 public:
  // All are y = f(x) with new weights in the first pass and with the same ones afterwards.
  Tensor conv(const Tensor& x, int64_t filters, int64_t window, const WindowOptions& options,
              bool bias = false, bool relu = false);
  Tensor batch_norm(const Tensor& x);
  Tensor dense(const Tensor& x, int64_t units, bool relu);

  void restart() { next_ = 0; }
  const std::vector<Variable>& trainable() const { return trainable_; }
  // Of a training step: forward, weight gradient and, but for the first layer, data gradient.
  double flops() const { return flops_; }

 private:
  const Variable& weight(const Shape& shape, double mean, double deviation, bool trainable = true);
  void count(const Tensor& y, int64_t products);

  size_t next_ = 0;
  double flops_ = 0;
  std::vector<Variable> weights_, trainable_;
};

// Forward, cross-entropy, backward and SGD with momentum on one batch of images (batch, height,
// width, channels) of ten classes.
Step training_step(const Shape& images, const std::function<Tensor(Net&, const Tensor&)>& forward);

}  // namespace danlu::bench
