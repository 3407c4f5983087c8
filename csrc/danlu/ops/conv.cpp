// Convolution over one, two or three spatial axes, channels last, and its two gradients. Each of
// the three is linear in both of its inputs, and the gradients of one are the other two.
#include <algorithm>
#include <atomic>

#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

std::atomic<bool> conv_is_exact{false};

ConvSizes sizes_of(const SlidingWindow& window, const Shape& x_shape, int64_t kernel_channels,
                   const Shape& y_shape, bool exact, DType dtype) {
  ConvSizes s;
  s.window = window;
  s.exact = exact;
  s.bfloat16 = dtype == DType::bfloat16;
  s.images = x_shape[0];
  const int spatial = x_shape.ndim() - 2;
  for (int d = 0; d < 3; ++d) {
    const int axis = 1 + d - (3 - spatial);
    s.in[d] = axis < 1 ? 1 : x_shape[axis];
    s.out[d] = axis < 1 ? 1 : y_shape[axis];
  }
  s.channels = kernel_channels;
  s.groups = kernel_channels > 0 ? x_shape.back() / kernel_channels : 1;
  s.filters = s.groups > 0 ? y_shape.back() / s.groups : 0;
  return s;
}

// `in_float32`: elements for an algorithm that computes in float32 only.
int64_t scratch_size(int64_t elements, int64_t in_float32, DType dtype, int64_t copies) {
  if (dtype == DType::float64) return elements * 8 + copies;
  return std::max(elements, in_float32) * 4 + copies;
}

Attrs attrs_of(const SlidingWindow& w, bool exact) {
  const auto list = [](const int64_t* p) { return std::vector<int64_t>(p, p + 3); };
  return {{"strides", list(w.stride)},
          {"dilation_rate", list(w.dilation)},
          {"before", list(w.before)},
          {"exact", exact}};
}

Tensor conv_of(const SlidingWindow& window, const Shape& y_shape, const Tensor& x,
               const Tensor& kernel);
Tensor data_gradient(const SlidingWindow& window, const Shape& x_shape, const Tensor& dy,
                     const Tensor& kernel);
Tensor weight_gradient(const SlidingWindow& window, const Shape& kernel_shape, const Tensor& x,
                       const Tensor& dy);

// The kernel as Winograd's algorithm multiplies it; `turned` for the data gradient.
struct WinogradKernel final : Op {
  WinogradKernel(const WinogradSizes& of_conv, bool for_gradient)
      : sizes(of_conv), turned(for_gradient) {}
  std::string_view name() const override { return "winograd_kernel"; }
  // All that the transformed kernel depends on, for who remembers it.
  Attrs attrs() const override { return {{"m", sizes.m}, {"turned", turned}, {"amx", sizes.amx}}; }
  Specs infer(Inputs in) const override { return {{{sizes.kernel_size()}, in[0].dtype()}}; }
  bool differentiable() const override { return false; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), winograd_kernel, sizes, turned, in[0].view(), out[0].view());
  }

  const WinogradSizes sizes;
  const bool turned;
};

// The kernel as the tile unit multiplies it.
struct PackedKernel final : Op {
  explicit PackedKernel(const ConvSizes& of_conv)
      : sizes(of_conv), by_tap(takes_image(of_conv) && of_conv.channels % 32 != 0) {}
  std::string_view name() const override { return "packed_kernel"; }
  // Where each tap begins a step, the packed kernel is another one.
  Attrs attrs() const override { return {{"by_tap", by_tap}}; }
  Specs infer(Inputs in) const override { return {{{packed_kernel_size(sizes)}, in[0].dtype()}}; }
  bool differentiable() const override { return false; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), pack_kernel, sizes, in[0].view(), out[0].view());
  }

  const ConvSizes sizes;
  const bool by_tap;
};

