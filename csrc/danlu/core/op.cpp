#include "danlu/core/op.h"

#include <atomic>
#include <mutex>

#include "danlu/core/recorder.h"
#include "danlu/core/reports.h"

namespace danlu {

namespace {

// One object, so that `call` looks it up once: finding a thread's variables costs 2 ns a time.
struct ThreadState {
  bool grad_enabled = true;
  Recording* recording = nullptr;
  Status status;
};
constinit DL_THREAD_LOCAL ThreadState this_thread;

const View no_scratch = {};
std::atomic<uint64_t> next_sequence{1};

}  // namespace

Status& status() { return this_thread.status; }
Recording*& current_recording() { return this_thread.recording; }

bool grad_enabled() { return this_thread.grad_enabled; }
bool set_grad_enabled(bool enabled) { return std::exchange(this_thread.grad_enabled, enabled); }

namespace {

bool any_requires_grad(Inputs in) {
  for (const Tensor& x : in) {
    if (x.requires_grad()) return true;
  }
  return false;
}

}  // namespace

bool records(Inputs in) { return any_requires_grad(in) && grad_enabled(); }

void Op::raise(const Status& bad, Inputs in) const {
  fail(ErrorKind::index, "[{}] bad index {} at position {}, with x of shape {}", name(), bad.value,
       bad.position, in.empty() ? Shape() : in[0].shape());
}

Tensors Op::vjp(const Saved&, const Tensors&, Needs) const {
  fail(ErrorKind::not_implemented, "[{}] has no gradient", name());
}

Tensors Op::compose(Inputs) const {
  fail(ErrorKind::not_implemented, "[{}] has no second gradient", name());
}

// ---- nodes
// ---------------------------------------------------------------------------------------

Ref<Node> Node::make() {
  Ref<Node> node = Ref<Node>::of_new(new (pool_allocate(sizeof(Node))) Node);
  node->sequence = next_sequence.fetch_add(1, std::memory_order_relaxed);
  return node;
}

// Freeing a node frees the nodes it alone keeps alive. They are queued, so that a chain of a
// million does not overflow the stack.
void Node::destroy(const Node* node) {
  thread_local std::vector<Node*> queue;
  thread_local bool draining = false;
  queue.push_back(const_cast<Node*>(node));
  if (draining) return;
  draining = true;
  while (!queue.empty()) {
    Node* last = queue.back();
    queue.pop_back();
    last->~Node();
    pool_free(last, sizeof(Node));
  }
  draining = false;
}

Saved Node::take_saved(bool keep) {
  {
    std::lock_guard guard(lock_);
    if (!consumed_) {
      if (keep) return saved;
      consumed_ = true;
      return std::exchange(saved, {});
    }
  }
  fail(ErrorKind::value,
       "[backward] the graph of '{}' was freed by an earlier backward(): call the first one with "
       "retain_graph=True to go through it again",
       op->name());
}

Tensor Node::grad() const {
  std::lock_guard guard(lock_);
  return grad_;
}

void Node::set_grad(Tensor grad) {
  std::lock_guard guard(lock_);
  std::swap(grad_, grad);  // the old one is freed by the caller
}

bool Node::replace_grad(const Tensor& expected, Tensor grad) {
  std::lock_guard guard(lock_);
  if (!(grad_.value() == expected.value())) return false;
  std::swap(grad_, grad);
  return true;
}

void retain(const Node* node) { node->retain(); }
void release(const Node* node) noexcept {
  if (node->release()) Node::destroy(node);
}

// ---- call
// ----------------------------------------------------------------------------------------

namespace {

void check_inputs(const Op& op, Inputs in) {
  for (const Tensor& x : in) {
    if (!x.defined() || x.is_abstract()) [[unlikely]] {
      fail(ErrorKind::runtime,
           "[{}] an input has no value (a gradient rule reads what it did not ask for)", op.name());
    }
    if (!(x.device() == in[0].device())) [[unlikely]] {
      fail(ErrorKind::value,
           "[{}] inputs live on {} and {}: bring them together with x.to_device(...)", op.name(),
           in[0].device(), x.device());
    }
  }
}

Tensor make_output(const Spec& spec, Inputs in, Device device) {
  switch (spec.alias.kind) {
    case Alias::none:
      return Tensor::empty(spec.shape, spec.dtype, device);
    case Alias::view:
      return in[static_cast<size_t>(spec.alias.input)].alias(spec.shape, spec.alias.strides,
                                                             spec.alias.offset);
    case Alias::in_place:
      break;
  }
  return in[static_cast<size_t>(spec.alias.input)].detach();
}

// A value if the rule reads it, shape and dtype otherwise.
Tensor keep(const Tensor& x, bool read, bool shapes) {
  if (read) return x.detach();
  if (!shapes) return {};
  return Tensor::abstract(x.shape(), x.dtype(), x.device());
}

__attribute__((noinline)) void record(const OpRef& op, Inputs in, std::span<Tensor> out) {
  Ref<Node> node = Node::make();
  node->op = op;
  const Reads reads = op->reads();
  const int n_in = static_cast<int>(in.size()), n_out = static_cast<int>(out.size());
  node->inputs.reserve(n_in);
  node->saved.inputs.reserve(n_in);
  node->saved.outputs.reserve(n_out);
  for (int i = 0; i < n_in; ++i) {
    const Tensor& x = in[static_cast<size_t>(i)];
    node->inputs.push_back(x.edge());
    // Ops with many inputs (concat, stack) read none or all of them.
    node->saved.inputs.push_back(keep(x, reads.inputs >> (i < 31 ? i : 31) & 1u, reads.shapes));
  }
  for (int i = 0; i < n_out; ++i) {
    Tensor& y = out[static_cast<size_t>(i)];
    node->saved.outputs.push_back(keep(y, reads.outputs >> (i < 31 ? i : 31) & 1u, reads.shapes));
    if (is_floating(y.dtype())) y = y.with_edge(Edge(node.get(), i));
  }
}

void run(const OpRef& op, Inputs in, const Specs& specs, std::span<Tensor> out) {
  const Device device = op->output_device(in);
  bool computes = false;
  for (int i = 0; i < specs.size(); ++i) {
    out[static_cast<size_t>(i)] = make_output(specs[i], in, device);
    computes |= specs[i].alias.kind != Alias::view;
  }
  Tensor scratch;
  if (computes) {
    if (const int64_t bytes = op->scratch_bytes(in); bytes > 0) {
      scratch = Tensor::empty({bytes}, DType::uint8, device);
    }
    const View& room = scratch ? scratch.view() : no_scratch;
    if (op->reads_indices())
      run_reporting(op, in, out, room);
    else
      op->run(in, out, room);
  }
  const ThreadState& thread = this_thread;
  if (thread.recording) [[unlikely]]
    record_call(op, in, out, scratch);
  if (any_requires_grad(in) && thread.grad_enabled && op->differentiable()) record(op, in, out);
}

}  // namespace

Tensors call(const OpRef& op, Inputs in) {
  check_inputs(*op, in);
  const Specs specs = op->infer(in);
  Tensors out(specs.size());
  run(op, in, specs, out);
  return out;
}

Tensor call_one(const OpRef& op, Inputs in) {
  check_inputs(*op, in);
  const Specs specs = op->infer(in);
  Tensor out;
  run(op, in, specs, {&out, 1});
  return out;
}

}  // namespace danlu
