// State: the one mutable thing.
#pragma once

#include <memory>
#include <string>

#include "danlu/core/op.h"

namespace danlu {

class VariableState final : public RefCounted {
 public:
  VariableState(Tensor initial, bool trainable, std::string name);
  ~VariableState();
  static void destroy(const VariableState* state) { delete state; }

  // The current value, with the edge to this variable's gradient when it is trainable.
  Tensor read() const;
  Tensor value() const;
  Shape shape() const { return value().shape(); }
  DType dtype() const { return value().dtype(); }
  const Edge& leaf() const { return leaf_; }

  // A value whose bytes nobody else sees, for an op that writes in place (`assign` in ops.h, the
  // optimizers). Whoever still holds the old value keeps it: then the variable moves to new bytes,
  // which hold a copy of the old ones if `keep`.
  Tensor writable(bool keep = true);

  Tensor grad() const;
  void set_grad(Tensor grad);

  uint64_t version = 0;  // grows with every write; what is memoised of the value is keyed by it
  std::string name;
  std::string path;
  bool trainable;

 private:
  void own(Tensor value);

  mutable SpinLock lock_;  // of the handle: an optimizer may write while another thread reads
  Tensor value_;
  Edge leaf_;
};

// A handle. Copies refer to the same state.
using Variable = Ref<VariableState>;
DL_EXPORT Variable make_variable(Tensor initial, bool trainable = true,
                                 std::string name = "variable");

}  // namespace danlu
