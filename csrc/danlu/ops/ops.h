// The public C++ functions, grouped by family. Each checks its arguments and returns a new tensor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "danlu/core/op.h"
#include "danlu/core/variable.h"
#include "danlu/kernels/kernels.h"

namespace danlu {

// ---- state.cpp -------------------------------------------------------------------------------
// The variable's value becomes `value`, cast to its dtype; one number is broadcast.
DL_EXPORT void assign(VariableState& variable, const Tensor& value);

// ---- cast.cpp --------------------------------------------------------------------------------
// The standard's promotion; where it is silent: integer with floating gives the floating type.
DL_EXPORT DType promote(DType a, DType b);
DL_EXPORT Tensor astype(const Tensor& x, DType dtype);  // x itself when it has this dtype
DL_EXPORT Tensor copy(const Tensor& x);                 // dense, in bytes of its own

// ---- elementwise.cpp: the lists are in kernels/elementwise_list.h ------------------------------
#define DL_DECLARE_OP(name, functor, types) DL_EXPORT Tensor name(const Tensor& x);
DL_UNARY_LIST(DL_DECLARE_OP)
DL_GELU_LIST(DL_DECLARE_OP)
DL_PREDICATE_LIST(DL_DECLARE_OP)
#undef DL_DECLARE_OP
#define DL_DECLARE_OP(name, functor, types) \
  DL_EXPORT Tensor name(const Tensor& x, double parameter);
DL_UNARY_WITH_LIST(DL_DECLARE_OP)
#undef DL_DECLARE_OP
#define DL_DECLARE_OP(name, functor, types) DL_EXPORT Tensor name(const Tensor& a, const Tensor& b);
DL_BINARY_LIST(DL_DECLARE_OP)
DL_COMPARE_LIST(DL_DECLARE_OP)
#undef DL_DECLARE_OP
// The gradient of an activation in one pass, from its result y or argument x.
DL_EXPORT Tensor relu_grad(const Tensor& y, const Tensor& dy);
DL_EXPORT Tensor sigmoid_grad(const Tensor& y, const Tensor& dy);
DL_EXPORT Tensor tanh_grad(const Tensor& y, const Tensor& dy);
DL_EXPORT Tensor logical_and(const Tensor& a, const Tensor& b);
DL_EXPORT Tensor logical_or(const Tensor& a, const Tensor& b);
DL_EXPORT Tensor logical_xor(const Tensor& a, const Tensor& b);
DL_EXPORT Tensor logical_not(const Tensor& x);
DL_EXPORT Tensor gelu(const Tensor& x, bool approximate = true);
DL_EXPORT Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
DL_EXPORT Tensor clip(const Tensor& x, const Tensor& min,
                      const Tensor& max);  // either may be absent

// So that formulas read as mathematics. A number takes the tensor's dtype.
inline Tensor operator-(const Tensor& x) { return negative(x); }
#define DL_OPERATOR(sign, name)                                                        \
  inline Tensor operator sign(const Tensor& a, const Tensor& b) { return name(a, b); } \
  inline Tensor operator sign(const Tensor& a, double b) {                             \
    return name(a, Tensor::scalar(b, a.dtype(), a.device()));                          \
  }                                                                                    \
  inline Tensor operator sign(double a, const Tensor& b) {                             \
    return name(Tensor::scalar(a, b.dtype(), b.device()), b);                          \
  }
DL_OPERATOR(+, add)
DL_OPERATOR(-, subtract)
DL_OPERATOR(*, multiply)
DL_OPERATOR(/, divide)
DL_OPERATOR(<, less)
DL_OPERATOR(<=, less_equal)
DL_OPERATOR(>, greater)
DL_OPERATOR(>=, greater_equal)
#undef DL_OPERATOR

// ---- reduce.cpp ------------------------------------------------------------------------------
// Over the axes listed (negative ones count from the end), or over all where none is passed.
// Integers and booleans are summed and multiplied in int64 (unsigned ones in uint64).
#define DL_DECLARE_REDUCTION(name)                                                 \
  DL_EXPORT Tensor name(const Tensor& x, const Axes& axes, bool keepdims = false); \
  DL_EXPORT Tensor name(const Tensor& x);
DL_DECLARE_REDUCTION(sum)
DL_DECLARE_REDUCTION(mean)
DL_DECLARE_REDUCTION(prod)
DL_DECLARE_REDUCTION(max)
DL_DECLARE_REDUCTION(min)
DL_DECLARE_REDUCTION(any)
DL_DECLARE_REDUCTION(all)
DL_DECLARE_REDUCTION(logsumexp)
DL_DECLARE_REDUCTION(count_nonzero)
#undef DL_DECLARE_REDUCTION
DL_EXPORT Axes all_axes(const Tensor& x);
DL_EXPORT Tensor var(const Tensor& x, const Axes& axes, double correction = 0,
                     bool keepdims = false);
DL_EXPORT Tensor standard_deviation(const Tensor& x, const Axes& axes, double correction = 0,
                                    bool keepdims = false);
// The position of the first greatest (least) element along `axis`, int64.
DL_EXPORT Tensor argmax(const Tensor& x, int64_t axis, bool keepdims = false);
DL_EXPORT Tensor argmin(const Tensor& x, int64_t axis, bool keepdims = false);
// y[i] = x[0] + ... + x[i] along `axis`; with `include_initial` one more element, 0 or 1, leads.
DL_EXPORT Tensor cumulative_sum(const Tensor& x, int64_t axis, bool include_initial = false);
DL_EXPORT Tensor cumulative_prod(const Tensor& x, int64_t axis, bool include_initial = false);

// ---- matmul.cpp ------------------------------------------------------------------------------
// a (..., m, k), b (..., k, n): (..., m, n). Vectors and batches as in the array API.
DL_EXPORT Tensor matmul(const Tensor& a, const Tensor& b);
// Contracts axes_a of a with axes_b of b, in this order.
DL_EXPORT Tensor tensordot(const Tensor& a, const Tensor& b, const Axes& axes_a,
                           const Axes& axes_b);
DL_EXPORT Tensor vecdot(const Tensor& a, const Tensor& b, int64_t axis = -1);
// x (..., k) kernel (k, n) + bias (n), which may be absent; then relu where asked.
DL_EXPORT Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias = {},
                       bool relu = false);

