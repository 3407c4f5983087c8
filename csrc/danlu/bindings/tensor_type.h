// The Python types Tensor and Variable: hand-written CPython types, because a call through them
// costs a fifth of one through a generated class.
#pragma once

#include <Python.h>

#include <optional>
#include <string>

#include "danlu/core/variable.h"

namespace danlu::python {

struct PyTensor {
  PyObject_HEAD Tensor tensor;
  // Which steps count; mostly absent. A value and no object: a mask then has no mask of its own,
  // and masks make no chain, which is freed from within itself, and no cycle, which never is.
  Ref<Value> mask;
};

struct PyVariable {
  PyObject_HEAD Variable variable;
  PyObject* dict;
  PyObject* weak_references;
};

extern PyTypeObject* tensor_type;
extern PyTypeObject* variable_type;

inline bool is_tensor(PyObject* object) {
  return Py_TYPE(object) == tensor_type || PyType_IsSubtype(Py_TYPE(object), tensor_type);
}
inline bool is_variable(PyObject* object) {
  return Py_TYPE(object) == variable_type || PyType_IsSubtype(Py_TYPE(object), variable_type);
}
inline bool is_value(PyObject* object) { return is_tensor(object) || is_variable(object); }
inline bool is_python_scalar(PyObject* object) {
  return PyFloat_CheckExact(object) || PyLong_CheckExact(object) || PyBool_Check(object);
}
inline Tensor& tensor_of(PyObject* object) { return reinterpret_cast<PyTensor*>(object)->tensor; }
inline Variable& variable_of(PyObject* object) {
  return reinterpret_cast<PyVariable*>(object)->variable;
}
// Throws when a subclass did not call super().__init__.
VariableState& state_of(PyObject* variable);

// A new reference; None for an absent tensor.
PyObject* wrap(Tensor tensor);

// Tensors, Variables, numbers, NumPy arrays (anything with a buffer or __dlpack__) and nested
// lists. Numbers get `dtype`, or default_float(), int64 and bool. Throws TypeError for anything
// else.
Tensor to_tensor(PyObject* object, std::optional<DType> dtype = {});
// The same, absent when the object is none of these.
Tensor try_tensor(PyObject* object, std::optional<DType> dtype = {});
// The dtype that a Python number takes beside a tensor of dtype `other`: numbers are weak.
DType weak_dtype(PyObject* number, DType other);
// A Python number for arithmetic with `other`: of its device, and of its dtype where that can be.
// OverflowError when the dtype cannot hold it; but compared, an integer may be beyond the dtype.
Tensor number_beside(PyObject* number, const Tensor& other, bool compared = false);
// Both operands of a binary function.
std::pair<Tensor, Tensor> to_pair(PyObject* a, PyObject* b, bool compared = false);
// An integer argument: TypeError or OverflowError, with the name `what`, when it is none.
int64_t to_integer(PyObject* object, const char* what);
// Raises, as NumPy does, when an integer dtype cannot hold the number.
void check_fits(double number, DType dtype);
void check_fits(int64_t number, DType dtype);
void check_fits(uint64_t number, DType dtype);

// Turns the C++ exception that is being handled into a Python one.
void set_python_error() noexcept;

// Runs `f`; on a C++ exception sets the Python error and returns `failure`.
template <class R, class F>
R guarded(R failure, F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    set_python_error();
    return failure;
  }
}

// Other Python threads may run while a kernel works on this many elements or more; below it,
// giving the interpreter up costs more than it gives.
inline constexpr int64_t kReleaseGilAt = 1 << 14;

class MaybeReleaseGil {
 public:
  explicit MaybeReleaseGil(int64_t elements)
      : state_(elements >= kReleaseGilAt ? PyEval_SaveThread() : nullptr) {}
  ~MaybeReleaseGil() {
    if (state_) PyEval_RestoreThread(state_);
  }
  MaybeReleaseGil(const MaybeReleaseGil&) = delete;
  MaybeReleaseGil& operator=(const MaybeReleaseGil&) = delete;

 private:
  PyThreadState* state_;
};

// ---- indexing.cpp: x[key] and x[key] = value ---------------------------------------------------
Tensor get_item(const Tensor& x, PyObject* key);
// The tensor that `x` becomes. `x` is the Python object's own handle: when it is `unshared()`, its
// bytes may be overwritten and it may be returned.
Tensor set_item(Tensor& x, PyObject* key, const Tensor& value);

// ---- numpy.cpp: what comes from outside, and goes there
// ------------------------------------------ A copy of an array, a buffer, a nested list or tuple;
// absent when the object is none of these.
Tensor from_python(PyObject* object, std::optional<DType> dtype);
int get_buffer(PyObject* self, Py_buffer* buffer, int flags);
void release_buffer(PyObject* self, Py_buffer* buffer);
PyObject* to_numpy(const Tensor& x);   // a new NumPy array that shares the bytes where it can
PyObject* to_list(const Tensor& x);    // nested lists of Python numbers
PyObject* to_number(const Tensor& x);  // item()

// ---- repr.cpp ---------------------------------------------------------------------------------
std::string to_repr(const Tensor& x);

// ---- tensor_type.cpp, tensor_attributes.cpp, variable_type.cpp --------------------------------
Tensor self_tensor(PyObject* self);      // of a Tensor or a Variable
extern PyGetSetDef shared_attributes[];  // of both types
extern PyGetSetDef tensor_attributes[];
void make_tensor_type(PyObject* module);
void make_variable_type(PyObject* module);

}  // namespace danlu::python
