// softmax, cross-entropies and normalisation.
#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

namespace {

using OptionalTensor = std::optional<Tensor>;
Tensor absent_or(const OptionalTensor& x) { return x ? *x : Tensor(); }

// None stands for all axes.
Axes axes_of(const std::optional<Shape>& axis, const Tensor& x) {
  if (axis) return *axis;
  Axes all;
  for (int i = 0; i < x.ndim(); ++i) all.push_back(i);
  return all;
}

}  // namespace

void bind_nn(py::module_& m) {
  m.def(
      "softmax",
      [](const Tensor& x, std::optional<Shape> axis) {
        return unlocked({x}, [&] { return softmax(x, axes_of(axis, x)); });
      },
      "x"_a, "axis"_a = -1,
      R"(exp(x - max x) / sum exp(x - max x) along one or several axes (None: all); the sum is 1.
Integers give floats (float32). IndexError for an axis that x lacks.
Source: keras.ops.

>>> import danlu as dl
>>> dl.ops.softmax([[0.0, 0.0], [5.0, 5.0]]).tolist()
[[0.5, 0.5], [0.5, 0.5]])");
  m.def(
      "log_softmax",
      [](const Tensor& x, std::optional<Shape> axis) {
        return unlocked({x}, [&] { return log_softmax(x, axes_of(axis, x)); });
      },
      "x"_a, "axis"_a = -1,
      R"(x - max x - log sum exp(x - max x) along one or several axes (None: all): log(softmax(x)).
Integers give floats (float32). IndexError for an axis that x lacks.
Source: keras.ops.

>>> import danlu as dl
>>> round(dl.ops.log_softmax([0.0, 0.0])[0].item(), 4)
-0.6931)");

  m.def(
      "softmax_cross_entropy",
      [](const Tensor& logits, const Tensor& labels) {
        return unlocked({logits}, [&] {
          return sparse_categorical_crossentropy(labels, logits, /*from_logits=*/true, -1, 0);
        });
      },
      "logits"_a, "labels"_a,
      R"(log sum exp(logits) - logits[label], with logits (..., classes) and integer labels (...):
(...). ValueError for a label that is no class, or when the shapes do not fit.

>>> import danlu as dl
>>> round(dl.ops.softmax_cross_entropy([[0.0, 0.0]], [1]).item(), 4)
0.6931)");
  m.def(
      "sparse_categorical_crossentropy",
      [](const Tensor& target, const Tensor& output, bool from_logits, int64_t axis,
         double epsilon) {
        return unlocked({output}, [&] {
          return sparse_categorical_crossentropy(target, output, from_logits, axis, epsilon);
        });
      },
      "target"_a, "output"_a, "from_logits"_a = false, "axis"_a = -1, "epsilon"_a = 1e-7,
      "-log(output[target]), with output (..., classes) and class numbers target (...).");
  m.def(
      "categorical_crossentropy",
      [](const Tensor& target, const Tensor& output, bool from_logits, int64_t axis,
         double epsilon) {
        return unlocked({output}, [&] {
          return categorical_crossentropy(target, output, from_logits, axis, epsilon);
        });
      },
      "target"_a, "output"_a, "from_logits"_a = false, "axis"_a = -1, "epsilon"_a = 1e-7,
      "-sum target log(output), with target and output (..., classes).");
  m.def(
      "binary_crossentropy",
      [](const Tensor& target, const Tensor& output, bool from_logits, double epsilon) {
        return unlocked({output},
                        [&] { return binary_crossentropy(target, output, from_logits, epsilon); });
      },
      "target"_a, "output"_a, "from_logits"_a = false, "epsilon"_a = 1e-7,
      "-target log(output) - (1 - target) log(1 - output), element by element.");

  m.def(
      "batch_norm_training",
      [](const Tensor& x, const OptionalTensor& gamma, const OptionalTensor& beta, double epsilon) {
        const Normalized out = unlocked({x}, [&] {
          return batch_norm_training(x, absent_or(gamma), absent_or(beta), epsilon);
        });
        return py::make_tuple(out.y, out.mean, out.variance);
      },
      "x"_a, "gamma"_a, "beta"_a, "epsilon"_a,
      R"((y, mean, variance): y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, with the
mean and biased variance over all axes of x (..., channels) but the last; gamma and beta (channels,)
or None.
Source: Ioffe and Szegedy, 2015, arXiv:1502.03167.

>>> import danlu as dl
>>> y, mean, variance = dl.ops.batch_norm_training([[1.0], [3.0]], None, None, 0.0)
>>> y.tolist(), mean.tolist(), variance.tolist()
([[-1.0], [1.0]], [2.0], [1.0]))");
  m.def(
      "batch_normalization",
      [](const Tensor& x, const Tensor& mean, const Tensor& variance, int64_t axis,
         const OptionalTensor& offset, const OptionalTensor& scale, double epsilon) {
        return unlocked({x}, [&] {
          return batch_normalization(x, mean, variance, axis, absent_or(offset), absent_or(scale),
                                     epsilon);
        });
      },
      "x"_a, "mean"_a, "variance"_a, "axis"_a, "offset"_a = py::none(), "scale"_a = py::none(),
      "epsilon"_a = 1e-3,
      R"((x - mean) / sqrt(variance + epsilon) * scale + offset, with one number each for every
channel of `axis`. ValueError when there are not as many as channels.
Source: Ioffe and Szegedy, 2015, arXiv:1502.03167; keras.ops.

>>> import danlu as dl
>>> dl.ops.batch_normalization([[1.0], [3.0]], [2.0], [1.0], -1, epsilon=0).tolist()
[[-1.0], [1.0]])");
  m.def(
      "layer_normalization",
      [](const Tensor& x, const OptionalTensor& gamma, const OptionalTensor& beta,
         const Shape& axis, double epsilon) {
        return unlocked({x}, [&] {
          return layer_normalization(x, absent_or(gamma), absent_or(beta), axis, epsilon);
        });
      },
      "x"_a, "gamma"_a = py::none(), "beta"_a = py::none(), "axis"_a = -1, "epsilon"_a = 1e-7,
      "(x - mean) / sqrt(variance + epsilon) * gamma + beta with the moments of x along `axis`.");
  m.def(
      "rms_normalization",
      [](const Tensor& x, const OptionalTensor& scale, const Shape& axis, double epsilon) {
        return unlocked({x}, [&] { return rms_normalization(x, absent_or(scale), axis, epsilon); });
      },
      "x"_a, "scale"_a = py::none(), "axis"_a = -1, "epsilon"_a = 1e-7,
      "x / sqrt(mean(x^2) + epsilon) * scale with the mean along `axis`.");
  m.def(
      "moments",
      [](const Tensor& x, std::optional<Shape> axes, bool keepdims) {
        return unlocked({x}, [&] { return moments(x, axes_of(axes, x), keepdims); });
      },
      "x"_a, "axes"_a, "keepdims"_a = false, "(mean, biased variance) of x over the axes.");
}

}  // namespace danlu::python
