// Gradient mode, differentiation with respect to Python objects, rules written in Python,
// recording.
#include "danlu/autograd/backward.h"

#include "danlu/bindings/bind.h"
#include "danlu/core/recorder.h"
#include "danlu/ops/ops.h"

PYBIND11_DECLARE_HOLDER_TYPE(T, danlu::Ref<T>, true)

namespace danlu::python {

namespace {

// While it is entered, the tensors among `objects` carry fresh edges and all Variables among them
// are trainable, so that whatever is computed of these very objects can be differentiated.
class Watching {
 public:
  explicit Watching(py::list objects) : objects_(std::move(objects)) {}

  void enter() {
    set_grad_enabled_ = set_grad_enabled(true);
    try {
      watch_all();
    } catch (...) {
      exit();
      throw;
    }
  }

  void exit() {
    for (int i = originals_.size() - 1; i >= 0; --i) {  // backwards: one may stand there twice
      PyObject* object = PyList_GET_ITEM(objects_.ptr(), i);
      if (is_variable(object)) {
        variable_of(object)->trainable = trainable_[i];
      } else if (tensor_of(object).edge() == targets_[i]) {
        tensor_of(object) = originals_[i];
      }
    }
    originals_.clear();
    set_grad_enabled(set_grad_enabled_);
  }
  // d(output)/d(object) for every object; zeros where the output does not depend on it.
  Tensors differentiate(const Tensor& output, bool create_graph) {
    check(output.numel() == 1, "[grad] the function must return one number, it returned shape {}",
          output.shape());
    Tensor seed = Tensor::scalar(1.0, output.dtype(), output.device());
    seed = seed.alias(output.shape(), contiguous_strides(output.shape()), 0);
    Tensors found;
    {
      MaybeReleaseGil release(kReleaseGilAt);
      found = gradients({&output, 1}, {&seed, 1}, targets_, create_graph);
    }
    for (int i = 0; i < found.size(); ++i) {
      if (found[i]) continue;
      PyObject* object = PyList_GET_ITEM(objects_.ptr(), i);
      const Tensor like = is_variable(object) ? variable_of(object)->value() : tensor_of(object);
      const Tensor zero = Tensor::scalar(0.0, like.dtype(), like.device());
      found[i] = zero.alias(like.shape(), Shape::filled(like.ndim(), 0), 0);
    }
    return found;
  }

 private:
  void watch_all() {
    for (py::handle object : objects_) {
      if (is_variable(object.ptr())) {
        VariableState& variable = state_of(object.ptr());
        trainable_.push_back(variable.trainable);
        originals_.push_back({});
        variable.trainable = true;
        targets_.push_back(variable.leaf());
        continue;
      }
      Tensor& x = tensor_of(object.ptr());
      check_type(is_floating(x.dtype()),
                 "[grad] only floating-point tensors have gradients, got {}", x.dtype());
      trainable_.push_back(false);
      originals_.push_back(x);
      x = watch(x);
      targets_.push_back(x.edge());
    }
  }

  py::list objects_;
  SmallVector<Tensor, 4> originals_;
  SmallVector<bool, 4> trainable_;
  SmallVector<Edge, 4> targets_;
  bool set_grad_enabled_ = true;
};

// A gradient rule that is a Python function of the output gradients.
class PythonRule final : public Op {
 public:
  PythonRule(py::object rule, int inputs) : rule_(std::move(rule)), inputs_(inputs) {}
  ~PythonRule() override {
    py::gil_scoped_acquire gil;
    rule_ = py::object();
  }
  std::string_view name() const override { return "custom_gradient"; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }

  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    py::gil_scoped_acquire gil;
    py::tuple upstream(static_cast<size_t>(saved.outputs.size()));
    for (int i = 0; i < saved.outputs.size(); ++i) {
      Tensor gradient = i < dout.size() ? dout[i] : Tensor();
      if (!gradient) {
        const Tensor& y = saved.output(i);
        gradient = Tensor::scalar(0.0, y.dtype(), y.device())
                       .alias(y.shape(), Shape::filled(y.ndim(), 0), 0);
      }
      upstream[static_cast<size_t>(i)] = py::reinterpret_steal<py::object>(wrap(gradient));
    }
    py::object result = rule_(*upstream);
    if (!py::isinstance<py::tuple>(result) && !py::isinstance<py::list>(result)) {
      result = py::make_tuple(result);
    }
    check(py::len(result) == static_cast<size_t>(inputs_),
          "[custom_gradient] the function has {} tensor arguments, its gradient function returned "
          "{} values",
          inputs_, py::len(result));
    Tensors gradients;
    int i = 0;
    for (py::handle item : result) {
      const DType dtype = saved.input(i).dtype();
      Tensor gradient = item.is_none() ? Tensor() : astype(to_tensor(item.ptr(), dtype), dtype);
      check(!gradient || gradient.shape() == saved.input(i).shape(),
            "[custom_gradient] gradient {} has shape {}, the argument {}", i,
            gradient ? gradient.shape() : Shape(), saved.input(i).shape());
      gradients.push_back(std::move(gradient));
      ++i;
    }
    return gradients;
  }

