// Batch, layer and RMS normalisation.
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// Statistics and weights of 16-bit tensors are float32.
Tensor inverse_root(const Tensor& variance, double epsilon) {  // 1 / sqrt(variance + epsilon)
  return 1.0 / sqrt(variance + epsilon);
}
View view_of(const Tensor& x) { return x ? x.view() : View{}; }

// What the ops below share: inputs x, then gamma and beta as far as they are there.
struct Normalize : Op {
  Normalize(bool gamma, bool beta, double e) : has_gamma(gamma), has_beta(beta), epsilon(e) {}
  Attrs attrs() const override {
    return {{"gamma", has_gamma}, {"beta", has_beta}, {"epsilon", epsilon}};
  }
  Tensor gamma_of(Inputs in) const { return has_gamma ? in[1] : Tensor(); }
  Tensor beta_of(Inputs in) const { return has_beta ? in[has_gamma ? 2 : 1] : Tensor(); }
  int64_t block_sums(const View& x, int64_t numbers_per_channel) const {  // bytes
    const int64_t channels = x.shape.back() < 1 ? 1 : x.shape.back();
    const int64_t block = norm_block(channels);
    const int64_t blocks = (x.numel() / channels + block - 1) / block;
    const int64_t least = numbers_per_channel + 1;
    const int64_t numbers =
        blocks * numbers_per_channel < least ? least : blocks * numbers_per_channel;
    return numbers * channels * size_of(wide_dtype(x.dtype));
  }
  // dgamma, dbeta and dx, in the order of the inputs.
  Tensors in_order(const Tensors& grads, Needs needs) const {
    Tensors d;
    d.push_back(needs[0] ? grads[2] : Tensor());
    if (has_gamma) d.push_back(grads[0]);
    if (has_beta) d.push_back(grads[1]);
    return d;
  }
  // (x - mean) / sqrt(variance + epsilon) gamma + beta, in basic ops.
  Tensor scaled(Inputs in, const Tensor& centered, const Tensor& variance) const {
    Tensor y = centered * inverse_root(variance, epsilon);
    if (has_gamma) y = y * gamma_of(in);
    if (has_beta) y = y + beta_of(in);
    return astype(y, in[0].dtype());
  }
  Reads reads() const override { return reads_inputs({0, 1, 2}) | reads_outputs({1, 2}); }
  bool composite() const override { return true; }

  const bool has_gamma, has_beta;
  const double epsilon;
};

// The gradients of either op: inputs x, two statistics, dy, gamma; outputs dgamma, dbeta, dx.
struct NormalizeGrad : Op {
  explicit NormalizeGrad(bool x) : needs_x(x) {}
  Attrs attrs() const override { return {{"needs_x", needs_x}}; }
  bool differentiable() const override { return false; }  // the forward ops are composite
  Specs infer(Inputs in) const override {
    const DType wide = wide_dtype(in[0].dtype());
    const Shape channels{in[0].dim(-1)};
    Specs specs{{channels, wide, {}}, {channels, wide, {}}};
    if (needs_x) specs.push_back({in[0].shape(), in[0].dtype(), {}});
    return specs;
  }
  static View gamma_view(Inputs in) { return in.size() > 4 ? in[4].view() : View{}; }
  View dx_view(Outputs out) const { return needs_x ? out[2].view() : View{}; }
  const bool needs_x;
};

// ---- batch normalisation ----------------------------------------------------------------------

struct BatchNormGrad final : NormalizeGrad {
  BatchNormGrad(bool x, double e, int64_t bytes) : NormalizeGrad(x), epsilon(e), scratch(bytes) {}
  std::string_view name() const override { return "batch_norm_training_grad"; }
  Attrs attrs() const override { return {{"needs_x", needs_x}, {"epsilon", epsilon}}; }
  int64_t scratch_bytes(Inputs) const override { return scratch; }
  void run(Inputs in, Outputs out, const View& sums) const override {
    DL_DISPATCH(out[0].device(), batch_norm_training_grad, in[0].view(), gamma_view(in),
                in[1].view(), in[2].view(), epsilon, in[3].view(), dx_view(out), out[0].view(),
                out[1].view(), sums);
  }
  const double epsilon;
  const int64_t scratch;
};

