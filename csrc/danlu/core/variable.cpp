#include "danlu/core/variable.h"

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
  if (value_) value_.value()->variable = nullptr;
  value_ = std::move(value);
  value_.value()->variable = this;
}

Tensor VariableState::read() const {
  if (!trainable || !grad_enabled() || !is_floating(value_.dtype())) return value_;
  return value_.with_edge(leaf_);
}

Tensor VariableState::writable(bool keep) {
  ++version;
  const Ref<Value>& value = value_.value();
  if (value->unique() && value->storage->unique() && !value->storage->exported()) return value_;
  Tensor fresh = Tensor::empty(value_.shape(), value_.dtype(), value_.device());
  if (keep) {
    copy_bytes(fresh.view().data, fresh.device(), value_.view().data, value_.device(),
               value_.numel() * size_of(value_.dtype()));
  }
  own(std::move(fresh));
  return value_;
}

Tensor VariableState::grad() const { return leaf_.node()->grad; }
void VariableState::set_grad(Tensor grad) { leaf_.node()->grad = std::move(grad); }

Variable make_variable(Tensor initial, bool trainable, std::string name) {
  return Variable(new VariableState(std::move(initial), trainable, std::move(name)));
}

}  // namespace danlu
