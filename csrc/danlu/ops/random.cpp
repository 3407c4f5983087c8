// Draws of random numbers, and dropout.
#include <cmath>
#include <limits>

#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// A draw: outputs are the numbers and the state, which is moved on in place. The state is the last
// input.
struct Draw : Op {
  Draw(const Shape& s, DType d) : shape(s), dtype(d) {}
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override {
    const int state = static_cast<int>(in.size()) - 1;
    return {{shape, dtype, {}}, Spec::in_place(in.back(), state)};
  }
  // What an op draws with comes after the shape and the dtype.
  virtual Attrs parameters() const { return {}; }
  Attrs attrs() const override {
    Attrs attrs{{"shape", std::vector<int64_t>(shape.begin(), shape.end())},
                {"dtype", std::string(name_of(dtype))}};
    for (auto& parameter : parameters()) attrs.push_back(std::move(parameter));
    return attrs;
  }
  const Shape shape;
  const DType dtype;
};

void check_state(std::string_view op, const Tensor& state) {
  check(state.dtype() == DType::uint32 && state.ndim() == 1 && state.dim(0) == 2,
        "[{}] the state of a generator is uint32 (seed, counter), got {} of shape {}", op,
        state.dtype(), state.shape());
}
void check_floating(std::string_view op, DType dtype) {
  check(is_floating(dtype), "[{}] needs a floating point dtype, got {}", op, dtype);
}
double largest(DType dtype) {  // finite number of a floating dtype
  switch (dtype) {
    case DType::float16:
      return 65504;
    case DType::float64:
      return std::numeric_limits<double>::max();
    case DType::bfloat16:
      return 0x1.fep+127;
    default:
      return std::numeric_limits<float>::max();
  }
}
void check_holds(std::string_view op, DType dtype, int64_t number) {
  if (!is_integer(dtype)) return;
  bool holds = true;
  dispatch_integer(dtype, [&]<class T>(T) { holds = std::in_range<T>(number); });
  check(holds, "[{}] {} does not hold the number {}: use a wider dtype, such as int64", op, dtype,
        number);
}

Tensor draw(const OpRef& op, const Tensor& state) {
  check_state(op->name(), state);
  const Tensor in[] = {state};
  return call(op, in)[0];
}
template <class... More>
Tensor draw_from(const OpRef& op, const Tensor& state, const More&... more) {
  check_state(op->name(), state);
  const Tensor in[] = {more..., state};
  return call(op, in)[0];
}

struct Uniform final : Draw {
  Uniform(const Shape& s, double l, double h, DType d) : Draw(s, d), low(l), high(h) {}
  std::string_view name() const override { return "uniform"; }
  Attrs parameters() const override { return {{"low", low}, {"high", high}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), random_uniform, in[0].view(), low, high, out[0].view());
  }
  const double low, high;
};

struct Normal final : Draw {
  Normal(const Shape& s, double m, double d, bool cut, DType t)
      : Draw(s, t), mean(m), stddev(d), truncated(cut) {}
  std::string_view name() const override { return truncated ? "truncated_normal" : "normal"; }
  Attrs parameters() const override { return {{"mean", mean}, {"stddev", stddev}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    if (truncated) {
      DL_DISPATCH(out[0].device(), random_truncated_normal, in[0].view(), mean, stddev,
                  out[0].view());
    } else {
      DL_DISPATCH(out[0].device(), random_normal, in[0].view(), mean, stddev, out[0].view());
    }
  }
  const double mean, stddev;
  const bool truncated;
};

struct Integers final : Draw {
  Integers(const Shape& s, int64_t l, int64_t h, DType d) : Draw(s, d), low(l), high(h) {}
  std::string_view name() const override { return "randint"; }
  Attrs parameters() const override { return {{"low", low}, {"high", high}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    const uint64_t count = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    DL_DISPATCH(out[0].device(), random_integers, in[0].view(), low, count, out[0].view());
  }
  const int64_t low, high;
};

struct Permutation final : Draw {
  explicit Permutation(int64_t n) : Draw({n}, DType::int64) {}
  std::string_view name() const override { return "permutation"; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), random_permutation, in[0].view(), out[0].view());
  }
};

struct Categorical final : Draw {
  using Draw::Draw;
  std::string_view name() const override { return "categorical"; }
  int64_t scratch_bytes(Inputs in) const override { return in[0].numel() * 8; }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    DL_DISPATCH(out[0].device(), random_categorical, in[0].view(), in[1].view(), out[0].view(),
                scratch);
  }
};

struct Gamma final : Draw {
  using Draw::Draw;
  std::string_view name() const override { return "gamma"; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), random_gamma, in[0].view(), in[1].view(), out[0].view());
  }
};

struct Binomial final : Draw {
  using Draw::Draw;
  std::string_view name() const override { return "binomial"; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), random_binomial, in[0].view(), in[1].view(), in[2].view(),
                out[0].view());
  }
};

struct Orthonormal final : Op {
  std::string_view name() const override { return "orthonormal"; }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), DType::float64, {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), copy, in[0].view(), out[0].view());
    DL_DISPATCH(out[0].device(), orthonormalize, out[0].view());
  }
};

