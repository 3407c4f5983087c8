// y = f(x) and y = f(a, b): types, broadcasting and derivatives. The ops are listed in
// kernels/elementwise_list.h, their formulas are in kernels/elementwise.h.
#include <array>
#include <numbers>

#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// ---- what the lists say -----------------------------------------------------------------------

struct Accepts {  // the kinds of dtypes that an op computes in
  bool floating, integer, boolean;
  bool operator()(DType dtype) const {
    return is_floating(dtype) ? floating : (is_bool(dtype) ? boolean : integer);
  }
};
template <class Types>
constexpr Accepts accepts_of() {
  return {Types::template has<float>, Types::template has<int64_t>, Types::template has<bool>};
}
struct Entry {
  std::string_view name;
  Accepts accepts;
};
#define DL_ENTRY(name, functor, types) Entry{#name, accepts_of<formula::types>()},
constexpr Entry kUnary[] = {DL_UNARY_LIST(DL_ENTRY) DL_GELU_LIST(DL_ENTRY)
                                DL_UNARY_WITH_LIST(DL_ENTRY)};
constexpr Entry kBinary[] = {DL_BINARY_LIST(DL_ENTRY) DL_GRADIENT_LIST(DL_ENTRY)};
constexpr Entry kCompare[] = {DL_COMPARE_LIST(DL_ENTRY)};
constexpr Entry kPredicate[] = {DL_PREDICATE_LIST(DL_ENTRY)};

template <class Kind>
const Entry& entry_of(Kind kind) {
  const auto i = static_cast<size_t>(kind);
  if constexpr (std::is_same_v<Kind, Unary>)
    return kUnary[i];
  else if constexpr (std::is_same_v<Kind, Binary>)
    return kBinary[i];
  else if constexpr (std::is_same_v<Kind, Compare>)
    return kCompare[i];
  else
    return kPredicate[i];
}

// The dtype that an op computes in for an argument of `dtype`: what is not floating becomes float32
// where only floating numbers make sense.
DType computed_in(const Entry& op, DType dtype) {
  if (op.accepts(dtype)) return dtype;
  if (op.accepts.floating && !op.accepts.integer) return default_float();
  fail(ErrorKind::type, "[{}] wants {}, got {}", op.name,
       op.accepts.floating  ? "numbers"
       : op.accepts.boolean ? "integers or booleans"
                            : "integers",
       dtype);
}

// ---- derivatives of y = f(x) ------------------------------------------------------------------

constexpr Reads kNothing = kReadsNothing;
constexpr Reads kX = reads_inputs({0});
constexpr Reads kY = reads_outputs({0});
using std::numbers::inv_sqrtpi;
using std::numbers::ln10;
using std::numbers::ln2;

Tensor zero_like(const Tensor& x) { return Tensor::scalar(0.0, x.dtype(), x.device()); }
// dy where the condition holds, else 0.
Tensor masked(const Tensor& condition, const Tensor& dy) {
  return where(condition, dy, zero_like(dy));
}

Tensor call_binary(Binary kind, const Tensor& a, const Tensor& b, double parameter = 0);

