// What a Python optimizer holds: the variables, their slots, and the step over all of them.
#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

namespace {

OptimizerKind kind_of(const std::string& name) {
  static const std::pair<std::string_view, OptimizerKind> kinds[] = {
      {"sgd", OptimizerKind::sgd},         {"rmsprop", OptimizerKind::rmsprop},
      {"adagrad", OptimizerKind::adagrad}, {"adadelta", OptimizerKind::adadelta},
      {"adam", OptimizerKind::adam},       {"adamax", OptimizerKind::adamax},
      {"nadam", OptimizerKind::nadam},     {"lion", OptimizerKind::lion}};
  for (const auto& [known, kind] : kinds) {
    if (known == name) return kind;
  }
  fail(ErrorKind::value, "[OptimizerStep] unknown rule '{}'", name);
}

// The numbers of a Python optimizer by their Keras names; None and absence mean the default.
OptimizerSettings settings_of(const std::string& kind, const py::dict& options) {
  OptimizerSettings s;
  s.kind = kind_of(kind);
  for (const auto& option : options) {
    const std::string name = py::cast<std::string>(option.first);
    const py::handle value = option.second;
    if (value.is_none()) continue;
    auto number = [&](double& to) { to = py::cast<double>(value); };
    auto flag = [&](bool& to) { to = py::cast<bool>(value); };
    auto count = [&](int64_t& to) { to = py::cast<int64_t>(value); };
    if (name == "momentum")
      number(s.momentum);
    else if (name == "beta_1")
      number(s.beta_1);
    else if (name == "beta_2")
      number(s.beta_2);
    else if (name == "rho")
      number(s.rho);
    else if (name == "epsilon")
      number(s.epsilon);
    else if (name == "nesterov")
      flag(s.nesterov);
    else if (name == "centered")
      flag(s.centered);
    else if (name == "amsgrad")
      flag(s.amsgrad);
    else if (name == "weight_decay")
      number(s.weight_decay);
    else if (name == "clipnorm")
      number(s.clipnorm);
    else if (name == "global_clipnorm")
      number(s.global_clipnorm);
    else if (name == "clipvalue")
      number(s.clipvalue);
    else if (name == "loss_scale_factor")
      number(s.loss_scale);
    else if (name == "use_ema")
      flag(s.use_ema);
    else if (name == "ema_momentum")
      number(s.ema_momentum);
    else if (name == "ema_overwrite_frequency")
      count(s.ema_overwrite_frequency);
    else if (name == "gradient_accumulation_steps")
      count(s.accumulation_steps);
    else
      fail(ErrorKind::value, "[OptimizerStep] unknown option '{}'", name);
  }
  return s;
}

ScheduleKind schedule_kind(const std::string& name) {
  static const std::pair<std::string_view, ScheduleKind> kinds[] = {
      {"exponential", ScheduleKind::exponential},
      {"inverse_time", ScheduleKind::inverse_time},
      {"polynomial", ScheduleKind::polynomial},
      {"cosine", ScheduleKind::cosine},
      {"cosine_restarts", ScheduleKind::cosine_restarts},
      {"piecewise", ScheduleKind::piecewise}};
  for (const auto& [known, kind] : kinds) {
    if (known == name) return kind;
  }
  fail(ErrorKind::value, "[LearningRate] unknown schedule '{}'", name);
}

// A schedule with its numbers; called with a step it gives the learning rate.
struct LearningRate {
  Schedule schedule;
  std::vector<float> boundaries, values;