// ---- conv.cpp, pool.cpp ----------------------------------------------------------------------
// How a window slides; an empty list stands for ones, one number for all axes.
struct WindowOptions {
  Shape strides = {};  // for pooling, empty means the size of the window
  Shape dilation_rate = {};
  bool same = false;              // pad so that the size is divided by the stride, rounded up
  Shape before = {}, after = {};  // explicit padding, when not `same`
};
struct SlidingWindow;
// The window in numbers, and the size of what it gives; `op` is named in the error.
SlidingWindow resolve_window(std::string_view op, const Shape& spatial, const Shape& size,
                             const WindowOptions& options, Shape& out);
// Whether convolutions made from now on are as exact as the sum itself, or may differ by 1e-5 of
// the largest output and take a third of the time.
DL_EXPORT bool conv_exact();
DL_EXPORT void set_conv_exact(bool exact);
// x (batch, spatial..., channels), kernel (window..., channels / groups, filters), bias (filters),
// and `addend`, of y's shape, either of which may be absent: y (batch, spatial..., filters), then
// relu where asked.
DL_EXPORT Tensor conv(const Tensor& x, const Tensor& kernel, const WindowOptions& options = {},
                      const Tensor& bias = {}, bool relu = false, const Tensor& addend = {});
// The input of a convolution with this kernel (window..., filters, channels) from its output x, in
// the sense of the gradient: its spatial sizes are to be `output_spatial`.
DL_EXPORT Tensor conv_transpose(const Tensor& x, const Tensor& kernel, const WindowOptions& options,
                                const Shape& output_spatial);
DL_EXPORT Tensor max_pool(const Tensor& x, const Shape& pool_size,
                          const WindowOptions& options = {});
// Padding does not count.
DL_EXPORT Tensor average_pool(const Tensor& x, const Shape& pool_size,
                              const WindowOptions& options = {});

// ---- softmax.cpp -----------------------------------------------------------------------------
DL_EXPORT Tensor to_floating(const Tensor& x);  // integers and bool become default_float()
// Over one or several axes.
DL_EXPORT Tensor softmax(const Tensor& x, const Axes& axes = {-1});
DL_EXPORT Tensor log_softmax(const Tensor& x, const Axes& axes = {-1});

// ---- cross_entropy.cpp -----------------------------------------------------------------------
// One loss a row. Probabilities are normalised and clipped to [epsilon, 1 - epsilon], as in Keras.
DL_EXPORT Tensor sparse_categorical_crossentropy(const Tensor& target, const Tensor& output,
                                                 bool from_logits, int64_t axis, double epsilon);
