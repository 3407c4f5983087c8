// The Python type Tensor: number, mapping and buffer slots and a few methods.
// Everything that is a function elsewhere (sum, reshape ...) is attached as a method by its name.
#include "danlu/bindings/tensor_type.h"

#include "danlu/autograd/backward.h"
#include "danlu/bindings/bind.h"
#include "danlu/core/recorder.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

PyTypeObject* tensor_type = nullptr;

Tensor self_tensor(PyObject* self) {
  return is_tensor(self) ? tensor_of(self) : state_of(self).read();
}

namespace {

// ---- number slots: shared by Tensor and Variable ----------------------------------------------

using BinaryFn = Tensor (*)(const Tensor&, const Tensor&);
using UnaryFn = Tensor (*)(const Tensor&);

// Absent when one operand is no tensor: then the other operand's type gets its turn.
std::pair<Tensor, Tensor> operands(PyObject* a, PyObject* b, bool compared) {
  if (is_tensor(a) && is_tensor(b)) return {tensor_of(a), tensor_of(b)};
  if (is_python_scalar(b)) {
    Tensor x = try_tensor(a);
    if (!x) return {};
    Tensor y = number_beside(b, x, compared);
    return {std::move(x), std::move(y)};
  }
  if (is_python_scalar(a)) {
    Tensor y = try_tensor(b);
    if (!y) return {};
    Tensor x = number_beside(a, y, compared);
    return {std::move(x), std::move(y)};
  }
  Tensor x = try_tensor(a), y = x ? try_tensor(b) : Tensor();
  if (!y) return {};
  return {std::move(x), std::move(y)};
}

// No other Python thread runs meanwhile, so the operands stay what they are without being held.
bool is_quick(const Tensor& x) { return x.numel() < kReleaseGilAt / 2; }

template <BinaryFn fn, bool compared = false>
PyObject* binary(PyObject* a, PyObject* b) {
  return guarded<PyObject*>(nullptr, [&] {
    if (is_tensor(a) && is_tensor(b) && is_quick(tensor_of(a)) && is_quick(tensor_of(b))) {
      return wrap(fn(tensor_of(a), tensor_of(b)));
    }
    auto [x, y] = operands(a, b, compared);
    if (!x) Py_RETURN_NOTIMPLEMENTED;
    Tensor result;
    {
      MaybeReleaseGil release(std::max(x.numel(), y.numel()));
      result = fn(x, y);
    }
    return wrap(std::move(result));
  });
}

template <UnaryFn fn>
PyObject* unary(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&] {
    const Tensor x = self_tensor(self);
    Tensor result;
    {
      MaybeReleaseGil release(x.numel());
      result = fn(x);
    }
    return wrap(std::move(result));
  });
}

PyObject* power_slot(PyObject* a, PyObject* b, PyObject* modulus) {
  if (modulus != Py_None) {
    PyErr_SetString(PyExc_TypeError, "[pow] a modulus is not supported");
    return nullptr;
  }
  return binary<&pow>(a, b);
}

PyObject* positive_slot(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&] { return wrap(self_tensor(self)); });
}

int bool_slot(PyObject* self) {
  return guarded(-1, [&] {
    const Tensor x = self_tensor(self);
    check(x.numel() == 1,
          "[bool] the truth of a tensor of shape {} is ambiguous: use danlu.all(x) or danlu.any(x)",
          x.shape());
    check_readable("bool");
    return is_floating(x.dtype()) ? x.item() != 0 : x.item_int() != 0;
  });
}

PyObject* float_slot(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&] {
    check_readable("float");
    return PyFloat_FromDouble(self_tensor(self).item());
  });
}
PyObject* int_slot(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&]() -> PyObject* {
    check_readable("int");
    const Tensor x = self_tensor(self);
    if (is_floating(x.dtype())) return PyLong_FromDouble(x.item());
    if (x.dtype() == DType::uint64) {
      return PyLong_FromUnsignedLongLong(static_cast<uint64_t>(x.item_int()));
    }
    return PyLong_FromLongLong(x.item_int());
  });
}
PyObject* index_slot(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&]() -> PyObject* {
    const Tensor x = self_tensor(self);
    check_type(is_integer(x.dtype()) && x.numel() == 1,
               "[index] only a tensor of one integer is an index, this is {} of shape {}",
               x.dtype(), x.shape());
    return int_slot(self);
  });
}