struct UnaryRule {
  Reads reads;
  Tensor (*dx)(const Tensor& x, const Tensor& y, const Tensor& dy, double p);
};
UnaryRule rule_of(Unary kind) {
#define DL_RULE(name, reads, expression)                                           \
  case Unary::name:                                                                \
    return {reads,                                                                 \
            []([[maybe_unused]] const Tensor& x, [[maybe_unused]] const Tensor& y, \
               [[maybe_unused]] const Tensor& dy,                                  \
               [[maybe_unused]] double p) -> Tensor { return expression; }};
  switch (kind) {
    DL_RULE(negative, kNothing, -dy)
    DL_RULE(abs, kX, dy * sign(x))
    DL_RULE(sign, kNothing, {})
    DL_RULE(square, kX, dy * (2.0 * x))
    DL_RULE(bitwise_invert, kNothing, {})
    DL_RULE(floor, kNothing, {})
    DL_RULE(ceil, kNothing, {})
    DL_RULE(trunc, kNothing, {})
    DL_RULE(round, kNothing, {})
    DL_RULE(reciprocal, kY, -dy * square(y))
    DL_RULE(sqrt, kY, dy / (2.0 * y))
    DL_RULE(rsqrt, kY, dy * (-0.5 * y * square(y)))
    DL_RULE(cbrt, kY, dy / (3.0 * square(y)))
    DL_RULE(exp, kY, dy * y)
    DL_RULE(exp2, kY, dy * (ln2 * y))
    DL_RULE(expm1, kY, dy * (y + 1.0))
    DL_RULE(log, kX, dy / x)
    DL_RULE(log2, kX, dy / (ln2 * x))
    DL_RULE(log10, kX, dy / (ln10 * x))
    DL_RULE(log1p, kX, dy / (1.0 + x))
    DL_RULE(sin, kX, dy * cos(x))
    DL_RULE(cos, kX, -dy * sin(x))
    DL_RULE(tan, kY, dy * (1.0 + square(y)))
    DL_RULE(asin, kX, dy * rsqrt(1.0 - square(x)))
    DL_RULE(acos, kX, -dy * rsqrt(1.0 - square(x)))
    DL_RULE(atan, kX, dy / (1.0 + square(x)))
    DL_RULE(sinh, kX, dy * cosh(x))
    DL_RULE(cosh, kX, dy * sinh(x))
    DL_RULE(tanh, kY, tanh_grad(y, dy))
    DL_RULE(asinh, kX, dy * rsqrt(square(x) + 1.0))
    DL_RULE(acosh, kX, dy * rsqrt(square(x) - 1.0))
    DL_RULE(atanh, kX, dy / (1.0 - square(x)))
    DL_RULE(erf, kX, dy * (2 * inv_sqrtpi * exp(-square(x))))
    DL_RULE(erfc, kX, dy * (-2 * inv_sqrtpi * exp(-square(x))))
    DL_RULE(erfinv, kY, dy * (0.5 / inv_sqrtpi * exp(square(y))))
    DL_RULE(relu, kY, relu_grad(y, dy))
    DL_RULE(relu6, kX, masked(logical_and(x > 0.0, x < 6.0), dy))
    DL_RULE(sigmoid, kY, sigmoid_grad(y, dy))
    DL_RULE(log_sigmoid, kX, dy * sigmoid(-x))
    DL_RULE(hard_sigmoid, kX, masked(abs(x) < 3.0, dy / 6.0))
    DL_RULE(hard_silu, kX, dy * hard_sigmoid(x) + masked(abs(x) < 3.0, dy * x / 6.0))
    DL_RULE(hard_tanh, kX, masked(abs(x) < 1.0, dy))
    DL_RULE(silu, kX, call_binary(Binary::silu_grad, x, dy, p))
    DL_RULE(softplus, kX, dy * sigmoid(x))
    DL_RULE(softsign, kX, dy / square(1.0 + abs(x)))
    DL_RULE(selu, kY,
            dy * where(y > 0.0, Tensor::scalar(formula::kSeluScale, y.dtype(), y.device()),
                       y + formula::kSeluScale * formula::kSeluAlpha))
    DL_RULE(gelu_erf, kX, call_binary(Binary::gelu_erf_grad, x, dy, p))
    DL_RULE(gelu_tanh, kX, call_binary(Binary::gelu_tanh_grad, x, dy, p))
    DL_RULE(sparse_plus, kX, dy * (0.5 + 0.5 * hard_tanh(x)))
    DL_RULE(elu, kX | kY, where(x > 0.0, dy, dy * (y + p)))
    DL_RULE(celu, kX | kY, where(x > 0.0, dy, dy * (y / p + 1.0)))
    DL_RULE(leaky_relu, kX, call_binary(Binary::leaky_relu_grad, x, dy, p))
    DL_RULE(soft_shrink, kX, masked(abs(x) > p, dy))
    DL_RULE(hard_shrink, kX, masked(abs(x) > p, dy))
    DL_RULE(squareplus, kX, dy * (0.5 + 0.5 * x * rsqrt(square(x) + p)))
  }
#undef DL_RULE
  return {};
}