DL_EXPORT Tensor categorical_crossentropy(const Tensor& target, const Tensor& output,
                                          bool from_logits, int64_t axis, double epsilon);
// One loss an element.
DL_EXPORT Tensor binary_crossentropy(const Tensor& target, const Tensor& output, bool from_logits,
                                     double epsilon);

// ---- norm.cpp --------------------------------------------------------------------------------
// gamma, beta, offset and scale may be absent.
struct Normalized {
  Tensor y, mean, variance;
};
// Over all axes but the last; the variance is the biased one.
DL_EXPORT Normalized batch_norm_training(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                         double epsilon);
DL_EXPORT Tensor batch_normalization(const Tensor& x, const Tensor& mean, const Tensor& variance,
                                     int64_t axis, const Tensor& offset, const Tensor& scale,
                                     double epsilon);
DL_EXPORT Tensor layer_normalization(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                     const Axes& axes, double epsilon);
DL_EXPORT Tensor rms_normalization(const Tensor& x, const Tensor& scale, const Axes& axes,
                                   double epsilon);
// Mean and biased variance; 16-bit types are summed in float32.
DL_EXPORT std::pair<Tensor, Tensor> moments(const Tensor& x, const Axes& axes, bool keepdims);

// ---- random.cpp ------------------------------------------------------------------------------
// A draw reads its state, uint32 (seed, counter), and adds one to the counter in place.
DL_EXPORT Tensor make_seed_state(int64_t seed, Device device = kCpu);
DL_EXPORT Tensor random_uniform(const Tensor& state, const Shape& shape, double low, double high,
                                DType dtype);
DL_EXPORT Tensor random_normal(const Tensor& state, const Shape& shape, double mean, double stddev,
                               DType dtype);
// Within two standard deviations.
DL_EXPORT Tensor random_truncated_normal(const Tensor& state, const Shape& shape, double mean,
                                         double stddev, DType dtype);
DL_EXPORT Tensor random_integers(const Tensor& state, const Shape& shape, int64_t low, int64_t high,
                                 DType dtype);  // in [low, high)
DL_EXPORT Tensor random_permutation(const Tensor& state, int64_t n);
DL_EXPORT Tensor random_categorical(const Tensor& state, const Tensor& logits, int64_t samples,
                                    DType dtype);
DL_EXPORT Tensor random_gamma(const Tensor& state, const Shape& shape, const Tensor& alpha,
                              DType dtype);
DL_EXPORT Tensor random_binomial(const Tensor& state, const Shape& shape, const Tensor& counts,
                                 const Tensor& probabilities, DType dtype);
// Random orthonormal rows (rows <= columns).
DL_EXPORT Tensor random_orthogonal(const Tensor& state, int64_t rows, int64_t columns);
// x / (1 - rate) where kept, else 0.
DL_EXPORT Tensor dropout(const Tensor& x, const Tensor& state, double rate);

// ---- optim.cpp -------------------------------------------------------------------------------
struct OptimizerState {
  OptimizerSettings settings;
  std::vector<Variable> variables;
  std::vector<bool> decayed;                 // whose weights decay
  std::vector<std::vector<Variable>> slots;  // slots[k][i]: the k-th slot of variable i
  std::vector<Variable> accumulators;        // with accumulation_steps
  std::vector<Variable> averages;            // with use_ema
  Variable iterations;                       // int64: the gradients that were applied
  Variable u_product;                        // Nadam's
};
// The learning rate at a step, as a float32 number.
DL_EXPORT Tensor learning_rate_at(const Schedule& schedule, const Tensor& step,
                                  const std::vector<float>& boundaries = {},
                                  const std::vector<float>& values = {});
// One step with the gradients of all variables; where one is absent the variable stays.
DL_EXPORT void optimizer_update(const OptimizerState& state, Inputs gradients,
                                const Tensor& learning_rate);

// ---- shape.cpp -------------------------------------------------------------------------------
// Axes and shapes; `op` is named in the error.
DL_EXPORT int normalize_axis(std::string_view op, int64_t axis, int ndim);
DL_EXPORT Axes normalize_axes(std::string_view op, const Axes& axes, int ndim);
DL_EXPORT Shape broadcast_shapes(std::string_view op, const Shape& a, const Shape& b);
// a + b and a * b of sizes; ValueError where they pass every size that a tensor can have.
DL_EXPORT int64_t add_sizes(std::string_view op, int64_t a, int64_t b);
DL_EXPORT int64_t multiply_sizes(std::string_view op, int64_t a, int64_t b);

