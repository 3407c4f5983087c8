// Conversion between dtypes, copies, and the rules by which dtypes mix.
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// y = x converted to `dtype`. A number that does not fit an integer gives the nearest that does.
struct Cast final : Op {
  explicit Cast(DType d) : dtype(d) {}
  std::string_view name() const override { return "astype"; }
  Attrs attrs() const override { return {{"dtype", std::string(name_of(dtype))}}; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), dtype, {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), copy, in[0].view(), out[0].view());
  }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs) const override {
    return {astype(dout[0], s.input(0).dtype())};
  }
  const DType dtype;
};

const OpRef& cast_to(DType dtype) {
  static const OpRef* const ops = [] {
    auto* made = new OpRef[kDTypeCount];
    for (int i = 0; i < kDTypeCount; ++i) made[i] = make_op<Cast>(static_cast<DType>(i));
    return made;
  }();
  return ops[static_cast<int>(dtype)];
}

}  // namespace

Tensor astype(const Tensor& x, DType dtype) {
  return x.dtype() == dtype ? x : call_one(cast_to(dtype), {x});
}
Tensor copy(const Tensor& x) { return call_one(cast_to(x.dtype()), {x}); }

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (is_bool(a)) return b;
  if (is_bool(b)) return a;
  if (is_floating(a) != is_floating(b)) return is_floating(a) ? a : b;
  if (is_floating(a)) {
    const bool halves = size_of(a) == 2 && size_of(b) == 2;
    return halves ? DType::float32 : (a > b ? a : b);
  }
  if (is_unsigned(a) == is_unsigned(b)) return a > b ? a : b;
  // An unsigned and a signed integer: the signed one that holds both.
  const DType u = is_unsigned(a) ? a : b, s = is_unsigned(a) ? b : a;
  if (size_of(u) < size_of(s)) return s;
  switch (u) {
    case DType::uint8:
      return DType::int16;
    case DType::uint16:
      return DType::int32;
    case DType::uint32:
      return DType::int64;
    default:
      return DType::float64;  // no integer holds uint64 and a sign; as in NumPy
  }
}

}  // namespace danlu
