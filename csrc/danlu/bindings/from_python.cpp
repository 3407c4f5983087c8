// Python's own containers and other libraries' arrays become tensors.
#include <algorithm>
#include <cstring>

#include "danlu/bindings/bind.h"
#include "danlu/bindings/interop.h"
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu::python {
namespace {

// ---- nested lists of numbers ------------------------------------------------------------------

bool is_list(PyObject* object) { return PyList_Check(object) || PyTuple_Check(object); }

struct Scan {
  Shape shape;
  int leaf_depth = -1;  // unknown before the first leaf
  bool arrays = false;  // a leaf is an array or a tensor
  bool integers = false, floats = false, doubles = false, large = false;  // what the leaves are
};

[[noreturn]] void fail_leaf(PyObject* leaf) {
  const std::string shown = py::cast<std::string>(py::repr(leaf)).substr(0, 80);
  if (PyUnicode_Check(leaf) || PyBytes_Check(leaf)) {
    fail(ErrorKind::type,
         "[asarray] a tensor holds numbers, not strings such as {}: map each to an integer first",
         shown);
  }
  fail(ErrorKind::type,
       "[asarray] a list may hold numbers, arrays and lists of them, not {} of "
       "type '{}'",
       shown, Py_TYPE(leaf)->tp_name);
}

void scan_leaf(PyObject* leaf, Scan& scan) {
  if (PyBool_Check(leaf)) return;
  if (PyFloat_Check(leaf)) {
    scan.floats = true;
    scan.doubles |= !PyFloat_CheckExact(leaf);  // numpy.float64 is a float
  } else if (is_integer_like(leaf)) {
    scan.integers = true;
    int overflow = 0;
    if (PyLong_Check(leaf)) PyLong_AsLongLongAndOverflow(leaf, &overflow);
    scan.large |= overflow > 0;
  } else {
    scan.arrays = true;
  }
}

// The i-th of n items of a list. Reading an item may run code, which may change the list.
py::object item_at(PyObject* list, Py_ssize_t i, Py_ssize_t n) {
  check(is_list(list) && PySequence_Fast_GET_SIZE(list) == n,
        "[asarray] the list changed while it was read");
  return py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(list, i));
}

void scan_list(PyObject* object, int depth, Scan& scan) {
  if (!is_list(object)) {
    scan_leaf(object, scan);
    if (scan.leaf_depth < 0) scan.leaf_depth = depth;
    check(scan.arrays || depth == scan.leaf_depth,
          "[asarray] the list is ragged: numbers and lists lie side by side");
    return;
  }
  const Py_ssize_t n = PySequence_Fast_GET_SIZE(object);
  if (depth == scan.shape.ndim() && scan.leaf_depth < 0) {
    check_ndim("asarray", depth + 1);
    scan.shape.push_back(n);
  }
  check(depth < scan.shape.ndim(),
        "[asarray] the list is ragged: numbers and lists lie side by side");
  check(scan.shape[depth] == n,
        "[asarray] the list is ragged: lists of {} and of {} elements lie side by side",
        scan.shape[depth], n);
  for (Py_ssize_t i = 0; i < n && !scan.arrays; ++i) {
    scan_list(item_at(object, i, n).ptr(), depth + 1, scan);
  }
  if (n == 0 && scan.leaf_depth < 0) scan.leaf_depth = depth + 1;
}

void read_leaf(PyObject* leaf, double*& to) {
  *to = PyFloat_AsDouble(leaf);
  if (*to++ == -1.0 && PyErr_Occurred()) throw py::error_already_set();
}
void read_leaf(PyObject* leaf, int64_t*& to) {
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(leaf));
  if (!number) throw py::error_already_set();
  *to = PyLong_AsLongLong(number.ptr());
  if (*to++ == -1 && PyErr_Occurred()) throw py::error_already_set();
}
void read_leaf(PyObject* leaf, uint64_t*& to) {
  const auto number = py::reinterpret_steal<py::object>(PyNumber_Index(leaf));
  if (!number) throw py::error_already_set();
  *to = PyLong_AsUnsignedLongLong(number.ptr());
  if (*to++ == ~uint64_t{0} && PyErr_Occurred()) throw py::error_already_set();
}

template <class T>
void read_list(PyObject* object, const Shape& shape, int depth, T*& to) {
  if (depth == shape.ndim()) return read_leaf(object, to);
  for (Py_ssize_t i = 0; i < shape[depth]; ++i) {
    read_list(item_at(object, i, shape[depth]).ptr(), shape, depth + 1, to);
  }
}