DL_EXPORT Tensor contiguous(const Tensor& x);                   // x itself when it is dense
DL_EXPORT Tensor reshape(const Tensor& x, const Shape& shape);  // one size may be -1
DL_EXPORT Tensor flatten(const Tensor& x);
DL_EXPORT Tensor permute_dims(const Tensor& x, const Axes& axes);
DL_EXPORT Tensor transpose(const Tensor& x);  // all axes backwards
DL_EXPORT Tensor matrix_transpose(const Tensor& x);
DL_EXPORT Tensor swapaxes(const Tensor& x, int64_t axis1, int64_t axis2);
DL_EXPORT Tensor moveaxis(const Tensor& x, const Axes& source, const Axes& destination);
DL_EXPORT Tensor expand_dims(const Tensor& x, const Axes& axes);
DL_EXPORT Tensor squeeze(const Tensor& x, const Axes& axes);
DL_EXPORT Tensor squeeze(const Tensor& x);  // every axis of size 1
DL_EXPORT Tensor broadcast_to(const Tensor& x, const Shape& shape);
DL_EXPORT Tensors broadcast_arrays(Inputs x);
DL_EXPORT Tensor sum_to(const Tensor& x, const Shape& shape);  // undoes broadcast_to
DL_EXPORT Tensors meshgrid(Inputs x, bool matrix_indexing);

// ---- window.cpp ------------------------------------------------------------------------------
// `sizes` elements from `starts` in steps of `steps` along every axis; `layout` names the axes of
// the result, -1 for a new one.
struct DL_EXPORT Slices {
  Slices(const Shape& starts, const Shape& sizes);
  explicit Slices(const Shape& shape);  // all of it
  Shape starts, sizes, steps;
  Axes layout;
};
DL_EXPORT Tensor slice(const Tensor& x, const Slices& slices);
// x with that part replaced. The caller gives x up: when nobody else can see its bytes they become
// the result. On an error x is as it was. Pass Tensor(x) to keep x.
DL_EXPORT Tensor slice_update(Tensor&& x, const Tensor& update, const Slices& slices);
DL_EXPORT Tensor slice_axis(const Tensor& x, int axis, int64_t start, int64_t size);
DL_EXPORT Tensor flip(const Tensor& x, const Axes& axes);
DL_EXPORT Tensor diagonal(const Tensor& x, int64_t offset = 0, int64_t axis1 = 0,
                          int64_t axis2 = 1);
DL_EXPORT Tensor diagonal_update(Tensor&& x, const Tensor& update, int64_t offset, int64_t axis1,
                                 int64_t axis2);
DL_EXPORT Tensor diag(const Tensor& x, int64_t offset = 0);
DL_EXPORT Tensor trace(const Tensor& x, int64_t offset = 0, int64_t axis1 = 0, int64_t axis2 = 1);
DL_EXPORT Tensor eye(int64_t rows, int64_t columns, int64_t k, DType dtype, Device device = kCpu);

// ---- join.cpp --------------------------------------------------------------------------------
DL_EXPORT Tensor concat(Inputs x, int64_t axis);
DL_EXPORT Tensor stack(Inputs x, int64_t axis);
DL_EXPORT Tensors unstack(const Tensor& x, int64_t axis);
DL_EXPORT Tensors split_sizes(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis);
DL_EXPORT Tensors split(const Tensor& x, int64_t sections, int64_t axis, bool even);
DL_EXPORT Tensors split_at(const Tensor& x, const std::vector<int64_t>& indices, int64_t axis);
DL_EXPORT Tensor roll(const Tensor& x, const Shape& shift, const Axes& axes);
DL_EXPORT Tensor roll(const Tensor& x, int64_t shift);  // of the flat tensor
DL_EXPORT Tensor tile(const Tensor& x, const Shape& repetitions);
DL_EXPORT Tensor repeat(const Tensor& x, int64_t times, int64_t axis);
DL_EXPORT Tensor repeat(const Tensor& x, const Tensor& times, int64_t axis);
enum class PadMode { constant, reflect, symmetric, edge, wrap };
DL_EXPORT Tensor pad(const Tensor& x, const Shape& before, const Shape& after,
                     PadMode mode = PadMode::constant, const Tensor& value = {});

