// An operation: shape and type check, kernel choice, gradient rule. And `call`, which runs one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "danlu/core/lock.h"
#include "danlu/core/tensor.h"

namespace danlu {

// How an output is stored.
struct Alias {
  enum Kind : uint8_t { none, view, in_place };
  Kind kind = none;
  int input = 0;       // of which input it shares the bytes
  int64_t offset = 0;  // elements from that input's first (view)
  Strides strides;     // (view)
};

struct Spec {
  Shape shape;
  DType dtype = DType::float32;
  Alias alias{};

  static Spec view(const Shape& shape, DType dtype, const Strides& strides, int64_t offset = 0,
                   int input = 0) {
    return {shape, dtype, {Alias::view, input, offset, strides}};
  }
  static Spec in_place(const Tensor& x, int input) {
    return {x.shape(), x.dtype(), {Alias::in_place, input, 0, {}}};
  }
};
using Specs = SmallVector<Spec, 1>;
// Those of one dense output, made where they are returned.
inline Specs one_spec(const Shape& shape, DType dtype) {
  Specs specs;
  specs.emplace_back(shape, dtype);
  return specs;
}

using AttrValue =
    std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>>;
using Attrs = std::vector<std::pair<std::string, AttrValue>>;

// Which inputs and outputs a gradient rule reads; everything else is freed at once.
// A rule may ask for the shape and dtype of any input and output unless it says it needs none.
struct Reads {
  uint32_t inputs = 0;   // bit i: the value of input i
  uint32_t outputs = 0;  // bit i: the value of output i
  bool shapes = true;
};
constexpr Reads reads_inputs(std::initializer_list<int> which) {
  Reads reads;
  for (int i : which) reads.inputs |= 1u << i;
  return reads;
}
constexpr Reads reads_outputs(std::initializer_list<int> which) {
  Reads reads;
  for (int i : which) reads.outputs |= 1u << i;
  return reads;
}
constexpr Reads operator|(Reads a, Reads b) {
  return {a.inputs | b.inputs, a.outputs | b.outputs, a.shapes || b.shapes};
}
inline constexpr Reads kReadsAllInputs{~0u, 0, true};
inline constexpr Reads kReadsNothing{0, 0, false};  // not even shapes: the rule of x + y

// What a gradient rule sees: the values it asked for, and shape and dtype of all others.
struct Saved {
  Tensors inputs;
  Tensors outputs;
  const Tensor& input(int i) const { return inputs[i]; }
  const Tensor& output(int i) const { return outputs[i]; }
};

// needs[i]: whether the gradient with respect to input i is wanted.
class Needs {
 public:
  explicit Needs(std::span<const bool> wanted) : wanted_(wanted) {}
  bool operator[](int i) const { return wanted_[static_cast<size_t>(i)]; }
  int size() const { return static_cast<int>(wanted_.size()); }

 private:
  std::span<const bool> wanted_;
};

class DL_EXPORT Op : public RefCounted {
 public:
  virtual ~Op() = default;
  static void destroy(const Op* op) { delete op; }

  virtual std::string_view name() const = 0;
  virtual Attrs attrs() const { return {}; }
  // Checks the inputs; shape, dtype and aliasing of each output.
  virtual Specs infer(Inputs in) const = 0;
  // Where the outputs live: with the first input, unless the op says otherwise.
  virtual Device output_device(Inputs in) const { return in.empty() ? kCpu : in[0].device(); }
  // Chooses a kernel and runs it; never allocates. Not called when all outputs are views.
  virtual void run(Inputs, Outputs, const View& /*scratch*/) const {}
  virtual int64_t scratch_bytes(Inputs) const { return 0; }

  // An op that reads indices or labels from data: its kernel reports the first bad one in
  // `status()`, and `call` raises what this returns.
  virtual bool reads_indices() const { return false; }
  [[noreturn]] virtual void raise(const Status& status, Inputs in) const;

  // Whether outputs carry gradients at all (argmax and comparisons do not).
  virtual bool differentiable() const { return true; }
  virtual Reads reads() const { return {}; }
  // The gradient of each input; absent where not needed or zero. dout[i] may be absent (zero).
  // Written with ops, so that it can be recorded and differentiated again.
  virtual Tensors vjp(const Saved& saved, const Tensors& dout, Needs needs) const;
  // A fused op's meaning in basic ops: the reference in tests, and the way to its second
  // derivative. When it returns something, `vjp` need not be differentiable.
  virtual bool composite() const { return false; }
  virtual Tensors compose(Inputs in) const;
};
using OpRef = Ref<const Op>;

template <class T, class... Args>
OpRef make_op(Args&&... args) {
  return OpRef::of_new(new T(std::forward<Args>(args)...));
}

// A recorded operation, or a leaf (op is null): a Variable or a marked tensor.
struct Node final : RefCounted {
  OpRef op;
  uint64_t sequence = 0;  // creation order: inputs have smaller numbers than outputs
  SmallVector<Edge, 2> inputs;
  Saved saved;  // values without edges; abstract where the rule does not read them

  // Several threads may go backward through one graph, and into the same leaves.
  // What the rule reads; it is gone afterwards, unless `keep`. Throws when it was gone before.
  Saved take_saved(bool keep);
  // Leaf: the accumulated gradient, absent before the first.
  Tensor grad() const;
  void set_grad(Tensor grad);
  // False, and nothing is done, when the gradient is not `expected` any more.
  bool replace_grad(const Tensor& expected, Tensor grad);

  static Ref<Node> make();
  static void destroy(const Node* node);

 private:
  mutable SpinLock lock_;
  bool consumed_ = false;  // the saved values were freed by a backward pass
  Tensor grad_;
};

// check -> allocate -> run -> record.
DL_EXPORT Tensors call(const OpRef& op, Inputs in);
// The same for an op with one output.
DL_EXPORT Tensor call_one(const OpRef& op, Inputs in);
inline Tensor call_one(const OpRef& op, std::initializer_list<Borrowed> in) {
  return call_one(op, Borrowed::tensors(in));
}

// The status word of the op that runs on this thread.
Status& status();

// Whether operations on this thread are recorded for gradients.
DL_EXPORT bool grad_enabled();
DL_EXPORT bool set_grad_enabled(bool enabled);  // returns what it was
class NoGrad {
 public:
  NoGrad() : before_(set_grad_enabled(false)) {}
  ~NoGrad() { set_grad_enabled(before_); }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

// True when calling an op on these inputs would be recorded.
bool records(Inputs in);

}  // namespace danlu
