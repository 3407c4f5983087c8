// Softmax along rows, and the loss after it.
#include "bench.h"

namespace danlu::bench {

namespace {

constexpr struct { int64_t rows, columns; } kShapes[] = {{4096, 1024}, {2048, 65}, {64, 10}};

}  // namespace

void add_cases() {
  for (const auto& [rows, columns] : kShapes) {
    const auto shape = format("{}x{}", rows, columns);
    const double x = 4.0 * static_cast<double>(rows * columns);  // bytes
    const auto make = [=](Forward forward) {
      return [=] { return Pair{{random({rows, columns})}, forward}; };
    };
    const Work forward{.bytes = 2 * x}, gradient{.bytes = 5 * x};
    add_pair("softmax_" + shape, forward, gradient,
             make([](const Tensors& in) { return softmax(in[0]); }));
    add_pair("log_softmax_" + shape, forward, gradient,
             make([](const Tensors& in) { return log_softmax(in[0]); }));
    const Tensor labels = random_integers(make_seed_state(1), {rows}, 0, columns, DType::int64);
    add_pair("crossentropy_" + shape, {.bytes = x, .stream = Stream::read}, {.bytes = 3 * x},
             make([=](const Tensors& in) {
               return sparse_categorical_crossentropy(labels, in[0], /*from_logits=*/true, -1,
                                                      1e-7);
             }));
  }
}

}  // namespace danlu::bench
