// A step as a flat list of calls: what `call` did on this thread, in order, with the very buffers.
//
// Replaying runs the kernels again on the same buffers. Variables are referred to as such, so a
// replay reads their current values and writes their next ones; everything else is bound by
// address. New data enters by writing into the tensors that the step read.
#pragma once

#include <mutex>
#include <vector>

#include "danlu/core/op.h"
#include "danlu/core/variable.h"

namespace danlu {

class DL_EXPORT Recording final : public RefCounted {
 public:
  static void destroy(const Recording* recording) { delete recording; }

  // Records the calls of this thread until `stop`, or until nobody else holds the recording any
  // more: the thread holds it too, wherever the last handle is dropped. One recording at a time.
  void start();
  void stop();
  void replay();
  int size() const;
  // One line a call: "%3 = sum(%1, axis=(0,), keepdims=True) (2, 3) float32".
  std::vector<std::string> lines() const;
  // The calls of fused ops: their outputs, and the same composed of basic ops (for tests).
  struct Composed {
    std::string name;
    Tensors outputs, composed;
  };
  std::vector<Composed> composed() const;

  void add(const OpRef& op, Inputs in, Outputs out, const Tensor& scratch);
  // This thread records no more; its reference goes, and the recording with the last one.
  static void let_go();

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

  // Held while kernels run: who waits for it must not hold Python's lock.
  mutable std::mutex mutex_;
  std::vector<Call> calls_;
  bool under_way_ = false;
};

// The recording that is under way on this thread, or null. The thread holds a reference to it.
Recording*& current_recording();
// Whether somebody can still see what this thread records.
DL_EXPORT bool is_recording();
// Adds a call to it.
void record_call(const OpRef& op, Inputs in, Outputs out, const Tensor& scratch);

// Raises under a recording: whoever reads a tensor there bakes its value into the program.
DL_EXPORT void check_readable(std::string_view function);
// For a function whose result has a shape that depends on values: raises under a recording and in a
// symbolic call, which runs on stand-ins that have a shape but no meaning.
DL_EXPORT void check_values_known(std::string_view function, std::string_view remedy);
DL_EXPORT bool set_stand_ins(bool stand_ins);  // of this thread; returns what it was

}  // namespace danlu
