// Reading and writing at positions that are data: gather and scatter, and what NumPy and Keras
// make of them: take, take_along_axis, indexing by arrays, embedding look-up, one_hot, nonzero.
#include <limits>
#include <vector>

#include "danlu/core/recorder.h"
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {
namespace {

// Input 0 is indexed along `axes` by the last inputs, int64 and of one shape, which comes where the
// first of these axes was, or in front of all.
struct Indexed : Op {
  Indexed(const Axes& axes, bool in_front, std::string_view called)
      : axes(axes), in_front(in_front), called(called) {}
  Attrs attrs() const override {
    return {{"axes", std::vector<int64_t>(axes.begin(), axes.end())}, {"in_front", in_front}};
  }
  bool reads_indices() const override { return true; }

  int outer() const { return in_front ? 0 : static_cast<int>(axes[0]); }

  Shape gathered(const Shape& x, const Shape& indices) const {
    check_ndim(called, x.ndim() - axes.ndim() + indices.ndim());
    Shape shape;
    for (int i = 0; i < outer(); ++i) shape.push_back(x[i]);
    for (int64_t size : indices) shape.push_back(size);
    for (int i = outer(); i < x.ndim(); ++i) {
      if (!axes.contains(i)) shape.push_back(x[i]);
    }
    return shape;
  }
  // x with its axes in the order that kernels want: outer, indexed, inner.
  View ordered(const View& x) const {
    View y = x;
    y.shape = y.strides = {};
    const auto add = [&](int axis) {
      y.shape.push_back(x.shape[axis]);
      y.strides.push_back(x.strides[axis]);
    };
    for (int i = 0; i < outer(); ++i) add(i);
    for (int64_t axis : axes) add(static_cast<int>(axis));
    for (int i = outer(); i < x.ndim(); ++i) {
      if (!axes.contains(i)) add(i);
    }
    return y;
  }
  IndexList list(Inputs indices) const {
    IndexList list;
    for (const Tensor& index : indices) list.index[list.count++] = index.view();
    return list;
  }
  [[noreturn]] void raise_at(const Status& bad, const Shape& x, Inputs indices) const {
    for (int j = 0; j < axes.ndim(); ++j) {
      const int64_t size = x[static_cast<int>(axes[j])];
      if (indices[static_cast<size_t>(j)].is_abstract()) break;  // a GPU's report comes later
      const Tensor flat = flatten(indices[static_cast<size_t>(j)].detach());
      const int64_t value = slice_axis(flat, 0, bad.position, 1).item_int();
      if (value >= -size && value < size) continue;
      fail(ErrorKind::index,
           "[{}] index {} at position {} is out of bounds for axis {} with size {} (shape {})",
           called, value, bad.position, axes[j], size, x);
    }
    Op::raise(bad, indices);
  }
  const Axes axes;
  const bool in_front;
  const std::string_view called;  // the function, for messages
};

Tensors with(const Tensor& x, Inputs indices) {
  Tensors in{x};
  for (const Tensor& index : indices) in.push_back(index);
  return in;
}

struct Gather : Indexed {  // (x, indices...)
  using Indexed::Indexed;
  std::string_view name() const override { return "gather"; }
  Specs infer(Inputs in) const override {
    return {Spec{gathered(in[0].shape(), in[1].shape()), in[0].dtype(), {}}};
  }
  int64_t scratch_bytes(Inputs in) const override { return 8 * in[1].numel(); }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    DL_DISPATCH(out[0].device(), gather, ordered(in[0].view()), list(in.subspan(1)), outer(),
                out[0].view(), scratch, status());
  }
  [[noreturn]] void raise(const Status& bad, Inputs in) const override {
    raise_at(bad, in[0].shape(), in.subspan(1));
  }
  Reads reads() const override { return {~1u, 0, true}; }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override;
};

constexpr int64_t kNoId = std::numeric_limits<int64_t>::min();  // of what is no whole number

struct Embedding final : Gather {  // (table, ids): rows of the table; no id counts from the end
  Embedding() : Gather(Axes{0}, /*in_front=*/false, "embedding") {}
  std::string_view name() const override { return "embedding"; }
  Attrs attrs() const override { return {}; }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    IndexList ids = list(in.subspan(1));
    ids.from_end = false;
    DL_DISPATCH(out[0].device(), gather, in[0].view(), ids, 0, out[0].view(), scratch, status());
  }
  [[noreturn]] void raise(const Status& bad, Inputs in) const override {
    const int64_t rows = in[0].dim(0);
    check(bad.value != kNoId,
          "[embedding] the id at position {} is no whole number of int64: ids are numbers of rows, "
          "0 ... "
          "{}",
          bad.position, rows - 1);
    fail(ErrorKind::index,
         "[embedding] id {} at position {} is outside 0 ... {}: the table of shape {} has {} rows, "
         "one for each id. Give the Embedding layer a larger input_dim, or correct the ids",
         bad.value, bad.position, rows - 1, in[0].shape(), rows);
  }
};

