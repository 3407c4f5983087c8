// Python objects to tensors, and C++ exceptions to Python ones.
#include <cmath>
#include <limits>

#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

namespace {

DType default_dtype(PyObject* number) {
  if (PyBool_Check(number)) return DType::bool_;
  return PyLong_CheckExact(number) ? DType::int64 : default_float();
}

[[noreturn]] void overflow(const std::string& message) {
  PyErr_SetString(PyExc_OverflowError, message.c_str());
  throw py::error_already_set();
}

int bits_of(DType dtype) { return 8 * static_cast<int>(size_of(dtype)); }

bool fits(int64_t value, DType dtype) {
  if (!is_integer(dtype)) return true;
  const int unused = 64 - bits_of(dtype);
  if (is_signed_integer(dtype)) return (value << unused) >> unused == value;
  return value >= 0 && (unused == 0 || value >> bits_of(dtype) == 0);
}

bool fits(PyObject* integer, DType dtype) {
  if (!is_integer(dtype)) return true;
  int beyond = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(integer, &beyond);
  if (!beyond) return fits(value, dtype);
  if (beyond < 0 || dtype != DType::uint64) return false;
  PyLong_AsUnsignedLongLong(integer);
  const bool too_large = PyErr_Occurred();
  PyErr_Clear();
  return !too_large;
}

template <class T>
void check_fits_in(const T& number, bool ok, DType dtype) {
  if (!ok) overflow(format("[asarray] the number {} does not fit {}", number, dtype));
}

Tensor number_to_tensor(PyObject* number, DType dtype, Device device = kCpu) {
  if (PyFloat_CheckExact(number)) {
    check_fits(PyFloat_AS_DOUBLE(number), dtype);
    return Tensor::scalar(PyFloat_AS_DOUBLE(number), dtype, device);
  }
  if (PyBool_Check(number)) return Tensor::scalar(int64_t{number == Py_True}, dtype, device);
  if (is_floating(dtype)) {
    const double value = PyLong_AsDouble(number);
    if (value == -1.0 && PyErr_Occurred()) throw py::error_already_set();
    return Tensor::scalar(value, dtype, device);
  }
  if (is_bool(dtype)) return Tensor::scalar(int64_t{PyObject_IsTrue(number)}, dtype, device);
  check_fits_in(py::cast<std::string>(py::repr(number)).substr(0, 40), fits(number, dtype), dtype);
  if (dtype == DType::uint64) {
    const uint64_t value = PyLong_AsUnsignedLongLong(number);
    return Tensor::scalar(static_cast<int64_t>(value), dtype, device);
  }
  return Tensor::scalar(int64_t{PyLong_AsLongLong(number)}, dtype, device);
}

}  // namespace

void check_fits(int64_t number, DType dtype) { check_fits_in(number, fits(number, dtype), dtype); }

void check_fits(uint64_t number, DType dtype) {
  const bool small = number <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const bool ok = !is_integer(dtype) || dtype == DType::uint64 ||
                  (small && fits(static_cast<int64_t>(number), dtype));
  check_fits_in(number, ok, dtype);
}

void check_fits(double number, DType dtype) {
  if (!is_integer(dtype)) return;
  check(!std::isnan(number), "[asarray] NaN cannot become {}", dtype);
  const bool has_sign = is_signed_integer(dtype);
  const double end = std::ldexp(1.0, bits_of(dtype) - (has_sign ? 1 : 0));
  const double whole = std::trunc(number);
  check_fits_in(number, whole >= (has_sign ? -end : 0.0) && whole < end, dtype);
}

int64_t to_integer(PyObject* object, const char* what) {
  const bool indexable = PyIndex_Check(object) && !PyUnicode_Check(object);
  const auto index =
      py::reinterpret_steal<py::object>(indexable ? PyNumber_Index(object) : nullptr);
  if (!index) {
    PyErr_Clear();
    fail(ErrorKind::type, "[{}] expected an integer, got {} of type '{}'", what,
         py::cast<std::string>(py::repr(object)).substr(0, 80), Py_TYPE(object)->tp_name);
  }
  int beyond = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(index.ptr(), &beyond);
  if (beyond) overflow(format("[{}] the integer does not fit in 64 bits", what));
  return value;
}