// y, and the mean and variance of each channel
struct BatchNormTraining final : Normalize {
  using Normalize::Normalize;
  std::string_view name() const override { return "batch_norm_training"; }
  Specs infer(Inputs in) const override {
    const DType wide = wide_dtype(in[0].dtype());
    const Shape channels{in[0].dim(-1)};
    return {{in[0].shape(), in[0].dtype(), {}}, {channels, wide, {}}, {channels, wide, {}}};
  }
  int64_t scratch_bytes(Inputs in) const override { return block_sums(in[0].view(), 2); }
  void run(Inputs in, Outputs out, const View& sums) const override {
    DL_DISPATCH(out[0].device(), batch_norm_training, in[0].view(), view_of(gamma_of(in)),
                view_of(beta_of(in)), epsilon, out[0].view(), out[1].view(), out[2].view(), sums);
  }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override {
    const Tensor &x = saved.input(0), &mean = saved.output(1);
    Tensors d(1 + has_gamma + has_beta);
    if (dout[0]) {
      Tensors in{x, mean, saved.output(2), contiguous(dout[0])};
      if (has_gamma) in.push_back(saved.input(1));
      const int64_t bytes = block_sums(x.view(), 2);
      d = in_order(call(make_op<BatchNormGrad>(needs[0], epsilon, bytes), in), needs);
    }
    if (!needs[0] || !(dout[1] || dout[2])) return d;
    // Through the statistics, where somebody uses them: dmean / n + dvariance 2 (x - mean) / n.
    const double rows = static_cast<double>(x.numel()) / static_cast<double>(x.dim(-1));
    Tensor through = dout[1] ? dout[1] * (1 / rows) : Tensor();
    if (dout[2]) {
      const Tensor term = (astype(x, mean.dtype()) - mean) * (dout[2] * (2 / rows));
      through = through ? term + through : term;
    }
    through = astype(broadcast_to(through, x.shape()), x.dtype());
    d[0] = d[0] ? d[0] + through : through;
    return d;
  }
  Tensors compose(Inputs in) const override {
    const Tensor x = astype(in[0], wide_dtype(in[0].dtype()));
    Axes axes;
    for (int i = 0; i < x.ndim() - 1; ++i) axes.push_back(i);
    const auto [mean, variance] = moments(x, axes, /*keepdims=*/false);
    return {scaled(in, x - mean, variance), mean, variance};
  }
};

