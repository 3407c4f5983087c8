// Every elementwise formula, once, for CPU, CUDA and fused kernels.
//
// To add an op: a line in elementwise_list.h, its formula here, and what CONTRIBUTING.md lists
// under "Add an elementwise op".
#pragma once

#include <cstdint>
#include <type_traits>

#include "danlu/kernels/elementwise_list.h"
#include "danlu/kernels/math.h"

namespace danlu {
namespace formula {

// Base of a formula of one exact or correctly rounded operation: vector and scalar code agree.
struct Exact {};

// Integers wrap around; signed overflow would be undefined, so they compute unsigned.
template <class T, bool = std::is_floating_point_v<T>>
struct WrapOf {
  using type = T;
};
template <class T>
struct WrapOf<T, false> {
  using type = std::conditional_t<(sizeof(T) > 4), uint64_t, uint32_t>;
};
template <class T>
using wrap = typename WrapOf<T>::type;

// ---- arithmetic -------------------------------------------------------------------------------

struct Negative : Exact {
  template <class T>
  DL_FN T operator()(T x) const {
    if constexpr (Floating::has<T>)
      return -x;
    else
      return T(wrap<T>(0) - wrap<T>(x));
  }
};
struct Abs : Exact {
  template <class T>
  DL_FN T operator()(T x) const {
    if constexpr (Floating::has<T>)
      return math::fabs(x);
    else if constexpr (std::is_signed_v<T>)
      return x < 0 ? T(wrap<T>(0) - wrap<T>(x)) : x;
    else
      return x;
  }
};
struct Sign : Exact {
  template <class T>
  DL_FN T operator()(T x) const {
    return x != x ? x : T((x > T(0)) - (x < T(0)));
  }
};
struct Square : Exact {
  template <class T>
  DL_FN T operator()(T x) const {
    return T(wrap<T>(x) * wrap<T>(x));
  }
};
struct Add : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return T(wrap<T>(a) + wrap<T>(b));
  }
};
struct Subtract : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return T(wrap<T>(a) - wrap<T>(b));
  }
};
struct Multiply : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return T(wrap<T>(a) * wrap<T>(b));
  }
};
struct Divide : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return a / b;
  }
};
// Rounded towards minus infinity, as Python's //. An integer divided by zero is zero, as in NumPy.
struct FloorDivide {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    if constexpr (Floating::has<T>) {
      // Of infinities, the quotient itself: the standard's inf // 2 is inf, and 1 // -inf is -0.
      if (b == T(0) || a - a != T(0) || b - b != T(0)) return a / b;
      const T rest = math::fmod(a, b);
      T quotient = (a - rest) / b;
      if (rest != T(0) && (rest < T(0)) != (b < T(0))) quotient -= T(1);
      if (quotient == T(0)) return math::copysign(T(0), a / b);
      const T floor = math::floor(quotient);
      return quotient - floor > T(0.5) ? floor + T(1) : floor;
    } else {
      if (b == T(0)) return T(0);
      if constexpr (std::is_signed_v<T>) {
        if (b == T(-1)) return Negative()(a);
        const T quotient = T(a / b);
        return T(quotient - (quotient * b != a && (a < 0) != (b < 0)));
      } else {
        return T(a / b);
      }
    }
  }
};
// With the sign of the divisor, as Python's %.
struct Remainder {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    if constexpr (Floating::has<T>) {
      const T rest = math::fmod(a, b);
      if (rest == T(0)) return math::copysign(T(0), b);
      return (rest < T(0)) != (b < T(0)) ? rest + b : rest;
    } else {
      if (b == T(0) || (std::is_signed_v<T> && b == T(-1))) return T(0);
      const T rest = T(a % b);
      return rest != T(0) && (rest < T(0)) != (b < T(0)) ? T(rest + b) : rest;
    }
  }
};
// An integer to a negative power is its reciprocal, rounded towards zero.
struct Power {
  // The powers of floating numbers that most code takes, and those of their derivatives.
  template <class T>
  static DL_FN bool is_product(T b) {
    return b == T(1) || b == T(2) || b == T(3);
  }
  template <class T>
  static DL_FN T product(T a, T b) {
    return a * (b > T(1) ? a : T(1)) * (b > T(2) ? a : T(1));
  }
  template <class T>
  DL_FN T operator()(T a, T b) const {
    if constexpr (Floating::has<T>) {
      return is_product(b) ? product(a, b) : math::pow(a, b);
    } else {
      if (b < T(0)) return a == T(1) ? T(1) : (a == T(-1) ? ((b & 1) ? T(-1) : T(1)) : T(0));
      wrap<T> y = 1, base = wrap<T>(a);
      for (; b > T(0); b = T(b >> 1)) {
        if (b & T(1)) y *= base;
        base *= base;
      }
      return T(y);
    }
  }
};
struct Gcd {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    using Unsigned = std::make_unsigned_t<T>;  // holds the size of the least number, too
    Unsigned x = static_cast<Unsigned>(Abs()(a)), y = static_cast<Unsigned>(Abs()(b));
    while (y != 0) {
      const Unsigned rest = static_cast<Unsigned>(x % y);
      x = y;
      y = rest;
    }
    return static_cast<T>(x);
  }
};
struct Lcm {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    const T divisor = Gcd()(a, b);
    if (divisor == T(0)) return T(0);
    return Abs()(T(wrap<T>(FloorDivide()(a, divisor)) * wrap<T>(b)));
  }
};
// NaN in either argument gives NaN.
struct Maximum : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return (a > b || a != a) ? a : b;
  }
};
struct Minimum : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return (a < b || a != a) ? a : b;
  }
};
struct Reciprocal : Exact {
  template <class T>
  DL_FN T operator()(T x) const {
    return T(1) / x;
  }
};

