// Compiled for machines with AVX-512's bfloat16 extension (CMakeLists.txt); called only where
// `has_bfloat16` and not `has_amx`.
#include <immintrin.h>

#include "danlu/kernels/amx.h"

namespace danlu::cpu::amx {

void dot_products(Unit& unit, const Strip& strip, const Packed* panel, int64_t steps,
                  int64_t rows) {
  constexpr int kRows = 8;  // times two vectors: 16 sums, enough to hide the latency
  const auto bits = [](const Packed* p) { return (__m512bh)_mm512_loadu_si512(p); };
  for (int64_t row = 0; row < rows; row += kRows) {
    __m512 sum[kRows][2];
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
    const Packed* b = panel;
    for (int64_t s = 0; s < steps; ++s, b += kSquare) {
      const Packed* a = strip.step[s] + row * strip.row;
      for (int64_t k = 0; k < kStep / 2; ++k) {
        const __m512bh left = bits(b + k * kStep), right = bits(b + kTile + k * kStep);
#pragma GCC unroll 8
        for (int i = 0; i < kRows; ++i) {
          int pair;
          __builtin_memcpy(&pair, a + i * strip.row + 2 * k, sizeof(pair));
          const __m512bh x = (__m512bh)_mm512_set1_epi32(pair);
          sum[i][0] = _mm512_dpbf16_ps(sum[i][0], x, left);
          sum[i][1] = _mm512_dpbf16_ps(sum[i][1], x, right);
        }
      }
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const int64_t tile = (row + i) / 16 * 2, at = (row + i) % 16 * 16;
      _mm512_store_ps(unit.sum[tile] + at, sum[i][0]);
      _mm512_store_ps(unit.sum[tile + 1] + at, sum[i][1]);
    }
  }
}

}  // namespace danlu::cpu::amx