// The kernel as the algorithm wants it, where the kernel is a variable that remembers it; absent
// otherwise.
Tensor remembered(const Tensor& kernel, const ConvSizes& s) {
  if (!kernel.value()->variable || kernel.dtype() != DType::float32) return {};
  const WinogradSizes sizes = winograd_sizes(s);
  if (sizes.m > 0) return memoised(make_op<WinogradKernel>(sizes, /*turned=*/false), kernel);
  return takes_packed_kernel(s) ? memoised(make_op<PackedKernel>(s), kernel) : Tensor();
}
Tensor remembered_turned(const Tensor& kernel, const ConvSizes& s) {
  if (!kernel.value()->variable || kernel.dtype() != DType::float32) return {};
  const WinogradSizes sizes = winograd_data_gradient_sizes(s);
  return sizes.m > 0 ? memoised(make_op<WinogradKernel>(sizes, /*turned=*/true), kernel) : Tensor();
}

// y = conv(x, kernel) [+ bias [+ addend]], then relu where asked.
struct Conv final : Op {
  Conv(const SlidingWindow& sliding, const Shape& to, bool with_relu, bool exactly,
       Tensor of_kernel)
      : window(sliding),
        exact(exactly),
        y_shape(to),
        relu(with_relu),
        ready(std::move(of_kernel)) {}
  std::string_view name() const override { return "conv"; }
  Attrs attrs() const override {
    Attrs attrs = attrs_of(window, exact);
    attrs.emplace_back("relu", relu);
    return attrs;
  }
  Specs infer(Inputs in) const override { return {{y_shape, in[0].dtype()}}; }
  Reads reads() const override {
    return relu ? reads_inputs({0, 1}) | reads_outputs({0}) : reads_inputs({0, 1});
  }
  ConvSizes sizes(Inputs in) const {
    return sizes_of(window, in[0].shape(), in[1].dim(-2), y_shape, exact, in[0].dtype());
  }
  int64_t scratch_bytes(Inputs in) const override {
    const ConvSizes s = sizes(in);
    return scratch_size(conv_scratch(s), float32_scratch(s), in[0].dtype(),
                        Workspace::bytes(in, y_shape.numel()));
  }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    if (out[0].numel() == 0) return;
    Workspace work(scratch);
    const View x = work.read(in[0]), kernel = work.read(in[1]);
    const View bias = in.size() > 2 ? work.read(in[2]) : View{};
    const View addend = in.size() > 3 ? work.read(in[3]) : View{};
    const View y = work.write(out[0]);
    const View known = ready ? ready.view() : View{};
    DL_DISPATCH(y.device, conv, sizes(in), x, kernel, known, bias, addend, y, relu, work.rest());
    work.finish(out[0], y);
  }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs needs) const override {
    const Tensor dz = relu ? relu_grad(s.output(0), dout[0]) : dout[0];
    Tensors d(needs.size());
    if (needs[0]) d[0] = data_gradient(window, s.input(0).shape(), dz, s.input(1));
    if (needs[1]) d[1] = weight_gradient(window, s.input(1).shape(), s.input(0), dz);
    if (needs.size() > 2 && needs[2]) {
      d[2] = sum(reshape(dz, {-1, dz.dim(-1)}), {0}, /*keepdims=*/false);
    }
    if (needs.size() > 3 && needs[3]) d[3] = dz;
    return d;
  }

  const SlidingWindow window;
  const bool exact;
  const Shape y_shape;
  const bool relu;
  const Tensor ready;  // the kernel as the algorithm wants it, or absent
};

