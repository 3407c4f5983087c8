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
  define_in_dtype(m, "sum", &sum,
                  "The sum over the axes (all by default); integers are added in int64.");
  define_in_dtype(m, "prod", &prod,
                  "The product over the axes (all by default); integers are multiplied in int64.");
  define(m, "mean", &mean, "The mean over the axes (all by default).");
  define(m, "max", &max,
         "The greatest element over the axes; a gradient is shared evenly among equals.");
  define(m, "min", &min,
         "The least element over the axes; a gradient is shared evenly among equals.");
  define(m, "any", &any, "Whether any element over the axes is not zero.");
  define(m, "all", &all, "Whether no element over the axes is zero.");
  define(m, "count_nonzero", &count_nonzero, "How many elements over the axes are not zero.");
  define(m, "logsumexp", &logsumexp, "log(sum(exp(x))) over the axes, without overflow.");
  define_spread(m, "var", &var, "The variance over the axes: mean of squares / (n - correction).");
  define_spread(m, "std", &standard_deviation, "The square root of the variance over the axes.");
  define_position(m, "argmax", &argmax, "The position of the first greatest element, int64.");
  define_position(m, "argmin", &argmin, "The position of the first least element, int64.");
  define_cumulative(m, "cumulative_sum", &cumulative_sum, "Running sums along the axis.");
  define_cumulative(m, "cumulative_prod", &cumulative_prod, "Running products along the axis.");
}

}  // namespace danlu::python
