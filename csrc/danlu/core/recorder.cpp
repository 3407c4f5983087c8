#include "danlu/core/recorder.h"

#include <algorithm>

#include "danlu/core/reports.h"

namespace danlu {

Recording::~Recording() {
  if (current_recording() == this) current_recording() = nullptr;
}

void Recording::start() {
  check(!current_recording(), "[record] a recording is under way on this thread");
  calls_.clear();
  current_recording() = this;
}

void Recording::stop() {
  check(current_recording() == this, "[record] this recording is not under way on this thread");
  current_recording() = nullptr;
}

Recording::Operand Recording::operand(const Tensor& tensor) {
  if (VariableState* variable = tensor.value()->variable) return {Variable(variable), {}};
  return {{}, tensor.detach()};
}

void Recording::add(const OpRef& op, Inputs in, Outputs out, const Tensor& scratch) {
  Call call;
  call.op = op;
  for (const Tensor& x : in) call.in.push_back(operand(x));
  for (const Tensor& y : out) call.out.push_back(operand(y));
  call.specs = op->infer(in);
  call.scratch = scratch;
  calls_.push_back(std::move(call));
}

void Recording::replay() {
  check(!current_recording(), "[replay] a recording is under way on this thread");
  Tensors in, out;
  for (Call& call : calls_) {
    in.clear();
    out.clear();
    for (const Operand& x : call.in) in.push_back(x.get());
    bool computes = false;
    for (int i = 0; i < call.specs.size(); ++i) {
      Operand& y = call.out[static_cast<size_t>(i)];
      const Alias& alias = call.specs[i].alias;
      if (alias.kind == Alias::view) {
        // The source may have moved (a variable whose old value somebody holds).
        const Spec& spec = call.specs[i];
        const Tensor moved = in[alias.input].alias(spec.shape, alias.strides, alias.offset);
        y.tensor.value()->view.data = moved.view().data;
        y.tensor.value()->storage = moved.value()->storage;
      } else {
        computes = true;
        if (alias.kind == Alias::in_place && y.variable) {
          in[alias.input] = Tensor();  // the list must not count as a holder of the old value
          in[alias.input] = y.variable->writable();
        }
      }
      out.push_back(y.get());
    }
    if (!computes) continue;
    const Inputs ins(in.begin(), in.end());
    const Outputs outs(out.begin(), out.end());
    const View room = call.scratch ? call.scratch.view() : View{};
    if (call.op->reads_indices())
      run_reporting(call.op, ins, outs, room);
    else
      call.op->run(ins, outs, room);
  }
}

std::vector<std::string> Recording::lines() const {
  std::vector<const void*> known;
  auto name = [&](const Operand& operand) -> std::string {
    if (operand.variable) return operand.variable->path;
    const void* key = operand.tensor.value().get();
    auto at = std::find(known.begin(), known.end(), key);
    if (at == known.end()) at = known.insert(at, key);
    return format("%{}", at - known.begin());
  };
  std::vector<std::string> lines;
  for (const Call& call : calls_) {
    std::string inputs, outputs;
    for (const Operand& x : call.in) inputs += (inputs.empty() ? "" : ", ") + name(x);
    for (const Operand& y : call.out) outputs += (outputs.empty() ? "" : ", ") + name(y);
    std::string result;
    for (int i = 0; i < call.specs.size(); ++i) {
      result += format(" {} {}", call.specs[i].shape, call.specs[i].dtype);
    }
    lines.push_back(format("{} = {}({}){}", outputs, call.op->name(), inputs, result));
  }
  return lines;
}

}  // namespace danlu
