// Calls a kernel between entry and exit of `measured_call`, on one thread, for
// benchmarks/python/instructions.py, which lets Callgrind count the instructions there.
//
//   instructions            prints the compiler, the instruction set and the names
//   instructions <name>     runs one
#include <cstdio>
#include <string_view>

#include "step.h"

extern "C" __attribute__((noinline)) void measured_call(const std::function<void()>& run) {
  run();
  asm volatile("");  // no tail call: the function is left when the kernel is done
}

namespace danlu::bench {

namespace {

Step convolution(int64_t size, int64_t channels, int64_t filters, int64_t window) {
  return gradient_step(
      {}, {random({4, size, size, channels}), random({window, window, channels, filters})},
      [](const Tensors& x) { return conv(x[0], x[1], {.same = true}); });
}

Step adam() {
  const std::vector<Variable> variables = {make_variable(random({20'000}))};
  const std::vector<Tensor> gradients = {random({20'000})};
  const OptimizerState state = make_optimizer(
      {.kind = OptimizerKind::adam, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-7}, variables, 2);
  const Tensor rate = Tensor::scalar(1e-3, DType::float32);
  return {{}, [=] { optimizer_update(state, gradients, rate); }};
}

const struct {
  const char* name;
  Step (*make)();
} kCases[] = {
    {"matmul_128x128x128",
     [] {
       return forward_step({}, {random({128, 128}), random({128, 128})},
                           [](const Tensors& x) { return matmul(x[0], x[1]); });
     }},
    {"conv3x3_4x16x32_fwdbwd", [] { return convolution(16, 32, 32, 3); }},
    {"conv5x5_4x14x6_fwdbwd", [] { return convolution(14, 6, 16, 5); }},
    {"maxpool2_4x32x16_fwdbwd",
     [] {
       return gradient_step({}, {random({4, 32, 32, 16})}, [](const Tensors& x) {
         return max_pool(x[0], {2, 2});
       });
     }},
    {"batchnorm_4x32x16_fwdbwd",
     [] {
       const Tensor gamma = ones({16}, DType::float32), beta = zeros({16}, DType::float32);
       return gradient_step({}, {random({4, 32, 32, 16}), gamma, beta}, [](const Tensors& x) {
         return batch_norm_training(x[0], x[1], x[2], 1e-5).y;
       });
     }},
    {"softmax_64x1000",
     [] {
       return forward_step({}, {random({64, 1000})},
                           [](const Tensors& x) { return softmax(x[0]); });
     }},
    {"gelu_1e5",
     [] {
       return forward_step({}, {random({100'000})}, [](const Tensors& x) { return gelu(x[0]); });
     }},
    {"adam_20k", adam},
};

}  // namespace

}  // namespace danlu::bench

int main(int argc, char** argv) {
  danlu::set_num_threads(1);
  if (argc < 2) std::printf("# %s %s\n", __VERSION__, danlu::cpu::isa_name());
  for (const auto& [name, make] : danlu::bench::kCases) {
    if (argc < 2) std::puts(name);
    if (argc < 2 || std::string_view(argv[1]) != name) continue;
    const danlu::bench::Step step = make();
    step.run();  // allocates
    measured_call(step.run);
    return 0;
  }
  return argc < 2 ? 0 : 1;
}
