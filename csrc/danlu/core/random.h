// Philox4x32-10: a counter-based generator (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). The number at a position depends on (seed, call, position) alone: the same
// bits on CPU and GPU and on any number of threads.
#pragma once

#include <cstdint>

#include "danlu/core/macros.h"

namespace danlu {

struct PhiloxBlock {
  uint32_t word[4];
};

// The generator itself: four counter words under two key words.
DL_FN PhiloxBlock philox4x32(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0,
                             uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * c0;
    const uint64_t p1 = uint64_t{0xCD9E8D57u} * c2;
    const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    const uint32_t n2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(p1);
    c3 = static_cast<uint32_t>(p0);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// Block `block` of draw number `draw` under `seed`. The second key word only has to be fixed.
DL_FN PhiloxBlock philox(uint32_t seed, uint32_t draw, uint64_t block) {
  return philox4x32(static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), draw, 0, seed,
                    0x64616e6cu);
}

// In [0, 1): the upper 24 bits.
DL_FN float uniform_float(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }
// In [0, 1): 53 bits of two words.
DL_FN double uniform_double(uint32_t high, uint32_t low) {
  const uint64_t bits = (uint64_t{high} << 32 | low) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

}  // namespace danlu
