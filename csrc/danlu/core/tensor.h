// A tensor: an immutable value, and where its gradient goes.
//
// Values and gradient edges are separate objects, so that a recorded operation keeps alive only
// the values that its gradient rule reads.
#pragma once

#include <span>

#include "danlu/core/error.h"
#include "danlu/core/ref.h"
#include "danlu/core/small_vector.h"
#include "danlu/core/storage.h"
#include "danlu/core/view.h"

namespace danlu {

struct Node;          // a recorded operation (core/op.h)
class VariableState;  // core/variable.h

struct Value final : RefCounted {
  View view;
  Ref<Storage> storage;               // null in an abstract value, which has shape and dtype only
  VariableState* variable = nullptr;  // whose current value this is, if any

  static Ref<Value> make();
  static void destroy(const Value* value);
};

void retain(const Node* node);
void release(const Node* node) noexcept;

// Output `slot` of `node`: the place that a gradient is added to.
class Edge {
 public:
  Edge() = default;
  Edge(const Node* node, int slot) : node_(node), slot_(slot) {
    if (node_) retain(node_);
  }
  Edge(const Edge& other) : Edge(other.node_, other.slot_) {}
  Edge(Edge&& other) noexcept : node_(std::exchange(other.node_, nullptr)), slot_(other.slot_) {}
  Edge& operator=(Edge other) noexcept {
    std::swap(node_, other.node_);
    std::swap(slot_, other.slot_);
    return *this;
  }
  ~Edge() {
    if (node_) release(node_);
  }

  Node* node() const { return const_cast<Node*>(node_); }
  int slot() const { return slot_; }
  explicit operator bool() const { return node_ != nullptr; }
  bool operator==(const Edge& other) const { return node_ == other.node_ && slot_ == other.slot_; }
  const Node* detach() { return std::exchange(node_, nullptr); }

 private:
  const Node* node_ = nullptr;
  int slot_ = 0;
};

// The dtype of floating-point values that name none: `danlu.config.set_floatx` sets it.
DL_EXPORT DType default_float() noexcept;
DL_EXPORT void set_default_float(DType dtype);

class DL_EXPORT Tensor {
 public:
  Tensor() = default;  // absent
  explicit Tensor(Ref<Value> value, Edge edge = {})
      : value_(std::move(value)), edge_(std::move(edge)) {}

  // Uninitialised, dense row-major.
  static Tensor empty(const Shape& shape, DType dtype, Device device = kCpu);
  // Shape and dtype without bytes: what a gradient rule keeps of an input it does not read.
  static Tensor abstract(const Shape& shape, DType dtype, Device device = kCpu);
  // The same bytes seen with another shape and strides, `offset` elements further.
  Tensor alias(const Shape& shape, const Strides& strides, int64_t offset) const;
  // One number.
  static Tensor scalar(double value, DType dtype, Device device = kCpu);
  static Tensor scalar(int64_t value, DType dtype, Device device = kCpu);

  bool defined() const { return static_cast<bool>(value_); }
  explicit operator bool() const { return defined(); }

  const View& view() const { return value_->view; }
  const Shape& shape() const { return value_->view.shape; }
  const Strides& strides() const { return value_->view.strides; }
  int ndim() const { return value_->view.ndim(); }
  int64_t dim(int axis) const { return value_->view.shape[axis < 0 ? axis + ndim() : axis]; }
  int64_t numel() const { return value_->view.numel(); }
  DType dtype() const { return value_->view.dtype; }
  Device device() const { return value_->view.device; }
  bool contiguous() const { return value_->view.contiguous(); }
  bool is_abstract() const { return !value_->storage; }

  // Nobody else can see these bytes: a C++ op that owns the tensor may overwrite them.
  bool unshared() const {
    return value_->unique() && value_->storage && value_->storage->unique() &&
           !value_->storage->exported() && !value_->storage->borrowed() && !value_->variable;
  }

  // The number in a tensor of one element. Waits for the device.
  double item() const;
  int64_t item_int() const;

  const Edge& edge() const { return edge_; }
  bool requires_grad() const { return static_cast<bool>(edge_); }
  Tensor detach() const { return Tensor(value_); }
  Tensor with_edge(Edge edge) const { return Tensor(value_, std::move(edge)); }

  const Ref<Value>& value() const { return value_; }

 private:
  Ref<Value> value_;
  Edge edge_;
};

using Tensors = SmallVector<Tensor, 4>;
using Inputs = std::span<const Tensor>;
using Outputs = std::span<const Tensor>;  // handles are constant, bytes are written

// The handle of a tensor that somebody else keeps alive: a copy of its bits without a reference
// count of its own. Passing the operands of `a + b` on costs nothing then, and not eight atomics.
class Borrowed {
 public:
  Borrowed(const Tensor& tensor) { __builtin_memcpy(bits_, &tensor, sizeof(Tensor)); }
  // Valid as long as the list and the tensors that it was made of.
  static Inputs tensors(std::initializer_list<Borrowed> list) {
    return {reinterpret_cast<const Tensor*>(list.begin()), list.size()};
  }

 private:
  alignas(Tensor) unsigned char bits_[sizeof(Tensor)];
};
static_assert(sizeof(Borrowed) == sizeof(Tensor));

}  // namespace danlu