// ---- bits -------------------------------------------------------------------------------------

struct BitwiseInvert : Exact {
  template <class T>
  DL_FN T operator()(T x) const {
    if constexpr (std::is_same_v<T, bool>)
      return !x;
    else
      return T(~x);
  }
};
struct BitwiseAnd : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return T(a & b);
  }
};
struct BitwiseOr : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return T(a | b);
  }
};
struct BitwiseXor : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return T(a ^ b);
  }
};
// A shift by the width or more (or by a negative number) shifts everything out, as in NumPy.
struct LeftShift : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    const auto by = static_cast<std::make_unsigned_t<T>>(b);
    return by < sizeof(T) * 8 ? T(wrap<T>(a) << by) : T(0);
  }
};
struct RightShift : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    const auto by = static_cast<std::make_unsigned_t<T>>(b);
    return by < sizeof(T) * 8 ? T(a >> by) : (a < T(0) ? T(-1) : T(0));
  }
};

// ---- rounding, roots, exponentials, logarithms ------------------------------------------------

#define DL_FORMULA(functor, expression) \
  struct functor {                      \
    template <class T>                  \
    DL_FN T operator()(T x) const {     \
      return expression;                \
    }                                   \
  };
DL_FORMULA(Floor, math::floor(x))
DL_FORMULA(Ceil, math::ceil(x))
DL_FORMULA(Trunc, math::trunc(x))
DL_FORMULA(Round, math::rint(x))  // half to even
DL_FORMULA(Sqrt, math::sqrt(x))
DL_FORMULA(Rsqrt, T(1) / math::sqrt(x))
DL_FORMULA(Cbrt, math::cbrt(x))
DL_FORMULA(Exp, math::exp(x))
DL_FORMULA(Exp2, math::exp2(x))
DL_FORMULA(Expm1, math::expm1(x))
DL_FORMULA(Log, math::log(x))
DL_FORMULA(Log2, math::log2(x))
DL_FORMULA(Log10, math::log10(x))
DL_FORMULA(Log1p, math::log1p(x))
struct Logaddexp {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    const T high = Maximum()(a, b);
    const T gap = a == b ? T(0) : -math::fabs(a - b);  // inf - inf is no number
    return high + math::log1p_unit(math::exp_nonpositive(gap));
  }
};

// ---- trigonometric and hyperbolic -------------------------------------------------------------

