// The docstrings of the elementwise functions: name, source, formula, an example and its result.
// tests/test_docstrings.py runs the examples; a function without a line here does not compile.
#pragma once

#include <string_view>

namespace danlu::python {

struct Doc {
  const char* name;
  const char* text;
};

// What the groups of element types in kernels/elementwise_list.h take and give.
#define DL_FLOATS " Integers and bool become floats (float32)."
#define DL_NUMBERS " TypeError for bool."
#define DL_INTEGERS " TypeError for floats and bool."
#define DL_BITS " TypeError for floats."
#define DL_PAIR "\nShapes are broadcast, else ValueError; dtypes are promoted."
#define DL_BOOL "\nShapes are broadcast, else ValueError; the result is bool."
#define DL_DOC(name, source, text, example, result) \
  { #name, text "\n" source "\n\n>>> import danlu as dl\n>>> " example "\n" result }
#define DL_API "Source: array API 2024.12."
#define DL_KERAS "Source: keras.ops."

// clang-format off
inline constexpr Doc kElementwiseDocs[] = {
    // ---- arithmetic
    DL_DOC(negative, DL_API, "-x." DL_NUMBERS, "dl.negative([2, -3]).tolist()", "[-2, 3]"),
    DL_DOC(abs, DL_API, "|x|." DL_NUMBERS, "dl.abs([2, -3]).tolist()", "[2, 3]"),
    DL_DOC(sign, DL_API, "-1, 0 or 1 by the sign of x; NaN stays NaN." DL_NUMBERS,
           "dl.sign([2.5, 0.0, -3.0]).tolist()", "[1.0, 0.0, -1.0]"),
    DL_DOC(square, DL_API, "x * x; integers wrap around." DL_NUMBERS,
           "dl.square([2, -3]).tolist()", "[4, 9]"),
    DL_DOC(reciprocal, DL_API, "1 / x; infinite at 0." DL_FLOATS,
           "dl.reciprocal([2.0, -4.0]).tolist()", "[0.5, -0.25]"),
    DL_DOC(add, DL_API, "x1 + x2; integers wrap around, of bool it is `or`." DL_PAIR,
           "dl.add([[1], [2]], [10, 20]).tolist()", "[[11, 21], [12, 22]]"),
    DL_DOC(subtract, DL_API, "x1 - x2; integers wrap around." DL_NUMBERS DL_PAIR,
           "dl.subtract([5, 6], 2).tolist()", "[3, 4]"),
    DL_DOC(multiply, DL_API, "x1 * x2; integers wrap around, of bool it is `and`." DL_PAIR,
           "dl.multiply([[1], [2]], [10, 20]).tolist()", "[[10, 20], [20, 40]]"),
    DL_DOC(divide, DL_API, "x1 / x2; infinite or NaN where x2 is 0." DL_FLOATS DL_PAIR,
           "dl.divide([1, -3], 2).tolist()", "[0.5, -1.5]"),
    DL_DOC(floor_divide, DL_API,
           "floor(x1 / x2), as Python's //; an integer divided by 0 is 0." DL_NUMBERS DL_PAIR,
           "dl.floor_divide([7, -7], 2).tolist()", "[3, -4]"),
    DL_DOC(remainder, DL_API,
           "What is left of x1 / x2, with the sign of x2 as Python's %; integers: 0 where x2 is 0."
           DL_NUMBERS DL_PAIR,
           "dl.remainder([7, -7], 3).tolist()", "[1, 2]"),
    DL_DOC(pow, DL_API,
           "x1 to the power x2; an integer to a negative power is rounded towards 0."
           DL_NUMBERS DL_PAIR,
           "dl.pow([2, 3], [3, 2]).tolist()", "[8, 9]"),
    DL_DOC(maximum, DL_API, "The greater of x1 and x2; NaN where one is NaN." DL_PAIR,
           "dl.maximum([1, 5], [3, 2]).tolist()", "[3, 5]"),
    DL_DOC(minimum, DL_API, "The less of x1 and x2; NaN where one is NaN." DL_PAIR,
           "dl.minimum([1, 5], [3, 2]).tolist()", "[1, 2]"),
    DL_DOC(gcd, DL_KERAS, "The greatest common divisor, >= 0; gcd(0, x) = |x|." DL_INTEGERS DL_PAIR,
           "dl.ops.gcd([12, 0], [18, 5]).tolist()", "[6, 5]"),
    DL_DOC(lcm, DL_KERAS, "The least common multiple, >= 0; 0 where one is 0." DL_INTEGERS DL_PAIR,
           "dl.ops.lcm([4, 0], [6, 5]).tolist()", "[12, 0]"),
    DL_DOC(hypot, DL_API, "sqrt(x1^2 + x2^2) without overflow on the way." DL_FLOATS DL_PAIR,
           "round(dl.hypot(3.0, 4.0).item(), 4)", "5.0"),
    DL_DOC(copysign, DL_API, "|x1| with the sign of x2, also that of -0." DL_FLOATS DL_PAIR,
           "dl.copysign([1.0, 2.0], -0.0).tolist()", "[-1.0, -2.0]"),
    DL_DOC(nextafter, DL_API, "The number of the dtype next to x1 towards x2." DL_FLOATS DL_PAIR,
           "dl.nextafter(1.0, 2.0).item() - 1 == dl.finfo('float32').eps", "True"),

    // ---- bits
    DL_DOC(bitwise_invert, DL_API, "~x: every bit inverted; of bool `not`." DL_BITS,
           "dl.bitwise_invert([5, -1]).tolist()", "[-6, 0]"),
    DL_DOC(bitwise_and, DL_API, "x1 & x2." DL_BITS DL_PAIR,
           "dl.bitwise_and([6, 5], 3).tolist()", "[2, 1]"),
    DL_DOC(bitwise_or, DL_API, "x1 | x2." DL_BITS DL_PAIR,
           "dl.bitwise_or([6, 5], 3).tolist()", "[7, 7]"),
    DL_DOC(bitwise_xor, DL_API, "x1 ^ x2." DL_BITS DL_PAIR,
           "dl.bitwise_xor([6, 5], 3).tolist()", "[5, 6]"),
    DL_DOC(bitwise_left_shift, DL_API,
           "x1 << x2; a shift by the width or more gives 0." DL_INTEGERS DL_PAIR,
           "dl.bitwise_left_shift([1, 3], [4, 64]).tolist()", "[16, 0]"),
    DL_DOC(bitwise_right_shift, DL_API,
           "x1 >> x2, keeping the sign; a shift by the width or more gives 0 or -1."
           DL_INTEGERS DL_PAIR,
           "dl.bitwise_right_shift([16, -16], [2, 64]).tolist()", "[4, -1]"),

    // ---- rounding
    DL_DOC(floor, DL_API, "The greatest whole number <= x; integers stay as they are.",
           "dl.floor([1.7, -1.7]).tolist()", "[1.0, -2.0]"),
    DL_DOC(ceil, DL_API, "The least whole number >= x; integers stay as they are.",
           "dl.ceil([1.2, -1.7]).tolist()", "[2.0, -1.0]"),
    DL_DOC(trunc, DL_API, "x without its fraction, towards 0; integers stay as they are.",
           "dl.trunc([1.7, -1.7]).tolist()", "[1.0, -1.0]"),
    DL_DOC(round, DL_API, "The nearest whole number, halves to even; integers stay as they are.",
           "dl.round([0.5, 1.5, 2.6]).tolist()", "[0.0, 2.0, 3.0]"),

    // ---- roots, exponentials, logarithms
    DL_DOC(sqrt, DL_API, "The square root of x; NaN below 0." DL_FLOATS,
           "dl.sqrt([4.0, 9.0]).tolist()", "[2.0, 3.0]"),
    DL_DOC(rsqrt, DL_KERAS, "1 / sqrt(x); infinite at 0, NaN below." DL_FLOATS,
           "dl.ops.rsqrt([4.0, 16.0]).tolist()", "[0.5, 0.25]"),
    DL_DOC(cbrt, DL_KERAS, "The cube root of x, of negative x too." DL_FLOATS,
           "round(dl.ops.cbrt(-27.0).item(), 4)", "-3.0"),
    DL_DOC(exp, DL_API, "e to the power x." DL_FLOATS, "round(dl.exp(1.0).item(), 4)", "2.7183"),
    DL_DOC(exp2, DL_KERAS, "2 to the power x." DL_FLOATS,
           "round(dl.ops.exp2(-1.0).item(), 4)", "0.5"),
    DL_DOC(expm1, DL_API, "exp(x) - 1, exact for small x." DL_FLOATS,
           "round(dl.expm1(1.0).item(), 4)", "1.7183"),
    DL_DOC(log, DL_API, "The natural logarithm of x; -inf at 0, NaN below." DL_FLOATS,
           "round(dl.log(10.0).item(), 4)", "2.3026"),
    DL_DOC(log2, DL_API, "The logarithm of x to base 2; -inf at 0, NaN below." DL_FLOATS,
           "round(dl.log2(8.0).item(), 4)", "3.0"),
    DL_DOC(log10, DL_API, "The logarithm of x to base 10; -inf at 0, NaN below." DL_FLOATS,
           "round(dl.log10(1000.0).item(), 4)", "3.0"),
    DL_DOC(log1p, DL_API, "log(1 + x), exact for small x; -inf at -1, NaN below." DL_FLOATS,
           "round(dl.log1p(1.0).item(), 4)", "0.6931"),
    DL_DOC(logaddexp, DL_API, "log(exp(x1) + exp(x2)) without overflow." DL_FLOATS DL_PAIR,
           "round(dl.logaddexp(0.0, 0.0).item(), 4)", "0.6931"),

    // ---- trigonometric and hyperbolic; angles in radians
    DL_DOC(sin, DL_API, "The sine of x in radians." DL_FLOATS,
           "round(dl.sin(dl.pi / 6).item(), 4)", "0.5"),
    DL_DOC(cos, DL_API, "The cosine of x in radians." DL_FLOATS,
           "round(dl.cos(dl.pi / 3).item(), 4)", "0.5"),
    DL_DOC(tan, DL_API, "The tangent of x in radians." DL_FLOATS,
           "round(dl.tan(dl.pi / 4).item(), 4)", "1.0"),
    DL_DOC(asin, DL_API, "The angle in [-pi/2, pi/2] whose sine is x; NaN outside of [-1, 1]."
           DL_FLOATS, "round(dl.asin(1.0).item(), 4)", "1.5708"),
    DL_DOC(acos, DL_API, "The angle in [0, pi] whose cosine is x; NaN outside of [-1, 1]."
           DL_FLOATS, "round(dl.acos(-1.0).item(), 4)", "3.1416"),
    DL_DOC(atan, DL_API, "The angle in [-pi/2, pi/2] whose tangent is x." DL_FLOATS,
           "round(dl.atan(1.0).item(), 4)", "0.7854"),
    DL_DOC(atan2, DL_API, "The angle in [-pi, pi] of the point (x2, x1)." DL_FLOATS DL_PAIR,
           "round(dl.atan2(1.0, -1.0).item(), 4)", "2.3562"),
    DL_DOC(sinh, DL_API, "(exp(x) - exp(-x)) / 2." DL_FLOATS,
           "round(dl.sinh(1.0).item(), 4)", "1.1752"),
    DL_DOC(cosh, DL_API, "(exp(x) + exp(-x)) / 2." DL_FLOATS,
           "round(dl.cosh(1.0).item(), 4)", "1.5431"),
    DL_DOC(tanh, DL_API, "(exp(x) - exp(-x)) / (exp(x) + exp(-x)), in [-1, 1]." DL_FLOATS,
           "round(dl.tanh(1.0).item(), 4)", "0.7616"),
    DL_DOC(asinh, DL_API, "log(x + sqrt(x^2 + 1))." DL_FLOATS,
           "round(dl.asinh(1.0).item(), 4)", "0.8814"),
    DL_DOC(acosh, DL_API, "log(x + sqrt(x^2 - 1)); NaN below 1." DL_FLOATS,
           "round(dl.acosh(2.0).item(), 4)", "1.317"),
    DL_DOC(atanh, DL_API, "log((1 + x) / (1 - x)) / 2; NaN outside of [-1, 1]." DL_FLOATS,
           "round(dl.atanh(0.5).item(), 4)", "0.5493"),
    DL_DOC(erf, DL_KERAS, "2 / sqrt(pi) * integral of exp(-t^2) from 0 to x." DL_FLOATS,
           "round(dl.ops.erf(1.0).item(), 4)", "0.8427"),
    DL_DOC(erfc, "The complement of keras.ops.erf.", "1 - erf(x), exact for large x." DL_FLOATS,
           "round(dl.ops.erfc(1.0).item(), 4)", "0.1573"),
    DL_DOC(erfinv, DL_KERAS, "The y with erf(y) = x; infinite at -1 and 1, NaN beyond." DL_FLOATS,
           "round(dl.ops.erfinv(0.8427).item(), 3)", "1.0"),

    // ---- activations
    DL_DOC(relu, DL_KERAS, "max(x, 0); its slope at 0 is 0." DL_NUMBERS,
           "dl.ops.relu([-2.0, 3.0]).tolist()", "[0.0, 3.0]"),
    DL_DOC(relu6, DL_KERAS, "min(max(x, 0), 6)." DL_NUMBERS,
           "dl.ops.relu6([-2.0, 3.0, 8.0]).tolist()", "[0.0, 3.0, 6.0]"),
    DL_DOC(sigmoid, DL_KERAS, "1 / (1 + exp(-x)), in [0, 1]." DL_FLOATS,
           "dl.ops.sigmoid(0.0).item()", "0.5"),
    DL_DOC(log_sigmoid, DL_KERAS, "log(1 / (1 + exp(-x))) without overflow." DL_FLOATS,
           "round(dl.ops.log_sigmoid(0.0).item(), 4)", "-0.6931"),
    DL_DOC(hard_sigmoid, DL_KERAS, "min(max(x + 3, 0), 6) / 6." DL_FLOATS,
           "dl.ops.hard_sigmoid([-4.0, 0.0, 4.0]).tolist()", "[0.0, 0.5, 1.0]"),
    DL_DOC(hard_silu, DL_KERAS, "x * hard_sigmoid(x) = x * min(max(x + 3, 0), 6) / 6." DL_FLOATS,
           "dl.ops.hard_silu([-4.0, 0.0, 4.0]).tolist()", "[-0.0, 0.0, 4.0]"),
    DL_DOC(hard_tanh, DL_KERAS, "min(max(x, -1), 1)." DL_FLOATS,
           "dl.ops.hard_tanh([-4.0, 0.5, 4.0]).tolist()", "[-1.0, 0.5, 1.0]"),
    DL_DOC(silu, DL_KERAS, "x / (1 + exp(-x)), also called swish." DL_FLOATS,
           "round(dl.ops.silu(1.0).item(), 4)", "0.7311"),
    DL_DOC(softplus, DL_KERAS, "log(1 + exp(x)) without overflow." DL_FLOATS,
           "round(dl.ops.softplus(0.0).item(), 4)", "0.6931"),
    DL_DOC(softsign, DL_KERAS, "x / (1 + |x|)." DL_FLOATS,
           "dl.ops.softsign([-1.0, 3.0]).tolist()", "[-0.5, 0.75]"),
    DL_DOC(selu, "Source: Klambauer et al., 2017; keras.ops.",
           "scale * x, below 0 scale * alpha * (exp(x) - 1); scale = 1.0507, alpha = 1.6733."
           DL_FLOATS, "round(dl.ops.selu(1.0).item(), 4)", "1.0507"),
    DL_DOC(sparse_plus, DL_KERAS, "0 below -1, x above 1, ((x + 1) / 2)^2 between." DL_FLOATS,
           "dl.ops.sparse_plus([-2.0, 0.0, 2.0]).tolist()", "[0.0, 0.25, 2.0]"),
    DL_DOC(elu, "Source: Clevert et al., 2015; keras.ops.",
           "x, below 0 alpha * (exp(x) - 1)." DL_FLOATS,
           "round(dl.ops.elu(-1.0).item(), 4)", "-0.6321"),
    DL_DOC(celu, DL_KERAS, "x, below 0 alpha * (exp(x / alpha) - 1)." DL_FLOATS,
           "round(dl.ops.celu(-1.0, alpha=2.0).item(), 4)", "-0.7869"),
    DL_DOC(leaky_relu, DL_KERAS, "x, below 0 negative_slope * x." DL_FLOATS,
           "dl.ops.leaky_relu([-4.0, 3.0], negative_slope=0.25).tolist()", "[-1.0, 3.0]"),
    DL_DOC(soft_shrink, DL_KERAS,
           "x moved by `threshold` towards 0; 0 where |x| <= threshold." DL_FLOATS,
           "dl.ops.soft_shrink([-2.0, 0.25, 2.0]).tolist()", "[-1.5, 0.0, 1.5]"),
    DL_DOC(hard_shrink, DL_KERAS, "x where |x| > threshold, else 0." DL_FLOATS,
           "dl.ops.hard_shrink([-2.0, 0.25, 2.0]).tolist()", "[-2.0, 0.0, 2.0]"),
    DL_DOC(squareplus, DL_KERAS, "(x + sqrt(x^2 + b)) / 2: a smooth relu." DL_FLOATS,
           "dl.ops.squareplus(0.0).item()", "1.0"),

    // ---- comparisons, predicates, logic
    DL_DOC(equal, DL_API, "Whether x1 == x2; NaN equals nothing." DL_BOOL,
           "dl.equal([1, 2], [1, 3]).tolist()", "[True, False]"),
    DL_DOC(not_equal, DL_API, "Whether x1 != x2; NaN differs from all." DL_BOOL,
           "dl.not_equal([1, 2], [1, 3]).tolist()", "[False, True]"),
    DL_DOC(less, DL_API, "Whether x1 < x2." DL_BOOL,
           "dl.less([1, 2], 2).tolist()", "[True, False]"),
    DL_DOC(less_equal, DL_API, "Whether x1 <= x2." DL_BOOL,
           "dl.less_equal([2, 3], 2).tolist()", "[True, False]"),
    DL_DOC(greater, DL_API, "Whether x1 > x2." DL_BOOL,
           "dl.greater([2, 3], 2).tolist()", "[False, True]"),
    DL_DOC(greater_equal, DL_API, "Whether x1 >= x2." DL_BOOL,
           "dl.greater_equal([1, 2], 2).tolist()", "[False, True]"),
    DL_DOC(isnan, DL_API, "Whether x is NaN; bool.",
           "dl.isnan([1.0, dl.nan]).tolist()", "[False, True]"),
    DL_DOC(isinf, DL_API, "Whether x is inf or -inf; bool.",
           "dl.isinf([1.0, -dl.inf]).tolist()", "[False, True]"),
    DL_DOC(isfinite, DL_API, "Whether x is neither infinite nor NaN; bool.",
           "dl.isfinite([1.0, dl.nan]).tolist()", "[True, False]"),
    DL_DOC(signbit, DL_API, "Whether the sign of x is minus, also of -0; bool.",
           "dl.signbit([1.0, -0.0]).tolist()", "[False, True]"),
    DL_DOC(logical_and, DL_API, "Whether neither x1 nor x2 is zero." DL_BOOL,
           "dl.logical_and([True, True], [True, False]).tolist()", "[True, False]"),
    DL_DOC(logical_or, DL_API, "Whether x1 or x2 or both are not zero." DL_BOOL,
           "dl.logical_or([True, False], [False, False]).tolist()", "[True, False]"),
    DL_DOC(logical_xor, DL_API, "Whether exactly one of x1 and x2 is not zero." DL_BOOL,
           "dl.logical_xor([True, True], [True, False]).tolist()", "[False, True]"),
    DL_DOC(logical_not, DL_API, "Whether x is zero; bool.",
           "dl.logical_not([True, False]).tolist()", "[False, True]"),
};
// clang-format on

// Looked up by the compiler, so that it costs `import danlu` nothing; a name that is not in the
// table is an error there.
consteval Doc doc_of(std::string_view name) {
  for (const Doc& doc : kElementwiseDocs) {
    if (doc.name == name) return doc;
  }
  throw "add a line to kElementwiseDocs";
}

}  // namespace danlu::python
