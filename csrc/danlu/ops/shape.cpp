// The same numbers seen with another shape: reshape, permute_dims, broadcast_to and their kin.
// Wherever strides allow it the result is a view.
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

int normalize_axis(std::string_view op, int64_t axis, int ndim) {
  check_index(axis >= -ndim && axis < ndim, "[{}] axis {} is out of bounds for {} axes", op, axis,
              ndim);
  return static_cast<int>(axis < 0 ? axis + ndim : axis);
}

Axes normalize_axes(std::string_view op, const Axes& axes, int ndim) {
  Axes normal;
  for (int64_t axis : axes) {
    const int a = normalize_axis(op, axis, ndim);
    check(!normal.contains(a), "[{}] axis {} appears twice in {}", op, a, axes);
    normal.push_back(a);
  }
  return normal;
}

Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b) {
  const Shape& longer = a.ndim() >= b.ndim() ? a : b;
  const Shape& shorter = a.ndim() >= b.ndim() ? b : a;
  Shape shape = longer;
  const int shift = longer.ndim() - shorter.ndim();
  for (int i = 0; i < shorter.ndim(); ++i) {
    const int64_t p = longer[i + shift], q = shorter[i];
    check(p == q || p == 1 || q == 1,
          "[{}] shapes {} and {} do not broadcast: axes of {} and {}; sizes must be equal or 1", op,
          a, b, p, q);
    shape[i + shift] = p == 1 ? q : p;
  }
  return shape;
}

int64_t add_sizes(std::string_view op, int64_t a, int64_t b) {
  int64_t sum = 0;
  check(!__builtin_add_overflow(a, b, &sum), "[{}] no tensor has a size of {} + {}", op, a, b);
  return sum;
}
int64_t multiply_sizes(std::string_view op, int64_t a, int64_t b) {
  int64_t product = 0;
  check(!__builtin_mul_overflow(a, b, &product), "[{}] no tensor has a size of {} * {}", op, a, b);
  return product;
}

namespace {

// The number of elements of a shape that a user gave: neither it nor strides may wrap.
int64_t count_of(std::string_view op, const Shape& shape) {
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size > 0) count = multiply_sizes(op, count, size);
  }
  return shape.contains(0) ? 0 : count;
}

// Strides that show the bytes of `x` with `shape`, when there are any: every group of axes that is
// merged or cut must lie evenly in memory.
bool reshaped_strides(const View& x, const Shape& shape, Strides& strides) {
  strides = contiguous_strides(shape);
  if (x.numel() <= 1 || x.contiguous()) return true;
  Shape sizes, steps;  // of x, without axes of size 1
  for (int i = 0; i < x.ndim(); ++i) {
    if (x.shape[i] == 1) continue;
    sizes.push_back(x.shape[i]);
    steps.push_back(x.strides[i]);
  }
  int to = 0;
  for (int from = 0; from < sizes.ndim();) {
    const int from_begin = from, to_begin = to;
    int64_t have = sizes[from++], want = shape[to++];
    while (have != want) {
      if (have < want) {
        have *= sizes[from++];
      } else {
        want *= shape[to++];
      }
    }
    for (int i = from_begin; i + 1 < from; ++i) {
      if (steps[i] != sizes[i + 1] * steps[i + 1]) return false;
    }
    int64_t step = steps[from - 1];
    for (int i = to - 1; i >= to_begin; --i) {
      strides[i] = step;
      step *= shape[i];
    }
  }
  for (; to < shape.ndim(); ++to) strides[to] = 1;  // trailing axes of size 1
  return true;
}