// dx with <dx, x> = <dy, conv(x, kernel)> for all x: also the transposed convolution of dy.
struct ConvDataGradient final : Op {
  ConvDataGradient(const SlidingWindow& sliding, const Shape& of_x, bool exactly, Tensor of_kernel)
      : window(sliding), exact(exactly), x_shape(of_x), ready(std::move(of_kernel)) {}
  std::string_view name() const override { return "conv_data_gradient"; }
  Attrs attrs() const override { return attrs_of(window, exact); }
  Specs infer(Inputs in) const override { return {{x_shape, in[0].dtype()}}; }
  Reads reads() const override { return kReadsAllInputs; }
  ConvSizes sizes(Inputs in) const {
    return sizes_of(window, x_shape, in[1].dim(-2), in[0].shape(), exact, in[0].dtype());
  }
  int64_t scratch_bytes(Inputs in) const override {
    const ConvSizes s = sizes(in);
    const int64_t in_float32 = turns(s) ? float32_scratch(turned(s)) : 0;
    return scratch_size(conv_data_gradient_scratch(s), in_float32, in[0].dtype(),
                        Workspace::bytes(in, x_shape.numel()));
  }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    if (out[0].numel() == 0) return;
    if (in[0].numel() == 0 || in[1].numel() == 0) {  // a sum of nothing
      DL_DISPATCH(out[0].device(), fill, out[0].view(), 0.0);
      return;
    }
    Workspace work(scratch);
    const View dy = work.read(in[0]), kernel = work.read(in[1]), dx = work.write(out[0]);
    const View known = ready ? ready.view() : View{};
    DL_DISPATCH(dx.device, conv_data_gradient, sizes(in), dy, kernel, known, dx, work.rest());
    work.finish(out[0], dx);
  }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs needs) const override {
    Tensors d(2);
    if (needs[0]) d[0] = conv_of(window, s.input(0).shape(), dout[0], s.input(1));
    if (needs[1]) d[1] = weight_gradient(window, s.input(1).shape(), dout[0], s.input(0));
    return d;
  }

  const SlidingWindow window;
  const bool exact;
  const Shape x_shape;
  const Tensor ready;  // the kernel as the algorithm wants it, or absent
};

// dkernel with <dkernel, kernel> = <dy, conv(x, kernel)> for all kernels.
struct ConvWeightGradient final : Op {
  ConvWeightGradient(const SlidingWindow& sliding, const Shape& of_kernel)
      : window(sliding), kernel_shape(of_kernel) {}
  std::string_view name() const override { return "conv_weight_gradient"; }
  Attrs attrs() const override { return attrs_of(window, exact); }
  Specs infer(Inputs in) const override { return {{kernel_shape, in[0].dtype()}}; }
  Reads reads() const override { return kReadsAllInputs; }
  ConvSizes sizes(Inputs in) const {
    return sizes_of(window, in[0].shape(), kernel_shape.back(2), in[1].shape(), exact,
                    in[0].dtype());
  }
  int64_t scratch_bytes(Inputs in) const override {
    const ConvSizes s = sizes(in);
    const WinogradSizes w = winograd_weight_gradient_sizes(s);
    return scratch_size(conv_weight_gradient_scratch(s), w.m ? w.weight_gradient_size() : 0,
                        in[0].dtype(), Workspace::bytes(in, kernel_shape.numel()));
  }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    if (out[0].numel() == 0) return;
    if (in[0].numel() == 0 || in[1].numel() == 0) {  // a sum of nothing
      DL_DISPATCH(out[0].device(), fill, out[0].view(), 0.0);
      return;
    }
    Workspace work(scratch);
    const View x = work.read(in[0]), dy = work.read(in[1]), dkernel = work.write(out[0]);
    DL_DISPATCH(dkernel.device, conv_weight_gradient, sizes(in), x, dy, dkernel, work.rest());
    work.finish(out[0], dkernel);
  }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs needs) const override {
    Tensors d(2);
    if (needs[0]) d[0] = data_gradient(window, s.input(0).shape(), s.input(1), dout[0]);
    if (needs[1]) d[1] = conv_of(window, s.input(1).shape(), s.input(0), dout[0]);
    return d;
  }

  const SlidingWindow window;
  const bool exact = conv_is_exact;
  const Shape kernel_shape;
};

OpRef make_conv(const SlidingWindow& window, const Shape& y_shape, const Tensor& x,
                const Tensor& kernel, bool relu) {
  const bool exact = conv_is_exact;
  const ConvSizes sizes = sizes_of(window, x.shape(), kernel.dim(-2), y_shape, exact, x.dtype());
  return make_op<Conv>(window, y_shape, relu, exact, remembered(kernel, sizes));
}