DType weak_dtype(PyObject* number, DType other) {
  if (PyBool_Check(number)) return other;
  if (PyLong_CheckExact(number)) return is_bool(other) ? DType::int64 : other;
  return is_floating(other) ? other : default_float();
}

Tensor number_beside(PyObject* number, const Tensor& other, bool compared) {
  if (compared && PyLong_CheckExact(number) && !fits(number, other.dtype())) {
    const double beyond = std::numeric_limits<double>::infinity();
    int sign = 0;
    const bool below = PyLong_AsLongLongAndOverflow(number, &sign) < 0 && sign <= 0;
    return Tensor::scalar(below ? -beyond : beyond, DType::float32, other.device());
  }
  return number_to_tensor(number, weak_dtype(number, other.dtype()), other.device());
}

Tensor try_tensor(PyObject* object, std::optional<DType> dtype) {
  if (is_tensor(object)) return tensor_of(object);
  if (is_variable(object)) return state_of(object).read();
  if (is_python_scalar(object))
    return number_to_tensor(object, dtype.value_or(default_dtype(object)));
  return from_python(object, dtype);
}

Tensor to_tensor(PyObject* object, std::optional<DType> dtype) {
  Tensor tensor = try_tensor(object, dtype);
  if (!tensor) {
    fail(ErrorKind::type,
         "[asarray] expected a tensor, an array, a list or a number, got {} of type '{}'",
         py::cast<std::string>(py::repr(object)).substr(0, 80), Py_TYPE(object)->tp_name);
  }
  return tensor;
}

std::pair<Tensor, Tensor> to_pair(PyObject* a, PyObject* b, bool compared) {
  if (is_python_scalar(b) && !is_python_scalar(a)) {
    Tensor x = to_tensor(a);
    Tensor y = number_beside(b, x, compared);
    return {std::move(x), std::move(y)};
  }
  if (is_python_scalar(a) && !is_python_scalar(b)) {
    Tensor y = to_tensor(b);
    Tensor x = number_beside(a, y, compared);
    return {std::move(x), std::move(y)};
  }
  return {to_tensor(a), to_tensor(b)};
}

void set_python_error() noexcept {
  try {
    throw;
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const Error& error) {
    PyObject* kind = PyExc_ValueError;
    switch (error.kind()) {
      case ErrorKind::value:
        kind = PyExc_ValueError;
        break;
      case ErrorKind::type:
        kind = PyExc_TypeError;
        break;
      case ErrorKind::index:
        kind = PyExc_IndexError;
        break;
      case ErrorKind::not_implemented:
        kind = PyExc_NotImplementedError;
        break;
      case ErrorKind::runtime:
        kind = PyExc_RuntimeError;
        break;
      case ErrorKind::buffer:
        kind = PyExc_BufferError;
        break;
    }
    PyErr_SetString(kind, error.what());
  } catch (const OutOfMemory& error) {
    PyErr_SetString(PyExc_MemoryError, error.what());
  } catch (const std::bad_alloc&) {
    PyErr_SetString(PyExc_MemoryError, "[allocate] out of memory");
  } catch (const py::cast_error& error) {
    // "Unable to cast Python instance of type <class 'str'> to C++ type '?' ..."
    const std::string_view what = error.what();
    const size_t type = what.find("<class"), end = what.find(" to C++");
    const bool known = type != std::string_view::npos && end != std::string_view::npos;
    PyErr_SetString(PyExc_TypeError,
                    format("an argument cannot be {}",
                           known ? what.substr(type, end - type) : std::string_view("of this type"))
                        .c_str());
  } catch (const py::builtin_exception& error) {
    error.set_error();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "[danlu] unknown C++ exception");
  }
}

}  // namespace danlu::python