 private:
  py::object rule_;
  int inputs_;
};

// The same values as `outputs`, whose gradient with respect to `inputs` is rule(*upstream).
Tensors with_gradient(const Tensors& outputs, const Tensors& inputs, py::object rule) {
  if (!records(inputs)) return outputs;
  Ref<Node> node = Node::make();
  node->op = make_op<PythonRule>(std::move(rule), inputs.size());
  Tensors result;
  for (const Tensor& x : inputs) {
    node->inputs.push_back(x.edge());
    node->saved.inputs.push_back(Tensor::abstract(x.shape(), x.dtype(), x.device()));
  }
  for (int i = 0; i < outputs.size(); ++i) {
    const Tensor& y = outputs[i];
    node->saved.outputs.push_back(Tensor::abstract(y.shape(), y.dtype(), y.device()));
    result.push_back(is_floating(y.dtype()) ? y.with_edge(Edge(node.get(), i)) : y.detach());
  }
  return result;
}

std::vector<std::tuple<std::string, Tensors, Tensors>> composed_calls(const Recording& recording) {
  py::gil_scoped_release release;
  std::vector<std::tuple<std::string, Tensors, Tensors>> calls;
  for (const auto& [name, outputs, composed] : recording.composed()) {
    calls.emplace_back(name, outputs, composed);
  }
  return calls;
}

}  // namespace

void bind_autograd(py::module_& m) {
  m.def("grad_enabled", &grad_enabled,
        "Whether operations on this thread are recorded for gradients.");
  m.def(
      "_records_calls", [] { return grad_enabled() || is_recording(); },
      "Whether calls on this thread are recorded, for gradients or to be replayed.");
  m.def(
      "_any_written_elsewhere",
      [](const Tensors& tensors) {
        return std::any_of(tensors.begin(), tensors.end(),
                           [](const Tensor& x) { return x.value()->storage->written_elsewhere(); });
      },
      "tensors"_a, "Whether somebody else may write the bytes of one of them.");
  m.def("set_grad_enabled", &set_grad_enabled, "enabled"_a, "Returns what it was before.");
  m.def(
      "stop_gradient", [](const Tensor& x) { return x.detach(); }, "x"_a,
      R"(The same value; no gradient flows through it.
Source: keras.ops.

>>> import danlu as dl
>>> dl.grad(lambda x: x * dl.stop_gradient(x))(dl.asarray(3.0)).item()
3.0)");
  m.def("with_gradient", &with_gradient, "outputs"_a, "inputs"_a, "rule"_a,
        "The outputs again; their gradient with respect to the inputs is rule(*upstream).");
  py::class_<Watching>(m, "Watching",
                       "Makes the very objects in a list differentiable for a while.")
      .def(py::init<py::list>(), "objects"_a)
      .def("enter", &Watching::enter)
      .def("exit", &Watching::exit)
      .def("differentiate", &Watching::differentiate, "output"_a, "create_graph"_a);
  m.def("_set_stand_ins", &set_stand_ins, "stand_ins"_a,
        "Whether this thread runs on tensors whose values do not count. Returns what it was.");
  m.def("_check_values_known", &check_values_known, "function"_a, "remedy"_a,
        "Raises in a symbolic call and under a recording.");
  using Unlocked = py::call_guard<py::gil_scoped_release>;
  py::class_<Recording, Ref<Recording>>(
      m, "Recording", "What the core did on this thread, as a flat list of calls.")
      .def(py::init<>())
      .def("start", &Recording::start, Unlocked(), "Records from here on.")
      .def("stop", &Recording::stop, Unlocked(), "Ends the recording.")
      .def("replay", &Recording::replay, Unlocked(),
           "Runs the calls again, on the same buffers and Variables.")
      .def("lines", &Recording::lines, Unlocked(), "One line a call.")
      .def("composed", &composed_calls,
           "Of each fused call its name, its outputs, and what its basic ops give.")
      .def("__len__", &Recording::size, Unlocked());
}

}  // namespace danlu::python
