// softmax and log_softmax over any axes.
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

Tensor softmax_grad(const Tensor& y, const Tensor& dy);
Tensor log_softmax_grad(const Tensor& y, const Tensor& dy);

Tensor sum_last(const Tensor& x) { return sum(x, {-1}, /*keepdims=*/true); }

// The ops work on the last axis of dense tensors.
struct Softmax final : Op {
  std::string_view name() const override { return "softmax"; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), softmax, in[0].view(), out[0].view());
  }
  Reads reads() const override { return reads_outputs({0}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    return {softmax_grad(saved.output(0), dout[0])};
  }
};

struct SoftmaxGrad final : Op {  // y (dy - sum y dy)
  std::string_view name() const override { return "softmax_grad"; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), softmax_grad, in[0].view(), in[1].view(), out[0].view());
  }
  Reads reads() const override { return reads_inputs({0, 1}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override {
    const Tensor &y = saved.input(0), &dy = saved.input(1), &u = dout[0];
    Tensors d(2);
    if (needs[0]) {
      d[0] = u * (dy - sum_last(y * dy)) - sum_last(u * y) * dy;
    }
    if (needs[1]) d[1] = softmax_grad(y, u);
    return d;
  }
};

struct LogSoftmax final : Op {
  std::string_view name() const override { return "log_softmax"; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), log_softmax, in[0].view(), out[0].view());
  }
  Reads reads() const override { return reads_outputs({0}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    return {log_softmax_grad(saved.output(0), dout[0])};
  }
};

struct LogSoftmaxGrad final : Op {  // dy - exp(y) sum dy
  std::string_view name() const override { return "log_softmax_grad"; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), log_softmax_grad, in[0].view(), in[1].view(), out[0].view());
  }
  Reads reads() const override { return reads_inputs({0, 1}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override {
    const Tensor &y = saved.input(0), &dy = saved.input(1), &u = dout[0];
    const Tensor weighted = u * exp(y);
    Tensors d(2);
    if (needs[0]) d[0] = -weighted * sum_last(dy);
    if (needs[1]) d[1] = u - sum_last(weighted);
    return d;
  }
};

Tensor softmax_grad(const Tensor& y, const Tensor& dy) {
  static const OpRef op = make_op<SoftmaxGrad>();
  return call_one(op, {y, contiguous(dy)});
}
Tensor log_softmax_grad(const Tensor& y, const Tensor& dy) {
  static const OpRef op = make_op<LogSoftmaxGrad>();
  return call_one(op, {y, contiguous(dy)});
}

// `op` over `axes`, which are brought to the end as one axis and back.
Tensor over_axes(const OpRef& op, const Tensor& input, const Axes& given) {
  const Tensor x = to_floating(input);
  check(x.ndim() >= 1, "[{}] needs at least 1 axis, got a single number", op->name());
  const Axes axes = normalize_axes(op->name(), given, x.ndim());
  if (axes.size() == 1 && axes[0] == x.ndim() - 1) return call_one(op, {contiguous(x)});
  Axes last;
  for (int i = 0; i < axes.size(); ++i) last.push_back(x.ndim() - axes.size() + i);
  const Tensor moved = moveaxis(x, axes, last);
  const int outer = x.ndim() - axes.size();
  int64_t rows = 1, length = 1;
  for (int i = 0; i < x.ndim(); ++i) (i < outer ? rows : length) *= moved.dim(i);
  const Tensor y = call_one(op, {contiguous(reshape(moved, {rows, length}))});
  return moveaxis(reshape(y, moved.shape()), last, axes);
}

}  // namespace

Tensor to_floating(const Tensor& x) {
  return is_floating(x.dtype()) ? x : astype(x, default_float());
}

Tensor softmax(const Tensor& x, const Axes& axes) {
  static const OpRef op = make_op<Softmax>();
  return over_axes(op, x, axes);
}

Tensor log_softmax(const Tensor& x, const Axes& axes) {
  static const OpRef op = make_op<LogSoftmax>();
  return over_axes(op, x, axes);
}

}  // namespace danlu
