// Tensors leave for NumPy and for Python's own types: the buffer protocol, __array__, numpy(),
// tolist(), item(), pickling and copying. NumPy is imported when somebody asks for an array.
#include <algorithm>
#include <cstring>

#include "danlu/autograd/backward.h"
#include "danlu/bindings/bind.h"
#include "danlu/bindings/interop.h"
#include "danlu/core/recorder.h"
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

namespace {

void check_on_cpu(const Tensor& x, const char* what) {
  check(x.device().is_cpu(), "[{}] this tensor lives on {}: use x.to_device('cpu') first", what,
        x.device());
}

const char* format_of(DType dtype) {
  switch (dtype) {
    case DType::bool_:
      return "?";
    case DType::uint8:
      return "B";
    case DType::uint16:
      return "H";
    case DType::uint32:
      return "I";
    case DType::uint64:
      return sizeof(long) == 8 ? "L" : "Q";
    case DType::int8:
      return "b";
    case DType::int16:
      return "h";
    case DType::int32:
      return "i";
    case DType::int64:
      return sizeof(long) == 8 ? "l" : "q";  // what NumPy calls int64
    case DType::float16:
      return "e";
    case DType::float32:
      return "f";
    case DType::float64:
      return "d";
    case DType::bfloat16:
      break;
  }
  return nullptr;
}

Shape reversed(Shape list) {
  std::reverse(list.begin(), list.end());
  return list;
}

// What a Py_buffer points to.
struct Exported {
  Tensor tensor;
  Py_ssize_t shape[kMaxDims];
  Py_ssize_t strides[kMaxDims];
};

}  // namespace

// Tensors are values: whoever reads the bytes cannot write them.
int get_buffer(PyObject* self, Py_buffer* buffer, int flags) {
  buffer->obj = nullptr;
  return guarded(-1, [&] {
    const Tensor& x = tensor_of(self);
    const auto refuse = [](bool refused, const char* why) {
      if (refused) fail(ErrorKind::buffer, "[buffer] {}", why);
    };
    refuse(!x.device().is_cpu(), "the tensor is not on the CPU: use x.to_device('cpu') first");
    refuse(!format_of(x.dtype()), "bfloat16 has no buffer format: use x.astype('float32') first");
    refuse(flags & PyBUF_WRITABLE, "tensors cannot be written: use x.numpy() for a copy that can");
    const bool wants_strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES;
    const auto wants = [flags](int order) { return (flags & order) == order; };
    const bool none = x.numel() == 0, rows = none || x.contiguous();
    const bool columns = none || is_contiguous(reversed(x.shape()), reversed(x.strides()));
    refuse((!wants_strides || wants(PyBUF_C_CONTIGUOUS)) && !rows,
           "the elements do not lie side by side: use x.numpy() for a dense copy");
    refuse(wants(PyBUF_F_CONTIGUOUS) && !columns,
           "the elements do not lie side by side in Fortran's order: use numpy.asfortranarray(x)");
    refuse(wants(PyBUF_ANY_CONTIGUOUS) && !rows && !columns,
           "the elements do not lie side by side: use x.numpy() for a dense copy");
    auto exported = std::make_unique<Exported>();
    exported->tensor = x.detach();
    for (int i = 0; i < x.ndim(); ++i) {
      exported->shape[i] = x.shape()[i];
      exported->strides[i] = x.strides()[i] * size_of(x.dtype());
    }
    x.value()->storage->mark_exported(/*writable=*/false);
    buffer->buf = x.view().data;
    buffer->len = x.numel() * size_of(x.dtype());
    buffer->itemsize = size_of(x.dtype());
    buffer->readonly = 1;
    buffer->ndim = x.ndim();
    buffer->format = flags & PyBUF_FORMAT ? const_cast<char*>(format_of(x.dtype())) : nullptr;
    buffer->shape = flags & PyBUF_ND ? exported->shape : nullptr;
    buffer->strides = wants_strides ? exported->strides : nullptr;
    buffer->suboffsets = nullptr;
    buffer->internal = exported.release();
    buffer->obj = Py_NewRef(self);
    return 0;
  });
}