PyObject* compare_slot(PyObject* a, PyObject* b, int op) {
  switch (op) {
    case Py_LT:
      return binary<&less, /*compared=*/true>(a, b);
    case Py_LE:
      return binary<&less_equal, /*compared=*/true>(a, b);
    case Py_GT:
      return binary<&greater, /*compared=*/true>(a, b);
    case Py_GE:
      return binary<&greater_equal, /*compared=*/true>(a, b);
    case Py_EQ:
      return binary<&equal, /*compared=*/true>(a, b);
    default:
      return binary<&not_equal, /*compared=*/true>(a, b);
  }
}

// A tensor is a key by identity, as every object whose == is elementwise.
Py_hash_t hash_slot(PyObject* self) { return _Py_HashPointer(self); }

PyObject* repr_slot(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&] {
    const std::string text = to_repr(tensor_of(self));
    return PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
  });
}

Py_ssize_t length_slot(PyObject* self) {
  return guarded<Py_ssize_t>(-1, [&] {
    const Tensor x = self_tensor(self);
    check_type(x.ndim() > 0, "[len] a tensor without axes has no length");
    return static_cast<Py_ssize_t>(x.shape()[0]);
  });
}

PyObject* get_item_slot(PyObject* self, PyObject* key) {
  return guarded<PyObject*>(nullptr, [&] { return wrap(get_item(self_tensor(self), key)); });
}

// x[key] = value makes x another tensor; who holds the old one keeps it.
int set_item_slot(PyObject* self, PyObject* key, PyObject* value) {
  return guarded(-1, [&] {
    check_type(value != nullptr, "[delitem] elements of a tensor cannot be deleted");
    Tensor& x = tensor_of(self);
    const bool number = is_python_scalar(value);
    const Tensor v = number ? number_beside(value, x) : to_tensor(value);
    x = set_item(x, key, v);
    return 0;
  });
}

PyObject* iterate_slot(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&] {
    const Tensor x = self_tensor(self);
    check_type(x.ndim() > 0, "[iter] a tensor without axes has no elements to iterate over");
    return PySeqIter_New(self);
  });
}

// PySeqIter goes through sq_item and ends at the IndexError.
PyObject* sequence_item_slot(PyObject* self, Py_ssize_t i) {
  return guarded<PyObject*>(nullptr, [&] {
    const Tensor x = self_tensor(self);
    check_index(x.ndim() > 0 && i >= 0 && i < x.shape()[0],
                "[getitem] index {} is out of range for shape {}", i, x.shape());
    const py::int_ key(i);
    return wrap(get_item(x, key.ptr()));
  });
}

// ---- methods ----------------------------------------------------------------------------------

PyObject* backward_method(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"gradient", "retain_graph", nullptr};
  PyObject* gradient = Py_None;
  int retain_graph = 0;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|Op:backward", const_cast<char**>(names),
                                   &gradient, &retain_graph)) {
    return nullptr;
  }
  return guarded<PyObject*>(nullptr, [&] {
    const Tensor x = self_tensor(self);
    Tensor seed = gradient == Py_None ? Tensor() : to_tensor(gradient, x.dtype()).detach();
    {
      MaybeReleaseGil release(kReleaseGilAt);
      backward(x, std::move(seed), retain_graph != 0);
    }
    Py_RETURN_NONE;
  });
}

PyObject* item_method(PyObject* self, PyObject* args) {
  return guarded<PyObject*>(nullptr, [&]() -> PyObject* {
    Tensor x = self_tensor(self);
    if (PyTuple_GET_SIZE(args) == 1) {
      x = get_item(x, PyTuple_GET_ITEM(args, 0));
    } else if (PyTuple_GET_SIZE(args) > 1) {
      x = get_item(x, args);
    }
    return to_number(x);
  });
}
PyObject* tolist_method(PyObject* self, PyObject*) {
  return guarded<PyObject*>(nullptr, [&] { return to_list(self_tensor(self)); });
}
PyObject* numpy_method(PyObject* self, PyObject*) {
  return guarded<PyObject*>(nullptr, [&] { return to_numpy(self_tensor(self)); });
}

}  // namespace

