// Reductions: f(x, axis=None, keepdims=False).
#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

namespace {

using Reduction = Tensor (*)(const Tensor&, const Axes&, bool);
using Along = Tensor (*)(const Tensor&, int64_t, bool);

Axes axes_or_all(const Tensor& x, const std::optional<Axes>& axes) {
  return axes ? *axes : all_axes(x);
}

void define(py::module_& m, const char* name, Reduction fn, const char* doc) {
  m.def(
      name,
      [fn](const Tensor& x, const std::optional<Axes>& axis, bool keepdims) {
        return unlocked({x}, [&] { return fn(x, axes_or_all(x, axis), keepdims); });
      },
      "x"_a, "axis"_a = py::none(), "keepdims"_a = false, doc);
}

// sum and prod also convert.
void define_in_dtype(py::module_& m, const char* name, Reduction fn, const char* doc) {
  m.def(
      name,
      [fn](const Tensor& x, const std::optional<Axes>& axis, bool keepdims,
           std::optional<DType> dtype) {
        return unlocked({x}, [&] {
          const Tensor from = dtype ? astype(x, *dtype) : x;
          const Tensor y = fn(from, axes_or_all(x, axis), keepdims);
          return dtype ? astype(y, *dtype) : y;
        });
      },
      "x"_a, "axis"_a = py::none(), "keepdims"_a = false, "dtype"_a = py::none(), doc);
}

// One axis, or None: the position in the flat array.
void define_position(py::module_& m, const char* name, Along fn, const char* doc) {
  m.def(
      name,
      [fn](const Tensor& x, std::optional<int64_t> axis, bool keepdims) {
        return unlocked({x}, [&] {
          if (axis) return fn(x, *axis, keepdims);
          const Tensor position = fn(flatten(x), 0, false);
          return keepdims ? reshape(position, Shape::filled(x.ndim(), 1)) : position;
        });
      },
      "x"_a, "axis"_a = py::none(), "keepdims"_a = false, doc);
}

void define_cumulative(py::module_& m, const char* name, Along fn, const char* doc) {
  m.def(
      name,
      [name, fn](const Tensor& x, std::optional<int64_t> axis, std::optional<DType> dtype,
                 bool include_initial) {
        check(axis || x.ndim() <= 1, "[{}] x has shape {}: say along which axis", name, x.shape());
        return unlocked({x}, [&] {
          const Tensor from =
              reshape(dtype ? astype(x, *dtype) : x, x.ndim() ? x.shape() : Shape{1});
          const Tensor y = fn(from, axis.value_or(0), include_initial);
          return dtype ? astype(y, *dtype) : y;
        });
      },
      "x"_a, "axis"_a = py::none(), "dtype"_a = py::none(), "include_initial"_a = false, doc);
}

template <class F>
void define_spread(py::module_& m, const char* name, F fn, const char* doc) {
  m.def(
      name,
      [fn](const Tensor& x, const std::optional<Axes>& axis, bool keepdims, double correction) {
        return unlocked({x}, [&] { return fn(x, axes_or_all(x, axis), correction, keepdims); });
      },
      "x"_a, "axis"_a = py::none(), "keepdims"_a = false, "correction"_a = 0.0, doc);
}

}  // namespace

void bind_reduce(py::module_& m) {
  define_in_dtype(
      m, "sum", &sum,
      R"(The sum over `axis`: None for all, an integer, or several; `keepdims` leaves axes of size
1. Integers and bool are added in int64 (unsigned ones in uint64), halves in float32; `dtype`
converts first. IndexError for an axis that x lacks, ValueError for one named twice.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.sum([[1, 2], [3, 4]], axis=0).tolist()
[4, 6])");
  define_in_dtype(
      m, "prod", &prod,
      R"(The product over `axis`: None for all, an integer, or several; `keepdims` leaves axes of
size 1. Integers and bool are multiplied in int64 (unsigned ones in uint64); `dtype` converts first.
IndexError for an axis that x lacks.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.prod([[1, 2], [3, 4]], axis=1).tolist()
[2, 12])");
  define(m, "mean", &mean,
         R"(sum(x) / n over `axis` (None for all); integers give floats (float32), no elements NaN.
IndexError for an axis that x lacks.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.mean([[1.0, 2.0], [3.0, 6.0]], axis=0).tolist()
[2.0, 4.0])");
  define(m, "max", &max,
         R"(The greatest element over `axis` (None for all), NaN if there is one. A gradient is
shared evenly among equals. ValueError of no elements, IndexError for an axis that x lacks.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.max([[1, 5], [7, 2]], axis=1).tolist()
[5, 7])");
  define(m, "min", &min,
         R"(The least element over `axis` (None for all), NaN if there is one. A gradient is shared
evenly among equals. ValueError of no elements, IndexError for an axis that x lacks.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.min([[1, 5], [7, 2]], axis=1).tolist()
[1, 2])");
  define(m, "any", &any,
         R"(Whether any element over `axis` (None for all) is not zero, as NaN is not; False of no
elements.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.any([[0, 1], [0, 0]], axis=1).tolist()
[True, False])");
  define(m, "all", &all,
         R"(Whether no element over `axis` (None for all) is zero. True of no elements.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.all([[1, 1], [0, 1]], axis=1).tolist()
[True, False])");
  define(m, "count_nonzero", &count_nonzero,
         R"(How many elements over `axis` (None for all) are not zero, int64.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.count_nonzero([[0, 1], [2, 3]], axis=1).tolist()
[1, 2])");
  define(m, "logsumexp", &logsumexp,
         R"(log(sum(exp(x))) over `axis` (None for all), without overflow; integers give floats
(float32).
Source: keras.ops.

>>> import danlu as dl
>>> round(dl.ops.logsumexp([1000.0, 1000.0]).item(), 2)
1000.69)");
  define_spread(
      m, "var", &var,
      R"(sum((x - mean)^2) / (n - correction) over `axis` (None for all); integers give floats
(float32). `correction` 0 is the variance of a population, 1 that of a sample.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.var([1.0, 3.0]).item(), dl.var([1.0, 3.0], correction=1).item()
(1.0, 2.0))");
  define_spread(
      m, "std", &standard_deviation,
      R"(sqrt(sum((x - mean)^2) / (n - correction)) over `axis` (None for all); integers give floats
(float32).
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.std([1.0, 3.0]).item()
1.0)");
  define_position(
      m, "argmax", &argmax,
      R"(The position of the first greatest element along `axis`, int64; None: in the flat array.
NaN is the greatest. ValueError of no elements.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.argmax([[1, 5], [7, 2]], axis=1).tolist()
[1, 0])");
  define_position(
      m, "argmin", &argmin,
      R"(The position of the first least element along `axis`, int64; None: in the flat array. NaN
is the least. ValueError of no elements.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.argmin([[1, 5], [7, 2]], axis=1).tolist()
[0, 1])");
  define_cumulative(
      m, "cumulative_sum", &cumulative_sum,
      R"(y[i] = x[0] + ... + x[i] along `axis`, which only a vector may leave out; `include_initial`
puts a 0 in front. Integers are added in int64; `dtype` converts first. ValueError without an axis.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.cumulative_sum([1, 2, 3]).tolist()
[1, 3, 6])");
  define_cumulative(
      m, "cumulative_prod", &cumulative_prod,
      R"(y[i] = x[0] * ... * x[i] along `axis`, which only a vector may leave out; `include_initial`
puts a 1 in front. Integers are multiplied in int64; `dtype` converts first. ValueError without an
axis.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.cumulative_prod([1, 2, 3]).tolist()
[1, 2, 6])");
}

}  // namespace danlu::python
