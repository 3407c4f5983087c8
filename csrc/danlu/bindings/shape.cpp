// Views, joins and cuts.
#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {
namespace {

Tensor reshape_or_copy(const Tensor& x, const Shape& shape, std::optional<bool> want_copy) {
  const Tensor y = unlocked({x}, [&] { return reshape(x, shape); });
  const bool shares = y.value()->storage == x.value()->storage;
  check(shares || want_copy.value_or(true),
        "[reshape] shape {} of these strides needs a copy, which copy=False forbids", shape);
  return shares && want_copy.value_or(false) ? copy(y) : y;
}

Tensor permute(const Tensor& x, const std::optional<Axes>& axes) {
  return axes ? permute_dims(x, *axes) : transpose(x);
}

Tensor join(const Tensors& x, std::optional<int64_t> axis) {
  if (axis) return unlocked(x, [&] { return concat(x, *axis); });
  Tensors flat;
  for (const Tensor& t : x) flat.push_back(flatten(t));
  return concat(flat, 0);
}

// sections: a number of parts, or the points to cut at.
Tensors cut(const Tensor& x, const py::object& sections, int64_t axis, bool even) {
  if (PyIndex_Check(sections.ptr()) && !PySequence_Check(sections.ptr())) {
    return split(x, to_integer(sections.ptr(), "split"), axis, even);
  }
  check_type(PySequence_Check(sections.ptr()) && !PyUnicode_Check(sections.ptr()),
             "[split] expected a number of parts or the points to cut at, got '{}'",
             Py_TYPE(sections.ptr())->tp_name);
  std::vector<int64_t> points;
  for (const py::object point : sections.cast<py::sequence>()) {
    points.push_back(to_integer(point.ptr(), "split"));
  }
  return split_at(x, points, axis);
}

py::tuple take_apart(const Tensor& x, std::optional<int64_t> num, int64_t axis) {
  const int at = normalize_axis("unstack", axis, x.ndim());
  check(!num || *num == x.shape()[at], "[unstack] num is {}, but axis {} of shape {} has {}",
        num.value_or(0), at, x.shape(), x.shape()[at]);
  return py::tuple(py::cast(unstack(x, at)));
}

Tensor roll_axes(const Tensor& x, const Shape& shift, const std::optional<Axes>& axis) {
  if (axis) return roll(x, shift, *axis);
  int64_t by = 0;
  for (int64_t s : shift) by += s;
  return roll(x, by);
}

Tensor repeat_any(const Tensor& x, const py::object& repeats, std::optional<int64_t> axis) {
  const Tensor& from = axis ? x : flatten(x);
  const int64_t at = axis.value_or(0);
  if (PyIndex_Check(repeats.ptr()) && !PySequence_Check(repeats.ptr()) &&
      !is_tensor(repeats.ptr())) {
    return repeat(from, to_integer(repeats.ptr(), "repeat"), at);
  }
  return repeat(from, to_tensor(repeats.ptr()), at);
}

PadMode pad_mode(const std::string& mode) {
  if (mode == "constant") return PadMode::constant;
  if (mode == "reflect") return PadMode::reflect;
  if (mode == "symmetric") return PadMode::symmetric;
  if (mode == "edge") return PadMode::edge;
  if (mode == "wrap") return PadMode::wrap;
  fail(ErrorKind::value,
       "[pad] mode '{}' is none of 'constant', 'reflect', 'symmetric', 'edge', 'wrap'", mode);
}

// pad_width: one number, one pair, or a pair an axis, as in NumPy.
Tensor pad_any(const Tensor& x, const py::object& pad_width, const std::string& mode,
               const std::optional<Tensor>& constant_values) {
  const Tensor widths = broadcast_to(to_tensor(pad_width.ptr()), {x.ndim(), 2});
  const std::vector<int64_t> pairs = integers(widths);
  Shape before, after;
  for (size_t i = 0; i < pairs.size(); i += 2) {
    before.push_back(pairs[i]);
    after.push_back(pairs[i + 1]);
  }
  const PadMode how = pad_mode(mode);
  check(how == PadMode::constant || !constant_values,
        "[pad] constant_values goes with mode='constant', not '{}'", mode);
  return unlocked({x},
                  [&] { return pad(x, before, after, how, constant_values.value_or(Tensor())); });
}

}  // namespace

