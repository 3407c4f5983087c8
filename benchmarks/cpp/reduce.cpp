// Reductions over everything, along rows and along columns.
#include "bench.h"

namespace danlu::bench {

namespace {

constexpr struct {
  const char* name;
  Tensor (*reduce)(const Tensor& x, const Axes& axes, bool keepdims);
} kReductions[] = {{"sum", &sum}, {"mean", &mean}, {"max", &max}, {"logsumexp", &logsumexp}};
const struct {
  const char* name;
  Shape shape;
  Axes axes;
} kShapes[] = {{"1e7", {10'000'000}, {0}},
               {"rows_4096x1024", {4096, 1024}, {1}},
               {"columns_4096x1024", {4096, 1024}, {0}},
               {"images_32x32x32x64", {32, 32, 32, 64}, {0, 1, 2}}};

void add_reduction(const std::string& name, const Shape& shape, Forward forward) {
  add_case(name, [=] {
    const double bytes = 4.0 * static_cast<double>(shape.numel());
    return forward_step({.bytes = bytes, .stream = Stream::read}, {random(shape)}, forward);
  });
}

}  // namespace

void add_cases() {
  for (const auto& [name, reduce] : kReductions) {
    for (const auto& [suffix, shape, axes] : kShapes) {
      add_reduction(format("{}_{}", name, suffix), shape,
                    [reduce = reduce, axes = axes](const Tensors& x) {
                      return reduce(x[0], axes, /*keepdims=*/false);
                    });
    }
  }
  add_reduction("argmax_rows_4096x1024", {4096, 1024},
                [](const Tensors& x) { return argmax(x[0], 1); });
  add_case("cumulative_sum_rows_4096x1024", [] {
    return forward_step({.bytes = 8.0 * 4096 * 1024}, {random({4096, 1024})},
                        [](const Tensors& x) { return cumulative_sum(x[0], 1); });
  });
}

}  // namespace danlu::bench
