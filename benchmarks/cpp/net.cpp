#include "net.h"

#include <cmath>
#include <memory>

namespace danlu::bench {

const Variable& Net::weight(const Shape& shape, double mean, double deviation, bool trainable) {
  if (next_ == weights_.size()) {
    const Tensor initial = random(shape) * deviation + mean;
    weights_.push_back(make_variable(initial, trainable));
    if (trainable) trainable_.push_back(weights_.back());
  }
  return weights_[next_++];
}

void Net::count(const Tensor& y, int64_t products) {
  const double forward = 2.0 * static_cast<double>(y.numel() * products);
  flops_ += flops_ == 0 ? 2 * forward : 3 * forward;
}

Tensor Net::conv(const Tensor& x, int64_t filters, int64_t window, const WindowOptions& options,
                 bool bias, bool relu) {
  const int64_t products = window * window * x.dim(-1);
  const bool fresh = next_ == weights_.size();
  const Tensor kernel = weight({window, window, x.dim(-1), filters}, 0,
                               std::sqrt(2.0 / static_cast<double>(products)))
                            ->read();
  const Tensor y =
      danlu::conv(x, kernel, options, bias ? weight({filters}, 0, 0)->read() : Tensor(), relu);
  if (fresh) count(y, products);
  return y;
}

Tensor Net::batch_norm(const Tensor& x) {
  const Shape channels = {x.dim(-1)};
  const Tensor gamma = weight(channels, 1, 0)->read(), beta = weight(channels, 0, 0)->read();
  const Normalized result = batch_norm_training(x, gamma, beta, /*epsilon=*/1e-5);
  const NoGrad no_grad;
  for (const Tensor& now : {result.mean, result.variance}) {
    VariableState& moving = *weight(channels, 0, 0, /*trainable=*/false);
    assign(moving, moving.value() * 0.9 + now.detach() * 0.1);
  }
  return result.y;
}

Tensor Net::dense(const Tensor& x, int64_t units, bool relu) {
  const bool fresh = next_ == weights_.size();
  const double deviation = std::sqrt(2.0 / static_cast<double>(x.dim(-1)));
  const Tensor kernel = weight({x.dim(-1), units}, 0, deviation)->read();
  const Tensor y = danlu::dense(x, kernel, weight({units}, 0, 0)->read(), relu);
  if (fresh) count(y, x.dim(-1));
  return y;
}

Step training_step(const Shape& images, const std::function<Tensor(Net&, const Tensor&)>& forward) {
  const auto net = std::make_shared<Net>();
  const Tensor x = random(images);
  const Tensor y = random_integers(make_seed_state(1), {images[0]}, 0, 10, DType::int64);
  forward(*net, x);  // makes the weights
  const OptimizerSettings settings{.kind = OptimizerKind::sgd, .momentum = 0.9};
  const OptimizerState optimizer = make_optimizer(settings, net->trainable(), /*slots=*/1);
  const Tensor rate = Tensor::scalar(1e-4, DType::float32);
  return {{.flops = net->flops()}, [=] {
            net->restart();
            backward(mean(sparse_categorical_crossentropy(y, forward(*net, x), /*from_logits=*/true,
                                                          -1, 1e-7)));
            Tensors gradients;
            for (const Variable& variable : net->trainable()) gradients.push_back(variable->grad());
            optimizer_update(optimizer, Inputs(gradients.begin(), gradients.end()), rate);
            for (const Variable& variable : net->trainable()) variable->set_grad({});
          }};
}

}  // namespace danlu::bench