// y = x scale + shift along the last axis
struct ScaleShift final : Op {
  std::string_view name() const override { return "scale_shift"; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), scale_shift, in[0].view(), in[1].view(), in[2].view(),
                out[0].view());
  }
  Reads reads() const override { return reads_inputs({0, 1}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override {
    const Tensor &x = saved.input(0), &scale = saved.input(1);
    const Tensor dy = astype(dout[0], scale.dtype());
    Tensors d(3);
    if (needs[0]) d[0] = astype(dy * scale, x.dtype());
    if (needs[1]) d[1] = sum_to(dy * astype(x, scale.dtype()), scale.shape());
    if (needs[2]) d[2] = sum_to(dy, scale.shape());
    return d;
  }
};

// A weight or statistic of one number a channel, in the type that the kernels take.
Tensor per_channel(std::string_view op, std::string_view what, const Tensor& w, int64_t channels,
                   DType dtype) {
  if (!w) return w;
  check(w.ndim() == 1 && w.dim(0) == channels,
        "[{}] {} has shape {}, x has {} channels: expected shape ({},)", op, what, w.shape(),
        channels, channels);
  return contiguous(astype(w, dtype));
}

void append(Tensors& in, const Tensor& gamma, const Tensor& beta) {
  if (gamma) in.push_back(gamma);
  if (beta) in.push_back(beta);
}

// ---- layer normalisation ----------------------------------------------------------------------

struct LayerNormGrad final : NormalizeGrad {
  LayerNormGrad(bool x, bool center, int64_t bytes)
      : NormalizeGrad(x), centered(center), scratch(bytes) {}
  std::string_view name() const override { return "layer_normalization_grad"; }
  Attrs attrs() const override { return {{"needs_x", needs_x}, {"centered", centered}}; }
  int64_t scratch_bytes(Inputs) const override { return scratch; }
  void run(Inputs in, Outputs out, const View& sums) const override {
    DL_DISPATCH(out[0].device(), layer_norm_grad, in[0].view(), gamma_view(in), in[1].view(),
                in[2].view(), centered, in[3].view(), dx_view(out), out[0].view(), out[1].view(),
                sums);
  }
  const bool centered;
  const int64_t scratch;
};

// y, and the mean and 1 / sqrt(variance + epsilon) of each row, which are for the gradient only.
// Not centered: with mean 0 and the mean square for variance.
struct LayerNorm final : Normalize {
  LayerNorm(bool gamma, bool beta, double e, bool center)
      : Normalize(gamma, beta, e), centered(center) {}
  std::string_view name() const override {
    return centered ? "layer_normalization" : "rms_normalization";
  }
  Specs infer(Inputs in) const override {
    Shape rows = in[0].shape();
    rows.erase(rows.ndim() - 1);
    const DType wide = wide_dtype(in[0].dtype());
    return {{in[0].shape(), in[0].dtype(), {}}, {rows, wide, {}}, {rows, wide, {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), layer_norm, in[0].view(), view_of(gamma_of(in)),
                view_of(beta_of(in)), epsilon, centered, out[0].view(), out[1].view(),
                out[2].view());
  }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override {
    const Tensor& x = saved.input(0);
    Tensors in{x, saved.output(1), saved.output(2), contiguous(dout[0])};
    if (has_gamma) in.push_back(saved.input(1));
    const OpRef grad = make_op<LayerNormGrad>(needs[0], centered, block_sums(x.view(), 2));
    return in_order(call(grad, in), needs);
  }
  Tensors compose(Inputs in) const override {
    const Tensor x = astype(in[0], wide_dtype(in[0].dtype()));
    if (!centered) {
      const double count = static_cast<double>(x.dim(-1));
      return {scaled(in, x, sum(x * x, {-1}, /*keepdims=*/true) / count)};
    }
    const auto [mean, variance] = moments(x, {x.ndim() - 1}, /*keepdims=*/true);
    return {scaled(in, x - mean, variance)};
  }
  const bool centered;
};

// x with `axes` as one last axis.
struct Rows {
  Tensor x;           // (rows, length)
  Shape moved_shape;  // with the axes at the end, not yet joined
  Axes axes, last;

  Tensor back(const Tensor& y) const {
    const Tensor moved = reshape(y, moved_shape);
    return axes == last ? moved : moveaxis(moved, last, axes);
  }
};

Rows to_rows(std::string_view op, const Tensor& x, const Axes& given) {
  Rows rows;
  rows.axes = normalize_axes(op, given, x.ndim());
  for (int i = 1; i < rows.axes.size(); ++i) {  // sorted, as Keras does
    for (int j = i; j > 0 && rows.axes[j - 1] > rows.axes[j]; --j) {
      std::swap(rows.axes[j - 1], rows.axes[j]);
    }
  }
  const int outer = x.ndim() - rows.axes.size();
  for (int i = 0; i < rows.axes.size(); ++i) rows.last.push_back(outer + i);
  const Tensor moved = rows.axes == rows.last ? x : moveaxis(x, rows.axes, rows.last);
  rows.moved_shape = moved.shape();
  int64_t count = 1, length = 1;
  for (int i = 0; i < x.ndim(); ++i) (i < outer ? count : length) *= moved.dim(i);
  rows.x = contiguous(reshape(moved, {count, length}));
  return rows;
}

// gamma or beta with the shape of the normalised axes, as one vector.
Tensor row_weight(std::string_view op, std::string_view what, const Tensor& w, const Tensor& rows) {
  if (!w) return w;
  check(w.numel() == rows.dim(-1),
        "[{}] {} has shape {}, but {} numbers are normalised together: it needs as many", op, what,
        w.shape(), rows.dim(-1));
  return contiguous(astype(reshape(w, {rows.dim(-1)}), wide_dtype(rows.dtype())));
}

}  // namespace

Normalized batch_norm_training(const Tensor& input, const Tensor& gamma, const Tensor& beta,
                               double epsilon) {
  const Tensor x = contiguous(to_floating(input));
  constexpr std::string_view name = "batch_norm_training";
  check(x.ndim() >= 2, "[{}] x needs a batch axis and channels, got shape {}", name, x.shape());
  const DType wide = wide_dtype(x.dtype());
  Tensors in{x};
  append(in, per_channel(name, "gamma", gamma, x.dim(-1), wide),
         per_channel(name, "beta", beta, x.dim(-1), wide));
  const bool has_gamma = gamma.defined(), has_beta = beta.defined();
  const Tensors out = call(make_op<BatchNormTraining>(has_gamma, has_beta, epsilon), in);
  return {out[0], out[1], out[2]};
}

Tensor batch_normalization(const Tensor& input, const Tensor& mean, const Tensor& variance,
                           int64_t axis, const Tensor& offset, const Tensor& scale,
                           double epsilon) {
  constexpr std::string_view name = "batch_normalization";
  const Tensor x = to_floating(input);
  const int at = normalize_axis(name, axis, x.ndim());
  const int64_t channels = x.dim(at);
  const DType wide = wide_dtype(x.dtype());
  Tensor factor = inverse_root(per_channel(name, "variance", variance, channels, wide), epsilon);
  if (scale) factor = factor * per_channel(name, "scale", scale, channels, wide);
  const Tensor center = per_channel(name, "mean", mean, channels, wide) * factor;
  const Tensor shift =
      offset ? per_channel(name, "offset", offset, channels, wide) - center : -center;
  static const OpRef op = make_op<ScaleShift>();
  if (at == x.ndim() - 1) return call_one(op, {contiguous(x), factor, shift});
  const Tensor moved = contiguous(moveaxis(x, {at}, {-1}));
  return moveaxis(call_one(op, {moved, factor, shift}), {-1}, {at});
}

namespace {

Tensor normalize_rows(std::string_view name, const Tensor& input, const Tensor& gamma,
                      const Tensor& beta, const Axes& axes, double epsilon, bool centered) {
  const Rows rows = to_rows(name, to_floating(input), axes);
  const bool has_gamma = gamma.defined(), has_beta = beta.defined();
  Tensors in{rows.x};
  append(in, row_weight(name, centered ? "gamma" : "scale", gamma, rows.x),
         row_weight(name, "beta", beta, rows.x));
  const OpRef op = make_op<LayerNorm>(has_gamma, has_beta, epsilon, centered);
  // The kernel has no CUDA twin yet, the basic ops have.
  const bool composed = !centered && rows.x.device().is_cuda();
  return rows.back(composed ? op->compose(in)[0] : call(op, in)[0]);
}

}  // namespace

Tensor layer_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                           const Axes& axes, double epsilon) {
  return normalize_rows("layer_normalization", x, gamma, beta, axes, epsilon, /*centered=*/true);
}

Tensor rms_normalization(const Tensor& x, const Tensor& scale, const Axes& axes, double epsilon) {
  return normalize_rows("rms_normalization", x, scale, Tensor(), axes, epsilon, /*centered=*/false);
}

std::pair<Tensor, Tensor> moments(const Tensor& input, const Axes& given, bool keepdims) {
  const Tensor floating = to_floating(input);
  const DType dtype = floating.dtype();
  const Tensor x = astype(floating, wide_dtype(dtype));
  const Axes axes = normalize_axes("moments", given, x.ndim());
  double count = 1;
  for (int64_t axis : axes) count *= static_cast<double>(x.dim(static_cast<int>(axis)));
  const Tensor mean = sum(x, axes, /*keepdims=*/true) / count;
  const Tensor centered = x - mean;
  const Tensor variance = sum(centered * centered, axes, keepdims) / count;
  return {astype(keepdims ? mean : squeeze(mean, axes), dtype), astype(variance, dtype)};
}

}  // namespace danlu
