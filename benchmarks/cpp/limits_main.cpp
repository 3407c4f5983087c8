// Prints what the machine can do: what the other programs call the limit.
#include <cstdio>

#include "danlu/danlu.h"
#include "limits.h"

int main() {
  using namespace danlu;
  using namespace danlu::bench;
  constexpr double kGiga = 1e9;
  std::printf("%d threads, vectors of %s\n", num_threads(), limit_level());
  std::printf("float32 multiply-add   %8.1f GFLOP/s\n", peak_float32() / kGiga);
  if (const double peak = peak_bfloat16()) {
    std::printf("bfloat16 products      %8.1f GFLOP/s\n", peak / kGiga);
  }
  constexpr struct {
    const char* name;
    int64_t bytes;
  } kSizes[] = {{"memory, 512 MiB", int64_t{512} << 20}, {"cache, 8 MiB", int64_t{8} << 20}};
  std::printf("%-22s %8s %8s %8s %8s GB/s\n", "", "read", "write", "copy", "triad");
  for (const auto& size : kSizes) {
    std::printf("%-22s", size.name);
    for (const Stream stream : {Stream::read, Stream::write, Stream::copy, Stream::triad}) {
      std::printf(" %8.1f", bandwidth(stream, size.bytes) / kGiga);
    }
    std::printf("\n");
  }
}
