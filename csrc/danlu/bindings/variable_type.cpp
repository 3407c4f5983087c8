// The Python type Variable: state with a name, a gradient and the operators of a tensor.
#include <Python.h>
#include <structmember.h>

#include <type_traits>

#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

PyTypeObject* variable_type = nullptr;

const PyType_Slot* shared_slots();
extern PyMethodDef shared_methods[];
void add_descriptors(PyTypeObject* type, PyGetSetDef* attributes, PyMethodDef* methods);

VariableState& state_of(PyObject* self) {
  const Variable& variable = variable_of(self);
  check(static_cast<bool>(variable), "[Variable] was not initialised: call super().__init__(...)");
  return *variable;
}

namespace {

// ---- life -------------------------------------------------------------------------------------

PyObject* new_variable(PyTypeObject* type, PyObject*, PyObject*) {
  PyObject* self = type->tp_alloc(type, 0);  // zeroed
  if (self) new (&variable_of(self)) Variable();
  return self;
}

// The first value: from the name of an initializer, a callable (shape, dtype), or an array-like.
Tensor initial_value(PyObject* initializer, PyObject* shape, PyObject* dtype) {
  if (PyUnicode_Check(initializer)) {
    const py::object named =
        py::module_::import("danlu.initializers").attr("get")(py::handle(initializer));
    return initial_value(named.ptr(), shape, dtype);
  }
  const bool has_dtype = dtype && dtype != Py_None;
  if (PyCallable_Check(initializer)) {
    check(shape && shape != Py_None,
          "[Variable] an initializer function needs a shape: Variable(initializer, shape=(...))");
    const py::object wanted =
        has_dtype ? py::reinterpret_borrow<py::object>(dtype) : dtype_object(default_float());
    const py::object made = py::reinterpret_borrow<py::object>(initializer)(
        py::cast(to_shape(shape)), "dtype"_a = py::str(std::string(name_of(to_dtype(wanted)))));
    Tensor value = to_tensor(made.ptr());
    check(value.shape() == to_shape(shape), "[Variable] the initializer made shape {}, wanted {}",
          value.shape(), to_shape(shape));
    return astype(value, to_dtype(wanted));
  }
  Tensor value = to_tensor(initializer, has_dtype ? std::optional(to_dtype(dtype)) : std::nullopt);
  if (has_dtype) return astype(value, to_dtype(dtype));
  // A number or a list of integers becomes a floating-point state, as in Keras.
  if (!is_tensor(initializer) && !is_variable(initializer) &&
      (value.dtype() == DType::int64 || value.dtype() == DType::float64) &&
      !py::hasattr(initializer, "dtype")) {
    return astype(value, default_float());
  }
  return value;
}

int init_variable(PyObject* self, PyObject* args, PyObject* kwargs) {
  static const char* names[] = {"initializer", "shape", "dtype", "trainable", "name", nullptr};
  PyObject *initializer = nullptr, *shape = nullptr, *dtype = nullptr, *name = nullptr;
  int trainable = 1;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOpO:Variable", const_cast<char**>(names),
                                   &initializer, &shape, &dtype, &trainable, &name)) {
    return -1;
  }
  return guarded(-1, [&] {
    NoGrad no_grad;
    const Tensor value = contiguous(initial_value(initializer, shape, dtype));
    std::string text =
        name && name != Py_None ? py::cast<std::string>(py::handle(name)) : "variable";
    variable_of(self) = make_variable(value, trainable != 0, std::move(text));
    return 0;
  });
}

void dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  auto* object = reinterpret_cast<PyVariable*>(self);
  if (object->weak_references) PyObject_ClearWeakRefs(self);
  Py_CLEAR(object->dict);
  object->variable.~Variable();
  type->tp_free(self);
  Py_DECREF(type);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(reinterpret_cast<PyVariable*>(self)->dict);
  return 0;
}

int clear(PyObject* self) {
  Py_CLEAR(reinterpret_cast<PyVariable*>(self)->dict);
  return 0;
}

// ---- attributes -------------------------------------------------------------------------------