Tensor conv_of(const SlidingWindow& window, const Shape& y_shape, const Tensor& x,
               const Tensor& kernel) {
  const Tensor from = contiguous(x), w = contiguous(kernel);
  return call_one(make_conv(window, y_shape, from, w, /*relu=*/false), {from, w});
}
Tensor data_gradient(const SlidingWindow& window, const Shape& x_shape, const Tensor& dy,
                     const Tensor& kernel) {
  const Tensor from = contiguous(dy), w = contiguous(kernel);
  const bool exact = conv_is_exact;
  const ConvSizes sizes = sizes_of(window, x_shape, w.dim(-2), from.shape(), exact, w.dtype());
  return call_one(make_op<ConvDataGradient>(window, x_shape, exact, remembered_turned(w, sizes)),
                  {from, w});
}
Tensor weight_gradient(const SlidingWindow& window, const Shape& kernel_shape, const Tensor& x,
                       const Tensor& dy) {
  return call_one(make_op<ConvWeightGradient>(window, kernel_shape),
                  {contiguous(x), contiguous(dy)});
}

constexpr std::string_view kAxes[] = {"width", "height, width", "depth, height, width"};

Shape spatial_of(const Shape& shape, int first, int count) {
  Shape spatial;
  for (int i = 0; i < count; ++i) spatial.push_back(shape[first + i]);
  return spatial;
}

void check_ranks(std::string_view op, const Tensor& x, const Tensor& kernel) {
  const int spatial = kernel.ndim() - 2;
  check(spatial >= 1 && spatial <= 3,
        "[{}] the kernel has axes (window..., inputs, filters) with 1 to 3 of the window, got "
        "shape {}",
        op, kernel.shape());
  check(x.ndim() == kernel.ndim(),
        "[{}] kernel {} wants x with axes (batch, {}, channels), got x {}: {}", op, kernel.shape(),
        kAxes[spatial - 1], x.shape(),
        x.ndim() == kernel.ndim() - 1 ? "add the channel axis with x[..., None], or the batch axis "
                                        "with x[None]"
                                      : "reshape x, or use a kernel of this rank");
  check_type(is_floating(x.dtype()) && is_floating(kernel.dtype()),
             "[{}] takes floating tensors, got x {} and kernel {}: cast with astype", op, x.dtype(),
             kernel.dtype());
}

}  // namespace

bool conv_exact() { return conv_is_exact; }
void set_conv_exact(bool exact) { conv_is_exact = exact; }

SlidingWindow resolve_window(std::string_view op, const Shape& spatial, const Shape& size,
                             const WindowOptions& options, Shape& out) {
  const int n = spatial.ndim();
  const auto each = [&](const Shape& given, std::string_view what) {
    if (given.ndim() == 0) return Shape::filled(n, 1);
    if (given.ndim() == 1) return Shape::filled(n, given[0]);
    check(given.ndim() == n, "[{}] {} {} does not fit {} spatial axes", op, what, given, n);
    return given;
  };
  const Shape strides = each(options.strides, "strides");
  const Shape dilation = each(options.dilation_rate, "dilation_rate");
  check(options.before.ndim() == options.after.ndim() &&
            (options.same || options.before.ndim() == 0 || options.before.ndim() == n),
        "[{}] padding wants a pair (before, after) for each of {} spatial axes", op, n);
  SlidingWindow window;
  out = Shape();
  for (int i = 0; i < n; ++i) {
    const int d = 3 - n + i;
    check(size[i] >= 1, "[{}] window {}: sizes are at least 1", op, size);
    check(strides[i] >= 1, "[{}] strides {}: at least 1", op, strides);
    check(dilation[i] >= 1, "[{}] dilation_rate {}: at least 1", op, dilation);
    const int64_t extent = add_sizes(op, multiply_sizes(op, size[i] - 1, dilation[i]), 1);
    int64_t before = 0, after = 0;
    if (options.same) {  // as many outputs as strides fit
      const int64_t last = (spatial[i] - 1) / strides[i] * strides[i];  // where the last window is
      const int64_t total = std::max<int64_t>(0, add_sizes(op, last, extent) - spatial[i]);
      before = spatial[i] > 0 ? total / 2 : 0;
      after = spatial[i] > 0 ? total - before : 0;
    } else if (options.before.ndim() > 0) {
      before = options.before[i];
      after = options.after[i];
      check(before >= 0 && after >= 0, "[{}] padding ({}, {}): at least 0", op, before, after);
    }
    const int64_t room = add_sizes(op, spatial[i], add_sizes(op, before, after)) - extent;
    check(room >= 0 || spatial[i] == 0,
          "[{}] a window of {} (dilation {}) does not fit into {} with padding: pass "
          "padding=\"same\", "
          "or a smaller window",
          op, size, dilation, spatial);
    out.push_back(room < 0 ? 0 : room / strides[i] + 1);
    window.size[d] = size[i];
    window.stride[d] = out.back() > 1 ? strides[i] : 1;  // one place: however large the steps
    window.dilation[d] = dilation[i];
    window.before[d] = before;
  }
  return window;
}