struct Scatter final : Indexed {  // (x, u, indices...): u written over x, or added to it
  Scatter(const Axes& axes, bool in_front, std::string_view called, bool add, bool in_place)
      : Indexed(axes, in_front, called), add(add), in_place(in_place) {}
  std::string_view name() const override { return add ? "scatter_add" : "scatter_update"; }
  Attrs attrs() const override {
    Attrs attrs = Indexed::attrs();
    attrs.emplace_back("in_place", in_place);
    return attrs;
  }
  Specs infer(Inputs in) const override {
    if (in_place) return {Spec::in_place(in[0], 0)};
    return {Spec{in[0].shape(), in[0].dtype(), {}}};
  }
  int64_t scratch_bytes(Inputs in) const override { return 8 * in[2].numel(); }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    if (!in_place) DL_DISPATCH(out[0].device(), copy, in[0].view(), out[0].view());
    DL_DISPATCH(out[0].device(), scatter, in[1].view(), list(in.subspan(2)), outer(), add,
                ordered(out[0].view()), scratch, status());
  }
  [[noreturn]] void raise(const Status& bad, Inputs in) const override {
    raise_at(bad, in[0].shape(), in.subspan(2));
  }
  Reads reads() const override { return {~3u, 0, true}; }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const override;
  const bool add, in_place;
};

Tensor gather_op(const Tensor& x, const Axes& axes, bool in_front, Inputs indices,
                 std::string_view called) {
  return call_one(make_op<Gather>(axes, in_front, called), with(x, indices));
}

Tensor scatter_op(Tensor&& x, const Tensor& update, const Axes& axes, bool in_front, Inputs indices,
                  bool add, std::string_view called) {
  const Shape shape =
      Scatter(axes, in_front, called, add, false).gathered(x.shape(), indices[0].shape());
  Tensor u = broadcast_to(astype(update, x.dtype()), shape);
  // Sums of the 16-bit floats are kept in float32.
  if (add && size_of(x.dtype()) == 2 && is_floating(x.dtype())) {
    const Tensor sum = scatter_op(astype(x, DType::float32), astype(u, DType::float32), axes,
                                  in_front, indices, add, called);
    return astype(sum, x.dtype());
  }
  check_type(!add || !is_bool(x.dtype()), "[{}] cannot add booleans; cast to an integer", called);
  const bool in_place = x.unshared() && x.contiguous();
  Tensors in{x, contiguous(u)};
  for (const Tensor& index : indices) in.push_back(index);
  return call_one(make_op<Scatter>(axes, in_front, called, add, in_place), in);
}

Tensors Gather::vjp(const Saved& saved, const Tensors& dout, Needs needs) const {
  Tensors d(needs.size());
  if (!needs[0]) return d;
  const Tensor& x = saved.input(0);
  const Inputs indices = Inputs(saved.inputs).subspan(1);
  d[0] = scatter_op(zeros(x.shape(), dout[0].dtype(), x.device()), dout[0], axes, in_front, indices,
                    /*add=*/true, called);
  return d;
}

