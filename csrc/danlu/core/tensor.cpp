#include "danlu/core/tensor.h"

#include <atomic>

#include "danlu/core/op.h"

namespace danlu {

Ref<Value> Value::make() { return Ref<Value>::of_new(new (pool_allocate(sizeof(Value))) Value); }

void Value::destroy(const Value* value) {
  value->~Value();
  pool_free(const_cast<Value*>(value), sizeof(Value));
}

namespace {

// The strides are left to the caller.
Ref<Value> make_value(const Shape& shape, DType dtype, Device device) {
  Ref<Value> value = Value::make();
  View& view = value->view;
  view.shape = shape;
  view.dtype = dtype;
  view.device = device;
  return value;
}
// (In place: strides that were just written one by one would be slow to copy.)
Ref<Value> make_dense(const Shape& shape, DType dtype, Device device) {
  Ref<Value> value = make_value(shape, dtype, device);
  set_contiguous(value->view.strides, shape);
  return value;
}

// Allocators round sizes up: they may add to this one without overflow.
constexpr int64_t kMostBytes = int64_t{1} << 62;

// The bytes of a dense array; more than any address space stand for a number that overflows.
// Empty or not: strides must not overflow either.
int64_t checked_bytes(const Shape& shape, DType dtype) {
  int64_t bytes = size_of(dtype);
  for (int64_t dim : shape) {
    check(dim >= 0, "[empty] negative dimension in shape {}", shape);
    if (dim != 0 && (__builtin_mul_overflow(bytes, dim, &bytes) || bytes > kMostBytes)) {
      throw OutOfMemory(kMostBytes, memory_stats().in_use, kCpu);
    }
  }
  return shape.contains(0) ? 0 : bytes;
}

std::atomic<DType> float_default{DType::float32};

}  // namespace

DType default_float() noexcept { return float_default.load(std::memory_order_relaxed); }
void set_default_float(DType dtype) {
  check(is_floating(dtype), "[set_floatx] expected a floating-point dtype, got {}", dtype);
  float_default.store(dtype, std::memory_order_relaxed);
}

Tensor Tensor::empty(const Shape& shape, DType dtype, Device device) {
  const int64_t bytes = checked_bytes(shape, dtype);
  Ref<Value> value = make_dense(shape, dtype, device);
  value->storage = Storage::allocate(bytes, device);
  value->view.data = value->storage->data();
  return Tensor(std::move(value));
}

Tensor Tensor::abstract(const Shape& shape, DType dtype, Device device) {
  return Tensor(make_dense(shape, dtype, device));
}

Tensor Tensor::alias(const Shape& shape, const Strides& strides, int64_t offset) const {
  Ref<Value> value = make_value(shape, dtype(), device());
  value->view.strides = strides;
  value->storage = value_->storage;
  if (view().data) value->view.data = view().ptr<char>() + offset * size_of(dtype());
  return Tensor(std::move(value));
}

namespace {

template <class From>
Tensor make_scalar(From number, DType dtype, Device device) {
  Tensor tensor = Tensor::empty({}, dtype, device);
  alignas(8) char bytes[8];
  dispatch_all(dtype, [&]<class T>(T) {
    T value;
    if constexpr (std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>) {
      value = T(static_cast<float>(number));
    } else {
      value = static_cast<T>(number);
    }
    __builtin_memcpy(bytes, &value, sizeof(T));
  });
  copy_bytes(tensor.view().data, device, bytes, kCpu, size_of(dtype));
  return tensor;
}

template <class To>
To read_number(const Tensor& tensor) {
  check(tensor.numel() == 1,
        "[item] only a tensor of one element is a number, this one has shape {}", tensor.shape());
  alignas(8) char bytes[8];
  copy_bytes(bytes, kCpu, tensor.view().data, tensor.device(), size_of(tensor.dtype()));
  To number{};
  dispatch_all(tensor.dtype(), [&]<class T>(T value) {
    __builtin_memcpy(&value, bytes, sizeof(T));
    number = static_cast<To>(value);
  });
  return number;
}

}  // namespace

Tensor Tensor::scalar(double value, DType dtype, Device device) {
  return make_scalar(value, dtype, device);
}
Tensor Tensor::scalar(int64_t value, DType dtype, Device device) {
  return make_scalar(value, dtype, device);
}

double Tensor::item() const { return read_number<double>(*this); }
int64_t Tensor::item_int() const { return read_number<int64_t>(*this); }

}  // namespace danlu
