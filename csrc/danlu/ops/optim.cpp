// One optimizer step over all variables, as one op that writes them in place; learning rates.
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// The kernels are given lists that this file makes in host memory.
void check_on_cpu(Device device) {
  if (device.is_cpu()) return;
  fail(ErrorKind::not_implemented,
       "[optimizer] updates Variables on the CPU only, these live on {}: bring them back with "
       "x.to_device('cpu')",
       device);
}

// Inputs: the learning rate; then what is written: iterations, Nadam's product, and of each
// variable its value, slots, accumulator and average; then the gradients that there are.
struct OptimizerUpdate final : Op {
  OptimizerUpdate(const OptimizerSettings& s, std::vector<bool> d, std::vector<bool> g, int k)
      : settings(s), decayed(std::move(d)), has_gradient(std::move(g)), slots(k) {}

  std::string_view name() const override { return "optimizer_update"; }
  Attrs attrs() const override {
    constexpr std::string_view kinds[] = {"sgd",  "rmsprop", "adagrad", "adadelta",
                                          "adam", "adamax",  "nadam",   "lion"};
    const auto list = [](const std::vector<bool>& flags) {
      return std::vector<int64_t>(flags.begin(), flags.end());
    };
    const OptimizerSettings& s = settings;
    return {{"kind", std::string(kinds[static_cast<int>(s.kind)])},
            {"momentum", s.momentum},
            {"beta_1", s.beta_1},
            {"beta_2", s.beta_2},
            {"rho", s.rho},
            {"epsilon", s.epsilon},
            {"nesterov", s.nesterov},
            {"centered", s.centered},
            {"amsgrad", s.amsgrad},
            {"weight_decay", s.weight_decay},
            {"clipnorm", s.clipnorm},
            {"global_clipnorm", s.global_clipnorm},
            {"clipvalue", s.clipvalue},
            {"loss_scale", s.loss_scale},
            {"use_ema", s.use_ema},
            {"ema_momentum", s.ema_momentum},
            {"ema_overwrite_frequency", s.ema_overwrite_frequency},
            {"accumulation_steps", s.accumulation_steps},
            {"decayed", list(decayed)},
            {"has_gradient", list(has_gradient)}};
  }
  bool differentiable() const override { return false; }

  int count() const { return static_cast<int>(decayed.size()); }
  bool has_product() const { return settings.kind == OptimizerKind::nadam; }
  bool has_accumulator() const { return settings.accumulation_steps > 0; }
  int first() const { return has_product() ? 3 : 2; }
  int per_variable() const { return 1 + slots + has_accumulator() + settings.use_ema; }
  int written() const { return first() + count() * per_variable(); }

  Specs infer(Inputs in) const override {
    check_on_cpu(in[1].device());
    Specs specs;
    specs.reserve(written() - 1);
    for (int i = 1; i < written(); ++i) {
      specs.push_back(Spec::in_place(in[static_cast<size_t>(i)], i));
    }
    return specs;
  }

  // The list of variables, then the partial sums of squares.
  int64_t scratch_bytes(Inputs in) const override {
    int64_t sums = 0;
    for (int v = 0; v < count(); ++v) {
      sums += value(in, v).numel() / kOptimizerGrain + 1;
    }
    return count() * static_cast<int64_t>(sizeof(OptimizerVariable)) + sums * 8;
  }

  void run(Inputs in, Outputs, const View& scratch) const override {
    auto* list = scratch.ptr<OptimizerVariable>();
    int64_t start = 0;
    size_t gradient = static_cast<size_t>(written());
    for (int v = 0; v < count(); ++v) {
      size_t at = static_cast<size_t>(first() + v * per_variable());
      OptimizerVariable& entry = list[v];
      entry = {};
      entry.value = in[at].view().data;
      entry.size = in[at].numel();
      entry.dtype = in[at].dtype();
      entry.start = start;
      entry.decayed = decayed[static_cast<size_t>(v)];
      start += entry.size;
      for (int k = 0; k < slots; ++k) entry.slots[k] = in[++at].view().data;
      if (has_accumulator()) entry.accumulator = in[++at].view().data;
      if (settings.use_ema) entry.average = in[++at].view().data;
      if (has_gradient[static_cast<size_t>(v)]) entry.gradient = in[gradient++].view().data;
    }
    View sums = scratch;
    sums.data = list + count();
    const View product = has_product() ? in[2].view() : View{};
    DL_DISPATCH(in[1].device(), optimizer_update, settings, list, count(), in[0].view(),
                in[1].view(), product, sums);
  }

