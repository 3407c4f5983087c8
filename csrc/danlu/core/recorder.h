// A step as a flat list of calls: what `call` did on this thread, in order, with the very buffers.
//
// Replaying runs the kernels again on the same buffers. Variables are referred to as such, so a
// replay reads their current values and writes their next ones; everything else is bound by
// address. New data enters by writing into the tensors that the step read.
#pragma once

#include <vector>

#include "danlu/core/op.h"
#include "danlu/core/variable.h"

namespace danlu {

class DL_EXPORT Recording {
 public:
  ~Recording();

  // Records the calls of this thread until `stop`. One recording at a time.
  void start();
  void stop();
  void replay();
  int size() const { return static_cast<int>(calls_.size()); }
  // One line a call: "%3 = add(%1, w) (2, 3) float32".
  std::vector<std::string> lines() const;

  void add(const OpRef& op, Inputs in, Outputs out, const Tensor& scratch);

 private:
  // A variable, or a value that is not one.
  struct Operand {
    Variable variable;
    Tensor tensor;
    Tensor get() const { return variable ? variable->value() : tensor; }
  };
  struct Call {
    OpRef op;
    std::vector<Operand> in;
    std::vector<Operand> out;
    Specs specs;
    Tensor scratch;
  };
  static Operand operand(const Tensor& tensor);

  std::vector<Call> calls_;
};

// The recording that is under way on this thread, or null.
Recording*& current_recording();

}  // namespace danlu