// ---- derivatives of y = f(a, b) ---------------------------------------------------------------

constexpr Reads kAB = reads_inputs({0, 1});
constexpr Reads kA = reads_inputs({0});
constexpr Reads kB = reads_inputs({1});

// The share of dy that goes to `a` when the greater (less) of a and b was chosen: half at a tie.
Tensor chosen(const Tensor& wins, const Tensor& a, const Tensor& b, const Tensor& dy) {
  return masked(wins, dy) + masked(equal(a, b), dy * 0.5);
}
Tensor power_da(const Tensor& a, const Tensor& b, const Tensor& dy) {
  // a^0 is flat, and its slope, too, though 0^-1 is not finite.
  const Tensor flat = equal(b, zero_like(b));
  return dy * (masked(logical_not(flat), b) * pow(a, where(flat, zero_like(b), b - 1.0)));
}
Tensor power_db(const Tensor& a, const Tensor& y, const Tensor& dy) {
  const Tensor zero = equal(a, zero_like(a));  // 0^b is flat, though log 0 is not finite
  return dy * masked(logical_not(zero), y * log(where(zero, zero_like(a) + 1.0, a)));
}
// Second derivatives of the three smooth activations, times dy: the derivative of f'(x) dy.
Tensor silu_second(const Tensor& x) {
  const Tensor s = sigmoid(x);
  return s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s));
}
Tensor gelu_erf_second(const Tensor& x) {
  return formula::kInverseSqrt2Pi * exp(-0.5 * square(x)) * (2.0 - square(x));
}
Tensor gelu_tanh_second(const Tensor& x) {
  using formula::kGeluCubic;
  using formula::kSqrt2OverPi;
  const Tensor t = tanh(kSqrt2OverPi * (x + kGeluCubic * x * square(x)));
  const Tensor du = kSqrt2OverPi * (1.0 + 3 * kGeluCubic * square(x));
  const Tensor ddu = 6 * kSqrt2OverPi * kGeluCubic * x;
  return (1.0 - square(t)) * (du + 0.5 * x * (ddu - 2.0 * t * square(du)));
}

