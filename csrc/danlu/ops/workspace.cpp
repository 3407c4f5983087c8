#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

constexpr int64_t kAlign = 64;
int64_t aligned(int64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }
// CUDA's kernels take the 16-bit types themselves.
bool is_widened(const Tensor& x) {
  return x.device().is_cpu() && (x.dtype() == DType::float16 || x.dtype() == DType::bfloat16);
}

// The elements of x that lie apart in memory: broadcast axes count once.
Shape stored_shape(const View& x) {
  Shape shape = x.shape;
  for (int i = 0; i < x.ndim(); ++i) {
    if (x.strides[i] == 0 && shape[i] > 1) shape[i] = 1;
  }
  return shape;
}

}  // namespace

int64_t Workspace::bytes(Inputs tensors, int64_t result) {
  int64_t total = 0;
  bool any = false;  // perhaps of no elements
  for (const Tensor& x : tensors) {
    if (!x.defined() || !is_widened(x)) continue;
    total += aligned(4 * x.numel());
    any = true;
  }
  return any ? total + bytes_of_result(result) : 0;
}

int64_t Workspace::bytes_of_result(int64_t elements) { return aligned(4 * elements); }

View Workspace::take(const Shape& shape, DType dtype) {
  View view{rest_.data, shape, contiguous_strides(shape), dtype, rest_.device};
  const int64_t bytes = aligned(shape.numel() * size_of(dtype));
  rest_.data = static_cast<char*>(rest_.data) + bytes;
  rest_.shape[0] -= bytes;
  return view;
}

Strides Workspace::strides(const Tensor& x) {
  if (!is_widened(x)) return x.strides();
  const Shape stored = stored_shape(x.view());
  Strides strides = contiguous_strides(stored);
  for (int i = 0; i < x.ndim(); ++i) {
    if (stored[i] != x.shape()[i]) strides[i] = 0;
  }
  return strides;
}

View Workspace::read(const Tensor& x) {
  if (!x.defined()) return {};
  if (!is_widened(x)) return x.view();
  View from = x.view();
  from.shape = stored_shape(from);
  View copy = take(from.shape, DType::float32);
  DL_DISPATCH(x.device(), copy, from, copy);
  copy.shape = x.shape();
  copy.strides = strides(x);
  return copy;
}

View Workspace::write(const Tensor& y) {
  return is_widened(y) ? take(y.shape(), DType::float32) : y.view();
}

void Workspace::finish(const Tensor& y, const View& written) {
  if (is_widened(y)) DL_DISPATCH(y.device(), copy, written, y.view());
}

}  // namespace danlu
