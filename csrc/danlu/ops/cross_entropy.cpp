// Cross-entropies, of logits and of probabilities, with Keras's numbers.
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

Tensor sparse_softmax_grad(const Tensor& x, const Tensor& labels, const Tensor& log_sum,
                           const Tensor& dloss);

Shape without_last(const Shape& shape) {
  Shape rows = shape;
  rows.erase(rows.ndim() - 1);
  return rows;
}
Tensor like(const Tensor& x, double value) { return Tensor::scalar(value, x.dtype(), x.device()); }

constexpr std::string_view kSparse = "sparse_categorical_crossentropy";
constexpr std::string_view kDense = "categorical_crossentropy";

// Labels are input 1 of both sparse ops.
[[noreturn]] void fail_label(const Status& bad, Inputs in) {
  const Tensor& labels = in[1];
  const int64_t classes = in[0].dim(-1);
  if (is_floating(labels.dtype())) {
    // A GPU's report comes when the labels are gone: it has the integer part.
    const double value = labels.is_abstract() ? static_cast<double>(bad.value)
                                              : labels.alias({}, {}, bad.position).item();
    if (value >= 0 && value < static_cast<double>(classes)) {
      fail(ErrorKind::value,
           "[{}] non-integer labels: {} at position {}. Sparse labels are class numbers 0 ... {}; "
           "for one-hot or soft labels use categorical_crossentropy, for measurements a regression "
           "loss such as mean_squared_error",
           kSparse, value, bad.position, classes - 1);
    }
    fail(ErrorKind::value,
         "[{}] labels out of range: label {} at position {}, but the output of shape {} has {} "
         "classes, 0 ... {}: check the labels, or the units of the last layer",
         kSparse, value, bad.position, in[0].shape(), classes, classes - 1);
  }
  fail(ErrorKind::value,
       "[{}] labels out of range: label {} at position {}, but the output of shape {} has {} "
       "classes, 0 ... {}: check the labels, or the units of the last layer",
       kSparse, bad.value, bad.position, in[0].shape(), classes, classes - 1);
}

// loss = log sum exp x - x[label]; the second output, log sum exp x, is for the gradient only.
struct SparseSoftmaxCrossEntropy final : Op {
  std::string_view name() const override { return "sparse_softmax_cross_entropy"; }
  Specs infer(Inputs in) const override {
    const Shape rows = without_last(in[0].shape());
    return {{rows, in[0].dtype(), {}}, {rows, wide_dtype(in[0].dtype()), {}}};
  }
  bool reads_indices() const override { return true; }
  void raise(const Status& bad, Inputs in) const override { fail_label(bad, in); }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), sparse_softmax_cross_entropy, in[0].view(), in[1].view(),
                out[0].view(), out[1].view(), status());
  }
  Reads reads() const override { return reads_inputs({0, 1}) | reads_outputs({1}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    if (!dout[0]) return {{}, {}};
    return {sparse_softmax_grad(saved.input(0), saved.input(1), saved.output(1), dout[0]), {}};
  }
};

// dx = (softmax(x) - one_hot(labels)) dloss. As a function of x it includes log_sum's dependence.
struct SparseSoftmaxCrossEntropyGrad final : Op {
  std::string_view name() const override { return "sparse_softmax_cross_entropy_grad"; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  bool reads_indices() const override { return true; }  // labels may have changed since the loss
  void raise(const Status& bad, Inputs in) const override { fail_label(bad, in); }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), sparse_softmax_cross_entropy_grad, in[0].view(), in[1].view(),
                in[2].view(), in[3].view(), out[0].view(), status());
  }
  Reads reads() const override { return reads_inputs({0, 1, 2, 3}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override {
    const Tensor &x = saved.input(0), &labels = saved.input(1), &log_sum = saved.input(2);
    const Tensor &dloss = saved.input(3), &u = dout[0];
    Tensors d(4);
    if (needs[0]) {
      const Tensor p = softmax(x), weighted = u * p;
      d[0] = (weighted - p * sum(weighted, {-1}, /*keepdims=*/true)) * expand_dims(dloss, {-1});
    }
    if (needs[3]) {
      const Tensor one = ones(dloss.shape(), dloss.dtype(), dloss.device());
      d[3] = sum(u * sparse_softmax_grad(x, labels, log_sum, one), {-1}, /*keepdims=*/false);
    }
    return d;
  }
};

Tensor sparse_softmax_grad(const Tensor& x, const Tensor& labels, const Tensor& log_sum,
                           const Tensor& dloss) {
  static const OpRef op = make_op<SparseSoftmaxCrossEntropyGrad>();
  return call_one(op, {x, labels, log_sum, contiguous(dloss)});
}

struct SparseCrossEntropyGrad final : Op {
  explicit SparseCrossEntropyGrad(double e) : epsilon(e) {}
  std::string_view name() const override { return "sparse_cross_entropy_grad"; }
  Attrs attrs() const override { return {{"epsilon", epsilon}}; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  bool reads_indices() const override { return true; }
  void raise(const Status& bad, Inputs in) const override { fail_label(bad, in); }
  bool differentiable() const override { return false; }  // its forward op is composite
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), sparse_cross_entropy_grad, in[0].view(), in[1].view(), epsilon,
                in[2].view(), out[0].view(), status());
  }
  const double epsilon;
};