struct BinaryRule {
  using Gradient = Tensor (*)(const Tensor& a, const Tensor& b, const Tensor& y, const Tensor& dy,
                              double p);
  Reads reads;
  Gradient da, db;
};
BinaryRule rule_of(Binary kind) {
#define DL_GRADIENT_OF(expression)                                        \
  []([[maybe_unused]] const Tensor& a, [[maybe_unused]] const Tensor& b,  \
     [[maybe_unused]] const Tensor& y, [[maybe_unused]] const Tensor& dy, \
     [[maybe_unused]] double p) -> Tensor { return expression; }
#define DL_RULE(name, reads, da, db) \
  case Binary::name:                 \
    return {reads, DL_GRADIENT_OF(da), DL_GRADIENT_OF(db)};
  switch (kind) {
    DL_RULE(add, kNothing, dy, dy)
    DL_RULE(subtract, kNothing, dy, -dy)
    DL_RULE(multiply, kAB, dy * b, dy * a)
    DL_RULE(divide, kB | kY, dy / b, -dy * (y / b))
    DL_RULE(floor_divide, kNothing, {}, {})
    DL_RULE(remainder, kAB, dy, -dy * floor_divide(a, b))
    DL_RULE(pow, kAB | kY, power_da(a, b, dy), power_db(a, y, dy))
    DL_RULE(maximum, kAB, chosen(a > b, a, b, dy), chosen(b > a, a, b, dy))
    DL_RULE(minimum, kAB, chosen(a < b, a, b, dy), chosen(b < a, a, b, dy))
    DL_RULE(atan2, kAB, dy * (b / (square(a) + square(b))), -dy * (a / (square(a) + square(b))))
    DL_RULE(hypot, kAB | kY, dy * masked(y > 0.0, a / y), dy * masked(y > 0.0, b / y))
    DL_RULE(copysign, kAB, dy * (copysign(zero_like(a) + 1.0, a) * copysign(zero_like(b) + 1.0, b)),
            {})
    DL_RULE(nextafter, kNothing, {}, {})
    DL_RULE(logaddexp, kAB, dy * sigmoid(a - b), dy * sigmoid(b - a))
    DL_RULE(gcd, kNothing, {}, {})
    DL_RULE(lcm, kNothing, {}, {})
    DL_RULE(bitwise_and, kNothing, {}, {})
    DL_RULE(bitwise_or, kNothing, {}, {})
    DL_RULE(bitwise_xor, kNothing, {}, {})
    DL_RULE(bitwise_left_shift, kNothing, {}, {})
    DL_RULE(bitwise_right_shift, kNothing, {}, {})
    // f(a, b) = g'(a) b, with a the activation's result or argument and b its dy.
    DL_RULE(relu_grad, kA, {}, relu_grad(a, dy))
    DL_RULE(sigmoid_grad, kAB, dy * b * (1.0 - 2.0 * a), sigmoid_grad(a, dy))
    DL_RULE(tanh_grad, kAB, dy * b * (-2.0 * a), tanh_grad(a, dy))
    DL_RULE(silu_grad, kAB, dy * b * silu_second(a), call_binary(Binary::silu_grad, a, dy))
    DL_RULE(gelu_erf_grad, kAB, dy * b * gelu_erf_second(a),
            call_binary(Binary::gelu_erf_grad, a, dy))
    DL_RULE(gelu_tanh_grad, kAB, dy * b * gelu_tanh_second(a),
            call_binary(Binary::gelu_tanh_grad, a, dy))
    DL_RULE(leaky_relu_grad, kA, {}, call_binary(Binary::leaky_relu_grad, a, dy, p))
  }
#undef DL_RULE
#undef DL_GRADIENT_OF
  return {};
}

// ---- the ops ----------------------------------------------------------------------------------

struct UnaryOp final : Op {
  explicit UnaryOp(Unary k, double p = 0) : kind(k), parameter(p), rule(rule_of(k)) {}
  std::string_view name() const override { return entry_of(kind).name; }
  Attrs attrs() const override {
    if (kind < Unary::elu) return {};
    return {{"parameter", parameter}};
  }
  Specs infer(Inputs in) const override { return one_spec(in[0].shape(), in[0].dtype()); }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), unary, kind, in[0].view(), out[0].view(), parameter);
  }
  Reads reads() const override { return rule.reads; }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs) const override {
    const Tensor absent;
    const bool has_x = rule.reads.inputs, has_y = rule.reads.outputs;
    return {rule.dx(has_x ? s.input(0) : absent, has_y ? s.output(0) : absent, dout[0], parameter)};
  }
  const Unary kind;
  const double parameter;
  const UnaryRule rule;
};

// `x` as the kernel sees it in the shape of the result.
View expanded(const Tensor& x, const Shape& shape) {
  View view = x.view();
  if (view.shape == shape) return view;
  const int shift = shape.ndim() - view.ndim();
  Strides strides = Strides::filled(shape.ndim(), 0);
  for (int i = 0; i < view.ndim(); ++i) {
    if (view.shape[i] == shape[i + shift]) strides[i + shift] = view.strides[i];
  }
  view.shape = shape;
  view.strides = strides;
  return view;
}
Shape common_shape(std::string_view op, const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() ? a.shape() : broadcast_shapes(op, a.shape(), b.shape());
}
// When it is recorded, broadcasting is an op of its own, and the rule of this one need not undo it.
Tensor recorded_in(const Tensor& x, const Shape& shape) {
  return x.requires_grad() && grad_enabled() && !(x.shape() == shape) ? broadcast_to(x, shape) : x;
}