template <class T>
Tensor tensor_of_list(PyObject* list, const Shape& shape, DType dtype) {
  const Tensor x = Tensor::empty(shape, dtype_of<T>);
  T* to = x.view().ptr<T>();
  read_list(list, shape, 0, to);
  for (const T* number = x.view().ptr<T>(); number < to; ++number) check_fits(*number, dtype);
  return astype(x, dtype);
}

// A list of lists of arrays is read from within itself; one that holds itself has no end.
class Nested {
 public:
  Nested() {
    check(depth_ < kMaxDims,
          "[asarray] lists and object arrays lie more than {} deep in each other, which is as many "
          "axes as a tensor has: does one hold itself?",
          kMaxDims);
    ++depth_;
  }
  ~Nested() { --depth_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  inline static thread_local int depth_ = 0;
};

Tensor from_list(PyObject* list, std::optional<DType> dtype) {
  const Nested level;
  Scan scan;
  scan_list(list, 0, scan);
  if (scan.arrays) {
    Tensors parts;
    const Py_ssize_t n = PySequence_Fast_GET_SIZE(list);
    for (Py_ssize_t i = 0; i < n; ++i) {
      const py::object item = item_at(list, i, n);
      Tensor part = try_tensor(item.ptr(), dtype);
      if (!part) fail_leaf(item.ptr());
      parts.push_back(std::move(part));
    }
    return stack(parts, 0);
  }
  if (scan.floats || (!scan.integers && scan.shape.numel() == 0)) {
    return tensor_of_list<double>(list, scan.shape,
                                  dtype.value_or(scan.doubles ? DType::float64 : default_float()));
  }
  if (scan.large) return tensor_of_list<uint64_t>(list, scan.shape, dtype.value_or(DType::uint64));
  return tensor_of_list<int64_t>(list, scan.shape,
                                 dtype.value_or(scan.integers ? DType::int64 : DType::bool_));
}

// ---- buffers ----------------------------------------------------------------------------------

// The buffer of an object; `failed` holds why there is none.
struct Buffer {
  Py_buffer view{};
  std::string failed;
  explicit Buffer(PyObject* object) {
    if (PyObject_GetBuffer(object, &view, PyBUF_RECORDS_RO) == 0) return;
    py::error_already_set error;
    failed = py::cast<std::string>(py::str(error.value()));
  }
  ~Buffer() { PyBuffer_Release(&view); }  // does nothing when there is none
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
};

// The dtype of a struct-module format such as "<f"; nothing for strings, objects and records.
std::optional<DType> dtype_of_format(const char* format, Py_ssize_t itemsize) {
  if (!format) return DType::uint8;
  if (*format && strchr("@=<>!", *format)) ++format;
  if (format[0] == 0 || format[1] != 0) return {};
  const int size = static_cast<int>(itemsize);
  const auto sized = [size](DType first) {  // first: the one of 1 byte
    return static_cast<DType>(static_cast<int>(first) + (size == 1   ? 0
                                                         : size == 2 ? 1
                                                         : size == 4 ? 2
                                                                     : 3));
  };
  switch (*format) {
    case '?':
      return DType::bool_;
    case 'e':
      return DType::float16;
    case 'f':
      return DType::float32;
    case 'd':
      return DType::float64;
    case 'b':
    case 'h':
    case 'i':
    case 'l':
    case 'q':
    case 'n':
      return sized(DType::int8);
    case 'B':
    case 'H':
    case 'I':
    case 'L':
    case 'Q':
    case 'N':
      return sized(DType::uint8);
    default:
      return {};
  }
}

bool byte_swapped(const Py_buffer& view) {
  return view.itemsize > 1 && view.format && (*view.format == '>' || *view.format == '!');
}

Tensor copy_of_buffer(const Py_buffer& view, DType dtype) {
  check_ndim("asarray", view.ndim);
  check_type(view.ndim == 0 || (view.shape && view.strides),  // a numpy.datetime64 gives none
             "[asarray] the object's buffer has no strides: it holds bytes, not numbers");
  View from{view.buf, {}, {}, dtype, kCpu};
  bool plain = !byte_swapped(view) && !view.suboffsets &&
               reinterpret_cast<uintptr_t>(view.buf) % static_cast<uintptr_t>(view.itemsize) == 0;
  for (int i = 0; i < view.ndim; ++i) {
    plain = plain && view.strides[i] % view.itemsize == 0;
    from.shape.push_back(view.shape[i]);
    from.strides.push_back(view.strides[i] / view.itemsize);
  }
  const Tensor x = Tensor::empty(from.shape, dtype);
  if (plain) {
    MaybeReleaseGil release(x.numel());
    cpu::table().copy(from, x.view());
    return x;
  }
  char* bytes = x.view().ptr<char>();
  if (PyBuffer_ToContiguous(bytes, const_cast<Py_buffer*>(&view), view.len, 'C') < 0) {
    throw py::error_already_set();
  }
  if (byte_swapped(view)) {
    for (int64_t i = 0; i < x.numel(); ++i, bytes += view.itemsize) {
      std::reverse(bytes, bytes + view.itemsize);
    }
  }
  return x;
}

bool is_bfloat16_array(PyObject* object) {
  if (!PyObject_HasAttrString(object, "dtype") || !PyObject_HasAttrString(object, "view"))
    return false;
  const py::object dtype = py::handle(object).attr("dtype");
  return py::hasattr(dtype, "name") && py::str(dtype.attr("name")).equal(py::str("bfloat16"));
}

Tensor from_buffer(PyObject* object) {
  py::object numbers;
  {
    const Buffer buffer(object);
    if (!buffer.failed.empty()) {
      // NumPy exports no buffer of a dtype that is not its own.
      if (is_bfloat16_array(object)) {
        const py::object bits = py::handle(object).attr("view")("uint16");
        return with_dtype(from_buffer(bits.ptr()), DType::bfloat16);
      }
      fail(ErrorKind::type, "[asarray] cannot read the '{}': {}", Py_TYPE(object)->tp_name,
           buffer.failed);
    }
    if (auto dtype = dtype_of_format(buffer.view.format, buffer.view.itemsize)) {
      // A byte of a foreign bool may be any number.
      if (is_bool(*dtype)) return astype(copy_of_buffer(buffer.view, DType::uint8), *dtype);
      return copy_of_buffer(buffer.view, *dtype);
    }
    const std::string format = buffer.view.format;
    check_type(format.find('Z') == std::string::npos,
               "[asarray] danlu has no complex dtypes: take the real and the imaginary part");
    check_type(PyObject_HasAttrString(object, "tolist"),
               "[asarray] cannot read a buffer of format '{}'", format);
    numbers = py::handle(object).attr("tolist")();  // strings and objects
  }
  if (Tensor x = is_list(numbers.ptr()) || is_python_scalar(numbers.ptr())
                     ? try_tensor(numbers.ptr())
                     : Tensor()) {
    return x;
  }
  fail_leaf(numbers.ptr());
}

}  // namespace

