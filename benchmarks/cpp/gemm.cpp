// Matrix products, (m, k) times (k, n).
#include "bench.h"

namespace danlu::bench {

namespace {

constexpr struct {
  int64_t m, k, n;
  DType dtype = DType::float32;
} kShapes[] = {
    {64, 64, 64},
    {128, 128, 128},
    {256, 256, 256},
    {512, 512, 512},
    {1024, 1024, 1024},
    {2048, 2048, 2048},
    {1, 1024, 1024},
    {64, 1024, 1024},
    {12, 128, 512},
    {64, 784, 512},
    {1536, 384, 1536},
    {2048, 384, 65},
    {1024, 1024, 1024, DType::bfloat16},
};

}  // namespace

void add_cases() {
  for (const auto& [m, k, n, dtype] : kShapes) {
    const auto suffix = dtype == DType::float32 ? "" : "_bfloat16";
    add_case(format("matmul_{}x{}x{}{}", m, k, n, suffix), [=] {
      const double numbers = static_cast<double>(m * k + k * n + m * n);
      const Work work{.flops = 2.0 * static_cast<double>(m * k * n),
                      .bytes = numbers * static_cast<double>(size_of(dtype)),
                      .stream = Stream::read,
                      .dtype = dtype};
      return forward_step(work, {random({m, k}, dtype), random({k, n}, dtype)},
                          [](const Tensors& x) { return matmul(x[0], x[1]); });
    });
  }
}

}  // namespace danlu::bench
