// Parts of a tensor that strides can describe: slices and diagonals. Each is a view, and each can
// be written: update(x, part, u) is x with that part replaced by u.
#include <algorithm>
#include <cstdlib>

#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {
namespace {

struct Window : Op {
  // Where the part lies in x.
  virtual Spec part(const Tensor& x) const = 0;
  Specs infer(Inputs in) const override { return {part(in[0])}; }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override;
};
using WindowRef = Ref<const Window>;

struct Slice final : Window {
  Slice(const Slices& slices, std::string_view called) : slices(slices), called(called) {}
  std::string_view name() const override { return "slice"; }
  Attrs attrs() const override {
    const auto list = [](const Shape& x) { return std::vector<int64_t>(x.begin(), x.end()); };
    return {{"starts", list(slices.starts)},
            {"sizes", list(slices.sizes)},
            {"steps", list(slices.steps)},
            {"layout", list(slices.layout)}};
  }
  Spec part(const Tensor& x) const override {
    const auto& [starts, sizes, steps, layout] = slices;
    int64_t offset = 0;
    for (int i = 0; i < x.ndim(); ++i) {
      const int64_t first = starts[i], last = first + (sizes[i] - 1) * steps[i];
      check(sizes[i] >= 0 && (sizes[i] == 0 || (first >= 0 && first < x.shape()[i] && last >= 0 &&
                                                last < x.shape()[i])),
            "[{}] {} elements from {} in steps of {} do not fit axis {} of shape {}", called,
            sizes[i], first, steps[i], i, x.shape());
      offset += first * x.strides()[i];
    }
    Shape shape;
    Strides strides;
    for (int64_t axis : layout) {
      const int from = static_cast<int>(axis);
      shape.push_back(from < 0 ? 1 : sizes[from]);
      strides.push_back(from < 0 ? 0 : steps[from] * x.strides()[from]);
    }
    return Spec::view(shape, x.dtype(), strides, sizes.numel() == 0 ? 0 : offset);
  }
  const Slices slices;
  const std::string_view called;  // the function, for messages
};

struct Diagonal final : Window {
  Diagonal(int64_t offset, int axis1, int axis2) : offset(offset), axis1(axis1), axis2(axis2) {}
  std::string_view name() const override { return "diagonal"; }
  Attrs attrs() const override {
    return {{"offset", offset}, {"axis1", int64_t{axis1}}, {"axis2", int64_t{axis2}}};
  }
  Spec part(const Tensor& x) const override {
    const int64_t rows = x.shape()[axis1], columns = x.shape()[axis2];
    const int64_t row = -std::clamp<int64_t>(offset, -rows, 0);
    const int64_t column = std::clamp<int64_t>(offset, 0, columns);
    const int64_t size = std::max<int64_t>(0, std::min(rows - row, columns - column));
    Shape shape;
    Strides strides;
    for (int i = 0; i < x.ndim(); ++i) {
      if (i == axis1 || i == axis2) continue;
      shape.push_back(x.shape()[i]);
      strides.push_back(x.strides()[i]);
    }
    shape.push_back(size);
    strides.push_back(x.strides()[axis1] + x.strides()[axis2]);
    const int64_t first = row * x.strides()[axis1] + column * x.strides()[axis2];
    return Spec::view(shape, x.dtype(), strides, shape.numel() == 0 ? 0 : first);
  }
  const int64_t offset;
  const int axis1, axis2;
};

struct WindowUpdate final : Op {  // (x, u)
  WindowUpdate(WindowRef window, bool in_place) : window(std::move(window)), in_place(in_place) {}
  std::string_view name() const override { return "window_update"; }
  Attrs attrs() const override {
    Attrs attrs = window->attrs();
    attrs.emplace_back("window", std::string(window->name()));
    attrs.emplace_back("in_place", in_place);
    return attrs;
  }
  Specs infer(Inputs in) const override {
    if (in_place) return {Spec::in_place(in[0], 0)};
    return {Spec{in[0].shape(), in[0].dtype(), {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    if (!in_place) DL_DISPATCH(out[0].device(), copy, in[0].view(), out[0].view());
    const Spec part = window->part(out[0]);
    View y = out[0].view();
    y.data = y.ptr<char>() + part.alias.offset * size_of(y.dtype);
    y.shape = part.shape;
    y.strides = part.alias.strides;
    DL_DISPATCH(y.device, copy, in[1].view(), y);
  }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override;
  const WindowRef window;
  const bool in_place;
};

// When nobody but the caller, who gives it up, can see the bytes of x, they become the result.
Tensor window_update(Tensor&& x, const Tensor& update, const WindowRef& window) {
  const Shape shape = window->part(x).shape;
  const Tensor u = broadcast_to(astype(update, x.dtype()), shape);
  const bool in_place = x.unshared() && x.contiguous();
  return call_one(make_op<WindowUpdate>(window, in_place), {x, u});
}

Tensors Window::vjp(const Saved& saved, const Tensors& dout, Needs) const {
  const Tensor& x = saved.input(0);
  return {window_update(zeros(x.shape(), dout[0].dtype(), x.device()), dout[0], WindowRef(this))};
}

Tensors WindowUpdate::vjp(const Saved& saved, const Tensors& dout, Needs needs) const {
  Tensors d(2);
  const Tensor& dy = dout[0];
  if (needs[0]) d[0] = window_update(Tensor(dy), zeros({}, dy.dtype(), dy.device()), window);
  if (needs[1]) d[1] = astype(call_one(window, {dy}), saved.input(1).dtype());
  return d;
}

WindowRef make_slice(const Tensor& x, const Slices& slices, std::string_view called) {
  check(slices.starts.ndim() == x.ndim() && slices.sizes.ndim() == x.ndim(),
        "[{}] start {} and size {} must name every axis of shape {}", called, slices.starts,
        slices.sizes, x.shape());
  return WindowRef(new Slice(slices, called));
}

WindowRef make_diagonal(const Tensor& x, int64_t offset, int64_t axis1, int64_t axis2) {
  check(x.ndim() >= 2, "[diagonal] needs at least 2 axes, got shape {}", x.shape());
  const int a = normalize_axis("diagonal", axis1, x.ndim());
  const int b = normalize_axis("diagonal", axis2, x.ndim());
  check(a != b, "[diagonal] axis1 and axis2 are the same axis {}", a);
  return WindowRef(new Diagonal(offset, a, b));
}

}  // namespace

Slices::Slices(const Shape& starts, const Shape& sizes)
    : starts(starts), sizes(sizes), steps(Shape::filled(starts.ndim(), 1)) {
  for (int i = 0; i < starts.ndim(); ++i) layout.push_back(i);
}

Slices::Slices(const Shape& shape) : Slices(Shape::filled(shape.ndim(), 0), shape) {}

Tensor slice(const Tensor& x, const Slices& slices) {
  return call_one(make_slice(x, slices, "slice"), {x});
}

Tensor slice_update(Tensor&& x, const Tensor& update, const Slices& slices) {
  return window_update(std::move(x), update, make_slice(x, slices, "slice_update"));
}

Tensor slice_axis(const Tensor& x, int axis, int64_t start, int64_t size) {
  Slices slices(x.shape());
  slices.starts[axis] = start;
  slices.sizes[axis] = size;
  return slice(x, slices);
}

Tensor flip(const Tensor& x, const Axes& axes) {
  Slices slices(x.shape());
  for (int64_t axis : normalize_axes("flip", axes, x.ndim())) {
    const int a = static_cast<int>(axis);
    slices.starts[a] = x.shape()[a] - 1;
    slices.steps[a] = -1;
  }
  return slice(x, slices);
}

Tensor diagonal(const Tensor& x, int64_t offset, int64_t axis1, int64_t axis2) {
  return call_one(make_diagonal(x, offset, axis1, axis2), {x});
}

Tensor diagonal_update(Tensor&& x, const Tensor& update, int64_t offset, int64_t axis1,
                       int64_t axis2) {
  return window_update(std::move(x), update, make_diagonal(x, offset, axis1, axis2));
}

Tensor diag(const Tensor& x, int64_t offset) {
  check(x.ndim() == 1 || x.ndim() == 2, "[diag] wants 1 or 2 axes, got shape {}", x.shape());
  if (x.ndim() == 2) return diagonal(x, offset, 0, 1);
  const int64_t largest = int64_t{1} << 62;
  const int64_t n = add_sizes("diag", x.numel(), std::abs(std::clamp(offset, -largest, largest)));
  return diagonal_update(zeros({n, n}, x.dtype(), x.device()), x, offset, 0, 1);
}

Tensor trace(const Tensor& x, int64_t offset, int64_t axis1, int64_t axis2) {
  return sum(diagonal(x, offset, axis1, axis2), {-1}, /*keepdims=*/false);
}

Tensor eye(int64_t rows, int64_t columns, int64_t k, DType dtype, Device device) {
  check(rows >= 0 && columns >= 0, "[eye] sizes must not be negative, got {} and {}", rows,
        columns);
  const Tensor one = Tensor::scalar(1.0, dtype, device);
  return diagonal_update(zeros({rows, columns}, dtype, device), one, k, 0, 1);
}

}  // namespace danlu
