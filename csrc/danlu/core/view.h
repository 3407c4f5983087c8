// What a kernel sees of a tensor: an address, a shape, strides and an element type. No ownership.
#pragma once

#include "danlu/core/device.h"
#include "danlu/core/dtype.h"
#include "danlu/core/shape.h"

namespace danlu {

struct View {
  void* data = nullptr;  // of element (0, ..., 0); null in an abstract tensor (while tracing)
  Shape shape;
  Strides strides;  // in elements
  DType dtype = DType::float32;
  Device device;

  template <class T>
  DL_INLINE T* ptr() const {
    return static_cast<T*>(data);
  }
  DL_INLINE int ndim() const { return shape.ndim(); }
  DL_INLINE int64_t numel() const { return shape.numel(); }
  DL_INLINE bool contiguous() const { return is_contiguous(shape, strides); }
};

// The first bad index or label that a kernel met. Kernels never dereference one: they report it
// here and go on with a harmless value; whoever started them raises.
struct Status {
  int64_t position = -1;  // flat position of the first bad value in the index tensor; -1: none
  int64_t value = 0;      // the value found there

  DL_INLINE bool ok() const { return position < 0; }
  // Not synchronised: a kernel reports from one thread, or merges per-chunk statuses in order.
  DL_INLINE void report(int64_t at, int64_t bad) {
    if (position < 0 || at < position) {
      position = at;
      value = bad;
    }
  }
};

}  // namespace danlu
