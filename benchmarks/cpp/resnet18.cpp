// A training step of ResNet-18 for CIFAR-10, batch 32.
#include "bench.h"
#include "net.h"

namespace danlu::bench {

namespace {

Tensor conv_bn(Net& net, const Tensor& x, int64_t filters, int64_t window, int64_t stride) {
  const int64_t side = window / 2;
  const WindowOptions options{
      .strides = {stride, stride}, .before = {side, side}, .after = {side, side}};
  return net.batch_norm(net.conv(x, filters, window, options));
}

Tensor residual(Net& net, const Tensor& x, int64_t filters, int64_t stride) {
  const Tensor middle = relu(conv_bn(net, x, filters, 3, stride));
  const Tensor body = conv_bn(net, middle, filters, 3, 1);
  const bool same = stride == 1 && x.dim(-1) == filters;
  return relu(body + (same ? x : conv_bn(net, x, filters, 1, stride)));
}

Tensor resnet18(Net& net, const Tensor& images) {  // (batch, 32, 32, 3) -> (batch, 10)
  Tensor x = relu(conv_bn(net, images, 64, 3, 1));
  for (int stage = 0; stage < 4; ++stage) {
    const int64_t filters = 64 << stage;
    x = residual(net, x, filters, stage ? 2 : 1);
    x = residual(net, x, filters, 1);
  }
  return net.dense(mean(x, {1, 2}), 10, /*relu=*/false);
}

}  // namespace

void add_cases() {
  add_case("resnet18_32", [] { return training_step({32, 32, 32, 3}, resnet18); });
}

}  // namespace danlu::bench