// `hard` arguments are outside the fast function's range.
struct Sin {
  template <class T>
  DL_FN T operator()(T x) const {
    return math::sin(x);
  }
#ifndef __CUDACC__
  static DL_FN bool hard(float x) { return !(math::fabs(x) <= math::kTrigLimit); }
  static DL_FN float slow(float x) { return __builtin_sinf(x); }
#endif
};
struct Cos {
  template <class T>
  DL_FN T operator()(T x) const {
    return math::cos(x);
  }
#ifndef __CUDACC__
  static DL_FN bool hard(float x) { return !(math::fabs(x) <= math::kTrigLimit); }
  static DL_FN float slow(float x) { return __builtin_cosf(x); }
#endif
};
DL_FORMULA(Tan, math::tan(x))
DL_FORMULA(Asin, math::asin(x))
DL_FORMULA(Acos, math::acos(x))
DL_FORMULA(Atan, math::atan(x))
DL_FORMULA(Sinh, math::sinh(x))
DL_FORMULA(Cosh, math::cosh(x))
DL_FORMULA(Tanh, math::tanh(x))
DL_FORMULA(Asinh, math::asinh(x))
DL_FORMULA(Acosh, math::acosh(x))
DL_FORMULA(Atanh, math::atanh(x))
DL_FORMULA(Erf, math::erf(x))
DL_FORMULA(Erfc, math::erfc(x))
DL_FORMULA(Erfinv, math::erfinv(x))
struct Atan2 {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return math::atan2(a, b);
  }
};
struct Hypot {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return math::hypot(a, b);
  }
};
struct Copysign : Exact {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return math::copysign(a, b);
  }
};
struct Nextafter {
  template <class T>
  DL_FN T operator()(T a, T b) const {
    return math::nextafter(a, b);
  }
};

// ---- activations ------------------------------------------------------------------------------

DL_FORMULA(Relu, x < T(0) ? T(0) : x)
DL_FORMULA(Relu6, x < T(0) ? T(0) : (x > T(6) ? T(6) : x))
DL_FORMULA(Sigmoid, math::sigmoid(x))
DL_FORMULA(LogSigmoid,
           (x < T(0) ? x : T(0)) - math::log1p_unit(math::exp_nonpositive(-math::fabs(x))))
DL_FORMULA(HardSigmoid, Relu6()(x + T(3)) / T(6))
DL_FORMULA(HardSilu, x* HardSigmoid()(x))
DL_FORMULA(HardTanh, x < T(-1) ? T(-1) : (x > T(1) ? T(1) : x))
DL_FORMULA(Silu, x* math::sigmoid(x))
DL_FORMULA(Softplus,
           (x < T(0) ? T(0) : x) + math::log1p_unit(math::exp_nonpositive(-math::fabs(x))))
DL_FORMULA(Softsign, x / (T(1) + math::fabs(x)))
DL_FORMULA(SparsePlus, x <= T(-1) ? T(0) : (x >= T(1) ? x : (x + T(1)) * (x + T(1)) * T(0.25)))
// Klambauer et al., "Self-Normalizing Neural Networks", 2017.
inline constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
inline constexpr double kSeluScale = 1.0507009873554804934193349852946;
DL_FORMULA(Selu, T(kSeluScale) * (x < T(0) ? T(kSeluAlpha) * math::expm1(x) : x))
inline constexpr double kSqrtHalf = 0.70710678118654752440;
inline constexpr double kInverseSqrt2Pi = 0.39894228040143267794;
DL_FORMULA(GeluErf, T(0.5) * x * (T(1) + math::erf(x * T(kSqrtHalf))))
inline constexpr double kSqrt2OverPi = 0.79788456080286535588;
inline constexpr double kGeluCubic = 0.044715;
DL_FORMULA(GeluTanh,
           T(0.5) * x * (T(1) + math::tanh(T(kSqrt2OverPi) * (x + T(kGeluCubic) * x * x * x))))

#define DL_FORMULA_WITH(functor, parameter, expression) \
  struct functor {                                      \
    double parameter;                                   \
    template <class T>                                  \
    DL_FN T operator()(T x) const {                     \
      return expression;                                \
    }                                                   \
  };
