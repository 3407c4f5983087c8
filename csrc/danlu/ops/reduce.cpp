// Reductions over axes, and running sums and products along one.
#include <algorithm>

#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// `shape` with the axes of size 1 where they are reduced.
Shape kept_shape(const Shape& shape, const Axes& axes) {
  Shape kept = shape;
  for (int64_t axis : axes) kept[static_cast<int>(axis)] = 1;
  return kept;
}
Shape reduced_shape(const Shape& shape, const Axes& axes, bool keepdims) {
  if (keepdims) return kept_shape(shape, axes);
  Shape reduced;
  for (int axis = 0; axis < shape.ndim(); ++axis) {
    if (!axes.contains(axis)) reduced.push_back(shape[axis]);
  }
  return reduced;
}
int64_t reduced_length(const Shape& shape, const Axes& axes) {
  int64_t length = 1;
  for (int64_t axis : axes) length *= shape[static_cast<int>(axis)];
  return length;
}
// The result, as the kernel sees it: with the axes of x.
View target_view(const Tensor& y, const Shape& x_shape, const Axes& axes) {
  View view = y.view();
  view.shape = kept_shape(x_shape, axes);
  view.strides = contiguous_strides(view.shape);
  return view;
}
std::vector<int64_t> axes_attr(const Axes& axes) { return {axes.begin(), axes.end()}; }

// What integers and booleans are summed in.
DType sum_dtype(DType dtype) {
  if (is_floating(dtype)) return dtype;
  return is_unsigned(dtype) ? DType::uint64 : DType::int64;
}

// dy of a reduction, in the shape of x.
Tensor spread(const Tensor& dy, const Shape& x_shape, const Axes& axes) {
  return broadcast_to(reshape(dy, kept_shape(x_shape, axes)), x_shape);
}

// The product of all other elements, along the reduced axes: what lies left times what lies right.
// No division, so that zeros do no harm.
Tensor product_of_others(const Tensor& x, const Axes& axes) {
  Axes order;  // kept axes, then reduced ones
  Shape inverse = Shape::filled(x.ndim(), 0);
  int64_t kept = 1;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (axes.contains(axis)) continue;
    order.push_back(axis);
    kept *= x.dim(axis);
  }
  for (int64_t axis : axes) order.push_back(axis);
  for (int i = 0; i < x.ndim(); ++i) inverse[static_cast<int>(order[i])] = i;
  const Tensor permuted = permute_dims(x, order);
  const int64_t length = reduced_length(x.shape(), axes);
  const Tensor rows = reshape(permuted, {kept, length});
  const auto before = [&](const Tensor& factors) {
    return slice_axis(cumulative_prod(factors, 1, /*include_initial=*/true), 1, 0, length);
  };
  const Tensor left = before(rows), right = flip(before(flip(rows, {1})), {1});
  return permute_dims(reshape(left * right, permuted.shape()), inverse);
}

