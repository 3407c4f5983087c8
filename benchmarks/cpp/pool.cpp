// Pooling of images (32, 32, 32, 64).
#include "bench.h"

namespace danlu::bench {

namespace {

using Pool = Tensor (*)(const Tensor&, const Shape&, const WindowOptions&);
constexpr struct {
  const char* name;
  Pool pool;
  int64_t window, stride, side;
} kCases[] = {
    {"maxpool2", &max_pool, 2, 2, 0},
    {"maxpool3s2", &max_pool, 3, 2, 1},
    {"maxpool3s1", &max_pool, 3, 1, 1},
    {"avgpool2", &average_pool, 2, 2, 0},
};
constexpr int64_t kBatch = 32, kSize = 32, kChannels = 64;

}  // namespace

void add_cases() {
  for (const auto& c : kCases) {
    const double x = 4.0 * kBatch * kSize * kSize * kChannels;  // bytes
    const double y = x / static_cast<double>(c.stride * c.stride);
    const double again = c.pool == &max_pool ? x : 0;  // x tells where the maximum was
    add_pair(format("{}_32x64x32", c.name), {.bytes = x + y}, {.bytes = 2 * (x + y) + again}, [=] {
      const WindowOptions options{
          .strides = {c.stride, c.stride}, .before = {c.side, c.side}, .after = {c.side, c.side}};
      return Pair{{random({kBatch, kSize, kSize, kChannels})}, [=](const Tensors& in) {
                    return c.pool(in[0], {c.window, c.window}, options);
                  }};
    });
  }
}

}  // namespace danlu::bench