  const Tensor& value(Inputs in, int v) const {
    return in[static_cast<size_t>(first() + v * per_variable())];
  }

  const OptimizerSettings settings;
  const std::vector<bool> decayed, has_gradient;
  const int slots;
};

struct LearningRate final : Op {
  LearningRate(const Schedule& s, std::vector<float> b, std::vector<float> v)
      : schedule(s), boundaries(std::move(b)), values(std::move(v)) {}
  std::string_view name() const override { return "learning_rate"; }
  Attrs attrs() const override {
    constexpr std::string_view kinds[] = {"exponential", "inverse_time",    "polynomial",
                                          "cosine",      "cosine_restarts", "piecewise"};
    const Schedule& s = schedule;
    const auto list = [](const std::vector<float>& numbers) {
      return std::vector<double>(numbers.begin(), numbers.end());
    };
    return {{"kind", std::string(kinds[static_cast<int>(s.kind)])},
            {"initial", double{s.initial}},
            {"decay_steps", double{s.decay_steps}},
            {"decay_rate", double{s.decay_rate}},
            {"end", double{s.end}},
            {"power", double{s.power}},
            {"alpha", double{s.alpha}},
            {"warmup_target", double{s.warmup_target}},
            {"warmup_steps", double{s.warmup_steps}},
            {"period_factor", double{s.period_factor}},
            {"height_factor", double{s.height_factor}},
            {"flag", s.flag},
            {"boundaries", list(boundaries)},
            {"values", list(values)}};
  }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override {
    check_on_cpu(in[0].device());
    return {{{}, DType::float32, {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), schedule, schedule, in[0].view(), view_of(boundaries),
                view_of(values), out[0].view());
  }
  static View view_of(const std::vector<float>& numbers) {
    View view;
    view.data = const_cast<float*>(numbers.data());
    view.shape = {static_cast<int64_t>(numbers.size())};
    view.strides = {1};
    return view;
  }
  const Schedule schedule;
  const std::vector<float> boundaries, values;
};

Tensor dense_gradient(const Tensor& gradient, const VariableState& variable) {
  check(gradient.shape() == variable.shape(),
        "[optimizer] the gradient of variable '{}' has shape {}, the variable {}", variable.path,
        gradient.shape(), variable.shape());
  return contiguous(astype(gradient.detach(), variable.dtype()));
}

}  // namespace

Tensor learning_rate_at(const Schedule& schedule, const Tensor& step,
                        const std::vector<float>& boundaries, const std::vector<float>& values) {
  check(step.numel() == 1, "[schedule] the step is one number, got shape {}", step.shape());
  check(schedule.kind != ScheduleKind::piecewise || values.size() == boundaries.size() + 1,
        "[schedule] {} boundaries need one value more, got {}", boundaries.size(), values.size());
  return call_one(make_op<LearningRate>(schedule, boundaries, values), {step.detach()});
}

void optimizer_update(const OptimizerState& state, Inputs gradients, const Tensor& learning_rate) {
  NoGrad no_grad;
  const size_t count = state.variables.size();
  check(gradients.size() == count, "[optimizer] {} gradients for {} variables", gradients.size(),
        count);
  check(learning_rate.numel() == 1, "[optimizer] the learning rate is one number, got shape {}",
        learning_rate.shape());
  Tensors in;
  const int total = static_cast<int>(count);
  in.reserve(3 + total * (4 + static_cast<int>(state.slots.size())));
  in.push_back(to_floating(learning_rate.detach()));
  in.push_back(state.iterations->writable());
  if (state.u_product) in.push_back(state.u_product->writable());
  std::vector<bool> has_gradient(count);
  for (size_t v = 0; v < count; ++v) {
    has_gradient[v] = gradients[v].defined();
    in.push_back(state.variables[v]->writable());
    for (const auto& slot : state.slots) in.push_back(slot[v]->writable());
    if (!state.accumulators.empty()) in.push_back(state.accumulators[v]->writable());
    if (!state.averages.empty()) in.push_back(state.averages[v]->writable());
  }
  for (size_t v = 0; v < count; ++v) {
    if (has_gradient[v]) in.push_back(dense_gradient(gradients[v], *state.variables[v]));
  }
  const int slots = static_cast<int>(state.slots.size());
  call(make_op<OptimizerUpdate>(state.settings, state.decayed, std::move(has_gradient), slots), in);
  for (const Variable& variable : state.variables) variable->written();
}

}  // namespace danlu
