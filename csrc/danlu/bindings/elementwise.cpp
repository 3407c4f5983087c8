// Elementwise functions: one row each, made from the lists in kernels/elementwise_list.h.
#include "danlu/bindings/bind.h"
#include "danlu/bindings/elementwise_docs.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

namespace {

using UnaryFn = Tensor (*)(const Tensor&);
using BinaryFn = Tensor (*)(const Tensor&, const Tensor&);
using WithNumber = Tensor (*)(const Tensor&, double);

// A number beside a tensor takes its dtype: these functions look at the objects, not at tensors.
Tensor call_pair(BinaryFn fn, py::handle a, py::handle b, bool compared) {
  const auto pair = to_pair(a.ptr(), b.ptr(), compared);
  const Tensor &x = pair.first, &y = pair.second;  // no structured binding: clang 14 captures none
  return unlocked({x, y}, [&] { return fn(x, y); });
}

void define(py::module_& m, Doc doc, UnaryFn fn) {
  m.def(
      doc.name, [fn](const Tensor& x) { return unlocked({x}, [&] { return fn(x); }); }, "x"_a,
      doc.text);
}
void define(py::module_& m, Doc doc, BinaryFn fn, bool compared = false) {
  m.def(
      doc.name, [=](py::handle x1, py::handle x2) { return call_pair(fn, x1, x2, compared); },
      "x1"_a, "x2"_a, doc.text);
}
void define(py::module_& m, Doc doc, WithNumber fn, const char* parameter, double usual) {
  m.def(
      doc.name, [fn](const Tensor& x, double p) { return unlocked({x}, [&] { return fn(x, p); }); },
      "x"_a, py::arg(parameter) = usual, doc.text);
}

py::object where_any(const Tensor& condition, py::handle a, py::handle b) {
  if (a.is_none() && b.is_none()) return py::tuple(py::cast(nonzero(condition)));
  check_type(!a.is_none() && !b.is_none(), "[where] takes x1 and x2, or neither: {} is missing",
             a.is_none() ? "x1" : "x2");
  const auto pair = to_pair(a.ptr(), b.ptr());
  const Tensor &x = pair.first, &y = pair.second;  // no structured binding: clang 14 captures none
  return py::cast(unlocked({condition, x, y}, [&] { return where(condition, x, y); }));
}

Tensor limited(const Tensor& x, py::handle min, py::handle max) {
  const auto limit = [&](py::handle bound) {
    if (bound.is_none()) return Tensor();
    if (!is_python_scalar(bound.ptr())) return to_tensor(bound.ptr());
    const Tensor number = number_beside(bound.ptr(), x, /*compared=*/true);
    // An integer beyond the dtype is a bound at its end.
    return PyLong_Check(bound.ptr()) ? astype(number, weak_dtype(bound.ptr(), x.dtype())) : number;
  };
  const Tensor low = limit(min), high = limit(max);
  return unlocked({x}, [&] { return clip(x, low, high); });
}

Tensor converted(const Tensor& x, DType dtype, bool copied, py::handle) {
  return unlocked({x}, [&] { return copied && x.dtype() == dtype ? copy(x) : astype(x, dtype); });
}

// The dtype of a sum of these arrays, dtypes and (weak) numbers.
DType result_type(const py::args& items) {
  std::optional<DType> result;
  for (py::handle item : items) {
    if (is_python_scalar(item.ptr())) continue;
    const DType dtype = is_dtype_like(item) ? to_dtype(item) : to_tensor(item.ptr()).dtype();
    result = result ? promote(*result, dtype) : dtype;
  }
  for (py::handle item : items) {
    if (!is_python_scalar(item.ptr())) continue;
    result = result ? weak_dtype(item.ptr(), *result) : to_tensor(item.ptr()).dtype();
  }
  check_type(result.has_value(), "[result_type] needs at least one array, dtype or number");
  return *result;
}

}  // namespace

void bind_elementwise(py::module_& m) {
#define DL_BIND(name, functor, types) define(m, doc_of(#name), static_cast<UnaryFn>(&name));
  DL_UNARY_LIST(DL_BIND)
  DL_PREDICATE_LIST(DL_BIND)
#undef DL_BIND
#define DL_BIND(name, functor, types) define(m, doc_of(#name), static_cast<BinaryFn>(&name));
  DL_BINARY_LIST(DL_BIND)
#undef DL_BIND
#define DL_BIND(name, functor, types) \
  define(m, doc_of(#name), static_cast<BinaryFn>(&name), /*compared=*/true);
  DL_COMPARE_LIST(DL_BIND)
#undef DL_BIND
  define(m, doc_of("logical_and"), static_cast<BinaryFn>(&logical_and));
  define(m, doc_of("logical_or"), static_cast<BinaryFn>(&logical_or));
  define(m, doc_of("logical_xor"), static_cast<BinaryFn>(&logical_xor));
  define(m, doc_of("logical_not"), static_cast<UnaryFn>(&logical_not));
  define(m, doc_of("elu"), &elu, "alpha", 1.0);
  define(m, doc_of("celu"), &celu, "alpha", 1.0);
  define(m, doc_of("leaky_relu"), &leaky_relu, "negative_slope", 0.2);
  define(m, doc_of("soft_shrink"), &soft_shrink, "threshold", 0.5);
  define(m, doc_of("hard_shrink"), &hard_shrink, "threshold", 0.5);
  define(m, doc_of("squareplus"), &squareplus, "b", 4.0);
  m.def(
      "gelu",
      [](const Tensor& x, bool tanh) { return unlocked({x}, [&] { return gelu(x, tanh); }); },
      "x"_a, "approximate"_a = true,
      R"(x * Phi(x), Phi the normal distribution function; `approximate` computes Phi by a tanh.
Integers and bool become floats (float32).
Source: Hendrycks and Gimpel, 2016, arXiv:1606.08415; keras.ops.

>>> import danlu as dl
>>> round(dl.ops.gelu(1.0).item(), 4), round(dl.ops.gelu(1.0, approximate=False).item(), 4)
(0.8412, 0.8413))");
  m.def("where", &where_any, "condition"_a, "x1"_a = py::none(), "x2"_a = py::none(),
        R"(x1 where the condition is not zero, else x2; all three are broadcast, x1 and x2 promoted.
With the condition alone the same as nonzero(condition), TypeError with one of x1 and x2. ValueError
when shapes do not broadcast.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.where([True, False], [1, 2], 0).tolist()
[1, 0])");
  m.def("clip", &limited, "x"_a, "min"_a = py::none(), "max"_a = py::none(),
        R"(min(max(x, min), max): the dtype of x stays; bounds are numbers, arrays or None.
The gradient passes where min <= x <= max, the bounds included, as in PyTorch and TensorFlow.
ValueError when the shapes do not broadcast.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.clip([1, 5, 9], 2, 6).tolist()
[2, 5, 6])");
  m.def("astype", &converted, "x"_a, "dtype"_a, py::kw_only(), "copy"_a = true,
        "device"_a = py::none(),
        R"(x converted to a dtype; fractions are cut off, a number that an integer dtype cannot hold
becomes the nearest, NaN 0. x itself with `copy=False` and the same dtype. TypeError for no dtype.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.astype([1.7, 300.0, -5.0], "uint8").tolist()
[1, 255, 0])");
  m.def("result_type", &result_type,
        R"(The dtype of arithmetic on these arrays, dtypes and numbers; Python numbers are weak.
TypeError without any.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.result_type(dl.float16, dl.int32, 2.0) == dl.float16
True)");
}

}  // namespace danlu::python