void release_buffer(PyObject*, Py_buffer* buffer) {
  delete static_cast<Exported*>(buffer->internal);
}

namespace {

py::object array_of_bfloat16(const Tensor& x) {
  py::object dtype;
  try {
    dtype = py::module_::import("ml_dtypes").attr("bfloat16");
  } catch (py::error_already_set& error) {
    if (!error.matches(PyExc_ImportError)) throw;
    fail(ErrorKind::type,
         "[numpy] NumPy has no bfloat16: install ml_dtypes (pip install ml_dtypes), or use "
         "x.astype('float32')");
  }
  return shared_array(with_dtype(x, DType::uint16)).attr("view")(dtype);
}

}  // namespace

py::object shared_array(const Tensor& x) {
  check_on_cpu(x, "numpy");
  if (x.dtype() == DType::bfloat16) return array_of_bfloat16(x);
  const auto handle = py::reinterpret_steal<py::object>(wrap(x.detach()));
  const auto memory = py::reinterpret_steal<py::object>(PyMemoryView_FromObject(handle.ptr()));
  if (!memory) throw py::error_already_set();
  return py::module_::import("numpy").attr("asarray")(memory);
}

PyObject* to_numpy(const Tensor& x) {
  check_readable("numpy");
  // A dense copy of its own, so that writing to it changes no tensor.
  return shared_array(to_device(x.detach(), kCpu)).attr("copy")("C").release().ptr();
}

// ---- Python's numbers -------------------------------------------------------------------------

namespace {

PyObject* number_at(const View& x, int64_t i) {
  PyObject* number = nullptr;
  dispatch_all(x.dtype, [&]<class T>(T) {
    const T value = x.ptr<T>()[i];
    if constexpr (std::is_same_v<T, bool>) {
      number = PyBool_FromLong(value);
    } else if constexpr (std::is_same_v<T, uint64_t>) {
      number = PyLong_FromUnsignedLongLong(value);
    } else if constexpr (std::is_integral_v<T>) {
      number = PyLong_FromLongLong(value);
    } else {
      number = PyFloat_FromDouble(static_cast<double>(value));
    }
  });
  if (!number) throw py::error_already_set();
  return number;
}

// The elements from the i-th on, of axes `axis` and following.
PyObject* list_from(const View& x, int axis, int64_t i) {
  if (axis == x.ndim()) return number_at(x, i);
  const int64_t n = x.shape[axis];
  auto list = py::reinterpret_steal<py::object>(PyList_New(n));
  if (!list) throw py::error_already_set();
  for (int64_t j = 0; j < n; ++j) {
    PyList_SET_ITEM(list.ptr(), j, list_from(x, axis + 1, i + j * x.strides[axis]));
  }
  return list.release().ptr();
}

}  // namespace

PyObject* to_list(const Tensor& x) {
  check_readable("tolist");
  return list_from(to_device(x.detach(), kCpu).view(), 0, 0);
}

PyObject* to_number(const Tensor& x) {
  check_readable("item");
  check(x.numel() == 1, "[item] only a tensor of one element is a number, this one has shape {}",
        x.shape());
  return number_at(to_device(x.detach(), kCpu).view(), 0);
}

// ---- pickling ---------------------------------------------------------------------------------

