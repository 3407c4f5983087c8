// Python objects to tensors, and C++ exceptions to Python ones.
#include <atomic>

#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

PyObject* wrap(Tensor tensor) {
  if (!tensor) Py_RETURN_NONE;
  PyTensor* object = PyObject_New(PyTensor, tensor_type);
  if (!object) return nullptr;
  new (&object->tensor) Tensor(std::move(tensor));
  object->mask = nullptr;
  return reinterpret_cast<PyObject*>(object);
}

namespace {

std::atomic<DType> floating_dtype{DType::float32};

DType default_dtype(PyObject* number) {
  if (PyBool_Check(number)) return DType::bool_;
  return PyLong_CheckExact(number) ? DType::int64 : default_float();
}

Tensor number_to_tensor(PyObject* number, DType dtype, Device device = kCpu) {
  if (PyFloat_CheckExact(number)) return Tensor::scalar(PyFloat_AS_DOUBLE(number), dtype, device);
  if (PyBool_Check(number)) return Tensor::scalar(int64_t{number == Py_True}, dtype, device);
  if (is_floating(dtype)) {
    const double value = PyLong_AsDouble(number);
    if (value == -1.0 && PyErr_Occurred()) throw py::error_already_set();
    return Tensor::scalar(value, dtype, device);
  }
  int overflow = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(number, &overflow);
  if (overflow && dtype == DType::uint64) {
    const uint64_t large = PyLong_AsUnsignedLongLong(number);
    if (large == ~uint64_t{0} && PyErr_Occurred()) throw py::error_already_set();
    return Tensor::scalar(static_cast<int64_t>(large), dtype, device);
  }
  if (overflow) {
    PyErr_SetString(PyExc_OverflowError, "[asarray] the integer does not fit in 64 bits");
    throw py::error_already_set();
  }
  return Tensor::scalar(value, dtype, device);
}

}  // namespace

DType default_float() noexcept { return floating_dtype.load(std::memory_order_relaxed); }

void set_default_float(DType dtype) {
  check(is_floating(dtype), "[set_floatx] expected a floating-point dtype, got {}", dtype);
  floating_dtype.store(dtype, std::memory_order_relaxed);
}

DType weak_dtype(PyObject* number, DType other) {
  if (PyBool_Check(number)) return other;
  if (PyLong_CheckExact(number)) return is_bool(other) ? DType::int64 : other;
  return is_floating(other) ? other : default_float();
}

Tensor number_beside(PyObject* number, const Tensor& other) {
  return number_to_tensor(number, weak_dtype(number, other.dtype()), other.device());
}

Tensor try_tensor(PyObject* object, std::optional<DType> dtype) {
  if (is_tensor(object)) return tensor_of(object);
  if (is_variable(object)) return variable_of(object)->read();
  if (is_python_scalar(object))
    return number_to_tensor(object, dtype.value_or(default_dtype(object)));
  return from_python(object, dtype);
}

Tensor to_tensor(PyObject* object, std::optional<DType> dtype) {
  Tensor tensor = try_tensor(object, dtype);
  if (!tensor) {
    fail(ErrorKind::type, "expected a tensor, an array, a list or a number, got {} of type '{}'",
         py::cast<std::string>(py::repr(object)).substr(0, 80), Py_TYPE(object)->tp_name);
  }
  return tensor;
}

std::pair<Tensor, Tensor> to_pair(PyObject* a, PyObject* b) {
  if (is_python_scalar(b) && !is_python_scalar(a)) {
    Tensor x = to_tensor(a);
    Tensor y = number_beside(b, x);
    return {std::move(x), std::move(y)};
  }
  if (is_python_scalar(a) && !is_python_scalar(b)) {
    Tensor y = to_tensor(b);
    Tensor x = number_beside(a, y);
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
  } catch (const std::bad_alloc& error) {
    PyErr_SetString(PyExc_MemoryError, error.what());
  } catch (const py::builtin_exception& error) {
    error.set_error();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "[danlu] unknown C++ exception");
  }
}

}  // namespace danlu::python
