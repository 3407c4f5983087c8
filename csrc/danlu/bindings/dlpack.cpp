// DLPack: tensors shared with other libraries without a copy, both ways. The structures are those
// of the DLPack 1.0 specification (https://dmlc.github.io/dlpack/latest/c_api.html); a consumer
// that asks for no version gets the older ones.
#include <cstring>

#include "danlu/bindings/bind.h"
#include "danlu/bindings/device.h"
#include "danlu/bindings/interop.h"
#include "danlu/core/devices.h"
#include "danlu/ops/ops.h"

namespace danlu::python {
namespace {

// ---- the binary interface ---------------------------------------------------------------------

struct DLDevice {
  int32_t type;
  int32_t index;
};
enum : int32_t { kDLCpu = 1, kDLCuda = 2, kDLCudaHost = 3 };

struct DLDataType {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
};
enum : uint8_t {
  kDLInt = 0,
  kDLUInt = 1,
  kDLFloat = 2,
  kDLBfloat = 4,
  kDLComplex = 5,
  kDLBool = 6
};

struct DLTensor {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;  // in elements; null: dense
  uint64_t byte_offset;
};

struct Unversioned {  // DLManagedTensor
  DLTensor tensor;
  void* context;
  void (*deleter)(Unversioned*);
};

struct Versioned {  // DLManagedTensorVersioned
  uint32_t major, minor;
  void* context;
  void (*deleter)(Versioned*);
  uint64_t flags;
  DLTensor tensor;
};
enum : uint64_t { kReadOnly = 1, kCopied = 2 };

template <class Managed>
constexpr const char* kName = "dltensor";
template <>
constexpr const char* kName<Versioned> = "dltensor_versioned";
template <class Managed>
constexpr const char* kUsedName = "used_dltensor";
template <>
constexpr const char* kUsedName<Versioned> = "used_dltensor_versioned";

// ---- from danlu -------------------------------------------------------------------------------

DLDataType dl_dtype(DType dtype) {
  const uint8_t bits = static_cast<uint8_t>(8 * size_of(dtype));
  uint8_t code = is_signed_integer(dtype) ? uint8_t{kDLInt} : uint8_t{kDLUInt};
  if (is_floating(dtype)) code = kDLFloat;
  if (dtype == DType::bfloat16) code = kDLBfloat;
  if (is_bool(dtype)) code = kDLBool;
  return {code, bits, 1};
}

DLDevice dl_device(Device device) { return {device.is_cpu() ? kDLCpu : kDLCuda, device.index}; }

// Keeps the bytes alive for as long as the consumer wants.
template <class Managed>
struct Shared {
  Managed managed;
  Tensor tensor;
  Shape shape, strides;
};

template <class Managed>
void drop(Managed* managed) {
  delete static_cast<Shared<Managed>*>(managed->context);
}

template <class Managed>
void drop_unused(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, kName<Managed>)) return;  // consumed: its new owner drops it
  auto* managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, kName<Managed>));
  if (managed->deleter) managed->deleter(managed);
}

template <class Managed>
py::object make_capsule(const Tensor& x, uint64_t flags) {
  auto shared = std::make_unique<Shared<Managed>>();
  shared->tensor = x.detach();
  shared->shape = x.shape();
  shared->strides = x.strides();
  Managed& managed = shared->managed;
  managed.tensor = {x.view().data,         dl_device(x.device()),   x.ndim(), dl_dtype(x.dtype()),
                    shared->shape.begin(), shared->strides.begin(), 0};
  managed.context = shared.get();
  managed.deleter = &drop<Managed>;
  if constexpr (std::is_same_v<Managed, Versioned>) {
    managed.major = 1;
    managed.minor = 0;
    managed.flags = flags;
  }
  PyObject* capsule = PyCapsule_New(&managed, kName<Managed>, &drop_unused<Managed>);
  if (!capsule) throw py::error_already_set();
  shared.release();
  return py::reinterpret_steal<py::object>(capsule);
}