struct Reduction final : Op {
  Reduction(Reduce k, const Axes& a, bool keep) : kind(k), axes(a), keepdims(keep) {}
  std::string_view name() const override {
    constexpr std::string_view names[] = {"sum", "mean", "prod", "max", "min"};
    return names[static_cast<int>(kind)];
  }
  Attrs attrs() const override { return {{"axis", axes_attr(axes)}, {"keepdims", keepdims}}; }
  bool extreme() const { return kind == Reduce::max || kind == Reduce::min; }
  Specs infer(Inputs in) const override {
    const Tensor& x = in[0];
    check(!extreme() || reduced_length(x.shape(), axes) > 0,
          "[{}] of no elements is undefined: x has shape {}, reduced over axes {}", name(),
          x.shape(), axes);
    const DType dtype = extreme() ? x.dtype() : sum_dtype(x.dtype());
    return {{reduced_shape(x.shape(), axes, keepdims), dtype, {}}};
  }
  // Room for the partial results of chunks; the kernel may need less (kernels/types.h).
  int64_t scratch_bytes(Inputs in) const override {
    const Shape& shape = in[0].shape();
    const int64_t length = reduced_length(shape, axes);
    int64_t outputs = 1, width = 1;
    bool trailing = true;
    for (int axis = shape.ndim() - 1; axis >= 0; --axis) {
      const bool reduced = axes.contains(axis);
      if (!reduced) outputs *= shape[axis];
      if (shape[axis] == 1) continue;
      trailing = trailing && !reduced;
      if (trailing) width *= shape[axis];
    }
    const int64_t chunks =
        std::max(reduce_chunks(length), width > 1 ? column_chunks(length, width) : 1);
    return chunks == 1 ? 0 : outputs * chunks * 8;
  }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    const View& x = in[0].view();
    DL_DISPATCH(x.device, reduce, kind, x, target_view(out[0], x.shape, axes), scratch);
  }
  Reads reads() const override {
    if (extreme()) return reads_inputs({0}) | reads_outputs({0});
    return kind == Reduce::prod ? reads_inputs({0}) : Reads{};
  }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs) const override {
    const Tensor& x = s.input(0);
    const Tensor dy = spread(dout[0], x.shape(), axes);
    switch (kind) {
      case Reduce::sum:
        return {dy};
      case Reduce::mean: {
        const double share = 1.0 / static_cast<double>(reduced_length(x.shape(), axes));
        return {spread(dout[0] * share, x.shape(), axes)};
      }
      case Reduce::prod:
        return {dy * product_of_others(x, axes)};
      default:
        break;
    }
    // Equal extremes share the gradient evenly, as in JAX and TensorFlow.
    const Tensor y = reshape(s.output(0).detach(), kept_shape(x.shape(), axes));
    const Tensor best = equal(x.detach(), y);
    const DType wide = wide_dtype(x.dtype());  // a half type cannot count them
    const Tensor ties = sum(astype(best, wide), axes, /*keepdims=*/true);
    const Tensor share = astype(astype(dy, wide) / ties, x.dtype());
    return {where(best, share, Tensor::scalar(0.0, x.dtype(), x.device()))};
  }
  const Reduce kind;
  const Axes axes;
  const bool keepdims;
};

struct ArgExtreme final : Op {  // the position of the first greatest or least element
  ArgExtreme(bool g, int a, bool keep) : greatest(g), axis(a), keepdims(keep) {}
  std::string_view name() const override { return greatest ? "argmax" : "argmin"; }
  Attrs attrs() const override { return {{"axis", int64_t{axis}}, {"keepdims", keepdims}}; }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override {
    check(in[0].dim(axis) > 0, "[{}] of no elements is undefined: x has shape {}", name(),
          in[0].shape());
    return {{reduced_shape(in[0].shape(), {axis}, keepdims), DType::int64, {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    const View& x = in[0].view();
    DL_DISPATCH(x.device, arg_reduce, greatest, x, target_view(out[0], x.shape, {axis}));
  }
  const bool greatest;
  const int axis;
  const bool keepdims;
};

// y[i] = x[0] + ... + x[i], or the product.
struct Cumulate final : Op {
  Cumulate(Reduce k, int a) : kind(k), axis(a) {}
  std::string_view name() const override {
    return kind == Reduce::sum ? "cumulative_sum" : "cumulative_prod";
  }
  Attrs attrs() const override { return {{"axis", int64_t{axis}}}; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), cumulate, kind, in[0].view(), out[0].view(), axis);
  }
  Reads reads() const override { return kind == Reduce::prod ? reads_inputs({0}) : kReadsNothing; }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs) const override;
  const Reduce kind;
  const int axis;
};