bool is_integer_like(PyObject* object) {
  if (PyLong_Check(object)) return true;
  return PyIndex_Check(object) && !PySequence_Check(object) && !is_tensor(object) &&
         !is_variable(object) && !PyObject_HasAttrString(object, "__dlpack__");
}

Tensor with_dtype(const Tensor& x, DType dtype) {
  Tensor y = x.alias(x.shape(), x.strides(), 0);
  y.value()->view.dtype = dtype;
  return y;
}

Tensor from_python(PyObject* object, std::optional<DType> dtype) {
  if (is_list(object)) return from_list(object, dtype);
  if (PyUnicode_Check(object) || PyBytes_Check(object)) return {};
  if (PyRange_Check(object)) {
    const auto list = py::reinterpret_steal<py::object>(PySequence_List(object));
    if (!list) {
      if (PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_Format(PyExc_MemoryError, "[asarray] no memory for the numbers of %R", object);
      }
      throw py::error_already_set();
    }
    return from_list(list.ptr(), dtype);
  }
  if (PyObject_CheckBuffer(object)) return from_buffer(object);
  if (PyFloat_Check(object) || is_integer_like(object)) {
    const auto number = py::reinterpret_steal<py::object>(
        PyFloat_Check(object) ? PyNumber_Float(object) : PyNumber_Index(object));
    if (!number) throw py::error_already_set();
    return try_tensor(number.ptr(), dtype);
  }
  if (PyType_Check(object)) return {};  // numpy.float32 itself
  if (PyObject_HasAttrString(object, "__dlpack__")) {
    return copy(from_dlpack(py::reinterpret_borrow<py::object>(object)));
  }
  if (PyObject_HasAttrString(object, "__array__")) {
    const py::object array = py::handle(object).attr("__array__")();
    if (PyObject_CheckBuffer(array.ptr())) return from_buffer(array.ptr());
  }
  if (PyObject_HasAttrString(object, "__array_interface__")) {
    const py::object array = py::module_::import("numpy").attr("asarray")(py::handle(object));
    return from_buffer(array.ptr());
  }
  return {};
}

}  // namespace danlu::python