// q = clip(p / sum p, epsilon, 1 - epsilon)
Tensor clipped_probabilities(const Tensor& p, double epsilon) {
  const Tensor q = p / sum(p, {-1}, /*keepdims=*/true);
  return minimum(maximum(q, like(p, epsilon)), like(p, 1 - epsilon));
}

struct SparseCrossEntropy final : Op {  // -log q[label]
  explicit SparseCrossEntropy(double e) : epsilon(e) {}
  std::string_view name() const override { return "sparse_cross_entropy"; }
  Attrs attrs() const override { return {{"epsilon", epsilon}}; }
  Specs infer(Inputs in) const override {
    return {{without_last(in[0].shape()), in[0].dtype(), {}}};
  }
  bool reads_indices() const override { return true; }
  void raise(const Status& bad, Inputs in) const override { fail_label(bad, in); }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), sparse_cross_entropy, in[0].view(), in[1].view(), epsilon,
                out[0].view(), status());
  }
  Reads reads() const override { return reads_inputs({0, 1}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    const OpRef op = make_op<SparseCrossEntropyGrad>(epsilon);
    return {call_one(op, {saved.input(0), saved.input(1), contiguous(dout[0])}), {}};
  }
  bool composite() const override { return true; }
  Tensors compose(Inputs in) const override {
    const Tensor labels = expand_dims(astype(in[1], DType::int64), {-1});
    const Tensor q = take_along_axis(clipped_probabilities(in[0], epsilon), labels, -1);
    return {squeeze(-log(q), {-1})};
  }
  const double epsilon;
};

// The gradients of x and target, as far as they are asked for.
struct CrossEntropyGrad final : Op {
  CrossEntropyGrad(bool logits, double e, bool x, bool target)
      : from_logits(logits), epsilon(e), needs_x(x), needs_target(target) {}
  std::string_view name() const override { return "cross_entropy_grad"; }
  Attrs attrs() const override {
    return {{"from_logits", from_logits},
            {"epsilon", epsilon},
            {"needs_x", needs_x},
            {"needs_target", needs_target}};
  }
  Specs infer(Inputs in) const override {
    Specs specs;
    for (int i = 0; i < needs_x + needs_target; ++i) {
      specs.push_back({in[0].shape(), in[0].dtype(), {}});
    }
    return specs;
  }
  bool differentiable() const override { return false; }  // its forward op is composite
  void run(Inputs in, Outputs out, const View&) const override {
    const View dx = needs_x ? out[0].view() : View{};
    const View dtarget = needs_target ? out.back().view() : View{};
    DL_DISPATCH(out[0].device(), cross_entropy_grad, in[0].view(), in[1].view(), from_logits,
                epsilon, in[2].view(), dx, dtarget);
  }
  const bool from_logits;
  const double epsilon;
  const bool needs_x, needs_target;
};

