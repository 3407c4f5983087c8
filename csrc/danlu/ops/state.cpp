// Writing to Variables.
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// The bytes of input 0 become those of input 1, cast to its dtype and broadcast to its shape.
struct Assign final : Op {
  std::string_view name() const override { return "assign"; }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override { return {Spec::in_place(in[0], 0)}; }
  void run(Inputs in, Outputs out, const View&) const override {
    View value = in[1].view();
    if (!(value.shape == out[0].shape())) {  // one number for all
      value.shape = out[0].shape();
      value.strides = Shape::filled(value.shape.ndim(), 0);
    }
    DL_DISPATCH(out[0].device(), copy, value, out[0].view());
  }
};

}  // namespace

void assign(VariableState& variable, const Tensor& value) {
  check(value.shape() == variable.shape() || value.numel() == 1,
        "[assign] variable '{}' has shape {}, the new value {}", variable.path, variable.shape(),
        value.shape());
  check(value.device() == variable.value().device(),
        "[assign] variable '{}' lives on {}, the new value on {}: bring it there with "
        "x.to_device(...)",
        variable.path, variable.value().device(), value.device());
  static const OpRef op = make_op<Assign>();
  const Tensor target = variable.writable(/*keep=*/false);
  call_one(op, {target, value.detach()});
  variable.written();
}

}  // namespace danlu