py::object to_dlpack(const Tensor& x, const py::object& stream, const py::object& max_version,
                     const py::object& wanted_device, const py::object& wants_copy) {
  check(stream.is_none() || !x.device().is_cpu(), "[__dlpack__] stream must be None on the CPU");
  const DLDevice device = dl_device(x.device());
  if (!wanted_device.is_none()) {
    const auto [type, index] = wanted_device.cast<std::pair<int32_t, int32_t>>();
    if (type != device.type || index != device.index) {
      fail(ErrorKind::buffer, "[__dlpack__] the tensor lives on {}, not on device ({}, {})",
           x.device(), type, index);
    }
  }
  const bool versioned =
      !max_version.is_none() && max_version.cast<std::pair<int, int>>().first >= 1;
  const bool copies = !wants_copy.is_none() && wants_copy.cast<bool>();
  const Tensor y = copies ? copy(x.detach()) : x;
  const bool read_only = !y.value()->storage->writable();
  y.value()->storage->mark_exported(/*writable=*/true);
  synchronize(y.device());  // the consumer works in a stream of its own
  if (versioned) {
    return make_capsule<Versioned>(y, kReadOnly * read_only | kCopied * copies);
  }
  if (read_only) {
    fail(ErrorKind::buffer,
         "[__dlpack__] the bytes are read-only, and only DLPack 1.0 can say so: pass "
         "max_version=(1, 0), or copy=True");
  }
  return make_capsule<Unversioned>(y, 0);
}

// ---- to danlu ---------------------------------------------------------------------------------

DType dtype_of_dl(DLDataType type) {
  const auto sized = [&](DType first, int smallest) {
    int step = 0;
    while (smallest << step < type.bits) ++step;
    return static_cast<DType>(static_cast<int>(first) + step);
  };
  const bool whole = type.bits == 8 || type.bits == 16 || type.bits == 32 || type.bits == 64;
  if (type.lanes == 1 && whole) {
    if (type.code == kDLInt) return sized(DType::int8, 8);
    if (type.code == kDLUInt) return sized(DType::uint8, 8);
    if (type.code == kDLBool && type.bits == 8) return DType::bool_;
    if (type.code == kDLBfloat && type.bits == 16) return DType::bfloat16;
    if (type.code == kDLFloat && type.bits == 16) return DType::float16;
    if (type.code == kDLFloat && type.bits == 32) return DType::float32;
    if (type.code == kDLFloat && type.bits == 64) return DType::float64;
  }
  fail(ErrorKind::buffer, "[from_dlpack] danlu has no dtype with DLPack code {}, {} bits, {} lanes",
       int{type.code}, int{type.bits}, type.lanes);
}

// The owner may need the interpreter to free its object; danlu may drop it from any thread.
template <class Managed>
void release_foreign(Managed* managed) {
  if (!managed->deleter) return;
  if (!Py_IsInitialized()) return;
  const PyGILState_STATE state = PyGILState_Ensure();
  managed->deleter(managed);
  PyGILState_Release(state);
}

// A byte of a foreign bool may be any number, where our kernels rely on 0 and 1: then a copy.
Tensor with_true_bools(const Tensor& x) {
  if (!is_bool(x.dtype()) || x.numel() == 0) return x;
  const Tensor bytes = with_dtype(x, DType::uint8);
  return max(bytes, all_axes(x), /*keepdims=*/false).item_int() <= 1 ? x
                                                                     : astype(bytes, DType::bool_);
}