// y[i] = a[i] y[i - 1] + b[i] along an axis, from y[-1] = 0.
struct Recurrence final : Op {
  explicit Recurrence(int a) : axis(a) {}
  std::string_view name() const override { return "recurrence"; }
  Attrs attrs() const override { return {{"axis", int64_t{axis}}}; }
  Specs infer(Inputs in) const override { return {{in[0].shape(), in[0].dtype(), {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), recurrence, in[0].view(), in[1].view(), out[0].view(), axis);
  }
  Reads reads() const override { return reads_inputs({0}) | reads_outputs({0}); }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs) const override;
  const int axis;
};

// a[1], ..., a[n - 1], 0 along the axis; and 0, a[0], ..., a[n - 2].
Tensor shifted(const Tensor& a, int axis, int by) {
  Shape one = a.shape();
  one[axis] = 1;
  const Tensor zero = zeros(one, a.dtype(), a.device());
  const int64_t n = a.dim(axis);
  if (n == 0) return a;
  return by > 0 ? concat(Tensors{slice_axis(a, axis, 1, n - 1), zero}, axis)
                : concat(Tensors{zero, slice_axis(a, axis, 0, n - 1)}, axis);
}
// g[i] = dy[i] + a[i + 1] g[i + 1]: what flows into step i from all later ones.
Tensor backward_recurrence(const Tensor& a, const Tensor& dy, int axis) {
  const Tensor factors = flip(shifted(a, axis, 1), {axis});
  return flip(call_one(make_op<Recurrence>(axis), {factors, flip(dy, {axis})}), {axis});
}

Tensors Recurrence::vjp(const Saved& s, const Tensors& dout, Needs) const {
  const Tensor g = backward_recurrence(s.input(0), dout[0], axis);
  return {g * shifted(s.output(0), axis, -1), g};
}

Tensors Cumulate::vjp(const Saved& s, const Tensors& dout, Needs) const {
  const Tensor& dy = dout[0];
  if (kind == Reduce::sum) return {flip(cumulative_sum(flip(dy, {axis}), axis), {axis})};
  // x[j] scales every y[i] with i >= j: dx[j] = (x[0] ... x[j-1]) sum_i dy[i] (x[j+1] ... x[i]).
  const Tensor& x = s.input(0);
  const Tensor before =
      slice_axis(cumulative_prod(x, axis, /*include_initial=*/true), axis, 0, x.dim(axis));
  return {before * backward_recurrence(x, dy, axis)};
}

Tensor reduced(Reduce kind, const Tensor& x, const Axes& axes, bool keepdims,
               std::string_view name) {
  const Axes sorted = normalize_axes(name, axes, x.ndim());
  return call_one(make_op<Reduction>(kind, sorted, keepdims), {x});
}
Tensor as_floating(const Tensor& x) {
  return is_floating(x.dtype()) ? x : astype(x, default_float());
}
Tensor widened(const Tensor& x) { return astype(x, wide_dtype(x.dtype())); }

Tensor cumulated(Reduce kind, const Tensor& x, int64_t axis, bool include_initial) {
  const std::string_view name = kind == Reduce::sum ? "cumulative_sum" : "cumulative_prod";
  const int at = normalize_axis(name, axis, x.ndim());
  const Tensor y = call_one(make_op<Cumulate>(kind, at), {astype(x, sum_dtype(x.dtype()))});
  if (!include_initial) return y;
  Shape one = y.shape();
  one[at] = 1;
  return concat(Tensors{full(one, kind == Reduce::sum ? 0 : 1, y.dtype(), y.device()), y}, at);
}

}  // namespace

Axes all_axes(const Tensor& x) {
  Axes axes;
  for (int axis = 0; axis < x.ndim(); ++axis) axes.push_back(axis);
  return axes;
}

