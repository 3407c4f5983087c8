// The mathematics of elementwise formulas. The float functions have no branch and call nothing, so
// a plain loop over them becomes vector code; double goes to libm, CUDA to its own library.
//
// Polynomials are minimax (Remez) fits of our own, errors at most 4 ulp, exact at special values.
#pragma once

#include <bit>
#include <cstdint>

#include "danlu/core/macros.h"

namespace danlu::math {

#ifdef __CUDACC__
#define DL_C_MATH(name) ::name
#else
#define DL_C_MATH(name) __builtin_##name
#endif
#define DL_LIBM(name)                                         \
  DL_FN float name(float x) { return DL_C_MATH(name##f)(x); } \
  DL_FN double name(double x) { return DL_C_MATH(name)(x); }
#define DL_LIBM2(name)                                                    \
  DL_FN float name(float x, float y) { return DL_C_MATH(name##f)(x, y); } \
  DL_FN double name(double x, double y) { return DL_C_MATH(name)(x, y); }
DL_LIBM(sqrt)
DL_LIBM(floor)
DL_LIBM(ceil)
DL_LIBM(trunc)
DL_LIBM(rint)
DL_LIBM(fabs)
DL_LIBM(cbrt)
DL_LIBM(tan)
DL_LIBM(asin)
DL_LIBM(acos)
DL_LIBM(atan)
DL_LIBM(sinh)
DL_LIBM(cosh)
DL_LIBM(asinh)
DL_LIBM(acosh)
DL_LIBM(atanh)
DL_LIBM(log10)
DL_LIBM(erfc)
DL_LIBM2(fmod)
DL_LIBM2(pow)
DL_LIBM2(atan2)
DL_LIBM2(hypot)
DL_LIBM2(copysign)
DL_LIBM2(nextafter)

// What double uses on the CPU, and every type on the GPU.
#define DL_LIBM_DOUBLE(name) \
  DL_FN double name(double x) { return DL_C_MATH(name)(x); }
DL_LIBM_DOUBLE(exp)
DL_LIBM_DOUBLE(exp2)
DL_LIBM_DOUBLE(expm1)
DL_LIBM_DOUBLE(log)
DL_LIBM_DOUBLE(log2)
DL_LIBM_DOUBLE(log1p)
DL_LIBM_DOUBLE(tanh)
DL_LIBM_DOUBLE(erf)
DL_LIBM_DOUBLE(sin)
DL_LIBM_DOUBLE(cos)
DL_FN double exp_nonpositive(double x) { return exp(x); }
DL_FN double log1p_unit(double x) { return log1p(x); }

#ifdef __CUDACC__

DL_FN float exp(float x) { return ::expf(x); }
DL_FN float exp_nonpositive(float x) { return ::expf(x); }
DL_FN float exp2(float x) { return ::exp2f(x); }
DL_FN float expm1(float x) { return ::expm1f(x); }
DL_FN float log(float x) { return ::logf(x); }
DL_FN float log2(float x) { return ::log2f(x); }
DL_FN float log1p(float x) { return ::log1pf(x); }
DL_FN float log1p_unit(float x) { return ::log1pf(x); }
DL_FN float tanh(float x) { return ::tanhf(x); }
DL_FN float erf(float x) { return ::erff(x); }
DL_FN float sin(float x) { return ::sinf(x); }
DL_FN float cos(float x) { return ::cosf(x); }

#else

DL_FN uint32_t bits(float x) { return std::bit_cast<uint32_t>(x); }
DL_FN float from_bits(uint32_t word) { return std::bit_cast<float>(word); }

inline constexpr float kLn2High = 0x1.62e4p-1f;  // so short that n * kLn2High is exact
inline constexpr float kLn2Low = 0x1.7f7d1cp-20f;
inline constexpr float kLog2E = 0x1.715476p+0f;
inline constexpr float kInfinity = __builtin_inff();
inline constexpr float kRound = 0x1.8p+23f;  // x + kRound - kRound rounds x to an integer

// 2^n for -252 <= n <= 254, in two factors because 2^128 and 2^-127 are no normal floats.
struct PowerOfTwo {
  float first, second;
};
DL_FN PowerOfTwo power_of_two(int32_t n) {
  const int32_t half = n >> 1;
  return {from_bits(static_cast<uint32_t>(half + 127) << 23),
          from_bits(static_cast<uint32_t>(n - half + 127) << 23)};
}

// exp(r) - 1 for |r| <= ln(2) / 2.
DL_FN float exp_minus_one_near_zero(float r) {
  const float q =
      ((((0.000197901347f * r + 0.00139448687f) * r + 0.00833349861f) * r + 0.0416662917f) * r +
       0.166666657f) *
          r +
      0.5f;
  return q * (r * r) + r;
}
// exp(x) = 2^n exp(r) with r = x - n ln 2.
DL_FN float exp(float x) {
  x = x > 89.f ? 89.f : x;
  x = x < -104.f ? -104.f : x;
  const float shifted = x * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  const PowerOfTwo scale = power_of_two(static_cast<int32_t>(bits(shifted) - bits(kRound)));
  return (exp_minus_one_near_zero(r) + 1.f) * scale.first * scale.second;
}
// exp(x) for x <= 0, as after subtracting a maximum: no overflow, and what is no normal number is
// 0.
DL_FN float exp_nonpositive(float x) {
  const float shifted = x * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  const float scale =
      from_bits((bits(shifted) << 23) + bits(1.f));  // the low bits of shifted are n
  const float y = (exp_minus_one_near_zero(r) + 1.f) * scale;
  return x < -87.3f ? 0.f : y;
}
DL_FN float exp2(float x) {
  x = x > 129.f ? 129.f : x;
  x = x < -151.f ? -151.f : x;
  const float shifted = x + kRound;
  const float r = (x - (shifted - kRound)) * 0x1.62e43p-1f;
  const PowerOfTwo scale = power_of_two(static_cast<int32_t>(bits(shifted) - bits(kRound)));
  return (exp_minus_one_near_zero(r) + 1.f) * scale.first * scale.second;
}
// 2^n (exp(r) - 1) + (2^n - 1): no cancellation near zero.
DL_FN float expm1(float x) {
  const float limited = x > 89.f ? 89.f : (x < -20.f ? -20.f : x);
  const float shifted = limited * kLog2E + kRound;
  const float n = shifted - kRound;
  const float r = (limited - n * kLn2High) - n * kLn2Low;
  const PowerOfTwo scale = power_of_two(static_cast<int32_t>(bits(shifted) - bits(kRound)) - 1);
  // Half of everything, because 2^128 overflows.
  const float half = scale.first * scale.second;
  const float y = 2.f * (exp_minus_one_near_zero(r) * half + (half - 0.5f));
  return x == 0.f ? x : y;
}

// x = 2^exponent (1 + fraction) with sqrt(1/2) <= 1 + fraction < sqrt(2).
struct Decomposed {
  float exponent, fraction;
};
DL_FN Decomposed decompose(float x) {
  const bool subnormal = x < 0x1p-126f;
  const uint32_t word = bits(subnormal ? x * 0x1p+23f : x);
  const int32_t above = static_cast<int32_t>(word - 0x3f3504f3u) >> 23;  // 0x3f3504f3: sqrt(1/2)
  const float mantissa = from_bits(word - (static_cast<uint32_t>(above) << 23));
  return {static_cast<float>(above) - (subnormal ? 23.f : 0.f), mantissa - 1.f};
}
// log(1 + f) - f.
DL_FN float log_remainder(float f) {
  const float q =
      ((((((((0.0674655586f * f - 0.116796158f) * f + 0.11890322f) * f - 0.124051422f) * f +
           0.142192259f) *
              f -
          0.166680068f) *
             f +
         0.200021341f) *
            f -
        0.250000089f) *
           f +
       0.333333135f);
  return (q * f - 0.5f) * (f * f);
}
DL_FN float log_special(float x, float y) {
  y = x == kInfinity ? x : y;
  y = x == 0.f ? -kInfinity : y;
  return x < 0.f ? __builtin_nanf("") : (x != x ? x : y);
}
DL_FN float log(float x) {
  const Decomposed d = decompose(x);
  const float y = log_remainder(d.fraction) + d.exponent * kLn2Low;
  return log_special(x, (y + d.fraction) + d.exponent * kLn2High);
}
DL_FN float log2(float x) {
  const Decomposed d = decompose(x);
  // log2(e) = 1 + kLess: the product with 1 is exact.
  constexpr float kLess = 0x1.c551d94ap-2f;
  const float rest = log_remainder(d.fraction);
  const float y = ((rest * kLess + d.fraction * kLess) + rest) + d.fraction;
  return log_special(x, y + d.exponent);
}
// log(u) with u = 1 + x, and what the rounding of u lost.
DL_FN float log1p(float x) {
  const float u = 1.f + x;
  const float y = log(u) - ((u - 1.f) - x) / u;
  return x == kInfinity ? x : (u == 1.f ? x : (x == -1.f ? -kInfinity : y));
}

// log1p(x) for 0 <= x <= 1. Nothing special can come, and loops over exp and this become vectors,
// as those over exp and log1p do not.
DL_FN float log1p_unit(float x) {
  const float u = 1.f + x;
  const bool above = u >= 0x1.6a09e6p+0f;  // sqrt(2)
  const float f = (above ? 0.5f * u : u) - 1.f, exponent = above ? 1.f : 0.f;
  const float lost = (x - (u - 1.f)) / u;
  return ((log_remainder(f) + exponent * kLn2Low + lost) + f) + exponent * kLn2High;
}

DL_FN float tanh(float x) {
  const float a = __builtin_fabsf(x);
  const float s = x * x;
  const float q =
      ((((0.00212274608f * s - 0.00815628096f) * s + 0.0216926076f) * s - 0.0539453775f) * s +
       0.133331954f) *
          s -
      0.333333313f;
  const float small = __builtin_copysignf(q * (x * s) + x, x);
  const float large = __builtin_copysignf(1.f - 2.f / (exp(2.f * a) + 1.f), x);
  return a < 0.625f ? small : (x != x ? x : large);
}

DL_FN float erf(float x) {
  const float a = __builtin_fabsf(x);
  const float s = x * x;
  const float q =
      (((((8.36230902e-05f * s - 0.000814148108f) * s + 0.00520099001f) * s - 0.0268594138f) * s +
        0.112836964f) *
           s -
       0.376126349f) *
          s +
      0.128379166f;
  const float small = q * x + x;
  // 1 - exp(-g) with g = -log(erfc(a))
  const float t = a > 4.f ? 4.f : a;
  const float g =
      ((((((2.10949638e-05f * t - 0.00043446169f) * t + 0.00417105854f) * t - 0.0251194164f) * t +
         0.10828007f) *
            t +
        0.633346915f) *
           t +
       1.12951493f) *
          t -
      0.000174683155f;
  const float large = __builtin_copysignf(1.f - exp(-g), x);
  return a < 0.92f ? small : (x != x ? x : large);
}

// Beyond this the reduction by pi/2 in three parts loses bits; there `sin` and `cos` ask libm.
inline constexpr float kTrigLimit = 8192.f;

struct Reduced {
  float r;  // |r| <= pi / 4
  uint32_t quadrant;
};
DL_FN Reduced reduce_angle(float x) {
  const float shifted = x * 0x1.45f306p-1f + kRound;
  const float n = shifted - kRound;
  float r = x - n * 0x1.92p+0f;  // pi/2 in pieces of 8, 11, 11 and 24 bits: n times each is exact
  r = r - n * 0x1.fb4p-12f;
  r = r - n * 0x1.444p-24f;
  r = r - n * 0x1.68c234p-39f;
  return {r, bits(shifted)};
}
DL_FN float sin_near_zero(float r) {
  const float s = r * r;
  const float q = ((2.71756448e-06f * s - 0.000198392561f) * s + 0.00833332911f) * s - 0.166666672f;
  return q * (s * r) + r;
}
DL_FN float cos_near_zero(float r) {
  const float s = r * r;
  const float q =
      ((-2.72033049e-07f * s + 2.47994358e-05f) * s - 0.00138888834f) * s + 0.0416666679f;
  return q * (s * s) + (1.f - 0.5f * s);
}
DL_FN float sin_of(Reduced a) {
  const float y = (a.quadrant & 1u) ? cos_near_zero(a.r) : sin_near_zero(a.r);
  return from_bits(bits(y) ^ ((a.quadrant & 2u) << 30));
}
DL_FN float sin(float x) { return x == 0.f ? x : sin_of(reduce_angle(x)); }
DL_FN float cos(float x) {
  Reduced a = reduce_angle(x);
  a.quadrant += 1;
  return sin_of(a);
}

#endif  // __CUDACC__

// M. Giles, "Approximating the erfinv function", GPU Computing Gems 2, 2011 (single precision).
template <class T>
DL_FN T erfinv_giles(T x) {
  const T w = -log1p(-x * x);
  const T v = w - T(2.5);
  T p = T(2.81022636e-08);
  p = T(3.43273939e-07) + p * v;
  p = T(-3.5233877e-06) + p * v;
  p = T(-4.39150654e-06) + p * v;
  p = T(0.00021858087) + p * v;
  p = T(-0.00125372503) + p * v;
  p = T(-0.00417768164) + p * v;
  p = T(0.246640727) + p * v;
  p = T(1.50140941) + p * v;
  const T u = sqrt(w) - T(3);
  T q = T(-0.000200214257);
  q = T(0.000100950558) + q * u;
  q = T(0.00134934322) + q * u;
  q = T(-0.00367342844) + q * u;
  q = T(0.00573950773) + q * u;
  q = T(-0.0076224613) + q * u;
  q = T(0.00943887047) + q * u;
  q = T(1.00167406) + q * u;
  q = T(2.83297682) + q * u;
  const T y = (w < T(5) ? p : q) * x;
  return fabs(x) == T(1) ? x * T(__builtin_inff()) : y;
}
DL_FN float erfinv(float x) { return erfinv_giles(x); }
// Two Newton steps; near 1 on the complement, where erf(y) - x would cancel.
DL_FN double erfinv(double x) {
  double y = erfinv_giles(x);
  if (!(fabs(x) < 1.0)) return y;
  for (int step = 0; step < 2; ++step) {
    const double slope = 1.1283791670955126 * exp(-y * y);
    const double complement = (1.0 - fabs(x)) - erfc(fabs(y));
    const double error = fabs(x) < 0.5 ? erf(y) - x : (x < 0.0 ? -complement : complement);
    y -= error / slope;
  }
  return y;
}

template <class T>
DL_FN T sigmoid(T x) {
  return T(1) / (T(1) + exp(-x));
}

}  // namespace danlu::math
