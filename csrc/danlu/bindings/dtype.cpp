// The dtype objects: danlu.float32 and the others. Each equals its name.
#include "danlu/bindings/bind.h"
#include "danlu/core/recorder.h"

namespace danlu::python {

namespace {

struct PyDType {
  DType dtype;
};

PyObject* objects[kDTypeCount];

std::optional<DType> dtype_named(std::string_view name) {
  for (int i = 0; i < kDTypeCount; ++i) {
    if (name_of(static_cast<DType>(i)) == name) return static_cast<DType>(i);
  }
  if (name == "bool_") return DType::bool_;
  return {};
}

std::string text(py::handle object) { return py::cast<std::string>(py::str(object)); }

// A dtype, its name, a NumPy dtype or scalar type, or float, int, bool.
std::optional<DType> find_dtype(py::handle object) {
  for (int i = 0; i < kDTypeCount; ++i) {
    if (object.ptr() == objects[i]) return static_cast<DType>(i);
  }
  if (PyUnicode_Check(object.ptr())) {
    Py_ssize_t size = 0;
    const char* characters = PyUnicode_AsUTF8AndSize(object.ptr(), &size);
    if (!characters) throw py::error_already_set();  // lone surrogates
    return dtype_named({characters, static_cast<size_t>(size)});
  }
  if (object.ptr() == reinterpret_cast<PyObject*>(&PyFloat_Type)) return default_float();
  if (object.ptr() == reinterpret_cast<PyObject*>(&PyLong_Type)) return DType::int64;
  if (object.ptr() == reinterpret_cast<PyObject*>(&PyBool_Type)) return DType::bool_;
  for (const char* attribute : {"name", "__name__"}) {
    if (!py::hasattr(object, attribute)) continue;
    const py::object name = object.attr(attribute);
    if (PyUnicode_Check(name.ptr())) {
      if (auto dtype = dtype_named(text(name))) return dtype;
    }
  }
  const std::string printed = text(object);  // torch.float32, <dtype: 'float32'>
  const size_t dot = printed.rfind('.');
  if (dot != std::string::npos) return dtype_named(std::string_view(printed).substr(dot + 1));
  return {};
}

// A slot and no method: `x.dtype == "float32"` stands in every layer's path.
PyObject* compare(PyObject* self, PyObject* other, int how) {
  if (how != Py_EQ && how != Py_NE) Py_RETURN_NOTIMPLEMENTED;
  return guarded<PyObject*>(nullptr, [&] {
    const auto dtype = find_dtype(other);
    const bool equal = dtype && objects[static_cast<int>(*dtype)] == self;
    return PyBool_FromLong(equal == (how == Py_EQ));
  });
}

}  // namespace

py::object dtype_object(DType dtype) {
  return py::reinterpret_borrow<py::object>(objects[static_cast<int>(dtype)]);
}

bool is_dtype_like(py::handle object) { return find_dtype(object).has_value(); }

DType to_dtype(py::handle object) {
  if (auto dtype = find_dtype(object)) return *dtype;
  std::string names;
  std::vector<std::string> known;
  for (int i = 0; i < kDTypeCount; ++i) {
    known.emplace_back(name_of(static_cast<DType>(i)));
    names += (i ? ", " : "") + known.back();
  }
  const std::string name = py::cast<std::string>(py::str(object));
  fail(ErrorKind::type, "[dtype] {} is no dtype.{} danlu has {}",
       py::cast<std::string>(py::repr(object)), did_you_mean(name, known), names);
}

namespace {

int64_t to_size(py::handle object) {
  const auto index = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
  if (!index) throw py::error_already_set();
  int overflow = 0;
  const int64_t size = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
  check(overflow == 0, "[shape] {} is beyond every size that a tensor can have",
        py::cast<std::string>(py::repr(object)));
  return size;
}

}  // namespace

Shape to_shape(py::handle object) {
  Shape shape;
  if (PyIndex_Check(object.ptr()) && !PySequence_Check(object.ptr())) {
    shape.push_back(to_size(object));
    return shape;
  }
  if (is_tensor(object.ptr())) {
    const Tensor& x = tensor_of(object.ptr());
    if (x.ndim() == 0) {
      check_readable("shape");
      return {to_size(object)};
    }
  }
  if (!PySequence_Check(object.ptr()) || PyUnicode_Check(object.ptr())) {
    fail(ErrorKind::type, "[shape] expected an integer or a tuple of integers, got {}",
         py::cast<std::string>(py::repr(object)));
  }
  const auto sequence = py::reinterpret_borrow<py::sequence>(object);
  check_ndim("shape", static_cast<int64_t>(py::len(sequence)));
  for (const py::object item : sequence) {
    if (!PyIndex_Check(item.ptr())) {
      fail(ErrorKind::type, "[shape] expected integers, got {} in {}",
           py::cast<std::string>(py::repr(item)), py::cast<std::string>(py::repr(object)));
    }
    check_ndim("shape", shape.ndim() + 1);  // again: a sequence may grow
    shape.push_back(to_size(item));
  }
  return shape;
}

void bind_dtype(py::module_& m) {
  py::class_<PyDType>(
      m, "DType",
      R"(An element type: `name`, `itemsize` in bytes, and NumPy's `dtype`. It equals its name.

>>> import danlu as dl
>>> dl.float32 == "float32", dl.float32.itemsize
(True, 4))")
      .def_property_readonly("name", [](PyDType d) { return std::string(name_of(d.dtype)); })
      .def_property_readonly("itemsize", [](PyDType d) { return size_of(d.dtype); })
      .def_property_readonly(
          "dtype",
          [](PyDType d) {
            const std::string name(name_of(d.dtype));
            if (d.dtype != DType::bfloat16) return py::module_::import("numpy").attr("dtype")(name);
            return py::module_::import("numpy").attr("dtype")(
                py::module_::import("ml_dtypes").attr("bfloat16"));
          },
          "NumPy's dtype of this name: numpy.zeros(3, dtype=x.dtype) works.")
      .def("__str__", [](PyDType d) { return std::string(name_of(d.dtype)); })
      .def("__repr__", [](PyDType d) { return "danlu." + std::string(name_of(d.dtype)); })
      .def("__hash__", [](PyDType d) { return py::hash(py::str(std::string(name_of(d.dtype)))); })
      .def("__reduce__", [](PyDType d) { return std::string(name_of(d.dtype)); });
  auto* type = reinterpret_cast<PyTypeObject*>(m.attr("DType").ptr());
  type->tp_richcompare = compare;
  PyType_Modified(type);
  for (int i = 0; i < kDTypeCount; ++i) {
    py::object object = py::cast(PyDType{static_cast<DType>(i)});
    m.attr(std::string(name_of(static_cast<DType>(i))).c_str()) = object;
    objects[i] = object.release().ptr();
  }
}

}  // namespace danlu::python
