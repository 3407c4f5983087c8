// The element types: their names, sizes and kinds, and the two 16-bit floats.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "danlu/core/macros.h"

namespace danlu {

// In the order of the array API standard's promotion within each kind.
enum class DType : uint8_t {
  bool_,
  uint8,
  uint16,
  uint32,
  uint64,
  int8,
  int16,
  int32,
  int64,
  float16,
  bfloat16,
  float32,
  float64,
};
inline constexpr int kDTypeCount = 13;

// IEEE 754 binary16, stored as bits and computed in float.
struct float16 {
  uint16_t bits = 0;
  float16() = default;
  DL_FN float16(float x) : bits(from_float(x)) {}
  DL_FN operator float() const { return to_float(bits); }

  // Round to nearest even by adding a magic number in float, which does the rounding
  // (F. Giesen, "Float->half conversions", 2012).
  static DL_FN uint16_t from_float(float x) {
    const uint32_t word = std::bit_cast<uint32_t>(x);
    const uint32_t sign = (word >> 16) & 0x8000u;
    const uint32_t abs = word & 0x7fffffffu;
    uint32_t half;
    if (abs >= 0x47800000u) {  // overflow, infinity or NaN
      half = abs > 0x7f800000u ? 0x7e00u : 0x7c00u;
    } else if (abs < 0x38800000u) {  // subnormal: align the mantissa by an addition
      const float sum = std::bit_cast<float>(abs) + 0.5f;
      half = std::bit_cast<uint32_t>(sum) - 0x3f000000u;
    } else {
      const uint32_t odd = (abs >> 13) & 1u;
      half = (abs + 0xc8000fffu + odd) >> 13;
    }
    return static_cast<uint16_t>(half | sign);
  }
  static DL_FN float to_float(uint16_t half) {
    const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
    const uint32_t abs = static_cast<uint32_t>(half & 0x7fffu) << 13;
    if (abs >= 0x0f800000u) {  // infinity or NaN
      return std::bit_cast<float>(sign | (abs + 0x70000000u));
    }
    // Scaling by 2^112 rebiases the exponent and normalises subnormals at once.
    const float scaled = std::bit_cast<float>(abs) * std::bit_cast<float>(0x77800000u);
    return std::bit_cast<float>(std::bit_cast<uint32_t>(scaled) | sign);
  }
};

// The upper half of a float32.
struct bfloat16 {
  uint16_t bits = 0;
  bfloat16() = default;
  DL_FN bfloat16(float x) : bits(from_float(x)) {}
  DL_FN operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

  static DL_FN uint16_t from_float(float x) {
    const uint32_t word = std::bit_cast<uint32_t>(x);
    if ((word & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((word >> 16) | 0x40u);
    return static_cast<uint16_t>((word + 0x7fffu + ((word >> 16) & 1u)) >> 16);
  }
};

DL_INLINE constexpr int64_t size_of(DType dtype) {
  constexpr int8_t sizes[kDTypeCount] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
  return sizes[static_cast<int>(dtype)];
}
DL_INLINE constexpr bool is_floating(DType dtype) { return dtype >= DType::float16; }
DL_INLINE constexpr bool is_bool(DType dtype) { return dtype == DType::bool_; }
DL_INLINE constexpr bool is_unsigned(DType dtype) {
  return dtype >= DType::uint8 && dtype <= DType::uint64;
}
DL_INLINE constexpr bool is_signed_integer(DType dtype) {
  return dtype >= DType::int8 && dtype <= DType::int64;
}
DL_INLINE constexpr bool is_integer(DType dtype) {
  return is_unsigned(dtype) || is_signed_integer(dtype);
}

// What takes several steps computes in this: a 16-bit float would round, and overflow, at each.
DL_INLINE constexpr DType wide_dtype(DType dtype) {
  return dtype == DType::float64 ? dtype : DType::float32;
}

std::string_view name_of(DType dtype);

// The C++ type of each dtype and back: dtype_of<float> == DType::float32.
template <class T>
inline constexpr DType dtype_of = [] { static_assert(sizeof(T) == 0, "no such dtype"); }();
template <>
inline constexpr DType dtype_of<bool> = DType::bool_;
template <>
inline constexpr DType dtype_of<uint8_t> = DType::uint8;
template <>
inline constexpr DType dtype_of<uint16_t> = DType::uint16;
template <>
inline constexpr DType dtype_of<uint32_t> = DType::uint32;
template <>
inline constexpr DType dtype_of<uint64_t> = DType::uint64;
template <>
inline constexpr DType dtype_of<int8_t> = DType::int8;
template <>
inline constexpr DType dtype_of<int16_t> = DType::int16;
template <>
inline constexpr DType dtype_of<int32_t> = DType::int32;
template <>
inline constexpr DType dtype_of<int64_t> = DType::int64;
template <>
inline constexpr DType dtype_of<float16> = DType::float16;
template <>
inline constexpr DType dtype_of<bfloat16> = DType::bfloat16;
template <>
inline constexpr DType dtype_of<float> = DType::float32;
template <>
inline constexpr DType dtype_of<double> = DType::float64;

// dispatch_*(dtype, [&]<class T>(T) { ... }) runs the lambda for the C++ type of `dtype`.
// The argument is a value-initialised T that only carries the type.
template <class F>
DL_INLINE void dispatch_floating(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float16:
      return f(float16{});
    case DType::bfloat16:
      return f(bfloat16{});
    case DType::float32:
      return f(float{});
    default:
      return f(double{});
  }
}
template <class F>
DL_INLINE void dispatch_integer(DType dtype, F&& f) {
  switch (dtype) {
    case DType::uint8:
      return f(uint8_t{});
    case DType::uint16:
      return f(uint16_t{});
    case DType::uint32:
      return f(uint32_t{});
    case DType::uint64:
      return f(uint64_t{});
    case DType::int8:
      return f(int8_t{});
    case DType::int16:
      return f(int16_t{});
    case DType::int32:
      return f(int32_t{});
    default:
      return f(int64_t{});
  }
}
template <class F>
DL_INLINE void dispatch_numeric(DType dtype, F&& f) {
  return is_floating(dtype) ? dispatch_floating(dtype, f) : dispatch_integer(dtype, f);
}
template <class F>
DL_INLINE void dispatch_all(DType dtype, F&& f) {
  return dtype == DType::bool_ ? f(bool{}) : dispatch_numeric(dtype, f);
}

}  // namespace danlu