DL_FORMULA_WITH(Elu, alpha, x < T(0) ? T(alpha) * math::expm1(x) : x)
DL_FORMULA_WITH(Celu, alpha, x < T(0) ? T(alpha) * math::expm1(x / T(alpha)) : x)
DL_FORMULA_WITH(LeakyRelu, slope, x < T(0) ? T(slope) * x : x)
DL_FORMULA_WITH(SoftShrink, threshold,
                x > T(threshold) ? x - T(threshold)
                                 : (x < -T(threshold) ? x + T(threshold) : (x != x ? x : T(0))))
DL_FORMULA_WITH(HardShrink, threshold, math::fabs(x) <= T(threshold) ? T(0) : x)
DL_FORMULA_WITH(Squareplus, b, T(0.5) * (x + math::sqrt(x * x + T(b))))

// ---- derivatives in one pass ------------------------------------------------------------------

#define DL_GRADIENT(functor, expression)  \
  struct functor {                        \
    template <class T>                    \
    DL_FN T operator()(T x, T dy) const { \
      return expression;                  \
    }                                     \
  };
// These three read y = f(x), under the name x.
DL_GRADIENT(ReluGrad, x > T(0) ? dy : T(0))
DL_GRADIENT(SigmoidGrad, dy* x*(T(1) - x))
DL_GRADIENT(TanhGrad, dy*(T(1) - x * x))
struct SiluGrad {
  template <class T>
  DL_FN T operator()(T x, T dy) const {
    const T s = math::sigmoid(x);
    return dy * s * (T(1) + x * (T(1) - s));
  }
};
DL_GRADIENT(GeluErfGrad, dy*(T(0.5) * (T(1) + math::erf(x * T(kSqrtHalf))) +
                             x * T(kInverseSqrt2Pi) * math::exp(T(-0.5) * x * x)))
struct GeluTanhGrad {
  template <class T>
  DL_FN T operator()(T x, T dy) const {
    const T t = math::tanh(T(kSqrt2OverPi) * (x + T(kGeluCubic) * x * x * x));
    const T du = T(kSqrt2OverPi) * (T(1) + T(3 * kGeluCubic) * x * x);
    return dy * T(0.5) * (T(1) + t + x * (T(1) - t * t) * du);
  }
};
struct LeakyReluGrad {
  double slope;
  template <class T>
  DL_FN T operator()(T x, T dy) const {
    return x > T(0) ? dy : T(slope) * dy;
  }
};

// ---- comparisons and predicates ---------------------------------------------------------------

#define DL_COMPARISON(functor, sign)        \
  struct functor {                          \
    template <class T>                      \
    DL_FN bool operator()(T a, T b) const { \
      return a sign b;                      \
    }                                       \
  };
DL_COMPARISON(Equal, ==)
DL_COMPARISON(NotEqual, !=)
DL_COMPARISON(Less, <)
DL_COMPARISON(LessEqual, <=)
DL_COMPARISON(Greater, >)
DL_COMPARISON(GreaterEqual, >=)

struct IsNan {
  template <class T>
  DL_FN bool operator()(T x) const {
    return x != x;
  }
};
struct IsInf {
  template <class T>
  DL_FN bool operator()(T x) const {
    return math::fabs(x) == T(__builtin_inff());
  }
};
struct IsFinite {
  template <class T>
  DL_FN bool operator()(T x) const {
    return math::fabs(x) < T(__builtin_inff());
  }
};
struct SignBit {
  template <class T>
  DL_FN bool operator()(T x) const {
    return math::copysign(T(1), x) < T(0);
  }
};

// ---- conversion -------------------------------------------------------------------------------

// Floating numbers outside the range of an integer type give its nearest number, NaN gives 0: the
// same on CPU and GPU.
template <class To, class From>
DL_FN To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (Integer::has<To> && Floating::has<From>) {
    constexpr To low = std::is_signed_v<To> ? To(uint64_t(1) << (sizeof(To) * 8 - 1)) : To(0);
    constexpr To high = To(~low);
    // From(high) may round up to high + 1, which no longer fits: hence >=.
    if (x >= From(high)) return high;
    if (x <= From(low)) return low;
    return x != x ? To(0) : To(x);
  } else {
    return static_cast<To>(x);
  }
}

// A functor with or without a parameter.
template <class F>
DL_FN F make(double parameter) {
  if constexpr (std::is_empty_v<F>)
    return F{};
  else
    return F{parameter};
}

}  // namespace formula
}  // namespace danlu