PyMethodDef shared_methods[] = {
    {"backward", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(backward_method)),
     METH_VARARGS | METH_KEYWORDS,
     R"(backward(gradient=None, retain_graph=False)

Adds d(this)/d(v) to the `grad` of every trainable Variable v that this number depends on, and of
every tensor marked by `requires_grad = True`. Of more than one number, `gradient` weighs them, in
the shape of this. The recorded operations are freed unless `retain_graph`. ValueError when nothing
was recorded, or without `gradient` where there is more than one number.

>>> import danlu as dl
>>> v = dl.Variable(3.0)
>>> (v * v).backward()
>>> v.grad.item()
6.0)"},
    {"item", item_method, METH_VARARGS,
     R"(The Python number in a tensor of one element, or at an index: x.item(i, j).

ValueError when there is more than one.

>>> import danlu as dl
>>> dl.asarray([[1.5]]).item(), dl.asarray([1, 2]).item(1)
(1.5, 2))"},
    {"tolist", tolist_method, METH_NOARGS,
     R"(Nested lists of Python numbers; without axes, one number.

>>> import danlu as dl
>>> dl.asarray([[1, 2], [3, 4]]).tolist()
[[1, 2], [3, 4]])"},
    {"numpy", numpy_method, METH_NOARGS,
     R"(A NumPy array of its own with these values, which can be written.

bfloat16 needs the package ml_dtypes, else TypeError.

>>> import danlu as dl
>>> dl.asarray([1.0, 2.0], dtype="float64").numpy()
array([1., 2.]))"},
    {nullptr, nullptr, 0, nullptr},
};

#define DL_NUMBER_SLOTS                                                                          \
  {Py_nb_add, (void*)binary<&add>}, {Py_nb_subtract, (void*)binary<&subtract>},                  \
      {Py_nb_multiply, (void*)binary<&multiply>}, {Py_nb_true_divide, (void*)binary<&divide>},   \
      {Py_nb_floor_divide, (void*)binary<&floor_divide>},                                        \
      {Py_nb_remainder, (void*)binary<&remainder>}, {Py_nb_power, (void*)power_slot},            \
      {Py_nb_matrix_multiply, (void*)binary<&matmul>}, {Py_nb_and, (void*)binary<&bitwise_and>}, \
      {Py_nb_or, (void*)binary<&bitwise_or>}, {Py_nb_xor, (void*)binary<&bitwise_xor>},          \
      {Py_nb_lshift, (void*)binary<&bitwise_left_shift>},                                        \
      {Py_nb_rshift, (void*)binary<&bitwise_right_shift>},                                       \
      {Py_nb_negative, (void*)unary<&negative>},                                                 \
      {Py_nb_absolute, (void*)unary<static_cast<UnaryFn>(&abs)>},                                \
      {Py_nb_invert, (void*)unary<&bitwise_invert>}, {Py_nb_positive, (void*)positive_slot},     \
      {Py_nb_bool, (void*)bool_slot}, {Py_nb_float, (void*)float_slot},                          \
      {Py_nb_int, (void*)int_slot}, {Py_nb_index, (void*)index_slot},                            \
      {Py_tp_richcompare, (void*)compare_slot}, {Py_tp_hash, (void*)hash_slot},                  \
      {Py_mp_length, (void*)length_slot}, {Py_mp_subscript, (void*)get_item_slot},               \
      {Py_sq_length, (void*)length_slot}, {Py_sq_item, (void*)sequence_item_slot}, {             \
    Py_tp_iter, (void*)iterate_slot                                                              \
  }

// The slots that both types have.
const PyType_Slot* shared_slots() {
  static const PyType_Slot slots[] = {DL_NUMBER_SLOTS, {0, nullptr}};
  return slots;
}

namespace {

// Objects that were freed and serve again: the interpreter's allocator is a tenth of `a + b`. The
// GIL guards them.
constexpr int kMaxSpare = 64;
PyTensor* spare[kMaxSpare];
int spare_count = 0;

void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyTensor* object = reinterpret_cast<PyTensor*>(self);
  std::destroy_at(&object->mask);
  object->tensor.~Tensor();
  if (spare_count < kMaxSpare) {
    spare[spare_count++] = object;
  } else {
    PyObject_Free(self);
  }
  Py_DECREF(type);
}

