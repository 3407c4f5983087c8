// Maximum and mean of windows that slide over images, channels last. The gradient of the maximum
// looks for it again in x: cheaper than to store where it was.
#include <algorithm>

#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

ConvSizes sizes_of(const SlidingWindow& window, const Shape& x, const Shape& y) {
  ConvSizes s;
  s.window = window;
  s.images = x[0];
  const int spatial = x.ndim() - 2;
  for (int d = 0; d < 3; ++d) {
    const int axis = 1 + d - (3 - spatial);
    s.in[d] = axis < 1 ? 1 : x[axis];
    s.out[d] = axis < 1 ? 1 : y[axis];
  }
  s.channels = s.filters = 1;
  s.groups = x.back();
  return s;
}

// What all of them share: the window, the shape of the image and the shape of the result of
// pooling.
struct PoolOp : Op {
  PoolOp(const SlidingWindow& sliding, const Shape& of_x, const Shape& of_y)
      : window(sliding), x_shape(of_x), y_shape(of_y) {}
  Attrs attrs() const override {
    const auto list = [](const int64_t* p) { return std::vector<int64_t>(p, p + 3); };
    return {{"pool_size", list(window.size)},
            {"strides", list(window.stride)},
            {"before", list(window.before)}};
  }
  int64_t scratch_bytes(Inputs in) const override {
    return Workspace::bytes(in, std::max(x_shape.numel(), y_shape.numel()));
  }
  ConvSizes sizes() const { return sizes_of(window, x_shape, y_shape); }

  const SlidingWindow window;
  const Shape x_shape, y_shape;
};

template <class T>
Tensor pooled(const PoolOp& like, const Tensor& x) {
  return call_one(make_op<T>(like.window, like.x_shape, like.y_shape), {contiguous(x)});
}
template <class T>
Tensor pooled(const PoolOp& like, const Tensor& x, const Tensor& u) {
  return call_one(make_op<T>(like.window, like.x_shape, like.y_shape), {x, contiguous(u)});
}

// y = u where x has the maximum of the window: what the gradient below is linear in.
struct MaxPoolPick final : PoolOp {  // (x, u)
  using PoolOp::PoolOp;
  std::string_view name() const override { return "max_pool_pick"; }
  Specs infer(Inputs in) const override { return {{y_shape, in[0].dtype()}}; }
  Reads reads() const override { return reads_inputs({0}); }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    if (out[0].numel() == 0) return;
    Workspace work(scratch);
    const View x = work.read(in[0]), u = work.read(in[1]), y = work.write(out[0]);
    DL_DISPATCH(y.device, max_pool_pick, sizes(), x, u, y);
    work.finish(out[0], y);
  }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs needs) const override;
};

// dx = dy where x has the maximum of the window, summed over windows, else 0.
struct MaxPoolGradient final : PoolOp {  // (x, dy)
  using PoolOp::PoolOp;
  std::string_view name() const override { return "max_pool_gradient"; }
  Specs infer(Inputs in) const override { return {{x_shape, in[0].dtype()}}; }
  Reads reads() const override { return reads_inputs({0}); }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    if (out[0].numel() == 0) return;
    Workspace work(scratch);
    const View x = work.read(in[0]), dy = work.read(in[1]), dx = work.write(out[0]);
    DL_DISPATCH(dx.device, max_pool_gradient, sizes(), x, dy, dx);
    work.finish(out[0], dx);
  }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs needs) const override {
    Tensors d(2);
    if (needs[1]) d[1] = pooled<MaxPoolPick>(*this, s.input(0), dout[0]);
    return d;
  }
};

Tensors MaxPoolPick::vjp(const Saved& s, const Tensors& dout, Needs needs) const {
  Tensors d(2);
  if (needs[1]) d[1] = pooled<MaxPoolGradient>(*this, s.input(0), dout[0]);
  return d;
}

struct MaxPool final : PoolOp {
  using PoolOp::PoolOp;
  std::string_view name() const override { return "max_pool"; }
  Specs infer(Inputs in) const override { return {{y_shape, in[0].dtype()}}; }
  Reads reads() const override { return reads_inputs({0}); }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    if (out[0].numel() == 0) return;
    Workspace work(scratch);
    const View x = work.read(in[0]), y = work.write(out[0]);
    DL_DISPATCH(y.device, max_pool, sizes(), x, y);
    work.finish(out[0], y);
  }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs) const override {
    return {pooled<MaxPoolGradient>(*this, s.input(0), dout[0])};
  }
};

