#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

void bind_matmul(py::module_& m) {
  m.def(
      "matmul",
      [](const Tensor& a, const Tensor& b) {
        return unlocked({a, b}, [&] { return matmul(a, b); });
      },
      "x1"_a, "x2"_a, py::pos_only(),
      R"(y[..., i, j] = sum over k of x1[..., i, k] * x2[..., k, j]: the matrix product. x1 (..., m,
k), x2 (..., k, n) give (..., m, n); leading axes are broadcast, a vector loses its axis. Halves are
summed in float32. ValueError when shapes do not fit or for numbers without axes.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.matmul([[1, 2], [3, 4]], [5, 6]).tolist()
[17, 39])");
  m.def(
      "vecdot",
      [](const Tensor& a, const Tensor& b, int64_t axis) {
        return unlocked({a, b}, [&] { return vecdot(a, b, axis); });
      },
      "x1"_a, "x2"_a, py::pos_only(), py::kw_only(), "axis"_a = -1,
      R"(sum(x1 * x2) along `axis`, counted from the end; the other axes are broadcast. ValueError
when its sizes differ, IndexError for an axis that one lacks.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.vecdot([[1, 2], [3, 4]], [5, 6]).tolist()
[17, 39])");
  m.def(
      "_tensordot",
      [](const Tensor& a, const Tensor& b, const Shape& axes_a, const Shape& axes_b) {
        return unlocked({a, b}, [&] { return tensordot(a, b, axes_a, axes_b); });
      },
      "x1"_a, "x2"_a, "axes1"_a, "axes2"_a, "Contracts axes of two tensors pair by pair.");
  m.def(
      "_dense",
      [](const Tensor& x, const Tensor& kernel, const std::optional<Tensor>& bias, bool relu) {
        return unlocked({x, kernel},
                        [&] { return dense(x, kernel, bias.value_or(Tensor()), relu); });
      },
      "x"_a, "kernel"_a, "bias"_a = py::none(), "relu"_a = false,
      "x (..., inputs) @ kernel (inputs, units) + bias (units), then relu where asked.");
}

}  // namespace danlu::python