struct Reshape final : Op {
  explicit Reshape(const Shape& to) : shape(to) {}
  std::string_view name() const override { return "reshape"; }
  Attrs attrs() const override {
    return {{"shape", std::vector<int64_t>(shape.begin(), shape.end())}};
  }
  Specs infer(Inputs in) const override {
    check(in[0].numel() == shape.numel(),
          "[reshape] cannot make shape {} of shape {}: {} elements do not fit {}", shape,
          in[0].shape(), in[0].numel(), shape.numel());
    Strides strides;
    if (reshaped_strides(in[0].view(), shape, strides)) {
      return {Spec::view(shape, in[0].dtype(), strides)};
    }
    return {Spec{shape, in[0].dtype(), {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    View y = out[0].view();
    y.shape = in[0].shape();
    y.strides = contiguous_strides(y.shape);
    DL_DISPATCH(y.device, copy, in[0].view(), y);
  }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    return {reshape(dout[0], saved.input(0).shape())};
  }
  const Shape shape;
};

struct PermuteDims final : Op {
  explicit PermuteDims(const Axes& order) : axes(order) {}
  std::string_view name() const override { return "permute_dims"; }
  Attrs attrs() const override {
    return {{"axes", std::vector<int64_t>(axes.begin(), axes.end())}};
  }
  Specs infer(Inputs in) const override {
    Shape shape;
    Strides strides;
    for (int64_t axis : axes) {
      shape.push_back(in[0].shape()[static_cast<int>(axis)]);
      strides.push_back(in[0].strides()[static_cast<int>(axis)]);
    }
    return {Spec::view(shape, in[0].dtype(), strides)};
  }
  Tensors vjp(const Saved&, const Tensors& dout, Needs) const override {
    Axes inverse = axes;
    for (int i = 0; i < axes.ndim(); ++i) inverse[static_cast<int>(axes[i])] = i;
    return {permute_dims(dout[0], inverse)};
  }
  const Axes axes;
};

struct BroadcastTo final : Op {
  explicit BroadcastTo(const Shape& to) : shape(to) {}
  std::string_view name() const override { return "broadcast_to"; }
  Attrs attrs() const override {
    return {{"shape", std::vector<int64_t>(shape.begin(), shape.end())}};
  }
  Specs infer(Inputs in) const override {
    const Shape& from = in[0].shape();
    const int shift = shape.ndim() - from.ndim();
    check(shift >= 0, "[broadcast_to] shape {} has more axes than {}", from, shape);
    for (int64_t size : shape) check(size >= 0, "[broadcast_to] negative size in {}", shape);
    count_of("broadcast_to", shape);  // must not wrap, though nothing is allocated
    Strides strides = Strides::filled(shape.ndim(), 0);
    for (int i = 0; i < from.ndim(); ++i) {
      check(from[i] == shape[i + shift] || from[i] == 1,
            "[broadcast_to] shape {} does not broadcast to {}: axis {} has size {}, not 1 or {}",
            from, shape, i, from[i], shape[i + shift]);
      if (from[i] != 1) strides[i + shift] = in[0].strides()[i];
    }
    return {Spec::view(shape, in[0].dtype(), strides)};
  }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    return {sum_to(dout[0], saved.input(0).shape())};
  }
  const Shape shape;
};

}  // namespace

Tensor contiguous(const Tensor& x) { return x.contiguous() ? x : copy(x); }

Tensor reshape(const Tensor& x, const Shape& shape) {
  Shape resolved = shape;
  int unknown = -1;
  for (int i = 0; i < shape.ndim(); ++i) {
    check(shape[i] >= -1, "[reshape] sizes are >= 0, or -1 for one that follows; got {}", shape);
    if (shape[i] != -1) continue;
    check(unknown < 0, "[reshape] only one size may be -1, got {}", shape);
    unknown = i;
  }
  if (unknown >= 0) {
    resolved[unknown] = 1;
    const int64_t rest = count_of("reshape", resolved);
    check(rest != 0 && x.numel() % rest == 0,
          "[reshape] cannot make shape {} of shape {}: {} elements do not divide by {}", shape,
          x.shape(), x.numel(), rest);
    resolved[unknown] = x.numel() / rest;
  }
  count_of("reshape", resolved);
  return resolved == x.shape() ? x : call_one(make_op<Reshape>(resolved), {x});
}

Tensor flatten(const Tensor& x) { return reshape(x, {x.numel()}); }

Tensor permute_dims(const Tensor& x, const Axes& axes) {
  check(axes.ndim() == x.ndim(), "[permute_dims] {} axes for a tensor of {} axes", axes.ndim(),
        x.ndim());
  return call_one(make_op<PermuteDims>(normalize_axes("permute_dims", axes, x.ndim())), {x});
}

Tensor transpose(const Tensor& x) {
  Axes axes;
  for (int i = x.ndim() - 1; i >= 0; --i) axes.push_back(i);
  return permute_dims(x, axes);
}

