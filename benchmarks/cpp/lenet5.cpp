// A training step of LeNet-5 with ReLU and max pooling, batch 64.
#include "bench.h"
#include "net.h"

namespace danlu::bench {

namespace {

Tensor lenet5(Net& net, const Tensor& images) {  // (batch, 28, 28, 1) -> (batch, 10)
  Tensor x = net.conv(images, 6, 5, {.same = true}, /*bias=*/true, /*relu=*/true);
  x = max_pool(x, {2, 2});                                   // (batch, 14, 14, 6)
  x = net.conv(x, 16, 5, {}, /*bias=*/true, /*relu=*/true);  // (batch, 10, 10, 16)
  x = reshape(max_pool(x, {2, 2}), {x.dim(0), -1});          // (batch, 400)
  x = net.dense(net.dense(x, 120, /*relu=*/true), 84, /*relu=*/true);
  return net.dense(x, 10, /*relu=*/false);
}

}  // namespace

void add_cases() {
  add_case("lenet5_64", [] { return training_step({64, 28, 28, 1}, lenet5); });
}

}  // namespace danlu::bench