struct CrossEntropy final : Op {  // -sum target log p, with p from logits or probabilities x
  CrossEntropy(bool logits, double e) : from_logits(logits), epsilon(e) {}
  std::string_view name() const override { return "cross_entropy"; }
  Attrs attrs() const override { return {{"from_logits", from_logits}, {"epsilon", epsilon}}; }
  Specs infer(Inputs in) const override {
    return {{without_last(in[0].shape()), in[0].dtype(), {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), cross_entropy, in[0].view(), in[1].view(), from_logits, epsilon,
                out[0].view());
  }
  Reads reads() const override { return reads_inputs({0, 1}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override {
    const Tensor in[] = {saved.input(0), saved.input(1), contiguous(dout[0])};
    const Tensors grads =
        call(make_op<CrossEntropyGrad>(from_logits, epsilon, needs[0], needs[1]), in);
    return {needs[0] ? grads[0] : Tensor(), needs[1] ? grads[grads.size() - 1] : Tensor()};
  }
  bool composite() const override { return true; }
  Tensors compose(Inputs in) const override {
    const Tensor& x = in[0];
    const Tensor log_p = from_logits ? log_softmax(x) : log(clipped_probabilities(x, epsilon));
    return {-sum(in[1] * log_p, {-1}, /*keepdims=*/false)};
  }
  const bool from_logits;
  const double epsilon;
};

// `axis` becomes the last.
Tensor to_last(std::string_view op, const Tensor& x, int64_t axis) {
  check(x.ndim() >= 1, "[{}] the output needs at least 1 axis, got a single number", op);
  const int at = normalize_axis(op, axis, x.ndim());
  return at == x.ndim() - 1 ? x : moveaxis(x, {at}, {-1});
}

// Dense labels of the shape of the rows of `output`; a last axis of size 1 is dropped.
Tensor sparse_labels(const Tensor& target, const Tensor& output) {
  const Shape rows = without_last(output.shape());
  Tensor labels = target.detach();
  if (labels.ndim() == output.ndim() && labels.dim(-1) == 1) labels = squeeze(labels, {-1});
  check(!(labels.shape() == output.shape() && !(labels.shape() == rows)),
        "[{}] labels have the shape of the output, {}: they look one-hot. Use "
        "categorical_crossentropy, or class numbers: argmax(labels, axis=-1)",
        kSparse, output.shape());
  check(labels.shape() == rows,
        "[{}] labels have shape {}, the output {}: expected labels of shape {}, one class number "
        "for each row of the output",
        kSparse, target.shape(), output.shape(), rows);
  const bool half = labels.dtype() == DType::float16 || labels.dtype() == DType::bfloat16;
  return contiguous(half ? astype(labels, DType::float32) : labels);
}

Tensor dense_labels(const Tensor& target, const Tensor& output) {
  const Shape &labels = target.shape(), &wanted = output.shape();
  if (!(labels == wanted)) {
    const bool numbers = labels.ndim() == wanted.ndim() - 1 ||
                         (labels.ndim() == wanted.ndim() && labels.back() == 1);
    check(!numbers,
          "[{}] labels have shape {}, the output {}: they look like class numbers. Use "
          "sparse_categorical_crossentropy, or utils.to_categorical(labels, {})",
          kDense, labels, wanted, wanted.back());
    fail(ErrorKind::value,
         "[{}] labels have shape {}, the output {}: they must be the same. The last layer needs as "
         "many units as there are classes",
         kDense, labels, wanted);
  }
  return astype(target, output.dtype());
}

}  // namespace

Tensor sparse_categorical_crossentropy(const Tensor& target, const Tensor& output, bool from_logits,
                                       int64_t axis, double epsilon) {
  const Tensor x = to_last(kSparse, to_floating(output), axis);
  const Tensor labels = sparse_labels(target, x);
  if (from_logits) {
    static const OpRef op = make_op<SparseSoftmaxCrossEntropy>();
    const Tensor in[] = {contiguous(x), labels};
    return call(op, in)[0];
  }
  return call_one(make_op<SparseCrossEntropy>(epsilon), {contiguous(x), labels});
}

Tensor categorical_crossentropy(const Tensor& target, const Tensor& output, bool from_logits,
                                int64_t axis, double epsilon) {
  const Tensor x = to_last(kDense, to_floating(output), axis);
  const Tensor t = dense_labels(to_last(kDense, target, target.ndim() == x.ndim() ? axis : -1), x);
  return call_one(make_op<CrossEntropy>(from_logits, epsilon), {contiguous(x), contiguous(t)});
}

Tensor binary_crossentropy(const Tensor& target, const Tensor& output, bool from_logits,
                           double epsilon) {
  const Tensor x = to_floating(output);
  check(target.shape() == x.shape(),
        "[binary_crossentropy] labels have shape {}, the output {}: they must be the same",
        target.shape(), x.shape());
  const Tensor t = astype(target, x.dtype());
  if (from_logits) {  // -t log sigmoid(x) - (1 - t) log sigmoid(-x)
    return t * softplus(-x) + (1.0 - t) * softplus(x);
  }
  const Tensor p = minimum(maximum(x, like(x, epsilon)), like(x, 1 - epsilon));
  return -(t * log(p) + (1.0 - t) * log(1.0 - p));
}

}  // namespace danlu