namespace {

py::tuple reduce(const Tensor& x) {
  const Tensor y = contiguous(to_device(x.detach(), kCpu));
  const py::bytes bytes(y.view().ptr<char>(), static_cast<size_t>(y.numel() * size_of(y.dtype())));
  const py::object rebuild = py::module_::import("danlu._core").attr("tensor_from_bytes");
  return py::make_tuple(
      rebuild, py::make_tuple(bytes, y.shape(), std::string(name_of(y.dtype())), is_leaf(x)));
}

Tensor tensor_from_bytes(const py::bytes& bytes, const Shape& shape, DType dtype,
                         bool requires_grad) {
  const std::string_view view = bytes;
  for (int64_t size : shape) check(size >= 0, "[tensor_from_bytes] negative size in {}", shape);
  const Tensor x = Tensor::empty(shape, is_bool(dtype) ? DType::uint8 : dtype);
  check(static_cast<int64_t>(view.size()) == x.numel() * size_of(dtype),
        "[tensor_from_bytes] {} bytes do not make {} of shape {}", view.size(), dtype, shape);
  std::memcpy(x.view().data, view.data(), view.size());
  return requires_grad ? watch(x) : astype(x, dtype);
}

py::object array(const Tensor& x, const py::object& dtype, const py::object& wants_copy) {
  const bool may_copy = wants_copy.is_none() || wants_copy.cast<bool>();
  py::object result = shared_array(may_copy ? to_device(x.detach(), kCpu) : x);
  if (!dtype.is_none()) {
    const py::object wanted = py::module_::import("numpy").attr("dtype")(dtype);
    if (!wanted.equal(result.attr("dtype"))) {
      check(may_copy, "[__array__] another dtype needs a copy: pass copy=None or True");
      return result.attr("astype")(wanted);
    }
  }
  return !wants_copy.is_none() && wants_copy.cast<bool>() ? result.attr("copy")() : result;
}

// f"{loss:.3f}": a tensor of one element is formatted as its number.
py::object formatted(const Tensor& x, const std::string& spec) {
  if (spec.empty()) return py::str(to_repr(x));
  const auto number = py::reinterpret_steal<py::object>(to_number(x));
  return number.attr("__format__")(spec);
}

py::object namespace_of(const Tensor&, const py::object& api_version) {
  if (!api_version.is_none()) {
    const auto version = api_version.cast<std::string>();
    bool known = false;
    for (const char* each : {"2021.12", "2022.12", "2023.12", "2024.12"}) known |= version == each;
    check(known, "[__array_namespace__] danlu follows the array API up to 2024.12, not {}",
          version);
  }
  return py::module_::import("danlu");
}

}  // namespace

void bind_numpy(py::module_& m) {
  m.def("__array__", &array, "x"_a, "dtype"_a = py::none(), py::kw_only(), "copy"_a = py::none(),
        "A NumPy array that shares the bytes and cannot be written.");
  // NumPy asks the type for these: what they do is written in Python.
  for (const char* protocol : {"array_ufunc", "array_function"}) {
    m.def(("__" + std::string(protocol) + "__").c_str(),
          [protocol](const py::args& args, const py::kwargs& kwargs) {
            return py::module_::import("danlu._numpy").attr(protocol)(*args, **kwargs);
          },
          "NumPy's functions on tensors.");
  }
  m.def("__array_namespace__", &namespace_of, "x"_a, py::kw_only(), "api_version"_a = py::none(),
        "The module danlu.");
  m.def("__format__", &formatted, "x"_a, "spec"_a, "As text; with a format, of its one number.");
  m.def(
      "__complex__",
      [](const Tensor& x) {
        const auto number = py::reinterpret_steal<py::object>(to_number(x));
        return py::reinterpret_steal<py::object>(PyComplex_FromDoubles(number.cast<double>(), 0.0));
      },
      "x"_a, "complex(x) of a tensor of one element.");
  m.def("__reduce__", &reduce, "x"_a, "How pickle stores a tensor: bytes, shape, dtype.");
  m.def("tensor_from_bytes", &tensor_from_bytes, "bytes"_a, "shape"_a, "dtype"_a,
        "requires_grad"_a = false, "The tensor that these bytes, row-major, make.");
  m.def(
      "__copy__", [](const Tensor& x) { return x; }, "x"_a, "The same value.");
  m.def(
      "__deepcopy__",
      [](const Tensor& x, const py::object&) {
        const Tensor y = copy(x.detach());
        return is_leaf(x) ? watch(y) : y;
      },
      "x"_a, "memo"_a, "The same numbers in bytes of their own.");
}

}  // namespace danlu::python
