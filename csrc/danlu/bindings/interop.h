// What the interop files of this folder share.
#pragma once

#include "danlu/bindings/bind.h"

namespace danlu::python {

// A tensor that was marked with requires_grad = True: its gradient lies on it.
inline bool is_leaf(const Tensor& x) { return x.edge() && !x.edge().node()->op; }
// An int, or another object that is one number with an index, such as NumPy's integers.
bool is_integer_like(PyObject* object);
// The same bytes read as another dtype of the same size.
Tensor with_dtype(const Tensor& x, DType dtype);
// Shares the bytes of an object with __dlpack__.
Tensor from_dlpack(const py::object& x);
// A NumPy array that shares the bytes and cannot be written.
py::object shared_array(const Tensor& x);

}  // namespace danlu::python
