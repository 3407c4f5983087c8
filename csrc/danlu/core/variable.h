// State: the one mutable thing.
#pragma once

#include <memory>
#include <string>
#include <vector>

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
  // Who has written into it says so: what was memoised meanwhile may be of half a value.
  Tensor writable(bool keep = true);
  void written();

  // What `op` makes of the value (a kernel transformed, a matrix packed), kept until the next
  // write. Absent at the first request after a write: training would fill memory with what nobody
  // reads a second time. The memory statistics count it like any tensor.
  // Absent too for a `value` that is the variable's no more.
  Tensor memoised(const OpRef& op, const Tensor& value);

  uint64_t version() const { return version_; }
  Tensor grad() const;
  void set_grad(Tensor grad);

  std::string name;
  std::string path;
  bool trainable;

 private:
  struct Memo {
    OpRef op;
    Tensor result;  // absent: asked for once
  };
  void own(Tensor value);
  void forget();
  Memo* find_memo(const OpRef& op);  // under the lock

  mutable SpinLock lock_;   // of the handle: an optimizer may write while another thread reads
  uint64_t version_ = 0;    // grows with every write
  uint64_t forgotten_ = 0;  // grows whenever memos are dropped
  std::vector<Memo> memos_;
  Tensor value_;
  Edge leaf_;
};

// A handle. Copies refer to the same state.
using Variable = Ref<VariableState>;
DL_EXPORT Variable make_variable(Tensor initial, bool trainable = true,
                                 std::string name = "variable");

// What `op` makes of `x`, where x is the value of a variable that remembers it; absent otherwise.
Tensor memoised(const OpRef& op, const Tensor& x);

}  // namespace danlu
