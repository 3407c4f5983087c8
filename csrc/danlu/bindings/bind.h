// What a binding file needs: pybind11 and the casters of our types.
//
//   void bind_family(py::module_& m) {
//     m.def("softmax", &softmax, "x"_a, "axis"_a = -1, "exp(x - max x) / sum exp(x - max x).");
//   }
//
// A `Tensor` argument takes tensors, Variables, arrays, lists and numbers; `std::optional<Tensor>`
// also None; `Tensors` a sequence. `Shape` takes an integer or a sequence of them; `DType` a dtype,
// its name, a NumPy dtype or float, int, bool. An absent Tensor becomes None.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>

#include "danlu/bindings/tensor_type.h"

namespace danlu::python {

namespace py = pybind11;
using namespace pybind11::literals;

py::object dtype_object(DType dtype);
// Throws TypeError when the object names no dtype; `what` is for the message.
DType to_dtype(py::handle object);
bool is_dtype_like(py::handle object);
Shape to_shape(py::handle object);
// " Did you mean 'same'?" for the known name nearest to a misspelt one, or nothing.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known);

// About so many elements, however many.
inline int64_t rounded(double elements) {
  return elements < 1e18 ? static_cast<int64_t>(std::max(elements, 0.0)) : int64_t{1} << 60;
}
inline int64_t rounded(const Shape& shape) {
  double elements = 1;
  for (int64_t size : shape) elements *= static_cast<double>(size);
  return rounded(elements);
}

// Runs f() without the interpreter lock when the tensors are large.
template <class F>
auto unlocked(Inputs in, F&& f) {
  int64_t elements = 0;
  for (const Tensor& x : in) {
    if (x) elements = std::max(elements, x.numel());
  }
  MaybeReleaseGil release(elements);
  return f();
}
template <class F>
auto unlocked(std::initializer_list<Tensor> in, F&& f) {
  return unlocked(Inputs(in.begin(), in.size()), std::forward<F>(f));
}

}  // namespace danlu::python

namespace pybind11::detail {

template <>
struct type_caster<danlu::Tensor> {
  PYBIND11_TYPE_CASTER(danlu::Tensor, const_name("Tensor"));
  bool load(handle source, bool) {
    value = danlu::python::to_tensor(source.ptr());
    return true;
  }
  static handle cast(danlu::Tensor tensor, return_value_policy, handle) {
    return danlu::python::wrap(std::move(tensor));
  }
};

template <>
struct type_caster<danlu::Tensors> {
  PYBIND11_TYPE_CASTER(danlu::Tensors, const_name("list[Tensor]"));
  bool load(handle source, bool) {
    if (!PySequence_Check(source.ptr()) || PyUnicode_Check(source.ptr())) {
      if (danlu::python::is_tensor(source.ptr())) return false;
      throw type_error("expected a list or tuple of tensors, got " +
                       std::string(Py_TYPE(source.ptr())->tp_name));
    }
    for (const object item : reinterpret_borrow<sequence>(source)) {
      value.push_back(danlu::python::to_tensor(item.ptr()));
    }
    return true;
  }
  static handle cast(const danlu::Tensors& tensors, return_value_policy, handle) {
    list result(static_cast<size_t>(tensors.size()));
    for (int i = 0; i < tensors.size(); ++i) {
      PyList_SET_ITEM(result.ptr(), i, danlu::python::wrap(tensors[i]));
    }
    return result.release();
  }
};

template <>
struct type_caster<danlu::Shape> {
  PYBIND11_TYPE_CASTER(danlu::Shape, const_name("int | tuple[int, ...]"));
  bool load(handle source, bool) {
    value = danlu::python::to_shape(source);
    return true;
  }
  static handle cast(const danlu::Shape& shape, return_value_policy, handle) {
    tuple result(static_cast<size_t>(shape.ndim()));
    for (int i = 0; i < shape.ndim(); ++i) {
      PyTuple_SET_ITEM(result.ptr(), i, PyLong_FromLongLong(shape[i]));
    }
    return result.release();
  }
};

template <>
struct type_caster<danlu::DType> {
  PYBIND11_TYPE_CASTER(danlu::DType, const_name("DType"));
  bool load(handle source, bool) {
    value = danlu::python::to_dtype(source);
    return true;
  }
  static handle cast(danlu::DType dtype, return_value_policy, handle) {
    return danlu::python::dtype_object(dtype).release();
  }
};

// An integer argument has __index__; what int() would cut to one is none.
template <>
struct type_caster<int64_t> {
  PYBIND11_TYPE_CASTER(int64_t, io_name("typing.SupportsIndex", "int"));
  bool load(handle source, bool) {
    if (!PyIndex_Check(source.ptr())) return false;
    const auto index = reinterpret_steal<object>(PyNumber_Index(source.ptr()));
    value = index ? PyLong_AsLongLong(index.ptr()) : -1;
    if (!PyErr_Occurred()) return true;
    const bool no_number =
        PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_OverflowError);
    if (!no_number) throw error_already_set();
    PyErr_Clear();
    return false;
  }
  static handle cast(int64_t number, return_value_policy, handle) {
    return PyLong_FromLongLong(number);
  }
};

// A state that an op writes: only a Variable.
template <>
struct type_caster<danlu::Variable> {
  PYBIND11_TYPE_CASTER(danlu::Variable, const_name("Variable"));
  bool load(handle source, bool) {
    if (!danlu::python::is_variable(source.ptr())) {
      throw type_error("expected a Variable, got " + std::string(Py_TYPE(source.ptr())->tp_name));
    }
    danlu::python::state_of(source.ptr());
    value = danlu::python::variable_of(source.ptr());
    return true;
  }
};

}  // namespace pybind11::detail
