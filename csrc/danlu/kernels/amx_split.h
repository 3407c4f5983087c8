// A float32 as three bfloat16, for files that are compiled for AVX-512.
#pragma once

#include <immintrin.h>

#include "danlu/kernels/amx.h"

#if !defined(__clang__)  // GCC bug 105593: its own intrinsics
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace danlu::cpu::amx {

namespace {

// Rows of 32 elements (x of the lower 16, y of the upper) as bfloat16, so many parts of each.
template <int kParts, int64_t kDistance = kSquare>
DL_INLINE void split(__m512 x, __m512 y, Packed* out) {
  const __m512i high = _mm512_set1_epi32(static_cast<int>(0xffff0000));
#pragma GCC unroll 3
  for (int part = 0; part < kParts; ++part) {
    const __m512i xi = _mm512_castps_si512(x), yi = _mm512_castps_si512(y);
    // (y & high) | (x >> 16)
    const __m512i pairs = _mm512_ternarylogic_epi32(yi, high, _mm512_srli_epi32(xi, 16), 0xea);
    _mm512_storeu_si512(out + part * kDistance, pairs);
    const __m512 x1 = _mm512_castsi512_ps(_mm512_and_si512(xi, high));
    const __m512 y1 = _mm512_castsi512_ps(_mm512_and_si512(yi, high));
    if (part + 1 == kParts) break;
    if (part == 0) {  // infinity - infinity would be no number
      x = _mm512_maskz_sub_ps(_mm512_cmp_ps_mask(x, x1, _CMP_NEQ_UQ), x, x1);
      y = _mm512_maskz_sub_ps(_mm512_cmp_ps_mask(y, y1, _CMP_NEQ_UQ), y, y1);
    } else {
      x = _mm512_sub_ps(x, x1);
      y = _mm512_sub_ps(y, y1);
    }
  }
}

}  // namespace
}  // namespace danlu::cpu::amx