Tensor matrix_transpose(const Tensor& x) {
  check(x.ndim() >= 2, "[matrix_transpose] needs at least 2 axes, got shape {}", x.shape());
  return swapaxes(x, -1, -2);
}

Tensor swapaxes(const Tensor& x, int64_t axis1, int64_t axis2) {
  Axes axes;
  for (int i = 0; i < x.ndim(); ++i) axes.push_back(i);
  const int a = normalize_axis("swapaxes", axis1, x.ndim());
  const int b = normalize_axis("swapaxes", axis2, x.ndim());
  axes[a] = b;
  axes[b] = a;
  return permute_dims(x, axes);
}

Tensor moveaxis(const Tensor& x, const Axes& source, const Axes& destination) {
  check(source.ndim() == destination.ndim(), "[moveaxis] {} sources for {} destinations",
        source.ndim(), destination.ndim());
  const Axes from = normalize_axes("moveaxis", source, x.ndim());
  const Axes to = normalize_axes("moveaxis", destination, x.ndim());
  Axes order = Axes::filled(x.ndim(), -1);
  for (int i = 0; i < from.ndim(); ++i) order[static_cast<int>(to[i])] = from[i];
  int next = 0;
  for (int64_t& axis : order) {
    if (axis >= 0) continue;
    while (from.contains(next)) ++next;
    axis = next++;
  }
  return permute_dims(x, order);
}

Tensor expand_dims(const Tensor& x, const Axes& axes) {
  const int ndim = x.ndim() + axes.ndim();
  check_ndim("expand_dims", ndim);
  const Axes added = normalize_axes("expand_dims", axes, ndim);
  Shape shape;
  for (int i = 0, from = 0; i < ndim; ++i) {
    shape.push_back(added.contains(i) ? 1 : x.shape()[from++]);
  }
  return reshape(x, shape);
}

Tensor squeeze(const Tensor& x, const Axes& axes) {
  const Axes dropped = normalize_axes("squeeze", axes, x.ndim());
  Shape shape;
  for (int i = 0; i < x.ndim(); ++i) {
    if (!dropped.contains(i)) {
      shape.push_back(x.shape()[i]);
      continue;
    }
    check(x.shape()[i] == 1, "[squeeze] axis {} of shape {} has size {}, only 1 can be dropped", i,
          x.shape(), x.shape()[i]);
  }
  return reshape(x, shape);
}

Tensor squeeze(const Tensor& x) {
  Shape shape;
  for (int64_t size : x.shape()) {
    if (size != 1) shape.push_back(size);
  }
  return reshape(x, shape);
}

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  return x.shape() == shape ? x : call_one(make_op<BroadcastTo>(shape), {x});
}

Tensors broadcast_arrays(Inputs x) {
  Shape shape;
  for (const Tensor& t : x) shape = broadcast_shapes("broadcast_arrays", shape, t.shape());
  Tensors y;
  for (const Tensor& t : x) y.push_back(broadcast_to(t, shape));
  return y;
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const int shift = x.ndim() - shape.ndim();
  Axes axes;
  for (int i = 0; i < x.ndim(); ++i) {
    if (i < shift || (shape[i - shift] == 1 && x.shape()[i] != 1)) axes.push_back(i);
  }
  return reshape(sum(x, axes, /*keepdims=*/true), shape);
}

Tensors meshgrid(Inputs x, bool matrix_indexing) {
  const int n = static_cast<int>(x.size());
  check_ndim("meshgrid", n);
  Shape shape;
  for (int i = 0; i < n; ++i) {
    check(x[static_cast<size_t>(i)].ndim() <= 1, "[meshgrid] wants 1-D tensors, got shape {}",
          x[static_cast<size_t>(i)].shape());
    shape.push_back(x[static_cast<size_t>(i)].numel());
  }
  // Indexing "xy": the first two axes change places.
  const bool swap = !matrix_indexing && n >= 2;
  if (swap) std::swap(shape[0], shape[1]);
  Tensors grids;
  for (int i = 0; i < n; ++i) {
    Shape line = Shape::filled(n, 1);
    line[swap && i < 2 ? 1 - i : i] = x[static_cast<size_t>(i)].numel();
    grids.push_back(broadcast_to(reshape(x[static_cast<size_t>(i)], line), shape));
  }
  return grids;
}

}  // namespace danlu
