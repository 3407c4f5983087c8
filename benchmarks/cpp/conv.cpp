// Convolutions of square images with square windows, flops by the direct sum. The kernel is no
// variable, so whatever is made of it (Winograd's transform) is part of the time, as in training.
#include "bench.h"

namespace danlu::bench {

namespace {

constexpr struct {
  const char* name;
  int64_t batch, channels, size, filters, window, stride, groups;
} kShapes[] = {
    {"conv3x3_32x64x32", 32, 64, 32, 64, 3, 1, 1},
    {"conv3x3_32x128x16", 32, 128, 16, 128, 3, 1, 1},
    {"conv3x3_32x256x8", 32, 256, 8, 256, 3, 1, 1},
    {"conv3x3_1x64x56", 1, 64, 56, 64, 3, 1, 1},
    {"conv3x3s2_32x64x32", 32, 64, 32, 128, 3, 2, 1},
    {"conv1x1_32x128x16", 32, 128, 16, 128, 1, 1, 1},
    {"conv5x5_64x6x14", 64, 6, 14, 16, 5, 1, 1},
    {"conv7x7s2_1x3x224", 1, 3, 224, 64, 7, 2, 1},
    {"convdw3x3_32x128x16", 32, 128, 16, 128, 3, 1, 128},
};

}  // namespace

void add_cases() {
  for (const auto& s : kShapes) {
    const int64_t side = s.window / 2, out = (s.size - 1) / s.stride + 1;
    const int64_t depth = s.channels / s.groups, pixels = s.batch * out * out;
    const double flops =
        2.0 * static_cast<double>(pixels * s.filters * s.window * s.window * depth);
    const double x = 4.0 * static_cast<double>(s.batch * s.size * s.size * s.channels);  // bytes
    const double y = 4.0 * static_cast<double>(pixels * s.filters);
    // The gradients of both operands are as many flops again each; they read x and dy, write dx.
    add_pair(s.name, {.flops = flops, .bytes = x + y}, {.flops = 3 * flops, .bytes = 3 * x + 2 * y},
             [=] {
               const WindowOptions options{
                   .strides = {s.stride, s.stride}, .before = {side, side}, .after = {side, side}};
               return Pair{{random({s.batch, s.size, s.size, s.channels}),
                            random({s.window, s.window, depth, s.filters})},
                           [=](const Tensors& in) { return conv(in[0], in[1], options); }};
             });
  }
}

}  // namespace danlu::bench
