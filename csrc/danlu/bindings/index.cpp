// Reading and writing at positions, and order.
#include "danlu/bindings/bind.h"
#include "danlu/core/recorder.h"
#include "danlu/ops/ops.h"

namespace danlu::python {
namespace {

Tensor take_any(const Tensor& x, const Tensor& indices, std::optional<int64_t> axis) {
  return unlocked({x, indices}, [&] {
    return axis ? take(x, indices, *axis) : take(x.ndim() == 1 ? x : flatten(x), indices, 0);
  });
}

Tensor take_along(const Tensor& x, const Tensor& indices, std::optional<int64_t> axis) {
  return unlocked({x, indices}, [&] {
    return axis ? take_along_axis(x, indices, *axis)
                : take_along_axis(flatten(x), flatten(indices), 0);
  });
}

py::tuple coordinates(const Tensor& x) {
  const Tensors axes = unlocked({x}, [&] { return nonzero(x); });
  py::tuple result(static_cast<size_t>(axes.size()));
  for (int i = 0; i < axes.size(); ++i) PyTuple_SET_ITEM(result.ptr(), i, wrap(axes[i]));
  return result;
}

// Keras's indices (..., axes) as one tensor an axis.
Tensors index_columns(std::string_view op, const Tensor& indices, int ndim) {
  check(indices.ndim() >= 1 && indices.dim(-1) >= 1 && indices.dim(-1) <= ndim,
        "[{}] the last axis of indices names 1 to {} axes, got indices of shape {}", op, ndim,
        indices.shape());
  return unstack(indices, -1);
}

Axes leading_axes(int64_t n) {
  Axes axes;
  for (int i = 0; i < n; ++i) axes.push_back(i);
  return axes;
}

Tensor scatter_into(const Tensor& x, const Tensor& indices, const Tensor& updates,
                    const std::optional<std::string>& reduction) {
  const Tensors columns = index_columns("scatter_update", indices, x.ndim());
  const Axes axes = leading_axes(columns.size());
  check(!reduction || *reduction == "add", "[scatter_update] reduction is None or 'add', not '{}'",
        reduction.value_or(""));
  return unlocked({x, updates}, [&] {
    return reduction ? scatter_add(Tensor(x), updates, axes, columns, false, "scatter_update")
                     : scatter_update(Tensor(x), updates, axes, columns);
  });
}

Tensor scatter_new(const Tensor& indices, const Tensor& values, const Shape& shape) {
  const Tensors columns = index_columns("scatter", indices, shape.ndim());
  MaybeReleaseGil release(std::max(rounded(shape), values.numel()));
  return scatter_add(zeros(shape, values.dtype(), values.device()), values,
                     leading_axes(columns.size()), columns, /*in_front=*/false, "scatter");
}

// The rows of `data` added up by their ids; those with an id below 0 are left out.
Tensor sum_segments(const Tensor& data, const Tensor& ids, int64_t num_segments) {
  Shape shape = data.shape(), column = Shape::filled(data.ndim(), 1);
  shape[0] = num_segments;
  column[0] = data.dim(0);
  MaybeReleaseGil release(std::max(rounded(shape), data.numel()));
  const Tensor none = Tensor::scalar(0.0, data.dtype(), data.device());
  const Tensor first = Tensor::scalar(0.0, ids.dtype(), ids.device()), out = less(ids, first);
  return scatter_add(zeros(shape, data.dtype(), data.device()),
                     where(reshape(out, column), none, data), {0}, Tensors{where(out, first, ids)},
                     /*in_front=*/false, "segment_sum");
}

Shape starts_of(std::string_view op, const Tensor& x, const py::object& start_indices) {
  if (is_value(start_indices.ptr())) check_readable(op);
  const std::vector<int64_t> values = integers(to_tensor(start_indices.ptr()));
  check(static_cast<int>(values.size()) == x.ndim(), "[{}] {} start indices for {} axes", op,
        values.size(), x.ndim());
  Shape starts;
  for (int64_t value : values) starts.push_back(value);
  return starts;
}

// As in Keras: a size of -1 means up to the end.
Tensor slice_sizes(const Tensor& x, const py::object& start_indices, const Shape& shape) {
  const Shape starts = starts_of("slice", x, start_indices);
  check(shape.ndim() == x.ndim(), "[slice] {} sizes for {} axes", shape.ndim(), x.ndim());
  Shape sizes = shape;
  for (int i = 0; i < x.ndim(); ++i) {
    if (sizes[i] == -1) sizes[i] = x.shape()[i] - starts[i];
  }
  return slice(x, Slices(starts, sizes));
}

Tensor slice_updated(const Tensor& x, const py::object& start_indices, const Tensor& updates) {
  check(updates.ndim() == x.ndim(), "[slice_update] updates of shape {} for x of shape {}",
        updates.shape(), x.shape());
  const Shape starts = starts_of("slice_update", x, start_indices);
  return slice_update(Tensor(x), updates, Slices(starts, updates.shape()));
}

Tensor hot(const Tensor& x, int64_t num_classes, int64_t axis, std::optional<DType> dtype,
           bool sparse) {
  check(!sparse, "[one_hot] danlu has no sparse tensors: use sparse=False");
  return unlocked({x},
                  [&] { return one_hot(x, num_classes, axis, dtype.value_or(default_float())); });
}

// A named tuple of tensors, as the array API asks for.
py::object named(const char* name, std::initializer_list<std::pair<const char*, Tensor>> fields) {
  static py::object* const types = new py::object(py::dict());  // lives as long as the module
  py::dict known = *types;
  if (!known.contains(name)) {
    py::list names;
    for (const auto& field : fields) names.append(field.first);
    known[name] = py::module_::import("collections").attr("namedtuple")(name, names);
  }
  py::list values;
  for (const auto& field : fields) values.append(field.second);
  return known[name](*values);
}

}  // namespace

void bind_index(py::module_& m) {
  m.def("take", &take_any, "x"_a, "indices"_a, "axis"_a = py::none(),
        R"(The elements (slices along `axis`; None: of the flat x) at these positions, which may be
negative. The shape of `indices` takes the place of the axis. IndexError beyond the axis.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.take([10, 20, 30], [2, -3]).tolist()
[30, 10])");
  m.def("take_along_axis", &take_along, "x"_a, "indices"_a, "axis"_a = -1,
        R"(y[..., i, ...] = x[..., indices[..., i, ...], ...] along `axis`; the other axes are
broadcast. IndexError beyond the axis.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.take_along_axis([[3, 1, 2]], [[1, 2]], axis=1).tolist()
[[1, 2]])");
  m.def("embedding", &embedding, "table"_a, "ids"_a,
        R"(Row `id` of the table (rows, units) for each id (...): (..., units). IndexError for an id
outside 0 ... rows - 1, ValueError for one that is no whole number.

>>> import danlu as dl
>>> dl.ops.embedding([[1.0, 2.0], [3.0, 4.0]], [1, 0, 1]).tolist()
[[3.0, 4.0], [1.0, 2.0], [3.0, 4.0]])");
  m.def("nonzero", &coordinates, "x"_a,
        R"(A tuple of the coordinates of the elements that are not zero, one int64 tensor (n,) an
axis. n depends on the data. ValueError for a number without axes.
Source: array API 2024.12.

>>> import danlu as dl
>>> [i.tolist() for i in dl.nonzero([[0, 1], [2, 0]])]
[[0, 1], [1, 0]])");
  m.def(
      "argwhere",
      [](const Tensor& x) {
        check_values_known("argwhere", kKeepShape);
        return stack(nonzero(x), -1);
      },
      "x"_a,
      R"(The coordinates of the n elements that are not zero, one row each: int64 (n, axes). n
depends on the data. ValueError for a number without axes.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.argwhere([[0, 1], [2, 0]]).tolist()
[[0, 1], [1, 0]])");
  m.def("one_hot", &hot, "x"_a, "num_classes"_a, "axis"_a = -1, "dtype"_a = py::none(),
        "sparse"_a = false,
        R"(1 at the class, 0 elsewhere, along a new `axis` of num_classes; a label that is no class
has zeros only. The dtype is float32 unless given. TypeError for labels that are no integers.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.one_hot([0, 2], 3).tolist()
[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])");
  m.def("scatter", &scatter_new, "indices"_a, "values"_a, "shape"_a,
        R"(Zeros of `shape` with `values` added at `indices` (..., axes), whose last axis names the
leading axes of the shape. IndexError beyond an axis.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.scatter([[0], [2], [0]], [1, 2, 3], (4,)).tolist()
[4, 0, 2, 0])");
  m.def("_segment_sum", &sum_segments, "data"_a, "ids"_a, "num_segments"_a,
        "Rows of data (n, ...) added up by their ids (n,).");
  m.def(
      "scatter_update", &scatter_into, "inputs"_a, "indices"_a, "updates"_a,
      "reduction"_a = py::none(),
      R"(inputs with `updates` written at `indices` (..., axes), or added with `reduction="add"`; a
new tensor. IndexError beyond an axis, ValueError for another reduction.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.scatter_update([1, 2, 3], [[0], [2]], [7, 9]).tolist()
[7, 2, 9])");
  m.def(
      "slice", &slice_sizes, "inputs"_a, "start_indices"_a, "shape"_a,
      R"(The part of this shape that begins at `start_indices`, one an axis; a size of -1: up to the
end. ValueError when the part does not fit.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.slice([[1, 2, 3], [4, 5, 6]], [0, 1], [2, -1]).tolist()
[[2, 3], [5, 6]])");
  m.def("slice_update", &slice_updated, "inputs"_a, "start_indices"_a, "updates"_a,
        R"(inputs with the part that begins at `start_indices` replaced by `updates`; a new tensor.
ValueError when the part does not fit.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.slice_update([1, 2, 3], [1], [8, 9]).tolist()
[1, 8, 9])");

  m.def(
      "argsort",
      [](const Tensor& x, int64_t axis, bool descending, bool) {
        return unlocked({x}, [&] { return argsort(x, axis, descending); });
      },
      "x"_a, "axis"_a = -1, "descending"_a = false, "stable"_a = true,
      R"(The positions, int64, that sort x along `axis`; equals keep their order, NaN counts as
greatest.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.argsort([3, 1, 2]).tolist()
[1, 2, 0])");
  m.def(
      "sort",
      [](const Tensor& x, int64_t axis, bool descending, bool) {
        return unlocked({x}, [&] { return sort(x, axis, descending); });
      },
      "x"_a, "axis"_a = -1, "descending"_a = false, "stable"_a = true,
      R"(x in order along `axis`; NaN counts as greatest.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.sort([3, 1, 2], descending=True).tolist()
[3, 2, 1])");
  m.def(
      "top_k",
      [](const Tensor& x, int64_t k, bool) { return unlocked({x}, [&] { return top_k(x, k); }); },
      "x"_a, "k"_a, "sorted"_a = true,
      R"((values, indices) of the k greatest along the last axis, the greatest first: (..., k).
ValueError when there are less than k.
Source: keras.ops.

>>> import danlu as dl
>>> values, indices = dl.ops.top_k([3, 1, 2], 2)
>>> values.tolist(), indices.tolist()
([3, 2], [0, 2]))");
  m.def(
      "searchsorted",
      [](const Tensor& x1, const Tensor& x2, const std::string& side,
         const std::optional<Tensor>& sorter) {
        check(side == "left" || side == "right",
              "[searchsorted] side is 'left' or 'right', not '{}'", side);
        return searchsorted(sorter ? take(x1, *sorter, 0) : x1, x2, side == "right");
      },
      "x1"_a, "x2"_a, "side"_a = "left", "sorter"_a = py::none(),
      R"(Where each of x2 would be inserted into the sorted x1 (n,), int64: before its equals
("left") or behind them ("right"). ValueError for another side.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.searchsorted([1, 3, 5], [3, 4]).tolist()
[1, 2])");
  m.def(
      "unique_values", [](const Tensor& x) { return unique(x, "unique_values").values; }, "x"_a,
      R"(The n distinct elements, in order: (n,). n depends on the data; each NaN is distinct.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.unique_values([3, 1, 3]).tolist()
[1, 3])");
  m.def(
      "unique_counts",
      [](const Tensor& x) {
        const Unique u = unique(x, "unique_counts");
        return named("unique_counts_result", {{"values", u.values}, {"counts", u.counts}});
      },
      "x"_a, R"((values, counts): the n distinct elements, in order, and how often each occurs.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.unique_counts([3, 1, 3]).counts.tolist()
[1, 2])");
  m.def(
      "unique_inverse",
      [](const Tensor& x) {
        const Unique u = unique(x, "unique_inverse");
        return named("unique_inverse_result",
                     {{"values", u.values}, {"inverse_indices", u.inverse}});
      },
      "x"_a,
      R"((values, inverse_indices): the n distinct elements, in order, and which of them each
element of x is, in the shape of x.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.unique_inverse([3, 1, 3]).inverse_indices.tolist()
[1, 0, 1])");
  m.def(
      "unique_all",
      [](const Tensor& x) {
        const Unique u = unique(x, "unique_all");
        return named("unique_all_result", {{"values", u.values},
                                           {"indices", u.indices},
                                           {"inverse_indices", u.inverse},
                                           {"counts", u.counts}});
      },
      "x"_a,
      R"((values, indices, inverse_indices, counts): the n distinct elements, in order, where each
is first in the flat x, which of them each element is, and how often each occurs.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.unique_all([3, 1, 3]).indices.tolist()
[1, 0])");
}

}  // namespace danlu::python
