// New tensors.
#include <algorithm>

#include "danlu/bindings/bind.h"
#include "danlu/bindings/device.h"
#include "danlu/bindings/interop.h"
#include "danlu/ops/ops.h"

namespace danlu::python {
namespace {

Tensor as_tensor(const py::object& x, std::optional<DType> dtype, const py::object& device,
                 std::optional<bool> want_copy) {
  if (PyUnicode_Check(x.ptr()) || PyBytes_Check(x.ptr())) {
    fail(ErrorKind::type,
         "[asarray] a tensor holds numbers, not strings such as {}: map each to an integer first",
         py::cast<std::string>(py::repr(x)).substr(0, 80));
  }
  const bool value = is_tensor(x.ptr()) || is_variable(x.ptr());
  const bool shares = value || (want_copy && !*want_copy && py::hasattr(x, "__dlpack__"));
  check(shares || want_copy.value_or(true),
        "[asarray] a tensor from '{}' needs a copy, which copy=False forbids",
        Py_TYPE(x.ptr())->tp_name);
  const Tensor source = shares && !value ? from_dlpack(x) : to_tensor(x.ptr(), dtype);
  const Device target = to_device_argument("asarray", device, source.device());
  check(target == source.device() || want_copy.value_or(true),
        "[asarray] {} from {} needs a copy, which copy=False forbids", target, source.device());
  const Tensor from = to_device(source, target);
  if (dtype && from.dtype() != *dtype) {
    check(want_copy.value_or(true), "[asarray] {} from {} needs a copy, which copy=False forbids",
          *dtype, from.dtype());
    return unlocked({from}, [&] { return astype(from, *dtype); });
  }
  const bool copies = value && target == source.device() && want_copy.value_or(false);
  return copies ? unlocked({from}, [&] { return copy(from); }) : from;
}

// Numbers keep their kind: True is a bool, 1 an int64, 1.0 of the default dtype.
Tensor filled(const Shape& shape, const py::object& fill_value, std::optional<DType> dtype,
              const py::object& device) {
  const Device target = to_device_argument("full", device);
  const Tensor value = to_tensor(fill_value.ptr(), dtype);
  MaybeReleaseGil release(rounded(shape));
  if (PyFloat_CheckExact(fill_value.ptr())) {
    return full(shape, PyFloat_AS_DOUBLE(fill_value.ptr()), value.dtype(), target);
  }
  for (int64_t size : shape) check(size >= 0, "[full] negative size in shape {}", shape);
  const Tensor typed = to_device(dtype ? astype(value, *dtype) : value, target);
  return contiguous(broadcast_to(typed, shape));
}

bool is_whole(const py::object& number) {
  if (is_tensor(number.ptr()) || is_variable(number.ptr())) {
    return !is_floating(to_tensor(number.ptr()).dtype());
  }
  return PyIndex_Check(number.ptr());
}

double to_double(const py::object& number, const char* what) {
  const double value = PyUnicode_Check(number.ptr()) ? -1.0 : PyFloat_AsDouble(number.ptr());
  const bool none = PyUnicode_Check(number.ptr()) || (value == -1.0 && PyErr_Occurred());
  if (none && PyErr_ExceptionMatches(PyExc_OverflowError)) throw py::error_already_set();
  if (none) {
    PyErr_Clear();
    fail(ErrorKind::type, "[{}] expected a number, got {} of type '{}'", what,
         py::cast<std::string>(py::repr(number)).substr(0, 80), Py_TYPE(number.ptr())->tp_name);
  }
  return value;
}

Tensor range(const py::object& start, const py::object& stop, const py::object& given_step,
             std::optional<DType> dtype, const py::object& device) {
  const Device target = to_device_argument("arange", device);
  const py::object step = given_step.is_none() ? py::object(py::int_(1)) : given_step;
  const py::object first = stop.is_none() ? py::object(py::int_(0)) : start;
  const py::object& last = stop.is_none() ? start : stop;
  if (is_whole(first) && is_whole(last) && is_whole(step)) {
    const int64_t a = to_integer(first.ptr(), "arange"), b = to_integer(last.ptr(), "arange");
    const int64_t by = to_integer(step.ptr(), "arange");
    MaybeReleaseGil release(rounded((static_cast<double>(b) - static_cast<double>(a)) / by));
    return arange(a, b, by, dtype.value_or(DType::int64), target);
  }
  const double a = to_double(first, "arange"), b = to_double(last, "arange");
  const double by = to_double(step, "arange");
  MaybeReleaseGil release(rounded((b - a) / by));
  return arange(a, b, by, dtype.value_or(default_float()), target);
}

Tensor line(double start, double stop, int64_t num, bool endpoint, std::optional<DType> dtype,
            const py::object& device) {
  const Device target = to_device_argument("linspace", device);
  MaybeReleaseGil release(num);
  return linspace(start, stop, num, endpoint, dtype.value_or(default_float()), target);
}

Tensor identity(int64_t rows, std::optional<int64_t> columns, const py::int_& k,
                std::optional<DType> dtype, const py::object& device) {
  int overflow = 0;
  const int64_t diagonal = PyLong_AsLongLongAndOverflow(k.ptr(), &overflow);
  const int64_t beyond = int64_t{1} << 62;  // outside of every matrix
  const int64_t offset = overflow ? overflow * beyond : std::clamp(diagonal, -beyond, beyond);
  const Device target = to_device_argument("eye", device);
  const int64_t width = columns.value_or(rows);
  MaybeReleaseGil release(rounded(static_cast<double>(rows) * static_cast<double>(width)));
  return eye(rows, width, offset, dtype.value_or(default_float()), target);
}

template <Tensor (*make)(const Shape&, DType, Device)>
void bind_constant(py::module_& m, const char* name, const char* name_like, const char* doc) {
  m.def(
      name,
      [name](const Shape& shape, std::optional<DType> dtype, const py::object& device) {
        const Device target = to_device_argument(name, device);
        MaybeReleaseGil release(rounded(shape));
        return make(shape, dtype.value_or(default_float()), target);
      },
      "shape"_a, "dtype"_a = py::none(), "device"_a = py::none(), doc);
  m.def(
      name_like,
      [name_like](const Tensor& x, std::optional<DType> dtype, const py::object& device) {
        const Device target = to_device_argument(name_like, device, x.device());
        MaybeReleaseGil release(x.numel());
        return make(x.shape(), dtype.value_or(x.dtype()), target);
      },
      "x"_a, "dtype"_a = py::none(), "device"_a = py::none(),
      R"(The same with the shape and, unless given, the dtype and device of x.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.zeros_like([1, 2]).tolist(), dl.ones_like([1, 2]).tolist(), dl.empty_like([1, 2]).shape
([0, 0], [1, 1], (2,)))");
}

Tensor uninitialised(const Shape& shape, DType dtype, Device device) {
  for (int64_t size : shape) check(size >= 0, "[empty] negative size in shape {}", shape);
  return Tensor::empty(shape, dtype, device);
}

}  // namespace

void bind_create(py::module_& m) {
  m.def("_set_default_float", &set_default_float, "dtype"_a,
        "Set the dtype of floating-point values that name none.");
  m.def("asarray", &as_tensor, "obj"_a, "dtype"_a = py::none(), "device"_a = py::none(),
        "copy"_a = py::none(),
        R"(A tensor of an array, nested lists or a number: a copy, but a tensor stays as it is.
Lists of floats become float32, of integers int64, of bool bool; arrays keep their dtype. ValueError
for ragged lists and where `copy=False` would copy, TypeError for text, OverflowError for a number
that the dtype cannot hold.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.asarray([[1, 2], [3, 4.5]]).tolist()
[[1.0, 2.0], [3.0, 4.5]])");
  bind_constant<&zeros>(
      m, "zeros", "zeros_like",
      R"(All zeros of a shape, float32 unless a dtype is given. ValueError for a negative size.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.zeros((2, 3)).tolist()
[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])");
  bind_constant<&ones>(
      m, "ones", "ones_like",
      R"(All ones of a shape, float32 unless a dtype is given. ValueError for a negative size.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.ones(3, dtype="int8").tolist()
[1, 1, 1])");
  bind_constant<&uninitialised>(
      m, "empty", "empty_like",
      R"(Whatever the memory holds, in a shape, float32 unless a dtype is given. ValueError for a
negative size.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.empty((2, 3)).shape
(2, 3))");
  m.def("full", &filled, "shape"_a, "fill_value"_a, "dtype"_a = py::none(), "device"_a = py::none(),
        R"(All the same number, in its own dtype unless one is given (an array is broadcast to the
shape). ValueError for a negative size, OverflowError for a number that the dtype cannot hold.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.full((2, 2), 7).tolist()
[[7, 7], [7, 7]])");
  m.def(
      "full_like",
      [](const Tensor& x, const py::object& fill_value, std::optional<DType> dtype,
         const py::object& device) {
        const Device target = to_device_argument("full_like", device, x.device());
        return filled(x.shape(), fill_value, dtype.value_or(x.dtype()),
                      py::cast(format("{}", target)));
      },
      "x"_a, "fill_value"_a, "dtype"_a = py::none(), "device"_a = py::none(),
      R"(The same number in the shape and, unless given, the dtype and device of x.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.full_like([1.0, 2.0], 7).tolist()
[7.0, 7.0])");
  m.def("arange", &range, "start"_a, "stop"_a = py::none(), "step"_a = 1, "dtype"_a = py::none(),
        "device"_a = py::none(),
        R"(start, start + step, ... below stop; of one argument, 0, 1, ... below it. Of integers
int64, else float32. ValueError for a step of 0.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.arange(1, 2, 0.25).tolist()
[1.0, 1.25, 1.5, 1.75])");
  m.def("linspace", &line, "start"_a, "stop"_a, "num"_a = 50, "endpoint"_a = true,
        "dtype"_a = py::none(), "device"_a = py::none(),
        "`num` numbers at equal distances from start to stop.");
  m.def("eye", &identity, "n_rows"_a, "n_cols"_a = py::none(), "k"_a = 0, "dtype"_a = py::none(),
        "device"_a = py::none(),
        R"(1 where j = i + k, else 0: (n_rows, n_cols or n_rows), float32 unless a dtype is given.
ValueError for a negative size.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.eye(2, 3, k=1).tolist()
[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])");
}

}  // namespace danlu::python
