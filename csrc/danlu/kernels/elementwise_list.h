// The elementwise ops, one line each: from these lists come the kernels' tables, the C++ functions,
// the bindings and the stubs. The formulas are in elementwise.h.
#pragma once

#include <cstdint>
#include <type_traits>

namespace danlu {

// name, functor, element types it computes in (other inputs are converted first).
// clang-format off
#define DL_UNARY_LIST(X)                        \
  X(negative, Negative, Numeric)                \
  X(abs, Abs, Numeric)                          \
  X(sign, Sign, Numeric)                        \
  X(square, Square, Numeric)                    \
  X(bitwise_invert, BitwiseInvert, Bits)        \
  X(floor, Floor, Floating)                     \
  X(ceil, Ceil, Floating)                       \
  X(trunc, Trunc, Floating)                     \
  X(round, Round, Floating)                     \
  X(reciprocal, Reciprocal, Floating)           \
  X(sqrt, Sqrt, Floating)                       \
  X(rsqrt, Rsqrt, Floating)                     \
  X(cbrt, Cbrt, Floating)                       \
  X(exp, Exp, Floating)                         \
  X(exp2, Exp2, Floating)                       \
  X(expm1, Expm1, Floating)                     \
  X(log, Log, Floating)                         \
  X(log2, Log2, Floating)                       \
  X(log10, Log10, Floating)                     \
  X(log1p, Log1p, Floating)                     \
  X(sin, Sin, Floating)                         \
  X(cos, Cos, Floating)                         \
  X(tan, Tan, Floating)                         \
  X(asin, Asin, Floating)                       \
  X(acos, Acos, Floating)                       \
  X(atan, Atan, Floating)                       \
  X(sinh, Sinh, Floating)                       \
  X(cosh, Cosh, Floating)                       \
  X(tanh, Tanh, Floating)                       \
  X(asinh, Asinh, Floating)                     \
  X(acosh, Acosh, Floating)                     \
  X(atanh, Atanh, Floating)                     \
  X(erf, Erf, Floating)                         \
  X(erfc, Erfc, Floating)                       \
  X(erfinv, Erfinv, Floating)                   \
  X(relu, Relu, Numeric)                        \
  X(relu6, Relu6, Numeric)                      \
  X(sigmoid, Sigmoid, Floating)                 \
  X(log_sigmoid, LogSigmoid, Floating)          \
  X(hard_sigmoid, HardSigmoid, Floating)        \
  X(hard_silu, HardSilu, Floating)              \
  X(hard_tanh, HardTanh, Floating)              \
  X(silu, Silu, Floating)                       \
  X(softplus, Softplus, Floating)               \
  X(softsign, Softsign, Floating)               \
  X(selu, Selu, Floating)                       \
  X(sparse_plus, SparsePlus, Floating)
// The two forms of gelu, chosen by an argument.
#define DL_GELU_LIST(X)                         \
  X(gelu_erf, GeluErf, Floating)                \
  X(gelu_tanh, GeluTanh, Floating)

// With one number besides: alpha, a slope, a threshold.
#define DL_UNARY_WITH_LIST(X)                   \
  X(elu, Elu, Floating)                         \
  X(celu, Celu, Floating)                       \
  X(leaky_relu, LeakyRelu, Floating)            \
  X(soft_shrink, SoftShrink, Floating)          \
  X(hard_shrink, HardShrink, Floating)          \
  X(squareplus, Squareplus, Floating)

#define DL_BINARY_LIST(X)                       \
  X(add, Add, All)                              \
  X(subtract, Subtract, Numeric)                \
  X(multiply, Multiply, All)                    \
  X(divide, Divide, Floating)                   \
  X(floor_divide, FloorDivide, Numeric)         \
  X(remainder, Remainder, Numeric)              \
  X(pow, Power, Numeric)                        \
  X(maximum, Maximum, All)                      \
  X(minimum, Minimum, All)                      \
  X(atan2, Atan2, Floating)                     \
  X(hypot, Hypot, Floating)                     \
  X(copysign, Copysign, Floating)               \
  X(nextafter, Nextafter, Floating)             \
  X(logaddexp, Logaddexp, Floating)             \
  X(gcd, Gcd, Integer)                          \
  X(lcm, Lcm, Integer)                          \
  X(bitwise_and, BitwiseAnd, Bits)              \
  X(bitwise_or, BitwiseOr, Bits)                \
  X(bitwise_xor, BitwiseXor, Bits)              \
  X(bitwise_left_shift, LeftShift, Integer)     \
  X(bitwise_right_shift, RightShift, Integer)

// Derivatives that are worth one pass: f(x or y, dy). Not public.
#define DL_GRADIENT_LIST(X)                     \
  X(relu_grad, ReluGrad, Floating)              \
  X(sigmoid_grad, SigmoidGrad, Floating)        \
  X(tanh_grad, TanhGrad, Floating)              \
  X(silu_grad, SiluGrad, Floating)              \
  X(gelu_erf_grad, GeluErfGrad, Floating)       \
  X(gelu_tanh_grad, GeluTanhGrad, Floating)     \
  X(leaky_relu_grad, LeakyReluGrad, Floating)

// With a boolean result.
#define DL_COMPARE_LIST(X)                      \
  X(equal, Equal, All)                          \
  X(not_equal, NotEqual, All)                   \
  X(less, Less, All)                            \
  X(less_equal, LessEqual, All)                 \
  X(greater, Greater, All)                      \
  X(greater_equal, GreaterEqual, All)
#define DL_PREDICATE_LIST(X)                    \
  X(isnan, IsNan, Floating)                     \
  X(isinf, IsInf, Floating)                     \
  X(isfinite, IsFinite, Floating)               \
  X(signbit, SignBit, Floating)
// clang-format on

#define DL_ENUMERATOR(name, functor, types) name,
enum class Unary : uint8_t {
  DL_UNARY_LIST(DL_ENUMERATOR) DL_GELU_LIST(DL_ENUMERATOR) DL_UNARY_WITH_LIST(DL_ENUMERATOR)
};
enum class Binary : uint8_t { DL_BINARY_LIST(DL_ENUMERATOR) DL_GRADIENT_LIST(DL_ENUMERATOR) };
enum class Compare : uint8_t { DL_COMPARE_LIST(DL_ENUMERATOR) };
enum class Predicate : uint8_t { DL_PREDICATE_LIST(DL_ENUMERATOR) };
#undef DL_ENUMERATOR

namespace formula {

// The groups of element types in the lists. The half types compute in float.
struct Floating {
  template <class T>
  static constexpr bool has = std::is_floating_point_v<T>;
};
struct Integer {
  template <class T>
  static constexpr bool has = std::is_integral_v<T> && !std::is_same_v<T, bool>;
};
struct Bits {
  template <class T>
  static constexpr bool has = std::is_integral_v<T>;
};
struct Numeric {
  template <class T>
  static constexpr bool has = !std::is_same_v<T, bool>;
};
struct All {
  template <class T>
  static constexpr bool has = true;
};

}  // namespace formula
}  // namespace danlu
