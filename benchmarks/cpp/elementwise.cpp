// Elementwise functions over vectors that fit the cache and that do not.
#include "bench.h"

namespace danlu::bench {

namespace {

constexpr struct {
  const char* name;
  Tensor (*function)(const Tensor&);
} kUnary[] = {{"relu", &relu},           {"exp", &exp},         {"log", &log},
              {"tanh", &tanh},           {"sigmoid", &sigmoid}, {"gelu", &gelu_erf},
              {"gelu_tanh", &gelu_tanh}, {"silu", &silu},       {"sqrt", &sqrt}};
constexpr struct {
  const char* name;
  int64_t size;
} kSizes[] = {{"_1e5", 100'000}, {"_1e7", 10'000'000}};

void add_binary(const std::string& name, double bytes, const Shape& a, const Shape& b,
                Tensor (*function)(const Tensor&, const Tensor&)) {
  add_case(name, [=] {
    return forward_step({.bytes = bytes, .stream = Stream::triad}, {random(a), random(b)},
                        [=](const Tensors& x) { return function(x[0], x[1]); });
  });
}

}  // namespace

void add_cases() {
  for (const auto& [suffix, size] : kSizes) {
    const double bytes = 4.0 * static_cast<double>(size);
    for (const auto& [name, function] : kUnary) {
      add_pair(
          std::string(name) + suffix, {.bytes = 2 * bytes}, {.bytes = 5 * bytes},
          [size = size, function = function] {
            return Pair{{abs(random({size}))}, [=](const Tensors& x) { return function(x[0]); }};
          });
    }
    add_binary(std::string("add") + suffix, 3 * bytes, {size}, {size}, &add);
    add_binary(std::string("divide") + suffix, 3 * bytes, {size}, {size}, &divide);
  }
  add_binary("add_1", 0, {1}, {1}, &add);  // what a call costs
  add_binary("add_bias_4096x768", 2 * 4.0 * 4096 * 768, {4096, 768}, {768}, &add);
  add_case("astype_bfloat16_1e7", [] {
    return forward_step({.bytes = 6e7}, {random({10'000'000})},
                        [](const Tensors& x) { return astype(x[0], DType::bfloat16); });
  });
  add_case("permute_dims_32x64x32x32", [] {
    return forward_step({.bytes = 8.0 * 32 * 64 * 32 * 32}, {random({32, 64, 32, 32})},
                        [](const Tensors& x) {
                          return copy(permute_dims(x[0], {0, 2, 3, 1}));
                        });
  });
}

}  // namespace danlu::bench