struct BinaryOp : Op {
  explicit BinaryOp(Binary k, double p = 0) : BinaryOp(k, p, rule_of(k)) {}
  BinaryOp(Binary k, double p, const BinaryRule& r) : kind(k), parameter(p), rule(r) {}
  std::string_view name() const override { return entry_of(kind).name; }
  Attrs attrs() const override {
    if (kind != Binary::leaky_relu_grad) return {};
    return {{"parameter", parameter}};
  }
  Specs infer(Inputs in) const override {
    if (in[0].shape() == in[1].shape()) return one_spec(in[0].shape(), in[0].dtype());
    return one_spec(broadcast_shapes(name(), in[0].shape(), in[1].shape()), in[0].dtype());
  }
  void run(Inputs in, Outputs out, const View&) const override {
    const View &a = in[0].view(), &b = in[1].view(), &y = out[0].view();
    if (a.shape == b.shape) {  // then it is y's, too
      DL_DISPATCH(y.device, binary, kind, a, b, y, parameter);
    } else {
      DL_DISPATCH(y.device, binary, kind, expanded(in[0], y.shape), expanded(in[1], y.shape), y,
                  parameter);
    }
  }
  Reads reads() const override { return rule.reads; }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs needs) const override {
    const Tensor absent;
    const Tensor& a = rule.reads.inputs & 1 ? s.input(0) : absent;
    const Tensor& b = rule.reads.inputs & 2 ? s.input(1) : absent;
    const Tensor& y = rule.reads.outputs ? s.output(0) : absent;
    return {needs[0] ? rule.da(a, b, y, dout[0], parameter) : absent,
            needs[1] ? rule.db(a, b, y, dout[0], parameter) : absent};
  }
  const Binary kind;
  const double parameter;
  const BinaryRule rule;
};

// max(x, min) or min(x, max) of `clip`: x keeps the whole gradient where it equals the bound, as in
// PyTorch and TensorFlow (maximum and minimum share it between equal arguments).
struct Bound final : BinaryOp {
  explicit Bound(Binary k) : BinaryOp(k, 0, k == Binary::maximum ? lower() : upper()) {}
  std::string_view name() const override { return "clip"; }
  Attrs attrs() const override {
    return {{"bound", std::string(kind == Binary::maximum ? "min" : "max")}};
  }
  using Args = const Tensor&;
  static BinaryRule lower() {
    return {kReadsAllInputs,
            [](Args x, Args min, Args, Args dy, double) { return masked(x >= min, dy); },
            [](Args x, Args min, Args, Args dy, double) { return masked(x < min, dy); }};
  }
  static BinaryRule upper() {
    return {kReadsAllInputs,
            [](Args x, Args max, Args, Args dy, double) { return masked(x <= max, dy); },
            [](Args x, Args max, Args, Args dy, double) { return masked(x > max, dy); }};
  }
};

struct CompareOp final : Op {
  explicit CompareOp(Compare k) : kind(k) {}
  std::string_view name() const override { return entry_of(kind).name; }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override {
    return {{common_shape(name(), in[0], in[1]), DType::bool_, {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    const View& y = out[0].view();
    DL_DISPATCH(y.device, compare, kind, expanded(in[0], y.shape), expanded(in[1], y.shape), y);
  }
  const Compare kind;
};

struct PredicateOp final : Op {
  explicit PredicateOp(Predicate k) : kind(k) {}
  std::string_view name() const override { return entry_of(kind).name; }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), DType::bool_, {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), predicate, kind, in[0].view(), out[0].view());
  }
  const Predicate kind;
};

