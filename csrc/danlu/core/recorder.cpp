#include "danlu/core/recorder.h"

#include <algorithm>

#include "danlu/core/reports.h"

namespace danlu {

void Recording::let_go() {
  Recording* mine = std::exchange(current_recording(), nullptr);
  if (!mine) return;
  {
    std::lock_guard lock(mine->mutex_);
    mine->under_way_ = false;
  }
  if (mine->release()) destroy(mine);
}

namespace {

constinit DL_THREAD_LOCAL bool runs_on_stand_ins = false;

struct AtThreadEnd {
  ~AtThreadEnd() { Recording::let_go(); }
};

}  // namespace

bool is_recording() {
  Recording* mine = current_recording();
  if (!mine) return false;
  if (!mine->unique()) return true;
  Recording::let_go();
  return false;
}

void record_call(const OpRef& op, Inputs in, Outputs out, const Tensor& scratch) {
  if (is_recording()) current_recording()->add(op, in, out, scratch);
}

void check_readable(std::string_view function) {
  check(!is_recording(),
        "[{}] the values of a tensor cannot be read while a program is recorded, which would keep "
        "what they are now: choose by values with danlu.where(condition, a, b), or read before",
        function);
}

bool set_stand_ins(bool stand_ins) { return std::exchange(runs_on_stand_ins, stand_ins); }

void check_values_known(std::string_view function, std::string_view remedy) {
  check(
      !runs_on_stand_ins && !is_recording(),
      "[{}] the shape of the result depends on the values of a tensor, and {}: {}", function,
      runs_on_stand_ins ? "a symbolic tensor has none" : "a recorded program must keep its shapes",
      remedy);
}

void Recording::start() {
  check(!is_recording(), "[record] a recording is under way on this thread");
  thread_local AtThreadEnd guard;
  static_cast<void>(guard);
  std::vector<Call> old;  // freed without the lock
  std::lock_guard lock(mutex_);
  check(!under_way_, "[record] this recording is under way on another thread");
  std::swap(old, calls_);
  under_way_ = true;
  retain();
  current_recording() = this;
}

void Recording::stop() {
  check(current_recording() == this, "[record] this recording is not under way on this thread");
  let_go();
}

int Recording::size() const {
  std::lock_guard lock(mutex_);
  return static_cast<int>(calls_.size());
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
  std::lock_guard lock(mutex_);
  calls_.push_back(std::move(call));
}

void Recording::replay() {
  check(!is_recording(), "[replay] a recording is under way on this thread");
  Tensors in, out;
  std::lock_guard lock(mutex_);
  check(!under_way_, "[replay] this recording is under way on another thread");
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
    for (const Operand& y : call.out) {
      if (y.variable) y.variable->written();
    }
  }
}

std::vector<Recording::Composed> Recording::composed() const {
  check(!is_recording(), "[composed] a recording is under way on this thread");
  std::lock_guard lock(mutex_);
  check(!under_way_, "[composed] this recording is under way on another thread");
  std::vector<Composed> found;
  for (const Call& call : calls_) {
    if (!call.op->composite()) continue;
    Composed entry{std::string(call.op->name()), {}, {}};
    Tensors in;
    for (const Operand& x : call.in) in.push_back(x.get());
    for (const Operand& y : call.out) entry.outputs.push_back(y.get());
    entry.composed = call.op->compose({in.data(), static_cast<size_t>(in.size())});
    found.push_back(std::move(entry));
  }
  return found;
}

namespace {

std::string to_text(bool value) { return value ? "True" : "False"; }
std::string to_text(const std::string& value) { return "'" + value + "'"; }
template <class T>
std::string to_text(T value) {
  return format("{}", value);
}
template <class T>
std::string to_text(const std::vector<T>& values) {  // (), (1,), (1, 2)
  std::string text;
  for (const T& value : values) text += (text.empty() ? "" : ", ") + to_text(value);
  return "(" + text + (values.size() == 1 ? ",)" : ")");
}

}  // namespace

std::vector<std::string> Recording::lines() const {
  std::lock_guard lock(mutex_);
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
    for (const auto& [key, value] : call.op->attrs()) {
      const std::string text = std::visit([](const auto& v) { return to_text(v); }, value);
      inputs += format("{}{}={}", inputs.empty() ? "" : ", ", key, text);
    }
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