template <class Managed>
Tensor take_capsule(PyObject* capsule) {
  auto* managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, kName<Managed>));
  if (!managed) throw py::error_already_set();
  bool writable = true;
  if constexpr (std::is_same_v<Managed, Versioned>) {
    if (managed->major > 1) {
      fail(ErrorKind::buffer, "[from_dlpack] the producer speaks DLPack {}.{}, danlu 1.0",
           managed->major, managed->minor);
    }
    writable = !(managed->flags & kReadOnly);
  }
  const DLTensor& from = managed->tensor;
  if (from.device.type != kDLCpu && from.device.type != kDLCudaHost) {
    fail(ErrorKind::buffer,
         "[from_dlpack] the object lives on DLPack device ({}, {}): bring it to "
         "the CPU first",
         from.device.type, from.device.index);
  }
  check_ndim("from_dlpack", from.ndim);
  Ref<Value> value = Value::make();
  View& view = value->view;
  view.dtype = dtype_of_dl(from.dtype);
  for (int i = 0; i < from.ndim; ++i) view.shape.push_back(from.shape[i]);
  view.strides = contiguous_strides(view.shape);
  for (int i = 0; from.strides && i < from.ndim; ++i) view.strides[i] = from.strides[i];
  view.data = static_cast<char*>(from.data) + from.byte_offset;
  if (reinterpret_cast<uintptr_t>(view.data) % static_cast<uintptr_t>(size_of(view.dtype)) != 0) {
    fail(ErrorKind::buffer, "[from_dlpack] the elements are not aligned: pass a copy");
  }
  // The capsule is ours from here on.
  PyCapsule_SetName(capsule, kUsedName<Managed>);
  PyCapsule_SetDestructor(capsule, nullptr);
  const int64_t bytes = view.numel() * size_of(view.dtype);
  value->storage = Storage::borrow(
      view.data, bytes, kCpu, [managed] { release_foreign(managed); }, writable);
  return with_true_bools(Tensor(std::move(value)));
}

Tensor public_from_dlpack(const py::object& x, const py::object& device,
                          const py::object& wants_copy) {
  const Tensor owned = from_dlpack(x);
  const Device target = to_device_argument("from_dlpack", device, owned.device());
  check(target == owned.device() || wants_copy.is_none() || wants_copy.cast<bool>(),
        "[from_dlpack] {} from {} needs a copy, which copy=False forbids", target, owned.device());
  const Tensor shared = to_device(owned, target);
  return !wants_copy.is_none() && wants_copy.cast<bool>() ? copy(shared) : shared;
}

}  // namespace

Tensor from_dlpack(const py::object& x) {
  py::object capsule;
  if (PyCapsule_CheckExact(x.ptr())) {
    capsule = x;
  } else {
    check_type(py::hasattr(x, "__dlpack__"), "[from_dlpack] '{}' has no __dlpack__: use asarray",
               Py_TYPE(x.ptr())->tp_name);
    try {
      capsule = x.attr("__dlpack__")("max_version"_a = py::make_tuple(1, 0));
    } catch (py::error_already_set& error) {  // a producer from before DLPack 1.0
      if (!error.matches(PyExc_TypeError)) throw;
      capsule = x.attr("__dlpack__")();
    }
  }
  check_type(PyCapsule_CheckExact(capsule.ptr()), "[from_dlpack] __dlpack__ returned no capsule");
  if (PyCapsule_IsValid(capsule.ptr(), kName<Versioned>))
    return take_capsule<Versioned>(capsule.ptr());
  if (PyCapsule_IsValid(capsule.ptr(), kName<Unversioned>)) {
    return take_capsule<Unversioned>(capsule.ptr());
  }
  fail(ErrorKind::buffer, "[from_dlpack] the capsule was used already: each may be used once");
}

void bind_dlpack(py::module_& m) {
  m.def("__dlpack__", &to_dlpack, "x"_a, py::kw_only(), "stream"_a = py::none(),
        "max_version"_a = py::none(), "dl_device"_a = py::none(), "copy"_a = py::none(),
        "A DLPack capsule that shares the bytes.");
  m.def(
      "__dlpack_device__",
      [](const Tensor& x) {
        const DLDevice device = dl_device(x.device());
        return std::pair(device.type, device.index);
      },
      "x"_a, "The DLPack device: (1, 0) is the CPU.");
  m.def("from_dlpack", &public_from_dlpack, "x"_a, py::kw_only(), "device"_a = py::none(),
        "copy"_a = py::none(),
        R"(A tensor that shares the bytes of any object with `__dlpack__`: NumPy's or PyTorch's
arrays. `copy=True` copies. TypeError for an object without, ValueError where `copy=False` would
copy.
Source: array API 2024.12.

>>> import danlu as dl
>>> import numpy as np
>>> dl.from_dlpack(np.array([1.0, 2.0])).dtype == "float64"
True)");
}

}  // namespace danlu::python
