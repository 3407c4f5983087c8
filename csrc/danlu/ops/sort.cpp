// Order: sort, argsort, top_k, searchsorted, unique.
#include <algorithm>
#include <vector>

#include "danlu/core/recorder.h"
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {
namespace {

struct Argsort final : Op {  // along the second of two axes
  explicit Argsort(bool descending) : descending(descending) {}
  std::string_view name() const override { return "argsort"; }
  Attrs attrs() const override { return {{"descending", descending}}; }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override { return {Spec{in[0].shape(), DType::int64, {}}}; }
  int64_t scratch_bytes(Inputs in) const override {
    return 8 * 3 * in[0].shape()[1] * std::min<int64_t>(in[0].shape()[0], kSortLanes);
  }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    DL_DISPATCH(out[0].device(), argsort, in[0].view(), descending, out[0].view(), scratch);
  }
  const bool descending;
};

struct SearchSorted final : Op {  // (sorted, values)
  explicit SearchSorted(bool right) : right(right) {}
  std::string_view name() const override { return "searchsorted"; }
  Attrs attrs() const override { return {{"right", right}}; }
  bool differentiable() const override { return false; }
  Specs infer(Inputs in) const override { return {Spec{in[1].shape(), DType::int64, {}}}; }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), searchsorted, in[0].view(), in[1].view(), right, out[0].view());
  }
  const bool right;
};

}  // namespace

Tensor argsort(const Tensor& x, int64_t axis, bool descending) {
  if (x.ndim() == 0) return zeros({}, DType::int64, x.device());
  const int at = normalize_axis("argsort", axis, x.ndim());
  const Tensor last = moveaxis(x.detach(), {at}, {x.ndim() - 1});
  const int64_t n = last.dim(-1);
  const Tensor rows = contiguous(reshape(last, {n == 0 ? 0 : x.numel() / n, n}));
  const Tensor order = call_one(make_op<Argsort>(descending), {rows});
  return moveaxis(reshape(order, last.shape()), {x.ndim() - 1}, {at});
}

Tensor sort(const Tensor& x, int64_t axis, bool descending) {
  if (x.ndim() == 0) return x;
  return take_along_axis(x, argsort(x, axis, descending), axis);
}

std::pair<Tensor, Tensor> top_k(const Tensor& x, int64_t k) {
  check(x.ndim() >= 1, "[top_k] needs at least 1 axis");
  const int last = x.ndim() - 1;
  check(k >= 0 && k <= x.shape()[last], "[top_k] k = {}, but the last axis of shape {} has {}", k,
        x.shape(), x.shape()[last]);
  const Tensor order = slice_axis(argsort(x, last, /*descending=*/true), last, 0, k);
  return {take_along_axis(x, order, last), order};
}

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right) {
  check(sorted.ndim() == 1, "[searchsorted] wants a sorted tensor of 1 axis, got shape {}",
        sorted.shape());
  const DType dtype = promote(sorted.dtype(), values.dtype());
  return call_one(make_op<SearchSorted>(right),
                  {contiguous(astype(sorted, dtype)), contiguous(astype(values, dtype))});
}

Unique unique(const Tensor& x, std::string_view name) {
  check_values_known(name, "sort(x) keeps the shape; or call it on data, outside of the model");
  const Tensor flat = flatten(x.detach());
  const int64_t n = flat.numel();
  const Tensor order = argsort(flat, 0);
  const Tensor sorted = take(flat, order, 0);
  // Where a new value begins; NaNs are all different.
  Tensor begins = ones({n}, DType::bool_, x.device());
  if (n > 1) {
    const Tensor differs =
        not_equal(slice_axis(sorted, 0, 1, n - 1), slice_axis(sorted, 0, 0, n - 1));
    begins = slice_update(std::move(begins), differs, Slices({1}, {n - 1}));
  }
  const Tensor first = nonzero(begins)[0];
  const int64_t count = first.numel();
  const Tensor next = concat(
      Tensors{slice_axis(first, 0, count > 0, count - (count > 0)), from_integers({n}, x.device())},
      0);
  const Tensor counts = count > 0 ? subtract(next, first) : zeros({0}, DType::int64, x.device());
  const Tensor rank = repeat(arange(0, count, 1, DType::int64, x.device()), counts, 0);
  Unique result;
  result.values = take(sorted, first, 0);
  result.indices = take(order, first, 0);  // the sort is stable: the first of equal ones
  result.counts = counts;
  result.inverse = reshape(
      scatter_update(zeros({n}, DType::int64, x.device()), rank, {0}, {{order}}), x.shape());
  return result;
}

}  // namespace danlu