  LearningRate(const std::string& kind, const py::kwargs& options) {
    schedule.kind = schedule_kind(kind);
    const std::pair<std::string_view, float*> numbers[] = {
        {"initial", &schedule.initial},
        {"decay_steps", &schedule.decay_steps},
        {"decay_rate", &schedule.decay_rate},
        {"end", &schedule.end},
        {"power", &schedule.power},
        {"alpha", &schedule.alpha},
        {"warmup_target", &schedule.warmup_target},
        {"warmup_steps", &schedule.warmup_steps},
        {"period_factor", &schedule.period_factor},
        {"height_factor", &schedule.height_factor}};
    for (const auto& [key, value] : options) {
      const std::string name = py::cast<std::string>(key);
      if (name == "flag") schedule.flag = py::cast<bool>(value);
      if (name == "boundaries") boundaries = py::cast<std::vector<float>>(value);
      if (name == "values") values = py::cast<std::vector<float>>(value);
      for (const auto& [known, number] : numbers) {
        if (known == name) *number = py::cast<float>(value);
      }
    }
  }
  Tensor operator()(const Tensor& step) const {
    return learning_rate_at(schedule, step, boundaries, values);
  }
};

class OptimizerStep {
 public:
  OptimizerStep(const std::string& kind, const py::dict& options, std::vector<Variable> variables,
                std::vector<bool> decayed, std::vector<std::vector<Variable>> slots,
                std::vector<Variable> accumulators, std::vector<Variable> averages,
                const Variable& iterations, std::optional<Variable> u_product) {
    state_.settings = settings_of(kind, options);
    state_.variables = std::move(variables);
    state_.decayed = std::move(decayed);
    state_.slots = std::move(slots);
    state_.accumulators = std::move(accumulators);
    state_.averages = std::move(averages);
    state_.iterations = iterations;
    if (u_product) state_.u_product = *u_product;
    for (const Variable& variable : state_.variables) elements_ += variable->value().numel();
  }

  // One gradient, or None, for each variable. Returns the numbers of those without.
  std::vector<int> apply(const py::sequence& gradients, const Tensor& learning_rate) {
    check(gradients.size() == state_.variables.size(),
          "[optimizer.apply] {} gradients for the {} variables the optimizer was built with",
          gradients.size(), state_.variables.size());
    Tensors list;
    list.reserve(static_cast<int>(gradients.size()));
    for (const py::object gradient : gradients) {
      list.push_back(gradient.is_none() ? Tensor() : to_tensor(gradient.ptr()));
    }
    return update("apply", list, learning_rate);
  }

  // Applies the gradients that `backward` left in the variables, and clears them.
  std::vector<int> step(const Tensor& learning_rate) {
    Tensors list;
    list.reserve(static_cast<int>(state_.variables.size()));
    for (const Variable& variable : state_.variables) list.push_back(variable->grad());
    std::vector<int> missing = update("step", list, learning_rate);
    zero_grad();
    return missing;
  }

  void zero_grad() {
    for (const Variable& variable : state_.variables) variable->set_grad({});
  }

 private:
  std::vector<int> update(const char* method, const Tensors& gradients,
                          const Tensor& learning_rate) {
    std::vector<int> missing;
    for (int i = 0; i < gradients.size(); ++i) {
      if (!gradients[i]) missing.push_back(i);
    }
    check(static_cast<int>(missing.size()) < gradients.size(),
          "[optimizer.{}] no gradients provided for any variable: call loss.backward() first, with "
          "a loss that depends on the variables the optimizer was built with",
          method);
    MaybeReleaseGil release(elements_);
    optimizer_update(state_, gradients, learning_rate);
    return missing;
  }

  OptimizerState state_;
  int64_t elements_ = 0;
};

}  // namespace

void bind_optim(py::module_& m) {
  py::class_<LearningRate>(m, "LearningRate", "The learning rate of a schedule at a step.")
      .def(py::init<const std::string&, const py::kwargs&>(), "kind"_a)
      .def("__call__", &LearningRate::operator(), "step"_a, "The rate, a float32 number.");

  py::class_<OptimizerStep>(m, "OptimizerStep", "One step of an optimizer over all its variables.")
      .def(py::init<const std::string&, const py::dict&, std::vector<Variable>, std::vector<bool>,
                    std::vector<std::vector<Variable>>, std::vector<Variable>,
                    std::vector<Variable>, const Variable&, std::optional<Variable>>(),
           "kind"_a, "options"_a, "variables"_a, "decayed"_a, "slots"_a, "accumulators"_a,
           "averages"_a, "iterations"_a, "u_product"_a = py::none())
      .def("apply", &OptimizerStep::apply, "gradients"_a, "learning_rate"_a,
           "Updates the variables by a gradient or None each; returns the numbers of the None.")
      .def("step", &OptimizerStep::step, "learning_rate"_a,
           "Updates the variables by their .grad and clears it; returns the numbers of those "
           "without.")
      .def("zero_grad", &OptimizerStep::zero_grad, "Clears the gradients of all variables.");
}

}  // namespace danlu::python