PyObject* get_value(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] { return wrap(state_of(self).read()); });
}
PyObject* get_grad(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] { return wrap(state_of(self).grad()); });
}
int set_grad(PyObject* self, PyObject* value, void*) {
  return guarded(-1, [&] {
    if (!value || value == Py_None) {
      state_of(self).set_grad({});
      return 0;
    }
    Tensor grad = to_tensor(value).detach();
    VariableState& variable = state_of(self);
    check(grad.shape() == variable.shape(), "[grad] variable '{}' has shape {}, the gradient {}",
          variable.path, variable.shape(), grad.shape());
    variable.set_grad(astype(grad, variable.dtype()));
    return 0;
  });
}
PyObject* get_trainable(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] { return PyBool_FromLong(state_of(self).trainable); });
}
int set_trainable(PyObject* self, PyObject* value, void*) {
  return guarded(-1, [&] {
    const int wanted = value ? PyObject_IsTrue(value) : 0;
    if (wanted < 0) return -1;
    state_of(self).trainable = wanted != 0;
    return 0;
  });
}

template <std::string VariableState::*text>
PyObject* get_text(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] {
    const std::string& value = state_of(self).*text;
    return PyUnicode_FromStringAndSize(value.data(), static_cast<Py_ssize_t>(value.size()));
  });
}
template <std::string VariableState::*text>
int set_text(PyObject* self, PyObject* value, void*) {
  return guarded(-1, [&] {
    check_type(value && PyUnicode_Check(value), "[Variable] a name or path is a str");
    state_of(self).*text = py::cast<std::string>(py::handle(value));
    return 0;
  });
}
PyObject* get_version(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr,
                            [&] { return PyLong_FromUnsignedLongLong(state_of(self).version()); });
}

PyGetSetDef attributes[] = {
    {"value", get_value, nullptr,
     R"(The current value, a Tensor; later assignments do not change it.

>>> import danlu as dl
>>> dl.Variable([1.0, 2.0]).value.tolist()
[1.0, 2.0])",
     nullptr},
    {"grad", get_grad, set_grad,
     R"(The gradient that `backward` added up, a Tensor or None.

ValueError when set to another shape.

>>> import danlu as dl
>>> v = dl.Variable([1.0, 2.0])
>>> (v * v).sum().backward()
>>> v.grad.tolist()
[2.0, 4.0]
>>> v.grad = None)",
     nullptr},
    {"trainable", get_trainable, set_trainable, R"(Whether gradients flow to it.

>>> import danlu as dl
>>> v = dl.Variable(1.0, trainable=False)
>>> v.trainable
False)",
     nullptr},
    {"name", get_text<&VariableState::name>, set_text<&VariableState::name>,
     R"(Its name, "variable" unless given.

>>> import danlu as dl
>>> dl.Variable(1.0, name="scale").name
'scale')",
     nullptr},
    {"path", get_text<&VariableState::path>, set_text<&VariableState::path>,
     R"(Its name behind those of the layers around it.

>>> import danlu as dl
>>> layer = dl.layers.Dense(1, name="head")
>>> layer.build((None, 2))
>>> layer.kernel.path
'head/kernel')",
     nullptr},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {"version", get_version, nullptr, R"(A number that grows with every write.

>>> import danlu as dl
>>> v = dl.Variable(1.0)
>>> before = v.version
>>> v.assign(2.0).version > before
True)",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

// ---- methods ----------------------------------------------------------------------------------

template <auto change>  // nullptr: the value itself
PyObject* assign_method(PyObject* self, PyObject* object) {
  return guarded<PyObject*>(nullptr, [&] {
    VariableState& variable = state_of(self);
    NoGrad no_grad;
    Tensor value = to_tensor(object, variable.dtype());
    {
      MaybeReleaseGil release(value.numel());
      if constexpr (!std::is_null_pointer_v<decltype(change)>)
        value = change(variable.value(), value);
      assign(variable, value);
    }
    Py_INCREF(self);
    return self;
  });
}

// Pickling and copying: an object without __init__, and what it is then given.
PyObject* reduce_method(PyObject* self, PyObject*) {
  return guarded<PyObject*>(nullptr, [&] {
    const VariableState& variable = state_of(self);
    const py::handle type(reinterpret_cast<PyObject*>(Py_TYPE(self)));
    const auto value = py::reinterpret_steal<py::object>(wrap(variable.value()));
    PyObject* dict = reinterpret_cast<PyVariable*>(self)->dict;
    const py::object own = dict ? py::reinterpret_borrow<py::object>(dict) : py::none();
    return py::make_tuple(
               py::module_::import("copyreg").attr("__newobj__"), py::make_tuple(type),
               py::make_tuple(value, variable.trainable, variable.name, variable.path, own))
        .release()
        .ptr();
  });
}
PyObject* set_state_method(PyObject* self, PyObject* state) {
  return guarded<PyObject*>(nullptr, [&] {
    check_type(PyTuple_Check(state) && PyTuple_GET_SIZE(state) == 5,
               "[Variable.__setstate__] expected what __reduce__ gave");
    const auto parts = py::reinterpret_borrow<py::tuple>(state);
    Variable variable = make_variable(contiguous(to_tensor(py::object(parts[0]).ptr()).detach()),
                                      parts[1].cast<bool>(), parts[2].cast<std::string>());
    variable->path = parts[3].cast<std::string>();
    variable_of(self) = std::move(variable);
    const py::object own = parts[4];
    if (!own.is_none()) py::handle(self).attr("__dict__").attr("update")(own);
    Py_RETURN_NONE;
  });
}

