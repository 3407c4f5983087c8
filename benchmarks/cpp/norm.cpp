// Normalizations. Batch normalization reads x twice, for the statistics and for the result; its
// gradient reads x and dy twice. A row of the others stays in the cache.
#include "bench.h"

namespace danlu::bench {

namespace {

constexpr double kEpsilon = 1e-5;

const struct {
  const char* name;
  Shape shape;
  double passes, gradient_passes;
  Tensor (*norm)(const Tensors&);
} kCases[] = {
    {"batchnorm_32x64x32",
     {32, 32, 32, 64},
     3,
     8,
     [](const Tensors& x) { return batch_norm_training(x[0], x[1], x[2], kEpsilon).y; }},
    {"layernorm_4096x768",
     {4096, 768},
     2,
     5,
     [](const Tensors& x) { return layer_normalization(x[0], x[1], x[2], {-1}, kEpsilon); }},
    {"rmsnorm_4096x768",
     {4096, 768},
     2,
     5,
     [](const Tensors& x) { return rms_normalization(x[0], x[1], {-1}, kEpsilon); }},
};

}  // namespace

void add_cases() {
  for (const auto& c : kCases) {
    const double bytes = 4.0 * static_cast<double>(c.shape.numel());
    add_pair(c.name, {.bytes = c.passes * bytes}, {.bytes = c.gradient_passes * bytes}, [=] {
      const Shape channels = {c.shape.back()};
      const Tensor gamma = ones(channels, DType::float32), beta = zeros(channels, DType::float32);
      return Pair{{random(c.shape), gamma, beta}, c.norm};
    });
  }
}

}  // namespace danlu::bench