struct Where final : Op {  // y = a where the condition holds, else b
  std::string_view name() const override { return "where"; }
  Specs infer(Inputs in) const override {
    const Shape values = common_shape(name(), in[1], in[2]);
    return {{broadcast_shapes(name(), in[0].shape(), values), in[1].dtype(), {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    const View& y = out[0].view();
    DL_DISPATCH(y.device, where, expanded(in[0], y.shape), expanded(in[1], y.shape),
                expanded(in[2], y.shape), y);
  }
  Reads reads() const override { return kA; }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs needs) const override {
    const Tensor &condition = s.input(0), &dy = dout[0];
    return {{},
            needs[1] ? where(condition, dy, zero_like(dy)) : Tensor(),
            needs[2] ? where(condition, zero_like(dy), dy) : Tensor()};
  }
};

// One op for each kind, made once.
template <class OpType, class Kind, size_t n>
const OpRef& op_of(Kind kind, const Entry (&)[n]) {
  static const std::array<OpRef, n> ops = [] {
    std::array<OpRef, n> made;
    for (size_t i = 0; i < n; ++i) made[i] = make_op<OpType>(static_cast<Kind>(i));
    return made;
  }();
  return ops[static_cast<size_t>(kind)];
}

Tensor call_unary(Unary kind, const Tensor& x) {
  return call_one(op_of<UnaryOp>(kind, kUnary),
                  {astype(x, computed_in(entry_of(kind), x.dtype()))});
}
Tensor call_unary(Unary kind, const Tensor& x, double parameter) {
  return call_one(make_op<UnaryOp>(kind, parameter),
                  {astype(x, computed_in(entry_of(kind), x.dtype()))});
}

// Operands of two types or shapes.
__attribute__((noinline)) Tensor call_binary_joined(Binary kind, const OpRef& op, const Tensor& a,
                                                    const Tensor& b, double parameter) {
  const Entry& entry = entry_of(kind);
  const DType dtype = computed_in(entry, promote(a.dtype(), b.dtype()));
  const Shape shape = common_shape(entry.name, a, b);
  return call_one(parameter == 0 ? op : make_op<BinaryOp>(kind, parameter),
                  {recorded_in(astype(a, dtype), shape), recorded_in(astype(b, dtype), shape)});
}

Tensor call_binary(Binary kind, const Tensor& a, const Tensor& b, double parameter) {
  const OpRef& op = op_of<BinaryOp>(kind, kBinary);
  const bool alike = a.dtype() == b.dtype() && a.shape() == b.shape() &&
                     entry_of(kind).accepts(a.dtype()) && parameter == 0;
  return alike ? call_one(op, {a, b}) : call_binary_joined(kind, op, a, b, parameter);
}

Tensor bounded(Binary kind, const Tensor& x, const Tensor& bound) {
  static const OpRef lower = make_op<Bound>(Binary::maximum),
                     upper = make_op<Bound>(Binary::minimum);
  const DType dtype = computed_in(entry_of(kind), promote(x.dtype(), bound.dtype()));
  const Shape shape = common_shape("clip", x, bound);
  return call_one(kind == Binary::maximum ? lower : upper,
                  {recorded_in(astype(x, dtype), shape), recorded_in(astype(bound, dtype), shape)});
}

Tensor call_compare(Compare kind, const Tensor& a, const Tensor& b) {
  const DType dtype = promote(a.dtype(), b.dtype());
  return call_one(op_of<CompareOp>(kind, kCompare), {astype(a, dtype), astype(b, dtype)});
}

Tensor call_predicate(Predicate kind, const Tensor& x) {
  return call_one(op_of<PredicateOp>(kind, kPredicate),
                  {astype(x, computed_in(entry_of(kind), x.dtype()))});
}

}  // namespace

// ---- public functions -------------------------------------------------------------------------

// Rounding leaves integers as they are, in their dtype.
constexpr bool rounds(Unary kind) {
  return kind == Unary::floor || kind == Unary::ceil || kind == Unary::trunc ||
         kind == Unary::round;
}

#define DL_DEFINE(name, functor, types)                         \
  Tensor name(const Tensor& x) {                                \
    if (rounds(Unary::name) && is_integer(x.dtype())) return x; \
    return call_unary(Unary::name, x);                          \
  }
DL_UNARY_LIST(DL_DEFINE)
DL_GELU_LIST(DL_DEFINE)
#undef DL_DEFINE
#define DL_DEFINE(name, functor, types) \
  Tensor name(const Tensor& x, double parameter) { return call_unary(Unary::name, x, parameter); }
DL_UNARY_WITH_LIST(DL_DEFINE)
#undef DL_DEFINE
namespace {
// The loop of the 16-bit types computes in float32, whose next number they do not have.
Tensor stepped(const Tensor& a, const Tensor& b) {
  const DType dtype = promote(a.dtype(), b.dtype());
  check_type(size_of(dtype) > 2 || !is_floating(dtype),
             "[nextafter] steps in float32 and float64, got {}: cast with astype", dtype);
  return call_binary(Binary::nextafter, a, b);
}
}  // namespace
#define DL_DEFINE(name, functor, types)                          \
  Tensor name(const Tensor& a, const Tensor& b) {                \
    if (Binary::name == Binary::nextafter) return stepped(a, b); \
    return call_binary(Binary::name, a, b);                      \
  }
DL_BINARY_LIST(DL_DEFINE)
#undef DL_DEFINE
#define DL_DEFINE(name, functor, types) \
  Tensor name(const Tensor& a, const Tensor& b) { return call_compare(Compare::name, a, b); }
DL_COMPARE_LIST(DL_DEFINE)
#undef DL_DEFINE
#define DL_DEFINE(name, functor, types) \
  Tensor name(const Tensor& x) { return call_predicate(Predicate::name, x); }
DL_PREDICATE_LIST(DL_DEFINE)
#undef DL_DEFINE

Tensor relu_grad(const Tensor& y, const Tensor& dy) {
  return call_binary(Binary::relu_grad, y, dy);
}
Tensor sigmoid_grad(const Tensor& y, const Tensor& dy) {
  return call_binary(Binary::sigmoid_grad, y, dy);
}
Tensor tanh_grad(const Tensor& y, const Tensor& dy) {
  return call_binary(Binary::tanh_grad, y, dy);
}

Tensor logical_and(const Tensor& a, const Tensor& b) {
  return bitwise_and(astype(a, DType::bool_), astype(b, DType::bool_));
}
Tensor logical_or(const Tensor& a, const Tensor& b) {
  return bitwise_or(astype(a, DType::bool_), astype(b, DType::bool_));
}
Tensor logical_xor(const Tensor& a, const Tensor& b) {
  return bitwise_xor(astype(a, DType::bool_), astype(b, DType::bool_));
}
Tensor logical_not(const Tensor& x) { return bitwise_invert(astype(x, DType::bool_)); }

Tensor gelu(const Tensor& x, bool approximate) { return approximate ? gelu_tanh(x) : gelu_erf(x); }

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  static const OpRef op = make_op<Where>();
  const DType dtype = promote(a.dtype(), b.dtype());
  const Shape shape =
      broadcast_shapes("where", condition.shape(), broadcast_shapes("where", a.shape(), b.shape()));
  return call_one(op, {astype(condition, DType::bool_), recorded_in(astype(a, dtype), shape),
                       recorded_in(astype(b, dtype), shape)});
}

Tensor clip(const Tensor& x, const Tensor& min, const Tensor& max) {
  const Tensor above = min ? bounded(Binary::maximum, x, min) : x;
  return max ? bounded(Binary::minimum, above, max) : above;
}

}  // namespace danlu
