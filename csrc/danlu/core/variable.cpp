#include "danlu/core/variable.h"

#include <mutex>

#include "danlu/core/recorder.h"

namespace danlu {

VariableState::VariableState(Tensor initial, bool is_trainable, std::string variable_name)
    : name(variable_name), path(std::move(variable_name)), trainable(is_trainable) {
  // Bytes of its own: the initial tensor stays what it is.
  Tensor own_value = Tensor::empty(initial.shape(), initial.dtype(), initial.device());
  check(initial.contiguous(), "[Variable] the initial value must be dense");
  copy_bytes(own_value.view().data, own_value.device(), initial.view().data, initial.device(),
             initial.numel() * size_of(initial.dtype()));
  own(std::move(own_value));
  leaf_ = Edge(Node::make().get(), 0);
}

VariableState::~VariableState() {
  if (value_) value_.value()->variable = nullptr;
}

void VariableState::own(Tensor value) {
  value.value()->variable = this;
  std::lock_guard guard(lock_);
  if (value_) value_.value()->variable = nullptr;
  std::swap(value_, value);  // the old one is freed by the caller
}

Tensor VariableState::value() const {
  std::lock_guard guard(lock_);
  return value_;
}

Tensor VariableState::read() const {
  Tensor now = value();
  if (!trainable || !grad_enabled() || !is_floating(now.dtype())) return now;
  return now.with_edge(leaf_);
}

Tensor VariableState::writable(bool keep) {
  forget();
  {
    std::lock_guard guard(lock_);
    ++version_;
    const Ref<Value>& now = value_.value();
    if (now->unique() && now->storage->unique() && !now->storage->exported()) return value_;
  }
  const Tensor before = value();
  Tensor fresh = Tensor::empty(before.shape(), before.dtype(), before.device());
  if (keep) {
    copy_bytes(fresh.view().data, fresh.device(), before.view().data, before.device(),
               before.numel() * size_of(before.dtype()));
  }
  own(fresh);
  return fresh;
}

void VariableState::written() {
  forget();
  std::lock_guard guard(lock_);
  ++version_;
}

void VariableState::forget() {
  std::vector<Memo> dropped;  // freed without the lock
  std::lock_guard guard(lock_);
  ++forgotten_;
  std::swap(dropped, memos_);
}

VariableState::Memo* VariableState::find_memo(const OpRef& op) {
  for (Memo& memo : memos_) {
    if (memo.op->name() == op->name() && memo.op->attrs() == op->attrs()) return &memo;
  }
  return nullptr;
}

Tensor VariableState::memoised(const OpRef& op, const Tensor& value) {
  uint64_t before;
  {
    std::lock_guard guard(lock_);
    if (!(value_.value() == value.value())) return {};
    const Memo* memo = find_memo(op);
    if (!memo) memos_.push_back({op, {}});
    if (!memo || memo->result) return memo ? memo->result : Tensor();
    before = forgotten_;
  }
  const Tensor result = call_one(op, {value.detach()});
  std::lock_guard guard(lock_);
  if (Memo* memo = find_memo(op); memo && before == forgotten_) memo->result = result;
  return result;
}

Tensor memoised(const OpRef& op, const Tensor& x) {
  VariableState* variable = x.value()->variable;
  // Under a recording the variable is what is read.
  if (!variable || current_recording() || x.value()->storage->written_elsewhere()) return {};
  return variable->memoised(op, x);
}

Tensor VariableState::grad() const { return leaf_.node()->grad(); }
void VariableState::set_grad(Tensor grad) { leaf_.node()->set_grad(std::move(grad)); }

Variable make_variable(Tensor initial, bool trainable, std::string name) {
  return Variable(new VariableState(std::move(initial), trainable, std::move(name)));
}

}  // namespace danlu