// ---- index.cpp -------------------------------------------------------------------------------
DL_EXPORT std::vector<int64_t> integers(const Tensor& x);
DL_EXPORT Tensor from_integers(const std::vector<int64_t>& values, Device device = kCpu);
// x[:, i, j]: indices i, j of the axes `axes`; negative ones count from the end. Their broadcast
// shape comes where the first of these axes was, or in front of all.
// Messages name the function `called`.
DL_EXPORT Tensor gather(const Tensor& x, const Axes& axes, Inputs indices, bool in_front = false,
                        std::string_view called = "gather");
// As slice_update. Of equal indices the last update is kept; scatter_add adds them all.
DL_EXPORT Tensor scatter_update(Tensor&& x, const Tensor& update, const Axes& axes, Inputs indices,
                                bool in_front = false, std::string_view called = "scatter_update");
DL_EXPORT Tensor scatter_add(Tensor&& x, const Tensor& update, const Axes& axes, Inputs indices,
                             bool in_front = false, std::string_view called = "scatter_add");
DL_EXPORT Tensor take(const Tensor& x, const Tensor& indices, int64_t axis);
DL_EXPORT Tensor take_along_axis(const Tensor& x, const Tensor& indices, int64_t axis);
DL_EXPORT Tensor embedding(const Tensor& table, const Tensor& ids);
DL_EXPORT Tensor one_hot(const Tensor& labels, int64_t num_classes, int64_t axis, DType dtype);
DL_EXPORT Tensors nonzero(const Tensor& x);  // one vector of coordinates an axis
// The remedy in the error of a function whose shape depends on values.
inline constexpr std::string_view kKeepShape =
    "danlu.where(condition, x, other) keeps the shape; or call it on data, outside of the model";

// ---- sort.cpp --------------------------------------------------------------------------------
// Stable; NaN counts as the greatest.
DL_EXPORT Tensor argsort(const Tensor& x, int64_t axis, bool descending = false);
DL_EXPORT Tensor sort(const Tensor& x, int64_t axis, bool descending = false);
DL_EXPORT std::pair<Tensor, Tensor> top_k(const Tensor& x, int64_t k);  // values, indices
DL_EXPORT Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right);
struct Unique {
  Tensor values, indices, inverse, counts;
};
DL_EXPORT Unique unique(const Tensor& x, std::string_view name = "unique");  // named in errors

// ---- device.cpp ------------------------------------------------------------------------------
DL_EXPORT Tensor to_device(const Tensor& x, Device device);  // x itself when it lives there

// ---- create.cpp ------------------------------------------------------------------------------
DL_EXPORT Tensor full(const Shape& shape, double value, DType dtype, Device device = kCpu,
                      std::string_view called = "full");
DL_EXPORT Tensor zeros(const Shape& shape, DType dtype, Device device = kCpu);
DL_EXPORT Tensor ones(const Shape& shape, DType dtype, Device device = kCpu);
DL_EXPORT Tensor arange(int64_t start, int64_t stop, int64_t step, DType dtype,
                        Device device = kCpu);
DL_EXPORT Tensor arange(double start, double stop, double step, DType dtype, Device device = kCpu);
DL_EXPORT Tensor linspace(double start, double stop, int64_t num, bool endpoint, DType dtype,
                          Device device = kCpu);
DL_EXPORT Tensor tril(const Tensor& x, int64_t k = 0);
DL_EXPORT Tensor triu(const Tensor& x, int64_t k = 0);

// ---- workspace.cpp: for `run` and `scratch_bytes` of an op -------------------------------------
// Cuts scratch into views, and computes 16-bit floats in float32: kernels then know two types.
class Workspace {
 public:
  explicit Workspace(const View& scratch) : rest_(scratch) {}
  // The bytes that `read` of these tensors and `write` of a result of so many elements take.
  static int64_t bytes(Inputs tensors, int64_t result);
  static int64_t bytes_of_result(int64_t elements);  // of a tensor that is widened
  // The strides of what `read` of x gives, for who plans before there is scratch.
  static Strides strides(const Tensor& x);

  View take(const Shape& shape, DType dtype);
  // x itself, or a float32 copy of it. An absent tensor gives an empty view.
  View read(const Tensor& x);
  // y itself, or room for it in float32; `finish` rounds that to y.
  View write(const Tensor& y);
  void finish(const Tensor& y, const View& written);
  View rest() const { return rest_; }

 private:
  View rest_;
};

}  // namespace danlu
