// Tensors put together and cut apart: concat, stack, split, roll, tile, repeat, pad.
#include <algorithm>
#include <vector>

#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {
namespace {

// The part [start, start + size) of an axis.
View part_of(View x, int axis, int64_t start, int64_t size) {
  x.data = x.ptr<char>() + start * x.strides[axis] * size_of(x.dtype);
  x.shape[axis] = size;
  return x;
}

struct Concat final : Op {
  explicit Concat(int axis) : axis(axis) {}
  std::string_view name() const override { return "concat"; }
  Attrs attrs() const override { return {{"axis", int64_t{axis}}}; }
  Specs infer(Inputs in) const override {
    Shape shape = in[0].shape();
    shape[axis] = 0;
    for (const Tensor& x : in) {
      bool fits = x.ndim() == shape.ndim();
      for (int i = 0; fits && i < shape.ndim(); ++i) fits = i == axis || x.shape()[i] == shape[i];
      check(fits, "[concat] shapes {} and {} differ on an axis other than {}", in[0].shape(),
            x.shape(), axis);
      shape[axis] = add_sizes("concat", shape[axis], x.shape()[axis]);
    }
    return {Spec{shape, in[0].dtype(), {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    int64_t start = 0;
    for (const Tensor& x : in) {
      const int64_t size = x.shape()[axis];
      if (x.numel() > 0) {
        DL_DISPATCH(x.device(), copy, x.view(), part_of(out[0].view(), axis, start, size));
      }
      start += size;
    }
  }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override {
    Tensors d(needs.size());
    int64_t start = 0;
    for (int i = 0; i < needs.size(); ++i) {
      const int64_t size = saved.input(i).shape()[axis];
      if (needs[i]) d[i] = slice_axis(dout[0], axis, start, size);
      start += size;
    }
    return d;
  }
  const int axis;
};

struct Split final : Op {  // the outputs are views
  Split(int axis, std::vector<int64_t> sizes) : axis(axis), sizes(std::move(sizes)) {}
  std::string_view name() const override { return "split"; }
  Attrs attrs() const override { return {{"axis", int64_t{axis}}, {"sizes", sizes}}; }
  Specs infer(Inputs in) const override {
    Specs specs;
    int64_t start = 0;
    for (int64_t size : sizes) {
      Shape shape = in[0].shape();
      shape[axis] = size;
      const int64_t offset = shape.numel() == 0 ? 0 : start * in[0].strides()[axis];
      specs.push_back(Spec::view(shape, in[0].dtype(), in[0].strides(), offset));
      start += size;
    }
    return specs;
  }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    Tensors parts;
    for (int i = 0; i < dout.size(); ++i) {
      const Tensor& y = saved.output(i);
      parts.push_back(dout[i] ? dout[i] : zeros(y.shape(), y.dtype(), y.device()));
    }
    return {concat(parts, axis)};
  }
  const int axis;
  const std::vector<int64_t> sizes;
};

}  // namespace

Tensor concat(Inputs x, int64_t axis) {
  check(!x.empty(), "[concat] needs at least one tensor");
  DType dtype = x[0].dtype();
  for (const Tensor& t : x) dtype = promote(dtype, t.dtype());
  check(x[0].ndim() >= 1, "[concat] cannot join tensors without axes; use stack");
  const int at = normalize_axis("concat", axis, x[0].ndim());
  Tensors parts;
  for (const Tensor& t : x) parts.push_back(astype(t, dtype));
  if (parts.size() == 1) return parts[0];
  return call_one(make_op<Concat>(at), parts);
}

Tensor stack(Inputs x, int64_t axis) {
  check(!x.empty(), "[stack] needs at least one tensor");
  const int at = normalize_axis("stack", axis, x[0].ndim() + 1);
  Tensors parts;
  for (const Tensor& t : x) {
    check(t.shape() == x[0].shape(), "[stack] all shapes must be the same, got {} and {}",
          x[0].shape(), t.shape());
    parts.push_back(expand_dims(t, {at}));
  }
  return concat(parts, at);
}

Tensors unstack(const Tensor& x, int64_t axis) {
  const int at = normalize_axis("unstack", axis, x.ndim());
  Tensors parts = split_sizes(x, std::vector<int64_t>(static_cast<size_t>(x.shape()[at]), 1), at);
  for (Tensor& part : parts) part = squeeze(part, {at});
  return parts;
}

Tensors split_sizes(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis) {
  const int at = normalize_axis("split", axis, x.ndim());
  int64_t total = 0;
  for (int64_t size : sizes) {
    check(size >= 0, "[split] sizes must not be negative, got {}", size);
    total += size;
  }
  check(total == x.shape()[at], "[split] sizes add up to {}, axis {} of shape {} has {}", total, at,
        x.shape(), x.shape()[at]);
  if (sizes.empty()) return {};
  return call(make_op<Split>(at, sizes), Tensors{x});
}

Tensors split(const Tensor& x, int64_t sections, int64_t axis, bool even) {
  const std::string_view name = even ? "split" : "array_split";
  const int at = normalize_axis(name, axis, x.ndim());
  const int64_t size = x.shape()[at];
  check(sections >= 1, "[{}] the number of parts must be positive, got {}", name, sections);
  check(!even || size % sections == 0,
        "[split] axis {} of shape {} does not divide into {} equal parts; array_split makes "
        "unequal ones",
        at, x.shape(), sections);
  constexpr int64_t most_empty = 1 << 20;  // parts, of which each is an object
  check(sections <= std::max(size, most_empty),
        "[{}] {} parts are too many for axis {} of shape {}", name, sections, at, x.shape());
  std::vector<int64_t> sizes(static_cast<size_t>(sections), size / sections);
  for (int64_t i = 0; i < size % sections; ++i) ++sizes[static_cast<size_t>(i)];
  return split_sizes(x, sizes, at);
}

Tensors split_at(const Tensor& x, const std::vector<int64_t>& indices, int64_t axis) {
  const int at = normalize_axis("split", axis, x.ndim());
  const int64_t n = x.shape()[at];
  Tensors parts;
  int64_t start = 0;
  // As NumPy: a point may lie beyond the end or before the one before it.
  const auto clip = [n](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + n : i, 0, n); };
  for (size_t i = 0; i <= indices.size(); ++i) {
    const int64_t stop = i < indices.size() ? clip(indices[i]) : n;
    parts.push_back(slice_axis(x, at, std::min(start, n), std::max<int64_t>(0, stop - start)));
    start = stop;
  }
  return parts;
}

Tensor roll(const Tensor& x, const Shape& shift, const Axes& axes) {
  check(shift.ndim() == axes.ndim() || shift.ndim() == 1 || axes.ndim() == 1,
        "[roll] {} shifts for {} axes", shift.ndim(), axes.ndim());
  Tensor y = x;
  const int n = std::max(shift.ndim(), axes.ndim());
  for (int i = 0; i < n; ++i) {
    const int axis = normalize_axis("roll", axes[axes.ndim() == 1 ? 0 : i], x.ndim());
    const int64_t size = x.shape()[axis];
    if (size == 0) return x;
    const int64_t by = ((shift[shift.ndim() == 1 ? 0 : i] % size) + size) % size;
    if (by == 0) continue;
    const Tensor parts[] = {slice_axis(y, axis, size - by, by), slice_axis(y, axis, 0, size - by)};
    y = concat(parts, axis);
  }
  return y;
}

Tensor roll(const Tensor& x, int64_t shift) {
  return reshape(roll(flatten(x), {shift}, {0}), x.shape());
}

namespace {

// Axis `axis` of size n becomes n * times: every element in a row (inner) or the whole (outer).
Tensor repeat_axis(std::string_view op, const Tensor& x, int axis, int64_t times, bool inner) {
  if (times == 1) return x;
  int64_t before = 1, after = 1;
  for (int i = 0; i < axis; ++i) before *= x.shape()[i];
  for (int i = axis + 1; i < x.ndim(); ++i) after *= x.shape()[i];
  const int64_t n = x.shape()[axis];
  Shape shape = x.shape();
  shape[axis] = multiply_sizes(op, n, times);
  const Tensor cut = reshape(x, inner ? Shape{before, n, 1, after} : Shape{before, 1, n, after});
  const Tensor wide =
      broadcast_to(cut, inner ? Shape{before, n, times, after} : Shape{before, times, n, after});
  return reshape(wide, shape);
}

}  // namespace

Tensor tile(const Tensor& x, const Shape& repetitions) {
  const int ndim = std::max(x.ndim(), repetitions.ndim());
  Shape shape = Shape::filled(ndim - x.ndim(), 1);
  for (int64_t size : x.shape()) shape.push_back(size);
  Tensor y = reshape(x, shape);
  for (int i = 0; i < repetitions.ndim(); ++i) {
    check(repetitions[i] >= 0, "[tile] repetitions must not be negative, got {}", repetitions);
    y = repeat_axis("tile", y, i + ndim - repetitions.ndim(), repetitions[i], /*inner=*/false);
  }
  return y;
}

Tensor repeat(const Tensor& x, int64_t times, int64_t axis) {
  check(times >= 0, "[repeat] repeats must not be negative, got {}", times);
  return repeat_axis("repeat", x, normalize_axis("repeat", axis, x.ndim()), times, /*inner=*/true);
}

Tensor repeat(const Tensor& x, const Tensor& times, int64_t axis) {
  const int at = normalize_axis("repeat", axis, x.ndim());
  const std::vector<int64_t> counts = integers(times);
  if (counts.size() == 1) return repeat(x, counts[0], at);
  check(times.ndim() == 1 && times.numel() == x.shape()[at],
        "[repeat] repeats of shape {} do not fit axis {} of shape {}", times.shape(), at,
        x.shape());
  std::vector<int64_t> source;
  for (size_t i = 0; i < counts.size(); ++i) {
    check(counts[i] >= 0, "[repeat] repeats must not be negative, got {}", counts[i]);
    source.insert(source.end(), static_cast<size_t>(counts[i]), static_cast<int64_t>(i));
  }
  return take(x, from_integers(source, x.device()), at);
}

namespace {

// The position in [0, n) that element i (which may lie outside) mirrors or repeats.
int64_t mirrored(int64_t i, int64_t n, PadMode mode) {
  if (mode == PadMode::edge) return std::clamp<int64_t>(i, 0, n - 1);
  if (mode == PadMode::wrap) return ((i % n) + n) % n;
  if (n == 1) return 0;
  const int64_t period = mode == PadMode::reflect ? 2 * n - 2 : 2 * n;
  const int64_t at = ((i % period) + period) % period;
  return at < n ? at : period - at - (mode == PadMode::reflect ? 0 : 1);
}

}  // namespace

Tensor pad(const Tensor& x, const Shape& before, const Shape& after, PadMode mode,
           const Tensor& value) {
  check(before.ndim() == x.ndim() && after.ndim() == x.ndim(),
        "[pad] {} pairs of widths for a tensor of {} axes", before.ndim(), x.ndim());
  Shape shape = x.shape();
  bool grows = false;
  for (int i = 0; i < x.ndim(); ++i) {
    check(before[i] >= 0 && after[i] >= 0, "[pad] widths must not be negative, got {} and {}",
          before, after);
    shape[i] = add_sizes("pad", shape[i], add_sizes("pad", before[i], after[i]));
    grows = grows || before[i] + after[i] > 0;
  }
  if (!grows) return x;
  if (mode == PadMode::constant) {
    const auto filled = [&] {
      return contiguous(broadcast_to(to_device(astype(value, x.dtype()), x.device()), shape));
    };
    Tensor y = value ? filled() : zeros(shape, x.dtype(), x.device());
    return slice_update(std::move(y), x, Slices(before, x.shape()));
  }
  Tensor y = x;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (before[axis] + after[axis] == 0) continue;
    const int64_t n = x.shape()[axis];
    check(n > 0, "[pad] axis {} of shape {} is empty: there is nothing to pad with", axis,
          x.shape());
    std::vector<int64_t> source;
    source.reserve(static_cast<size_t>(shape[axis]));
    for (int64_t i = -before[axis]; i < n + after[axis]; ++i) {
      source.push_back(mirrored(i, n, mode));
    }
    y = take(y, from_integers(source, x.device()), axis);
  }
  return y;
}

}  // namespace danlu
