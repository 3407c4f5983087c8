// Draws. `seed` is an integer, for the same numbers at every call, or the state of a generator, a
// Variable uint32 (seed, counter), which every draw moves on.
#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

namespace {

struct Seed {
  Tensor state;
};

}  // namespace

}  // namespace danlu::python

namespace pybind11::detail {

template <>
struct type_caster<danlu::python::Seed> {
  PYBIND11_TYPE_CASTER(danlu::python::Seed, const_name("int | Variable"));
  bool load(handle source, bool) {
    if (danlu::python::is_variable(source.ptr())) {
      value.state = danlu::python::state_of(source.ptr()).writable();
      return true;
    }
    if (!PyLong_CheckExact(source.ptr())) return false;
    value.state = danlu::make_seed_state(
        static_cast<int64_t>(PyLong_AsUnsignedLongLongMask(source.ptr()) & 0xffffffffu));
    return true;
  }
};

}  // namespace pybind11::detail

namespace danlu::python {

void bind_random(py::module_& m) {
  m.def(
      "_random_uniform",
      [](const Seed& seed, const Shape& shape, double low, double high, DType dtype) {
        MaybeReleaseGil release(shape.numel());
        return random_uniform(seed.state, shape, low, high, dtype);
      },
      "seed"_a, "shape"_a, "low"_a, "high"_a, "dtype"_a, "Numbers in [low, high).");
  m.def(
      "_random_normal",
      [](const Seed& seed, const Shape& shape, double mean, double stddev, DType dtype) {
        MaybeReleaseGil release(shape.numel());
        return random_normal(seed.state, shape, mean, stddev, dtype);
      },
      "seed"_a, "shape"_a, "mean"_a, "stddev"_a, "dtype"_a, "Normal numbers.");
  m.def(
      "_random_truncated_normal",
      [](const Seed& seed, const Shape& shape, double mean, double stddev, DType dtype) {
        MaybeReleaseGil release(shape.numel());
        return random_truncated_normal(seed.state, shape, mean, stddev, dtype);
      },
      "seed"_a, "shape"_a, "mean"_a, "stddev"_a, "dtype"_a,
      "Normal numbers within two standard deviations of the mean.");
  m.def(
      "_random_integers",
      [](const Seed& seed, const Shape& shape, int64_t low, int64_t high, DType dtype) {
        MaybeReleaseGil release(shape.numel());
        return random_integers(seed.state, shape, low, high, dtype);
      },
      "seed"_a, "shape"_a, "low"_a, "high"_a, "dtype"_a, "Integers in [low, high).");
  m.def(
      "_random_permutation",
      [](const Seed& seed, int64_t n) {
        MaybeReleaseGil release(n);
        return random_permutation(seed.state, n);
      },
      "seed"_a, "n"_a, "0, 1, ..., n - 1 in random order.");
  m.def(
      "_random_categorical",
      [](const Seed& seed, const Tensor& logits, int64_t samples, DType dtype) {
        MaybeReleaseGil release(logits.numel());
        return random_categorical(seed.state, logits, samples, dtype);
      },
      "seed"_a, "logits"_a, "samples"_a, "dtype"_a,
      "(batch, samples) class numbers with probabilities softmax(logits), logits (batch, "
      "classes).");
  m.def(
      "_random_gamma",
      [](const Seed& seed, const Shape& shape, const Tensor& alpha, DType dtype) {
        MaybeReleaseGil release(shape.numel());
        return random_gamma(seed.state, shape, alpha, dtype);
      },
      "seed"_a, "shape"_a, "alpha"_a, "dtype"_a, "Gamma variables of shape alpha and scale 1.");
  m.def(
      "_random_binomial",
      [](const Seed& seed, const Shape& shape, const Tensor& counts, const Tensor& probabilities,
         DType dtype) {
        MaybeReleaseGil release(shape.numel());
        return random_binomial(seed.state, shape, counts, probabilities, dtype);
      },
      "seed"_a, "shape"_a, "counts"_a, "probabilities"_a, "dtype"_a,
      "Successes of `counts` trials.");
  m.def(
      "_random_orthogonal",
      [](const Seed& seed, int64_t rows, int64_t columns) {
        MaybeReleaseGil release(rows * columns);
        return random_orthogonal(seed.state, rows, columns);
      },
      "seed"_a, "rows"_a, "columns"_a, "Orthonormal rows, float64.");
  m.def(
      "_dropout",
      [](const Tensor& x, double rate, const Seed& seed) {
        return unlocked({x}, [&] { return dropout(x, seed.state, rate); });
      },
      "x"_a, "rate"_a, "seed"_a, "x / (1 - rate) where kept, 0 with probability `rate`.");
}

}  // namespace danlu::python
