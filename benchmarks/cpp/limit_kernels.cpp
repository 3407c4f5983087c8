#include "limit_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace danlu::bench {

namespace {

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif
using Vector = float __attribute__((vector_size(4 * kWidth)));

// As many independent sums as hide the latency of two units and still fit into 16 registers.
constexpr int kSums = 12;

int64_t float32(int64_t rounds, float* values) {
  Vector sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = Vector{} + static_cast<float>(i);  // equal ones merge
  const Vector factor = Vector{} + values[0], summand = Vector{} + values[1];
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (Vector& sum : sums) sum = sum * factor + summand;
  }
  for (const Vector& sum : sums) values[2] += sum[0];
  return rounds * kSums * kWidth * 2;
}

#if defined(__AMX_BF16__)
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, zero[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr TileConfig kTileConfig;

int64_t bfloat16(int64_t rounds, float* values) {
  alignas(64) float square[256];
  for (float& x : square) x = values[0];
  _tile_loadconfig(&kTileConfig);
  for (int64_t round = 0; round < rounds; ++round) {  // four sums hide the latency
    _tile_loadd(4, square, 64);
    _tile_loadd(5, square, 64);
    _tile_loadd(6, square, 64);
    _tile_loadd(7, square, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, square, 64);
  _tile_release();
  values[2] += square[0];
  return rounds * 4 * 16 * 16 * 32 * 2;
}
constexpr auto kBfloat16 = &bfloat16;
#elif defined(__AVX512BF16__)
int64_t bfloat16(int64_t rounds, float* values) {
  __m512 sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = _mm512_set1_ps(static_cast<float>(i));
  const __m512 numbers = _mm512_set1_ps(values[0]);
  const __m512bh factor = _mm512_cvtne2ps_pbh(numbers, numbers);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (__m512& sum : sums) sum = _mm512_dpbf16_ps(sum, factor, factor);
  }
  for (const __m512& sum : sums) values[2] += _mm512_cvtss_f32(sum);
  return rounds * kSums * 32 * 2;
}
constexpr auto kBfloat16 = &bfloat16;
#else
constexpr int64_t (*kBfloat16)(int64_t, float*) = nullptr;
#endif

template <bool past_cache>
void store(float* to, Vector x) {
  if constexpr (past_cache) {
#if defined(__AVX512F__)
    _mm512_stream_ps(to, x);
    return;
#elif defined(__AVX__)
    _mm256_stream_ps(to, x);
    return;
#elif defined(__x86_64__)
    _mm_stream_ps(to, x);
    return;
#endif
  }
  *reinterpret_cast<Vector*>(to) = x;
}

Vector load(const float* from) { return *reinterpret_cast<const Vector*>(from); }

void read(const float* a, int64_t n, float* values) {
  constexpr int kParts = kStreamStep / 16;
  Vector sums[kParts] = {};
  for (int64_t i = 0; i < n; i += kParts * kWidth) {
#pragma GCC unroll 8
    for (int part = 0; part < kParts; ++part) sums[part] += load(a + i + part * kWidth);
  }
  for (const Vector& sum : sums) values[2] += sum[0];
}

template <bool past_cache>
void write(Stream stream, float* a, const float* b, const float* c, int64_t n, float* values) {
  const Vector s = Vector{} + values[0];
  if (stream == Stream::write) {
    for (int64_t i = 0; i < n; i += kWidth) store<past_cache>(a + i, s);
  } else if (stream == Stream::copy) {
    for (int64_t i = 0; i < n; i += kWidth) store<past_cache>(a + i, load(b + i));
  } else {
    for (int64_t i = 0; i < n; i += kWidth) store<past_cache>(a + i, load(b + i) + s * load(c + i));
  }
#if defined(__x86_64__)
  if constexpr (past_cache) _mm_sfence();
#endif
}

void stream(Stream kind, bool past_cache, float* a, const float* b, const float* c, int64_t n,
            float* values) {
  if (kind == Stream::read) {
    read(a, n, values);
  } else if (past_cache) {
    write<true>(kind, a, b, c, n, values);
  } else {
    write<false>(kind, a, b, c, n, values);
  }
}

}  // namespace

extern const LimitKernels DL_LIMIT_LEVEL;
const LimitKernels DL_LIMIT_LEVEL = {&float32, kBfloat16, &stream};

}  // namespace danlu::bench
