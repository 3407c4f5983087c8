// Better messages for arguments that do not fit: pybind11's list the signatures, which leaves it to
// the reader to find the misspelt name.
#include <unordered_map>

#include "danlu/bindings/bind.h"

namespace danlu::python {
namespace {

using Function = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*);
constexpr int kFast = METH_FASTCALL | METH_KEYWORDS;

Function call_of_pybind11 = nullptr;
std::unordered_map<PyObject*, PyObject*>* functions = nullptr;  // by what each gets as `self`

// danlu.utils.suggest.explain_call(error, name, function, args, kwargs), which raises a better
// error, or none.
void explain(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
  py::error_already_set error;
  try {
    const py::handle function = functions->at(self);
    py::list positional;
    for (Py_ssize_t i = 0; i < count; ++i) positional.append(py::handle(args[i]));
    py::dict named;
    for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); ++i) {
      named[PyTuple_GET_ITEM(names, i)] = py::handle(args[count + i]);
    }
    py::module_::import("danlu.utils.suggest")
        .attr("explain_call")(error.value(), function.attr("__name__"), function,
                              py::tuple(positional), named);
  } catch (py::error_already_set& better) {
    PyException_SetTraceback(better.value().ptr(), Py_None);  // which shows how it was made
    PyErr_SetObject(better.type().ptr(), better.value().ptr());
    return;
  }
  error.restore();
}

// Costs a call that succeeds nothing but this look at its result.
PyObject* call_and_explain(PyObject* self, PyObject* const* args, Py_ssize_t count,
                           PyObject* names) {
  PyObject* result = call_of_pybind11(self, args, count, names);
  if (!result && PyErr_ExceptionMatches(PyExc_TypeError)) explain(self, args, count, names);
  return result;
}

}  // namespace

std::string did_you_mean(const std::string& name, const std::vector<std::string>& known) {
  return py::cast<std::string>(
      py::module_::import("danlu.utils.suggest").attr("suggestion")(name, known));
}

// Has all functions of the module explain their errors.
void add_hints(py::module_& m) {
  functions = new std::unordered_map<PyObject*, PyObject*>;  // lives as long as the module
  for (const auto& [name, value] : py::reinterpret_borrow<py::dict>(m.attr("__dict__"))) {
    if (!PyCFunction_Check(value.ptr())) continue;
    PyMethodDef* method = reinterpret_cast<PyCFunctionObject*>(value.ptr())->m_ml;
    if (method->ml_flags != kFast) continue;  // not as pybind11 3.1 makes them
    const auto function = reinterpret_cast<Function>(reinterpret_cast<void (*)()>(method->ml_meth));
    if (function == call_and_explain) continue;
    call_of_pybind11 = function;
    functions->emplace(PyCFunction_GET_SELF(value.ptr()), value.ptr());
    method->ml_meth = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call_and_explain));
  }
}

}  // namespace danlu::python