Tensor conv(const Tensor& x, const Tensor& kernel, const WindowOptions& options, const Tensor& bias,
            bool relu, const Tensor& addend) {
  check_ranks("conv", x, kernel);
  const int spatial = x.ndim() - 2;
  const int64_t channels = x.dim(-1), wanted = kernel.dim(-2), filters = kernel.dim(-1);
  if (wanted < 1 || channels % wanted != 0 || channels == 0) {
    fail(ErrorKind::value, "[conv] kernel {} wants {} input channels, x {} has {}: {}",
         kernel.shape(), wanted, x.shape(), channels,
         x.dim(1) == wanted ? "x looks channels-first: pass data_format=\"channels_first\" or move "
                              "axis 1 to the end"
                            : "give the kernel as many as x has, or a divisor of that for groups");
  }
  const int64_t groups = channels / wanted;
  check(filters % groups == 0,
        "[conv] kernel {} on {} channels means {} groups, which do not divide its {} filters",
        kernel.shape(), channels, groups, filters);
  check(!bias || bias.shape() == Shape{filters},
        "[conv] bias {} does not fit kernel {}: it wants ({},)", bias ? bias.shape() : Shape(),
        kernel.shape(), filters);
  Shape out;
  const SlidingWindow window = resolve_window("conv", spatial_of(x.shape(), 1, spatial),
                                              spatial_of(kernel.shape(), 0, spatial), options, out);
  out.insert(0, x.dim(0));
  out.push_back(filters);
  const DType dtype = promote(x.dtype(), kernel.dtype());
  const Tensor from = contiguous(astype(x, dtype)), w = contiguous(astype(kernel, dtype));
  const OpRef op = make_conv(window, out, from, w, relu);
  const Tensor b = bias ? contiguous(astype(bias, dtype)) : Tensor();
  if (!addend) return b ? call_one(op, {from, w, b}) : call_one(op, {from, w});
  check(addend.shape() == out, "[conv] addend {} does not fit: it wants the shape of y, {}",
        addend.shape(), out);
  return call_one(op, {from, w, b ? b : zeros({filters}, dtype, x.device()),
                       contiguous(astype(addend, dtype))});
}

Tensor conv_transpose(const Tensor& x, const Tensor& kernel, const WindowOptions& options,
                      const Shape& output_spatial) {
  check_ranks("conv_transpose", x, kernel);  // kernel (window..., filters, channels of x)
  const int spatial = x.ndim() - 2;
  check(kernel.dim(-1) == x.dim(-1),
        "[conv_transpose] kernel {} wants {} input channels, x {} has {}", kernel.shape(),
        kernel.dim(-1), x.shape(), x.dim(-1));
  Shape out;
  const SlidingWindow window = resolve_window("conv_transpose", output_spatial,
                                              spatial_of(kernel.shape(), 0, spatial), options, out);
  check(out == spatial_of(x.shape(), 1, spatial),
        "[conv_transpose] an output of {} would come from {}, x {} has {}", output_spatial, out,
        x.shape(), spatial_of(x.shape(), 1, spatial));
  Shape shape = output_spatial;
  shape.insert(0, x.dim(0));
  shape.push_back(kernel.dim(-2));
  const DType dtype = promote(x.dtype(), kernel.dtype());
  return data_gradient(window, shape, astype(x, dtype), astype(kernel, dtype));
}

}  // namespace danlu
