// Views, joins and cuts.
#include "danlu/bindings/bind.h"
#include "danlu/core/recorder.h"
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
  const char* name = even ? "split" : "array_split";
  if (PyIndex_Check(sections.ptr()) && !PySequence_Check(sections.ptr())) {
    return split(x, to_integer(sections.ptr(), name), axis, even);
  }
  check_type(PySequence_Check(sections.ptr()) && !PyUnicode_Check(sections.ptr()),
             "[{}] expected a number of parts or the points to cut at, got '{}'", name,
             Py_TYPE(sections.ptr())->tp_name);
  std::vector<int64_t> points;
  for (const py::object point : sections.cast<py::sequence>()) {
    points.push_back(to_integer(point.ptr(), name));
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
  if (is_value(repeats.ptr())) {
    check_values_known("repeat", "give the repeats as an integer or a list of them");
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
       "[pad] mode '{}' is none of 'constant', 'reflect', 'symmetric', 'edge', 'wrap'.{}", mode,
       did_you_mean(mode, {"constant", "reflect", "symmetric", "edge", "wrap"}));
}

// pad_width: one number, one pair, or a pair an axis, as in NumPy.
Tensor pad_any(const Tensor& x, const py::object& pad_width, const std::string& mode,
               const std::optional<Tensor>& constant_values) {
  if (is_value(pad_width.ptr())) check_readable("pad");
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
        R"(The same elements, row by row, in another shape; one size may be -1: what is left. A view
where the strides allow it; `copy=True` always copies, `copy=False` raises ValueError where it must.
ValueError when the numbers of elements differ.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.reshape([1, 2, 3, 4], (2, -1)).tolist()
[[1, 2], [3, 4]])");
  m.def(
      "reshape",
      [](const Tensor& x, int64_t first, int64_t second, const py::args& rest) {
        check_ndim("reshape", static_cast<int64_t>(rest.size()) + 2);
        Shape shape{first, second};
        for (py::handle size : rest) shape.push_back(to_integer(size.ptr(), "reshape"));
        return reshape(x, shape);
      },
      "x"_a, "first"_a, "second"_a, R"(The sizes one by one, as NumPy has it.

>>> import danlu as dl
>>> dl.arange(6).reshape(2, 3).shape
(2, 3))");
  m.def("flatten", &flatten, "x"_a, R"(All elements, row by row, in one axis: (...) -> (n,).
Source: keras.ops (`ravel`), NumPy (`flatten`).

>>> import danlu as dl
>>> dl.ops.ravel([[1, 2], [3, 4]]).tolist()
[1, 2, 3, 4])");
  m.def("ravel", &flatten, "x"_a, R"(All elements, row by row, in one axis: (...) -> (n,).
Source: keras.ops (`ravel`), NumPy (`flatten`).

>>> import danlu as dl
>>> dl.ops.ravel([[1, 2], [3, 4]]).tolist()
[1, 2, 3, 4])");
  m.def("permute_dims", &permute, "x"_a, "axes"_a = py::none(),
        R"(y.shape[i] = x.shape[axes[i]]: the axes in another order, by default backwards; a view.
ValueError unless `axes` names each axis once.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.permute_dims(dl.ones((2, 3, 5)), (2, 0, 1)).shape
(5, 2, 3))");
  m.def("matrix_transpose", &matrix_transpose, "x"_a,
        R"(x (..., m, n) -> (..., n, m): a view. ValueError for less than 2 axes.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.matrix_transpose([[1, 2], [3, 4]]).tolist()
[[1, 3], [2, 4]])");
  m.def("swapaxes", &swapaxes, "x"_a, "axis1"_a, "axis2"_a,
        R"(x with two axes exchanged: a view. IndexError for an axis that x lacks.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.swapaxes(dl.ones((2, 3, 5)), 0, 2).shape
(5, 3, 2))");
  m.def(
      "moveaxis", &moveaxis, "x"_a, "source"_a, "destination"_a,
      R"(x with the axes `source` at the places `destination`; the others keep their order. A view.
ValueError unless both name as many axes.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.moveaxis(dl.ones((2, 3, 5)), 0, -1).shape
(3, 5, 2))");
  m.def("expand_dims", &expand_dims, "x"_a, "axis"_a = 0,
        R"(x with new axes of size 1, at these places of the result. IndexError beyond its axes.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.expand_dims(dl.ones((2, 3)), -1).shape
(2, 3, 1))");
  m.def(
      "squeeze",
      [](const Tensor& x, const std::optional<Axes>& axis) {
        return axis ? squeeze(x, *axis) : squeeze(x);
      },
      "x"_a, "axis"_a = py::none(),
      R"(x without these axes (None: without all) of size 1. ValueError for an axis of another size.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.squeeze(dl.ones((2, 1, 3)), axis=1).shape
(2, 3))");
  m.def("broadcast_to", &broadcast_to, "x"_a, "shape"_a,
        R"(x repeated to a larger shape, as a view: axes of size 1 and new leading ones grow.
ValueError for every other axis.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.broadcast_to([1, 2], (3, 2)).tolist()
[[1, 2], [1, 2], [1, 2]])");
  m.def(
      "broadcast_arrays",
      [](const py::args& arrays) { return broadcast_arrays(arrays.cast<Tensors>()); },
      R"(A list of all arguments, broadcast to one shape; ValueError when their shapes do not
broadcast.
Source: array API 2024.12.

>>> import danlu as dl
>>> [x.shape for x in dl.broadcast_arrays([[1], [2]], [1, 2, 3])]
[(2, 3), (2, 3)])");
  m.def(
      "meshgrid",
      [](const py::args& arrays, const std::string& indexing) {
        check(indexing == "xy" || indexing == "ij", "[meshgrid] indexing is 'xy' or 'ij', not '{}'",
              indexing);
        return meshgrid(arrays.cast<Tensors>(), indexing == "ij");
      },
      "indexing"_a = "xy",
      R"(A list of the coordinates of a grid, one tensor an axis, of vectors (n1,), (n2,), ...
Shapes are (n1, n2, ...) with "ij", (n2, n1, ...) with "xy". ValueError for another `indexing`.
Source: array API 2024.12.

>>> import danlu as dl
>>> [x.tolist() for x in dl.meshgrid([1, 2], [3, 4], indexing="ij")]
[[[1, 1], [2, 2]], [[3, 4], [3, 4]]])");
  m.def(
      "flip",
      [](const Tensor& x, const std::optional<Axes>& axis) {
        return flip(x, axis ? *axis : all_axes(x));
      },
      "x"_a, "axis"_a = py::none(),
      R"(x with these axes (None: all) backwards. IndexError for an axis that x lacks.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.flip([1, 2, 3]).tolist()
[3, 2, 1])");
  m.def("diagonal", &diagonal, "x"_a, "offset"_a = 0, "axis1"_a = 0, "axis2"_a = 1,
        R"(x[..., i, i + offset] of two axes, as the last axis: a view. ValueError for less than 2
axes.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.diagonal([[1, 2], [3, 4]]).tolist()
[1, 4])");
  m.def("diag", &diag, "x"_a, "k"_a = 0,
        R"(The matrix with x (n,) on its k-th diagonal, or the k-th diagonal of x (m, n). ValueError
for more axes.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.diag([1, 2]).tolist()
[[1, 0], [0, 2]])");
  m.def("trace", &trace, "x"_a, "offset"_a = 0, "axis1"_a = 0, "axis2"_a = 1,
        R"(The sum of x[..., i, i + offset] of two axes, without them. ValueError for less than 2
axes.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.trace([[1, 2], [3, 4]]).item()
5)");
  m.def("concat", &join, "arrays"_a, "axis"_a = 0,
        R"(The arrays one behind the other along `axis` (None: all flat); dtypes are promoted.
ValueError of no arrays, or when another axis differs.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.concat([[1, 2], [3]]).tolist()
[1, 2, 3])");
  m.def(
      "stack", [](const Tensors& x, int64_t axis) { return stack(x, axis); }, "arrays"_a,
      "axis"_a = 0, R"(n arrays of one shape along a new `axis` of size n; dtypes are promoted.
ValueError of no arrays, or of different shapes.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.stack([[1, 2], [3, 4]], axis=1).tolist()
[[1, 3], [2, 4]])");
  m.def("unstack", &take_apart, "x"_a, "num"_a = py::none(), "axis"_a = 0,
        R"(A tuple of the parts of an axis, without that axis: views. ValueError unless `num` is its
size.
Source: array API 2024.12.

>>> import danlu as dl
>>> [x.tolist() for x in dl.unstack([[1, 2], [3, 4]])]
[[1, 2], [3, 4]])");
  m.def(
      "split",
      [](const Tensor& x, const py::object& sections, int64_t axis) {
        return cut(x, sections, axis, /*even=*/true);
      },
      "x"_a, "indices_or_sections"_a, "axis"_a = 0,
      R"(A list of n equal parts along `axis`, or of the parts between these points: views.
ValueError when the axis does not divide.
Source: keras.ops.

>>> import danlu as dl
>>> [x.tolist() for x in dl.ops.split([1, 2, 3, 4], [1, 3])]
[[1], [2, 3], [4]])");
  m.def(
      "array_split",
      [](const Tensor& x, const py::object& sections, int64_t axis) {
        return cut(x, sections, axis, /*even=*/false);
      },
      "x"_a, "indices_or_sections"_a, "axis"_a = 0,
      R"(A list of n parts along `axis`, of which the first may have one more; or cut at these
points. ValueError for more than 2^20 parts of a shorter axis.
Source: keras.ops.

>>> import danlu as dl
>>> [x.tolist() for x in dl.ops.array_split([1, 2, 3], 2)]
[[1, 2], [3]])");
  m.def(
      "roll", &roll_axes, "x"_a, "shift"_a, "axis"_a = py::none(),
      R"(y[(i + shift) % n] = x[i] along the axes (None: of the flat x): what leaves comes in at the
other end.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.roll([1, 2, 3], 1).tolist()
[3, 1, 2])");
  m.def("tile", &tile, "x"_a, "repetitions"_a,
        R"(x side by side, so many times along each axis; missing axes are added in front.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.tile([1, 2], (2, 2)).tolist()
[[1, 2, 1, 2], [1, 2, 1, 2]])");
  m.def(
      "repeat", &repeat_any, "x"_a, "repeats"_a, "axis"_a = py::none(),
      R"(Each element (or slice along `axis`; None: of the flat x) repeated, `repeats` times or one
number each. ValueError when there are not as many.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.repeat([1, 2], [1, 3]).tolist()
[1, 2, 2, 2])");
  m.def(
      "pad", &pad_any, "x"_a, "pad_width"_a, "mode"_a = "constant",
      "constant_values"_a = py::none(),
      R"(x grown at both ends of each axis: `pad_width` is one number, a pair (before, after), or a
pair an axis; `mode` "constant" (0 or `constant_values`), "reflect", "symmetric", "edge" or "wrap".
ValueError for another mode or a negative width.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.pad([1, 2, 3], (1, 2), mode="reflect").tolist()
[2, 1, 2, 3, 2, 1])");
  m.def("tril", &tril, "x"_a, "k"_a = 0,
        R"(x[..., i, j] where j <= i + k, else 0: x (..., m, n). ValueError for less than 2 axes.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.tril([[1, 2], [3, 4]]).tolist()
[[1, 0], [3, 4]])");
  m.def("triu", &triu, "x"_a, "k"_a = 0,
        R"(x[..., i, j] where j >= i + k, else 0: x (..., m, n). ValueError for less than 2 axes.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.triu([[1, 2], [3, 4]]).tolist()
[[1, 2], [0, 4]])");
}

}  // namespace danlu::python