PyMethodDef methods[] = {
    {"__reduce__", reduce_method, METH_NOARGS, "How pickle and copy store a Variable."},
    {"__setstate__", set_state_method, METH_O, "Takes what __reduce__ gave."},
    {"assign", assign_method<nullptr>, METH_O,
     R"(assign(value)

The value becomes `value`, cast to this dtype; one number fills the shape. Returns the Variable.
ValueError for another shape.

>>> import danlu as dl
>>> dl.Variable([1.0, 2.0]).assign([3, 4]).tolist()
[3.0, 4.0])"},
    {"assign_add", assign_method<&add>, METH_O, R"(assign_add(value)

The value grows by `value`. Returns the Variable. ValueError for another shape.

>>> import danlu as dl
>>> dl.Variable([1.0, 2.0]).assign_add([3, 4]).tolist()
[4.0, 6.0])"},
    {"assign_sub", assign_method<&subtract>, METH_O, R"(assign_sub(value)

The value shrinks by `value`. Returns the Variable. ValueError for another shape.

>>> import danlu as dl
>>> dl.Variable([1.0, 2.0]).assign_sub([3, 4]).tolist()
[-2.0, -2.0])"},
    {"__reduce__", reduce_method, METH_NOARGS, "How pickle and copy store it: without gradient."},
    {nullptr, nullptr, 0, nullptr},
};

PyObject* repr_slot(PyObject* self) {
  return guarded<PyObject*>(nullptr, [&] {
    const VariableState& variable = state_of(self);
    const std::string text =
        format("<Variable path={}, shape={}, dtype={}, value={}>", variable.path, variable.shape(),
               variable.dtype(), to_repr(variable.value()));
    return PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
  });
}

PyMemberDef members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(PyVariable, dict), READONLY, nullptr},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(PyVariable, weak_references), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

}  // namespace

void make_variable_type(PyObject* module) {
  std::vector<PyType_Slot> slots = {
      {Py_tp_doc, const_cast<char*>(
                      R"(Variable(initializer, shape=None, dtype=None, trainable=True, name=None)

The mutable thing: a tensor that can be assigned, with a gradient.

`initializer` is the first value, or the name of an initializer or a function (shape, dtype) that
makes it. Python numbers become float32; arrays and tensors keep their dtype. ValueError for a
function without a shape, and for a name that is none.
Source: keras.Variable.

>>> import danlu as dl
>>> w = dl.Variable([2.0, -1.0], name="w")
>>> (w * w).sum().backward()
>>> w.assign_sub(0.5 * w.grad).tolist()
[0.0, 0.0]
>>> dl.Variable("ones", shape=(2,), name="scale").tolist()
[1.0, 1.0])")},
      {Py_tp_new, (void*)new_variable},
      {Py_tp_init, (void*)init_variable},
      {Py_tp_dealloc, (void*)dealloc},
      {Py_tp_traverse, (void*)traverse},
      {Py_tp_clear, (void*)clear},
      {Py_tp_repr, (void*)repr_slot},
      {Py_tp_members, (void*)members},
      {Py_tp_getset, (void*)attributes},
      {Py_tp_getattro, (void*)PyObject_GenericGetAttr},
      {Py_tp_setattro, (void*)PyObject_GenericSetAttr},
  };
  for (const PyType_Slot* slot = shared_slots(); slot->slot; ++slot) slots.push_back(*slot);
  slots.push_back({0, nullptr});
  PyType_Spec spec = {"danlu.Variable", sizeof(PyVariable), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots.data()};
  variable_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!variable_type) throw py::error_already_set();
  add_descriptors(variable_type, shared_attributes, shared_methods);
  add_descriptors(variable_type, nullptr, methods);
  py::setattr(module, "Variable", reinterpret_cast<PyObject*>(variable_type));
}

}  // namespace danlu::python