Tensor sum(const Tensor& x, const Axes& axes, bool keepdims) {
  return reduced(Reduce::sum, x, axes, keepdims, "sum");
}
Tensor mean(const Tensor& x, const Axes& axes, bool keepdims) {
  return reduced(Reduce::mean, as_floating(x), axes, keepdims, "mean");
}
Tensor prod(const Tensor& x, const Axes& axes, bool keepdims) {
  return reduced(Reduce::prod, x, axes, keepdims, "prod");
}
Tensor max(const Tensor& x, const Axes& axes, bool keepdims) {
  return reduced(Reduce::max, x, axes, keepdims, "max");
}
Tensor min(const Tensor& x, const Axes& axes, bool keepdims) {
  return reduced(Reduce::min, x, axes, keepdims, "min");
}
Tensor any(const Tensor& x, const Axes& axes, bool keepdims) {
  return astype(sum(astype(x, DType::bool_), axes, keepdims), DType::bool_);
}
Tensor all(const Tensor& x, const Axes& axes, bool keepdims) {
  return logical_not(any(logical_not(x), axes, keepdims));
}
Tensor count_nonzero(const Tensor& x, const Axes& axes, bool keepdims) {
  return sum(astype(x, DType::bool_), axes, keepdims);
}
Tensor logsumexp(const Tensor& x, const Axes& axes, bool keepdims) {
  const Tensor numbers = widened(x);
  const DType dtype = as_floating(x).dtype();
  if (x.numel() == 0) return astype(log(sum(exp(numbers), axes, keepdims)), dtype);
  const Tensor zero = Tensor::scalar(0.0, numbers.dtype(), numbers.device());
  const Tensor greatest = max(numbers.detach(), axes, /*keepdims=*/true);
  const Tensor shift = where(isfinite(greatest), greatest, zero);
  const Tensor y = log(sum(exp(numbers - shift), axes, /*keepdims=*/true)) + shift;
  return astype(keepdims ? y : squeeze(y, axes), dtype);
}

#define DL_OVER_ALL(name) \
  Tensor name(const Tensor& x) { return name(x, all_axes(x)); }
DL_OVER_ALL(sum)
DL_OVER_ALL(mean)
DL_OVER_ALL(prod)
DL_OVER_ALL(max)
DL_OVER_ALL(min)
DL_OVER_ALL(any)
DL_OVER_ALL(all)
DL_OVER_ALL(logsumexp)
DL_OVER_ALL(count_nonzero)

// The mean square of what is left without the mean.
Tensor var(const Tensor& x, const Axes& axes, double correction, bool keepdims) {
  const Tensor numbers = widened(x);
  const double n =
      static_cast<double>(reduced_length(x.shape(), normalize_axes("var", axes, x.ndim())));
  const Tensor centred = numbers - mean(numbers, axes, /*keepdims=*/true);
  return astype(sum(square(centred), axes, keepdims) / std::max(0.0, n - correction),
                as_floating(x).dtype());
}
Tensor standard_deviation(const Tensor& x, const Axes& axes, double correction, bool keepdims) {
  const Tensor variance = var(widened(x), axes, correction, keepdims);
  const Tensor zero = Tensor::scalar(0.0, variance.dtype(), variance.device());
  const Tensor none = equal(variance, zero);  // where the root has no slope: 0, as in PyTorch
  const Tensor root = where(none, zero, sqrt(where(none, zero + 1.0, variance)));
  return astype(root, as_floating(x).dtype());
}

Tensor argmax(const Tensor& x, int64_t axis, bool keepdims) {
  return call_one(make_op<ArgExtreme>(true, normalize_axis("argmax", axis, x.ndim()), keepdims),
                  {x});
}
Tensor argmin(const Tensor& x, int64_t axis, bool keepdims) {
  return call_one(make_op<ArgExtreme>(false, normalize_axis("argmin", axis, x.ndim()), keepdims),
                  {x});
}

Tensor cumulative_sum(const Tensor& x, int64_t axis, bool include_initial) {
  return cumulated(Reduce::sum, x, axis, include_initial);
}
Tensor cumulative_prod(const Tensor& x, int64_t axis, bool include_initial) {
  return cumulated(Reduce::prod, x, axis, include_initial);
}

}  // namespace danlu