PyObject* no_new(PyTypeObject*, PyObject*, PyObject*) {
  PyErr_SetString(PyExc_TypeError,
                  "[Tensor] use danlu.asarray(values, dtype=...) to make a tensor");
  return nullptr;
}

}  // namespace

PyObject* wrap(Tensor tensor) {
  if (!tensor) Py_RETURN_NONE;
  PyTensor* object = spare_count > 0
                         ? reinterpret_cast<PyTensor*>(PyObject_Init(
                               reinterpret_cast<PyObject*>(spare[--spare_count]), tensor_type))
                         : PyObject_New(PyTensor, tensor_type);
  if (!object) return nullptr;
  new (&object->tensor) Tensor(std::move(tensor));
  new (&object->mask) Ref<Value>();
  return reinterpret_cast<PyObject*>(object);
}

// The attributes and methods of `definitions` become those of `type`.
void add_descriptors(PyTypeObject* type, PyGetSetDef* attributes, PyMethodDef* methods) {
  for (PyGetSetDef* a = attributes; a && a->name; ++a) {
    py::object descriptor = py::reinterpret_steal<py::object>(PyDescr_NewGetSet(type, a));
    py::setattr(reinterpret_cast<PyObject*>(type), a->name, descriptor);
  }
  for (PyMethodDef* method = methods; method && method->ml_name; ++method) {
    py::object descriptor = py::reinterpret_steal<py::object>(PyDescr_NewMethod(type, method));
    py::setattr(reinterpret_cast<PyObject*>(type), method->ml_name, descriptor);
  }
}

void make_tensor_type(PyObject* module) {
  std::vector<PyType_Slot> slots = {
      {Py_tp_doc,
       const_cast<char*>(R"(An immutable value: numbers of one dtype in a shape, on a device.

`danlu.asarray` and the other functions make it. It has the operators and methods of the array API
standard 2024.12 and NumPy's indexing. `x[i] = v` makes x another value; views of the old one keep
theirs.

>>> import danlu as dl
>>> x = dl.asarray([[1, 2], [3, 4]])
>>> (x @ x + 1)[0].tolist()
[8, 11])")},
      {Py_tp_new, (void*)no_new},
      {Py_tp_dealloc, (void*)dealloc},
      {Py_tp_repr, (void*)repr_slot},
      {Py_mp_ass_subscript, (void*)set_item_slot},
      {Py_bf_getbuffer, (void*)get_buffer},
      {Py_bf_releasebuffer, (void*)release_buffer},
  };
  for (const PyType_Slot* slot = shared_slots(); slot->slot; ++slot) slots.push_back(*slot);
  slots.push_back({0, nullptr});
  PyType_Spec spec = {"danlu.Tensor", sizeof(PyTensor), 0, Py_TPFLAGS_DEFAULT, slots.data()};
  tensor_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!tensor_type) throw py::error_already_set();
  add_descriptors(tensor_type, shared_attributes, shared_methods);
  add_descriptors(tensor_type, tensor_attributes, nullptr);
  py::setattr(module, "Tensor", reinterpret_cast<PyObject*>(tensor_type));
}

// Functions of the module whose first argument is a tensor, as methods.
void add_methods(py::module_& m) {
  auto attach = [&](PyTypeObject* type, const char* name) {
    if (!py::hasattr(m, name)) return;
    const py::object function = m.attr(name);
    py::setattr(reinterpret_cast<PyObject*>(type), name,
                py::reinterpret_steal<py::object>(PyInstanceMethod_New(function.ptr())));
  };
  for (const char* name : {"sum",
                           "mean",
                           "max",
                           "min",
                           "prod",
                           "std",
                           "var",
                           "any",
                           "all",
                           "argmax",
                           "argmin",
                           "reshape",
                           "astype",
                           "squeeze",
                           "flatten",
                           "permute_dims",
                           "to_device",
                           "__dlpack__",
                           "__dlpack_device__",
                           "__array__",
                           "__array_function__",
                           "__array_ufunc__",
                           "__array_namespace__",
                           "__format__",
                           "__complex__"}) {
    attach(tensor_type, name);
    attach(variable_type, name);
  }
  for (const char* name : {"__reduce__", "__copy__", "__deepcopy__"}) attach(tensor_type, name);
}

}  // namespace danlu::python
