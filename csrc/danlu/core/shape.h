// A shape (or strides, or a list of axes): up to kMaxDims int64 values held in place.
#pragma once

#include <cassert>
#include <cstdint>
#include <initializer_list>

#include "danlu/core/macros.h"

namespace danlu {

inline constexpr int kMaxDims = 8;

class Shape {
 public:
  DL_INLINE Shape() = default;
  DL_INLINE Shape(std::initializer_list<int64_t> dims) {
    for (int64_t dim : dims) push_back(dim);
  }
  // `ndim` copies of `value`.
  static DL_INLINE Shape filled(int ndim, int64_t value) {
    Shape shape;
    for (int i = 0; i < ndim; ++i) shape.push_back(value);
    return shape;
  }

  DL_INLINE int ndim() const { return ndim_; }
  DL_INLINE int size() const { return ndim_; }
  DL_INLINE bool empty() const { return ndim_ == 0; }
  DL_INLINE int64_t& operator[](int axis) { return dims_[axis]; }
  DL_INLINE int64_t operator[](int axis) const { return dims_[axis]; }
  // Counted from the end: back(1) is the last.
  DL_INLINE int64_t back(int i = 1) const { return dims_[ndim_ - i]; }
  DL_INLINE int64_t* begin() { return dims_; }
  DL_INLINE int64_t* end() { return dims_ + ndim_; }
  DL_INLINE const int64_t* begin() const { return dims_; }
  DL_INLINE const int64_t* end() const { return dims_ + ndim_; }

  // Who appends checks the number of axes first (`check_ndim` in core/error.h).
  DL_INLINE void push_back(int64_t dim) {
    assert(ndim_ < kMaxDims);
    dims_[ndim_++] = dim;
  }
  DL_INLINE void insert(int axis, int64_t dim) {
    assert(ndim_ < kMaxDims);
    for (int i = ndim_++; i > axis; --i) dims_[i] = dims_[i - 1];
    dims_[axis] = dim;
  }
  DL_INLINE void erase(int axis) {
    --ndim_;
    for (int i = axis; i < ndim_; ++i) dims_[i] = dims_[i + 1];
  }
  DL_INLINE bool contains(int64_t dim) const {
    for (int64_t d : *this) {
      if (d == dim) return true;
    }
    return false;
  }

  DL_INLINE int64_t numel() const {
    int64_t n = 1;
    for (int i = 0; i < ndim_; ++i) n *= dims_[i];
    return n;
  }
  DL_INLINE bool operator==(const Shape& other) const {
    if (ndim_ != other.ndim_) return false;
    for (int i = 0; i < ndim_; ++i) {
      if (dims_[i] != other.dims_[i]) return false;
    }
    return true;
  }

 private:
  int64_t dims_[kMaxDims];
  int32_t ndim_ = 0;
};

using Strides = Shape;  // in elements; 0 along a broadcast axis, negative after a flip
using Axes = Shape;     // normalised to 0 <= axis < ndim

// Row-major strides of a dense array.
DL_INLINE void set_contiguous(Strides& strides, const Shape& shape) {
  strides = shape;
  int64_t step = 1;
  for (int i = shape.ndim() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= shape[i];
  }
}
DL_INLINE Strides contiguous_strides(const Shape& shape) {
  Strides strides;
  set_contiguous(strides, shape);
  return strides;
}

// Whether (shape, strides) is dense row-major; axes of size 1 may have any stride.
DL_INLINE bool is_contiguous(const Shape& shape, const Strides& strides) {
  int64_t step = 1;
  for (int i = shape.ndim() - 1; i >= 0; --i) {
    if (shape[i] == 1) continue;
    if (shape[i] == 0) return true;
    if (strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

}  // namespace danlu