// x / (1 - rate) under the mask of an earlier draw. Linear in x: its own gradient.
struct DropoutMask final : Op {
  explicit DropoutMask(double r) : rate(r) {}
  std::string_view name() const override { return "dropout_mask"; }
  Attrs attrs() const override { return {{"rate", rate}}; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), dropout_mask, in[0].view(), in[1].view(), rate, out[0].view());
  }
  Reads reads() const override { return reads_inputs({1}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    return {call_one(make_op<DropoutMask>(rate), {contiguous(dout[0]), saved.input(1)}), {}};
  }
  const double rate;
};

// The third output is the key of the draw: the gradient makes the same mask of it again.
struct Dropout final : Op {
  explicit Dropout(double r) : rate(r) {}
  std::string_view name() const override { return "dropout"; }
  Attrs attrs() const override { return {{"rate", rate}}; }
  Specs infer(Inputs in) const override {
    return {{in[0].shape(), in[0].dtype(), {}}, Spec::in_place(in[1], 1), {{2}, DType::uint32, {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), dropout, in[0].view(), in[1].view(), rate, out[0].view(),
                out[2].view());
  }
  Reads reads() const override { return reads_outputs({2}); }
  Tensors vjp(const Saved& saved, const Tensors& dout, Needs) const override {
    return {call_one(make_op<DropoutMask>(rate), {contiguous(dout[0]), saved.output(2)}), {}};
  }
  const double rate;
};

}  // namespace

Tensor make_seed_state(int64_t seed, Device device) {
  return astype(from_integers({seed & 0xffffffff, 0}, device), DType::uint32);
}

Tensor random_uniform(const Tensor& state, const Shape& shape, double low, double high,
                      DType dtype) {
  check_floating("uniform", dtype);
  // 16-bit floats are computed in float32, and so is their width.
  const DType wide = dtype == DType::float64 ? dtype : DType::float32;
  check(std::abs(low) <= largest(dtype) && std::abs(high) <= largest(dtype) &&
            std::abs(high - low) <= largest(wide),
        "[uniform] [{}, {}) is wider than {} can tell: use finite bounds that are nearer to each "
        "other, or a wider dtype",
        low, high, dtype);
  return draw(make_op<Uniform>(shape, low, high, dtype), state);
}

Tensor random_normal(const Tensor& state, const Shape& shape, double mean, double stddev,
                     DType dtype) {
  check_floating("normal", dtype);
  return draw(make_op<Normal>(shape, mean, stddev, /*cut=*/false, dtype), state);
}

Tensor random_truncated_normal(const Tensor& state, const Shape& shape, double mean, double stddev,
                               DType dtype) {
  check_floating("truncated_normal", dtype);
  return draw(make_op<Normal>(shape, mean, stddev, /*cut=*/true, dtype), state);
}

Tensor random_integers(const Tensor& state, const Shape& shape, int64_t low, int64_t high,
                       DType dtype) {
  check(is_integer(dtype), "[randint] needs an integer dtype, got {}", dtype);
  check(low < high, "[randint] draws from minval up to but not including maxval, got [{}, {})", low,
        high);
  check_holds("randint", dtype, low);
  check_holds("randint", dtype, high - 1);
  return draw(make_op<Integers>(shape, low, high, dtype), state);
}

Tensor random_permutation(const Tensor& state, int64_t n) {
  check(n >= 0, "[permutation] needs a size of at least 0, got {}", n);
  return draw(make_op<Permutation>(n), state);
}

Tensor random_categorical(const Tensor& state, const Tensor& logits, int64_t samples, DType dtype) {
  check(logits.ndim() == 2, "[categorical] logits have shape {}: expected (batch, classes)",
        logits.shape());
  check(logits.dim(1) > 0 && samples >= 0,
        "[categorical] needs at least 1 class and 0 samples, got logits of shape {}, {} samples",
        logits.shape(), samples);
  check(!is_bool(dtype), "[categorical] class numbers need a numeric dtype, got bool");
  check_holds("categorical", dtype, logits.dim(1) - 1);
  const Tensor x = contiguous(to_floating(logits.detach()));
  return draw_from(make_op<Categorical>(Shape{x.dim(0), samples}, dtype), state, x);
}

namespace {
Tensor parameter(const Tensor& x, const Shape& shape) {
  return contiguous(broadcast_to(astype(x.detach(), DType::float64), shape));
}
}  // namespace

Tensor random_gamma(const Tensor& state, const Shape& shape, const Tensor& alpha, DType dtype) {
  check_floating("gamma", dtype);
  return draw_from(make_op<Gamma>(shape, dtype), state, parameter(alpha, shape));
}

Tensor random_binomial(const Tensor& state, const Shape& shape, const Tensor& counts,
                       const Tensor& probabilities, DType dtype) {
  check_floating("binomial", dtype);
  return draw_from(make_op<Binomial>(shape, dtype), state, parameter(counts, shape),
                   parameter(probabilities, shape));
}

Tensor random_orthogonal(const Tensor& state, int64_t rows, int64_t columns) {
  check(rows <= columns, "[orthogonal] {} rows of {} numbers cannot be orthogonal", rows, columns);
  static const OpRef op = make_op<Orthonormal>();
  return call_one(op, {random_normal(state, {rows, columns}, 0, 1, DType::float64)});
}

Tensor dropout(const Tensor& input, const Tensor& state, double rate) {
  check(rate >= 0 && rate < 1, "[dropout] rate must be in [0, 1), got {}", rate);
  check_state("dropout", state);
  const Tensor in[] = {contiguous(to_floating(input)), state};
  return call(make_op<Dropout>(rate), in)[0];
}

}  // namespace danlu
