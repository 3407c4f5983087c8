// Reading and writing at positions, and order.
#include "danlu/bindings/bind.h"
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
    return reduction ? scatter_add(Tensor(x), updates, axes, columns)
                     : scatter_update(Tensor(x), updates, axes, columns);
  });
}

Tensor scatter_new(const Tensor& indices, const Tensor& values, const Shape& shape) {
  const Tensors columns = index_columns("scatter", indices, shape.ndim());
  return scatter_add(zeros(shape, values.dtype(), values.device()), values,
                     leading_axes(columns.size()), columns);
}

Shape starts_of(std::string_view op, const Tensor& x, const Tensor& start_indices) {
  const std::vector<int64_t> values = integers(start_indices);
  check(static_cast<int>(values.size()) == x.ndim(), "[{}] {} start indices for {} axes", op,
        values.size(), x.ndim());
  Shape starts;
  for (int64_t value : values) starts.push_back(value);
  return starts;
}

// As in Keras: a size of -1 means up to the end.
Tensor slice_sizes(const Tensor& x, const Tensor& start_indices, const Shape& shape) {
  const Shape starts = starts_of("slice", x, start_indices);
  check(shape.ndim() == x.ndim(), "[slice] {} sizes for {} axes", shape.ndim(), x.ndim());
  Shape sizes = shape;
  for (int i = 0; i < x.ndim(); ++i) {
    if (sizes[i] == -1) sizes[i] = x.shape()[i] - starts[i];
  }
  return slice(x, Slices(starts, sizes));
}

Tensor slice_updated(const Tensor& x, const Tensor& start_indices, const Tensor& updates) {
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
        "The elements (or slices along `axis`) at these positions.");
  m.def("take_along_axis", &take_along, "x"_a, "indices"_a, "axis"_a = -1,
        "y[..., i, ...] = x[..., indices[..., i, ...], ...] along `axis`.");
  m.def("embedding", &embedding, "table"_a, "ids"_a, "Row `id` of the table (rows, units).");
  m.def("nonzero", &coordinates, "x"_a,
        "The coordinates of elements that are not zero, one tensor an axis.");
  m.def(
      "argwhere", [](const Tensor& x) { return stack(nonzero(x), -1); }, "x"_a,
      "The coordinates of elements that are not zero, one row an element.");
  m.def("one_hot", &hot, "x"_a, "num_classes"_a, "axis"_a = -1, "dtype"_a = py::none(),
        "sparse"_a = false,
        "1 at the class, 0 elsewhere; a label that is no class has zeros only.");
  m.def("scatter", &scatter_new, "indices"_a, "values"_a, "shape"_a,
        "Zeros with `values` added at `indices` (..., axes).");
  m.def("scatter_update", &scatter_into, "inputs"_a, "indices"_a, "updates"_a,
        "reduction"_a = py::none(), "inputs with `updates` written at `indices` (..., axes).");
  m.def("slice", &slice_sizes, "inputs"_a, "start_indices"_a, "shape"_a,
        "The part of this shape that begins at `start_indices`.");
  m.def("slice_update", &slice_updated, "inputs"_a, "start_indices"_a, "updates"_a,
        "inputs with the part that begins at `start_indices` replaced.");

  m.def(
      "argsort",
      [](const Tensor& x, int64_t axis, bool descending, bool) {
        return unlocked({x}, [&] { return argsort(x, axis, descending); });
      },
      "x"_a, "axis"_a = -1, "descending"_a = false, "stable"_a = true,
      "The positions that sort x; stable, NaN last.");
  m.def(
      "sort",
      [](const Tensor& x, int64_t axis, bool descending, bool) {
        return unlocked({x}, [&] { return sort(x, axis, descending); });
      },
      "x"_a, "axis"_a = -1, "descending"_a = false, "stable"_a = true, "x in order; NaN last.");
  m.def(
      "top_k",
      [](const Tensor& x, int64_t k, bool) { return unlocked({x}, [&] { return top_k(x, k); }); },
      "x"_a, "k"_a, "sorted"_a = true, "The k largest of the last axis, and where they are.");
  m.def(
      "searchsorted",
      [](const Tensor& x1, const Tensor& x2, const std::string& side,
         const std::optional<Tensor>& sorter) {
        check(side == "left" || side == "right",
              "[searchsorted] side is 'left' or 'right', not '{}'", side);
        return searchsorted(sorter ? take(x1, *sorter, 0) : x1, x2, side == "right");
      },
      "x1"_a, "x2"_a, "side"_a = "left", "sorter"_a = py::none(),
      "Where x2 would be inserted into the sorted x1.");
  m.def(
      "unique_values", [](const Tensor& x) { return unique(x).values; }, "x"_a,
      "The distinct elements, in order.");
  m.def(
      "unique_counts",
      [](const Tensor& x) {
        const Unique u = unique(x);
        return named("unique_counts_result", {{"values", u.values}, {"counts", u.counts}});
      },
      "x"_a, "The distinct elements and how often each occurs.");
  m.def(
      "unique_inverse",
      [](const Tensor& x) {
        const Unique u = unique(x);
        return named("unique_inverse_result",
                     {{"values", u.values}, {"inverse_indices", u.inverse}});
      },
      "x"_a, "The distinct elements, and which of them each element is.");
  m.def(
      "unique_all",
      [](const Tensor& x) {
        const Unique u = unique(x);
        return named("unique_all_result", {{"values", u.values},
                                           {"indices", u.indices},
                                           {"inverse_indices", u.inverse},
                                           {"counts", u.counts}});
      },
      "x"_a, "The distinct elements, their first positions, which each element is, and counts.");
}

}  // namespace danlu::python