void bind_shape(py::module_& m) {
  m.def("reshape", &reshape_or_copy, "x"_a, "shape"_a, py::kw_only(), "copy"_a = py::none(),
        "The same elements in another shape; one size may be -1.");
  m.def(
      "reshape",
      [](const Tensor& x, int64_t first, int64_t second, const py::args& rest) {
        check_ndim("reshape", static_cast<int64_t>(rest.size()) + 2);
        Shape shape{first, second};
        for (py::handle size : rest) shape.push_back(to_integer(size.ptr(), "reshape"));
        return reshape(x, shape);
      },
      "x"_a, "first"_a, "second"_a, "x.reshape(2, 3): the sizes one by one.");
  m.def("flatten", &flatten, "x"_a, "All elements in one axis.");
  m.def("ravel", &flatten, "x"_a, "All elements in one axis.");
  m.def("permute_dims", &permute, "x"_a, "axes"_a = py::none(),
        "The axes in another order; by default backwards.");
  m.def("matrix_transpose", &matrix_transpose, "x"_a, "The last two axes exchanged.");
  m.def("swapaxes", &swapaxes, "x"_a, "axis1"_a, "axis2"_a, "Two axes exchanged.");
  m.def("moveaxis", &moveaxis, "x"_a, "source"_a, "destination"_a,
        "Axes `source` moved to `destination`; the others keep their order.");
  m.def("expand_dims", &expand_dims, "x"_a, "axis"_a = 0, "New axes of size 1.");
  m.def(
      "squeeze",
      [](const Tensor& x, const std::optional<Axes>& axis) {
        return axis ? squeeze(x, *axis) : squeeze(x);
      },
      "x"_a, "axis"_a = py::none(), "Without axes of size 1.");
  m.def("broadcast_to", &broadcast_to, "x"_a, "shape"_a,
        "x repeated to a larger shape, as a view.");
  m.def(
      "broadcast_arrays",
      [](const py::args& arrays) { return broadcast_arrays(arrays.cast<Tensors>()); },
      "All broadcast to one shape.");
  m.def(
      "meshgrid",
      [](const py::args& arrays, const std::string& indexing) {
        check(indexing == "xy" || indexing == "ij", "[meshgrid] indexing is 'xy' or 'ij', not '{}'",
              indexing);
        return meshgrid(arrays.cast<Tensors>(), indexing == "ij");
      },
      "indexing"_a = "xy", "The coordinates of a grid, one tensor an axis.");
  m.def(
      "flip",
      [](const Tensor& x, const std::optional<Axes>& axis) {
        return flip(x, axis ? *axis : all_axes(x));
      },
      "x"_a, "axis"_a = py::none(), "Axes backwards; by default all.");
  m.def("diagonal", &diagonal, "x"_a, "offset"_a = 0, "axis1"_a = 0, "axis2"_a = 1,
        "The diagonals of two axes, as the last axis.");
  m.def("diag", &diag, "x"_a, "k"_a = 0,
        "A matrix with this diagonal, or the diagonal of a matrix.");
  m.def("trace", &trace, "x"_a, "offset"_a = 0, "axis1"_a = 0, "axis2"_a = 1,
        "The sum of the diagonal.");
  m.def("concat", &join, "arrays"_a, "axis"_a = 0,
        "Joined along an axis; None: of the flat arrays.");
  m.def(
      "stack", [](const Tensors& x, int64_t axis) { return stack(x, axis); }, "arrays"_a,
      "axis"_a = 0, "Joined along a new axis.");
  m.def("unstack", &take_apart, "x"_a, "num"_a = py::none(), "axis"_a = 0,
        "The parts of an axis, without that axis.");
  m.def(
      "split",
      [](const Tensor& x, const py::object& sections, int64_t axis) {
        return cut(x, sections, axis, /*even=*/true);
      },
      "x"_a, "indices_or_sections"_a, "axis"_a = 0, "Cut into equal parts, or at these points.");
  m.def(
      "array_split",
      [](const Tensor& x, const py::object& sections, int64_t axis) {
        return cut(x, sections, axis, /*even=*/false);
      },
      "x"_a, "indices_or_sections"_a, "axis"_a = 0, "Cut into parts that may differ by one.");
  m.def("roll", &roll_axes, "x"_a, "shift"_a, "axis"_a = py::none(),
        "Elements moved along axes; those that leave come in at the other end.");
  m.def("tile", &tile, "x"_a, "repetitions"_a, "The whole repeated along each axis.");
  m.def("repeat", &repeat_any, "x"_a, "repeats"_a, "axis"_a = py::none(), "Each element repeated.");
  m.def("pad", &pad_any, "x"_a, "pad_width"_a, "mode"_a = "constant",
        "constant_values"_a = py::none(), "Grown at both ends of each axis.");
  m.def("tril", &tril, "x"_a, "k"_a = 0, "The lower triangle, zeros elsewhere.");
  m.def("triu", &triu, "x"_a, "k"_a = 0, "The upper triangle, zeros elsewhere.");
}

}  // namespace danlu::python