Tensors Scatter::vjp(const Saved& saved, const Tensors& dout, Needs needs) const {
  Tensors d(needs.size());
  const Tensor& dy = dout[0];
  const Inputs indices = Inputs(saved.inputs).subspan(2);
  if (needs[0]) {
    d[0] = add ? dy
               : scatter_op(Tensor(dy), zeros({}, dy.dtype(), dy.device()), axes, in_front, indices,
                            false, called);
  }
  if (!needs[1]) return d;
  d[1] = gather_op(dy, axes, in_front, indices, called);
  if (add) return d;
  // Of equal indices only the last was kept: number the updates, write the numbers, read them back.
  const Shape& shape = saved.input(1).shape();
  const Tensor number = reshape(arange(0, shape.numel(), 1, DType::int64, dy.device()), shape);
  const Tensor kept = gather_op(scatter_op(zeros(saved.input(0).shape(), DType::int64, dy.device()),
                                           number, axes, in_front, indices, false, called),
                                axes, in_front, indices, called);
  d[1] = where(equal(kept, number), d[1], zeros({}, dy.dtype(), dy.device()));
  return d;
}

}  // namespace

// ---- indices ----------------------------------------------------------------------------------

std::vector<int64_t> integers(const Tensor& x) {
  check_type(is_integer(x.dtype()), "wanted integers, got a tensor of {}", x.dtype());
  const Tensor y = astype(contiguous(x.detach()), DType::int64);
  std::vector<int64_t> values(static_cast<size_t>(y.numel()));
  copy_bytes(values.data(), kCpu, y.view().data, y.device(), 8 * y.numel());
  return values;
}

Tensor from_integers(const std::vector<int64_t>& values, Device device) {
  const Tensor y = Tensor::empty({static_cast<int64_t>(values.size())}, DType::int64, device);
  copy_bytes(y.view().data, device, values.data(), kCpu, 8 * y.numel());
  return y;
}

namespace {

// int64 indices of one shape.
Tensors normal_indices(std::string_view op, Inputs indices) {
  check(!indices.empty(), "[{}] needs at least one index", op);
  Shape shape;
  for (const Tensor& index : indices) {
    check_index(is_integer(index.dtype()), "[{}] indices must be integers, got {}", op,
                index.dtype());
    shape = broadcast_shapes(op, shape, index.shape());
  }
  Tensors normal;
  for (const Tensor& index : indices) {
    normal.push_back(broadcast_to(astype(index.detach(), DType::int64), shape));
  }
  return normal;
}

}  // namespace

Tensor gather(const Tensor& x, const Axes& axes, Inputs indices, bool in_front,
              std::string_view called) {
  return gather_op(x, axes, in_front, normal_indices(called, indices), called);
}

Tensor scatter_update(Tensor&& x, const Tensor& update, const Axes& axes, Inputs indices,
                      bool in_front, std::string_view called) {
  const Tensors normal = normal_indices(called, indices);
  return scatter_op(std::move(x), update, axes, in_front, normal, /*add=*/false, called);
}

Tensor scatter_add(Tensor&& x, const Tensor& update, const Axes& axes, Inputs indices,
                   bool in_front, std::string_view called) {
  const Tensors normal = normal_indices(called, indices);
  return scatter_op(std::move(x), update, axes, in_front, normal, /*add=*/true, called);
}

Tensor take(const Tensor& x, const Tensor& indices, int64_t axis) {
  const int at = normalize_axis("take", axis, x.ndim());
  return gather(x, {at}, {&indices, 1}, /*in_front=*/false, "take");
}

namespace {

// The indices of every axis that say: along `axis` take `indices`, elsewhere stay.
Tensors along_axis(const Tensor& indices, int axis) {
  Tensors all;
  for (int i = 0; i < indices.ndim(); ++i) {
    if (i == axis) {
      all.push_back(indices);
      continue;
    }
    Shape line = Shape::filled(indices.ndim(), 1);
    line[i] = indices.shape()[i];
    all.push_back(reshape(arange(0, line[i], 1, DType::int64, indices.device()), line));
  }
  return all;
}

}  // namespace

