// Trains an MLP, 784-512-512-10, through the C++ API alone, and prints the time of a step.
//
//   train_mlp [--steps n] [--batch n] [--threads n]
//
// The task: points around ten random centres, with so much noise that single pixels say little.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "danlu/danlu.h"

namespace {

using namespace danlu;

constexpr int64_t kInputs = 784, kHidden = 512, kClasses = 10;

struct Batch {
  Tensor x, y;  // (batch, inputs) float32, (batch) int64
};

// Draws batches; the state of the generator moves on with every draw.
class Task {
 public:
  explicit Task(int64_t seed)
      : state_(make_seed_state(seed)),
        centres_(random_normal(state_, {kClasses, kInputs}, 0, 1, DType::float32)) {}

  Batch draw(int64_t batch) {
    const Tensor y = random_integers(state_, {batch}, 0, kClasses, DType::int64);
    const Tensor noise = random_normal(state_, {batch, kInputs}, 0, 5, DType::float32);
    return {take(centres_, y, 0) + noise, y};
  }

 private:
  Tensor state_, centres_;
};

class Mlp {
 public:
  explicit Mlp(int64_t seed) {
    const Tensor state = make_seed_state(seed);
    const int64_t sizes[] = {kInputs, kHidden, kHidden, kClasses};
    for (int i = 0; i < 3; ++i) {
      const double limit = std::sqrt(6.0 / static_cast<double>(sizes[i] + sizes[i + 1]));
      const Shape shape = {sizes[i], sizes[i + 1]};
      variables.push_back(
          make_variable(random_uniform(state, shape, -limit, limit, DType::float32)));
      variables.push_back(make_variable(zeros({sizes[i + 1]}, DType::float32)));
    }
  }

  Tensor operator()(Tensor x) const {  // (batch, inputs) -> (batch, classes)
    for (size_t i = 0; i < variables.size(); i += 2) {
      const bool last = i + 2 == variables.size();
      x = dense(x, variables[i]->read(), variables[i + 1]->read(), /*relu=*/!last);
    }
    return x;
  }

  std::vector<Variable> variables;  // kernel, bias, kernel, bias, ...
};

OptimizerState make_adam(const std::vector<Variable>& variables) {
  OptimizerState adam;
  adam.settings.kind = OptimizerKind::adam;
  adam.settings.beta_1 = 0.9;
  adam.settings.beta_2 = 0.999;
  adam.settings.epsilon = 1e-7;
  adam.variables = variables;
  adam.decayed.assign(variables.size(), false);
  adam.slots.resize(2);
  for (const Variable& variable : variables) {
    for (auto& slot : adam.slots) {
      slot.push_back(make_variable(zeros(variable->shape(), variable->dtype()), false));
    }
  }
  adam.iterations = make_variable(zeros({}, DType::int64), false);
  return adam;
}

double accuracy(const Mlp& model, const Batch& batch) {
  const NoGrad no_grad;
  const Tensor right = equal(argmax(model(batch.x), -1), batch.y);
  return mean(astype(right, DType::float32)).item();
}

int64_t option(int argc, char** argv, const std::string& name, int64_t otherwise) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (argv[i] == name) return std::atoll(argv[i + 1]);
  }
  return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t steps = option(argc, argv, "--steps", 500);
  const int64_t batch = option(argc, argv, "--batch", 64);
  if (const int64_t threads = option(argc, argv, "--threads", 0)) {
    set_num_threads(static_cast<int>(threads));
  }
  Task task(/*seed=*/1);
  Mlp model(/*seed=*/2);
  const OptimizerState adam = make_adam(model.variables);
  const Tensor learning_rate = Tensor::scalar(1e-3, DType::float32);
  const Batch test = task.draw(2000);

  double seconds = 0;
  for (int64_t step = 1; step <= steps; ++step) {
    const Batch data = task.draw(batch);
    const auto start = std::chrono::steady_clock::now();
    const Tensor loss = mean(sparse_categorical_crossentropy(data.y, model(data.x),
                                                             /*from_logits=*/true, -1, 1e-7));
    backward(loss);
    Tensors gradients;
    for (const Variable& variable : model.variables) gradients.push_back(variable->grad());
    optimizer_update(adam, Inputs(gradients.begin(), gradients.end()), learning_rate);
    for (const Variable& variable : model.variables) variable->set_grad({});
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (step % 100 == 0) {
      std::printf("step %lld  loss %.4f\n", static_cast<long long>(step), loss.item());
    }
  }
  const double result = accuracy(model, test);
  std::printf("%d threads, %.3f ms a step, test accuracy %.4f\n", num_threads(),
              1e3 * seconds / static_cast<double>(steps), result);
  return result > 0.9 ? 0 : 1;
}