// The mean spread over the window again: the gradient of the mean.
struct AveragePoolGradient final : PoolOp {
  using PoolOp::PoolOp;
  std::string_view name() const override { return "average_pool_gradient"; }
  Specs infer(Inputs in) const override { return {{x_shape, in[0].dtype()}}; }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    if (out[0].numel() == 0) return;
    Workspace work(scratch);
    const View dy = work.read(in[0]), dx = work.write(out[0]);
    DL_DISPATCH(dx.device, average_pool_gradient, sizes(), dy, dx);
    work.finish(out[0], dx);
  }
  Tensors vjp(const Saved&, const Tensors& dout, Needs) const override;
};

struct AveragePool final : PoolOp {
  using PoolOp::PoolOp;
  std::string_view name() const override { return "average_pool"; }
  Specs infer(Inputs in) const override { return {{y_shape, in[0].dtype()}}; }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    if (out[0].numel() == 0) return;
    Workspace work(scratch);
    const View x = work.read(in[0]), y = work.write(out[0]);
    DL_DISPATCH(y.device, average_pool, sizes(), x, y);
    work.finish(out[0], y);
  }
  Tensors vjp(const Saved&, const Tensors& dout, Needs) const override {
    return {pooled<AveragePoolGradient>(*this, dout[0])};
  }
};

Tensors AveragePoolGradient::vjp(const Saved&, const Tensors& dout, Needs) const {
  return {pooled<AveragePool>(*this, dout[0])};
}

// Without the taps that see padding at every place of the window: a window may be far larger than
// what it slides over.
void drop_padding(SlidingWindow& window, int d, int64_t in, int64_t out) {
  if (in < 1 || out < 1) return;
  const int64_t step = window.dilation[d], before = window.before[d];
  const int64_t last = (out - 1) * window.stride[d] - before;  // where the last window begins
  const int64_t first = last < 0 ? (-last + step - 1) / step : 0;
  const int64_t end = std::min(window.size[d], (in - 1 + before) / step + 1);
  window.size[d] = end - first;
  window.before[d] = before - first * step;
}

template <class T>
Tensor pool(std::string_view name, const Tensor& x, const Shape& pool_size,
            const WindowOptions& options) {
  const int spatial = x.ndim() - 2;
  check(spatial >= 1 && spatial <= 3,
        "[{}] x has axes (batch, spatial..., channels) with 1 to 3 spatial ones, got shape {}: add "
        "the channel axis with x[..., None], or the batch axis with x[None]?",
        name, x.shape());
  check_type(is_floating(x.dtype()), "[{}] takes floating tensors, got {}: cast with astype", name,
             x.dtype());
  check(pool_size.ndim() == 1 || pool_size.ndim() == spatial,
        "[{}] pool_size {} does not fit x {} with {} spatial axes", name, pool_size, x.shape(),
        spatial);
  const Shape size = pool_size.ndim() == 1 ? Shape::filled(spatial, pool_size[0]) : pool_size;
  WindowOptions each = options;
  if (each.strides.ndim() == 0) each.strides = size;
  Shape in, out;
  for (int i = 0; i < spatial; ++i) in.push_back(x.shape()[1 + i]);
  SlidingWindow window = resolve_window(name, in, size, each, out);
  for (int i = 0; i < in.ndim(); ++i) drop_padding(window, 3 - in.ndim() + i, in[i], out[i]);
  out.insert(0, x.dim(0));
  out.push_back(x.dim(-1));
  return call_one(make_op<T>(window, x.shape(), out), {contiguous(x)});
}

}  // namespace

Tensor max_pool(const Tensor& x, const Shape& pool_size, const WindowOptions& options) {
  return pool<MaxPool>("max_pool", x, pool_size, options);
}

Tensor average_pool(const Tensor& x, const Shape& pool_size, const WindowOptions& options) {
  return pool<AveragePool>("average_pool", x, pool_size, options);
}

}  // namespace danlu