Tensor take_along_axis(const Tensor& x, const Tensor& indices, int64_t axis) {
  check(x.ndim() == indices.ndim(),
        "[take_along_axis] x of shape {} and indices of shape {} must have as many axes", x.shape(),
        indices.shape());
  const int at = normalize_axis("take_along_axis", axis, x.ndim());
  // All axes but `axis` broadcast against each other.
  Shape from = x.shape(), to = indices.shape();
  from[at] = to[at] = 1;
  const Shape shape = broadcast_shapes("take_along_axis", from, to);
  from = to = shape;
  from[at] = x.shape()[at];
  to[at] = indices.shape()[at];
  Axes axes;
  for (int i = 0; i < x.ndim(); ++i) axes.push_back(i);
  return gather(broadcast_to(x, from), axes, along_axis(broadcast_to(indices, to), at),
                /*in_front=*/false, "take_along_axis");
}

namespace {

// Ids as int64, of any dtype that holds whole numbers; another number becomes `kNoId`.
Tensor row_numbers(const Tensor& ids) {
  const Tensor x = ids.detach(), whole = astype(x, DType::int64);
  if (!is_floating(x.dtype())) return whole;
  return where(equal(whole, x), whole, Tensor::scalar(kNoId, DType::int64, x.device()));
}

}  // namespace

Tensor embedding(const Tensor& table, const Tensor& ids) {
  check(table.ndim() == 2, "[embedding] the table has 2 axes (rows, units), got shape {}",
        table.shape());
  static const OpRef op = make_op<Embedding>();
  return call_one(op, {table, row_numbers(ids)});
}

// ---- one_hot ----------------------------------------------------------------------------------

namespace {

struct OneHot final : Op {
  OneHot(int64_t classes, int axis, DType dtype) : classes(classes), axis(axis), dtype(dtype) {}
  std::string_view name() const override { return "one_hot"; }
  Attrs attrs() const override {
    return {
        {"num_classes", classes}, {"axis", int64_t{axis}}, {"dtype", std::string(name_of(dtype))}};
  }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override {
    Shape shape = in[0].shape();
    shape.insert(axis, classes);
    return {Spec{shape, dtype, {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    View y = out[0].view();  // with the classes last
    y.shape.erase(axis);
    y.strides.erase(axis);
    y.shape.push_back(classes);
    y.strides.push_back(out[0].strides()[axis]);
    DL_DISPATCH(y.device, one_hot, in[0].view(), y);
  }
  const int64_t classes;
  const int axis;
  const DType dtype;
};

struct Nonzero final : Op {  // the coordinates (ndim, count)
  explicit Nonzero(int64_t count) : count(count) {}
  std::string_view name() const override { return "nonzero"; }
  Attrs attrs() const override { return {{"count", count}}; }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override { return {Spec{{in[0].ndim(), count}, DType::int64, {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), nonzero, in[0].view(), out[0].view());
  }
  const int64_t count;
};

}  // namespace

Tensor one_hot(const Tensor& labels, int64_t num_classes, int64_t axis, DType dtype) {
  check(num_classes >= 1, "[one_hot] num_classes must be positive, got {}", num_classes);
  check_type(is_integer(labels.dtype()) || is_bool(labels.dtype()),
             "[one_hot] labels must be integers, got {}; cast them first", labels.dtype());
  check_ndim("one_hot", labels.ndim() + 1);
  const int at = normalize_axis("one_hot", axis, labels.ndim() + 1);
  return call_one(make_op<OneHot>(num_classes, at, dtype), {astype(labels, DType::int64)});
}

Tensors nonzero(const Tensor& x) {
  check(x.ndim() >= 1, "[nonzero] wants at least 1 axis; use x[None] for a number");
  check_values_known("nonzero", kKeepShape);
  const Tensor mask = astype(x, DType::bool_);
  const int64_t count = count_nonzero(mask).item_int();
  return unstack(call_one(make_op<Nonzero>(count), {mask}), 0);
}

}  // namespace danlu
