// Matrix products: matmul and what is made of it, and dense with its bias and relu.
#include <algorithm>

#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {

namespace {

// x (..., rows, columns) with the axes of `batch` before, broadcast by strides.
View batched(const View& x, const Shape& batch) {
  View y = x;
  y.shape = batch;
  y.strides = Strides::filled(batch.ndim(), 0);
  const int shift = batch.ndim() - (x.ndim() - 2);
  for (int i = 0; i < x.ndim() - 2; ++i) {
    if (x.shape[i] != 1) y.strides[i + shift] = x.strides[i];
  }
  for (int i = x.ndim() - 2; i < x.ndim(); ++i) {
    y.shape.push_back(x.shape[i]);
    y.strides.push_back(x.strides[i]);
  }
  return y;
}

Shape batch_of(const Tensor& x) {
  Shape batch = x.shape();
  batch.erase(batch.ndim() - 1);
  batch.erase(batch.ndim() - 1);
  return batch;
}

// How one product of the batch is computed.
ProductPlan plan_of(const Tensor& a, const Tensor& b, const Strides& p, const Strides& q, bool bias,
                    bool bfloat16) {
  return plan_product(a.dim(-2), b.dim(-1), a.dim(-1), p.back(2), p.back(), q.back(2), q.back(),
                      bias, bfloat16);
}

// Whether the kernel takes bfloat16 as they are. Other 16-bit floats are copied to float32.
bool takes_bfloat16(const Tensor& a, const Tensor& b) {
  return a.dtype() == DType::bfloat16 && a.device().is_cpu() &&
         plan_of(a, b, a.strides(), b.strides(), false, true).amx;
}

// Scratch for what is packed, once for each product that is computed at a time. Copies of 16-bit
// floats have other strides than a and b.
int64_t packing_bytes(const Tensor& a, const Tensor& b, int64_t batch, bool bias) {
  if (!is_floating(b.dtype()) || b.device().is_cuda()) return 0;
  const ProductPlan plan =
      takes_bfloat16(a, b)
          ? plan_of(a, b, a.strides(), b.strides(), bias, true)
          : plan_of(a, b, Workspace::strides(a), Workspace::strides(b), bias, false);
  return batch_pieces(batch, a.dim(-2), b.dim(-1), a.dim(-1)) * plan.packed_size *
         std::max<int64_t>(4, size_of(b.dtype()));
}

// Scratch for float32 copies of 16-bit floats: in[0] and in[1] where they are not taken as they
// are, what else there is, and the result.
int64_t copy_bytes(Inputs in, int64_t result) {
  if (!takes_bfloat16(in[0], in[1])) return Workspace::bytes(in, result);
  return Workspace::bytes(in.subspan(2), 0) + Workspace::bytes_of_result(result);
}

// y (..., m, n) = a (..., m, k) b (..., k, n)
struct Matmul final : Op {
  std::string_view name() const override { return "matmul"; }
  Specs infer(Inputs in) const override {
    const Tensor &a = in[0], &b = in[1];
    check(
        a.dim(-1) == b.dim(-2),
        "[matmul] {} times {}: the last axis of the first ({}) and the last but one of the second "
        "({}) must agree; transpose one of them?",
        a.shape(), b.shape(), a.dim(-1), b.dim(-2));
    Shape shape = broadcast_shapes("matmul", batch_of(a), batch_of(b));
    shape.push_back(a.dim(-2));
    shape.push_back(b.dim(-1));
    return {{shape, a.dtype()}};
  }
  Reads reads() const override { return kReadsAllInputs; }
  int64_t scratch_bytes(Inputs in) const override {
    const Tensor &a = in[0], &b = in[1];
    const Shape batch = broadcast_shapes("matmul", batch_of(a), batch_of(b));
    const int64_t elements = batch.numel() * a.dim(-2) * b.dim(-1);
    return packing_bytes(a, b, batch.numel(), false) + copy_bytes(in, elements);
  }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    Workspace work(scratch);
    Shape batch = batch_of(out[0]);
    const bool as_is = takes_bfloat16(in[0], in[1]);
    const View a = batched(as_is ? in[0].view() : work.read(in[0]), batch);
    const View b = batched(as_is ? in[1].view() : work.read(in[1]), batch);
    const View y = work.write(out[0]);
    DL_DISPATCH(y.device, matmul, a, b, View{}, y, /*relu=*/false, work.rest());
    work.finish(out[0], y);
  }
  // The function below makes the batch axes equal before it records.
  Tensors vjp(const Saved& s, const Tensors& dout, Needs needs) const override {
    Tensors d(2);
    if (needs[0]) d[0] = matmul(dout[0], matrix_transpose(s.input(1)));
    if (needs[1]) d[1] = matmul(matrix_transpose(s.input(0)), dout[0]);
    return d;
  }
};

// y (m, n) = x (m, k) kernel (k, n) [+ bias (n)], then relu where asked.
struct Dense final : Op {
  explicit Dense(bool with_relu) : relu(with_relu) {}
  std::string_view name() const override { return "dense"; }
  Attrs attrs() const override { return {{"relu", relu}}; }
  Specs infer(Inputs in) const override {
    const Tensor &x = in[0], &kernel = in[1];
    check(kernel.ndim() == 2 && x.dim(-1) == kernel.dim(0),
          "[dense] kernel {} wants inputs of {} features, x {} has {}: Flatten it first, or build "
          "the layer for this shape",
          kernel.shape(), kernel.ndim() == 2 ? kernel.dim(0) : 0, x.shape(), x.dim(-1));
    check(in.size() < 3 || in[2].shape() == Shape{kernel.dim(1)},
          "[dense] bias {} does not fit kernel {}: it wants shape ({},)",
          in.size() < 3 ? Shape() : in[2].shape(), kernel.shape(), kernel.dim(1));
    return {{{x.dim(0), kernel.dim(1)}, x.dtype()}};
  }
  Reads reads() const override {
    return relu ? reads_inputs({0, 1}) | reads_outputs({0}) : reads_inputs({0, 1});
  }
  int64_t scratch_bytes(Inputs in) const override {
    const int64_t m = in[0].dim(0), n = in[1].dim(1);
    const int64_t bias = in.size() > 2 ? size_of(in[2].dtype()) * n + 64 : 0;
    return packing_bytes(in[0], in[1], 1, in.size() > 2) + bias + copy_bytes(in, m * n);
  }
  void run(Inputs in, Outputs out, const View& scratch) const override {
    Workspace work(scratch);
    const bool as_is = takes_bfloat16(in[0], in[1]);
    const View x = as_is ? in[0].view() : work.read(in[0]);
    const View kernel = as_is ? in[1].view() : work.read(in[1]);
    View bias = in.size() > 2 ? work.read(in[2]) : View{};
    if (in.size() > 2 && !bias.contiguous()) {
      const View dense_bias = work.take(bias.shape, bias.dtype);
      DL_DISPATCH(bias.device, copy, bias, dense_bias);
      bias = dense_bias;
    }
    const View y = work.write(out[0]);
    DL_DISPATCH(y.device, matmul, x, kernel, bias, y, relu, work.rest());
    work.finish(out[0], y);
  }
  Tensors vjp(const Saved& s, const Tensors& dout, Needs needs) const override {
    const Tensor dz = relu ? relu_grad(s.output(0), dout[0]) : dout[0];
    Tensors d(needs.size());
    if (needs[0]) d[0] = matmul(dz, matrix_transpose(s.input(1)));
    if (needs[1]) d[1] = matmul(matrix_transpose(s.input(0)), dz);
    if (needs.size() > 2 && needs[2]) d[2] = sum(dz, {0}, /*keepdims=*/false);
    return d;
  }

  const bool relu;
};

// x with its leading axes merged: (..., k) -> (m, k).
Tensor as_matrix(const Tensor& x) {
  int64_t rows = 1;
  for (int i = 0; i < x.ndim() - 1; ++i) rows *= x.shape()[i];
  return reshape(x, {rows, x.dim(-1)});
}

Tensor as_batch(const Tensor& y, const Shape& like) {
  Shape shape = like;
  shape[shape.ndim() - 1] = y.dim(-1);
  return reshape(y, shape);
}

}  // namespace

Tensor matmul(const Tensor& first, const Tensor& second) {
  check(first.ndim() >= 1 && second.ndim() >= 1,
        "[matmul] takes vectors and matrices, got shapes {} and {}; a number scales with *",
        first.shape(), second.shape());
  const DType dtype = promote(first.dtype(), second.dtype());
  Tensor a = astype(first, dtype), b = astype(second, dtype);
  check_type(!is_bool(dtype), "[matmul] takes numbers, got bool: cast with astype");
  if (a.ndim() == 1 || b.ndim() == 1) {
    const bool row = a.ndim() == 1, column = b.ndim() == 1;
    if (row) a = reshape(a, {1, a.dim(0)});
    if (column) b = reshape(b, {b.dim(0), 1});
    const Tensor y = matmul(a, b);
    Shape shape = y.shape();
    if (column) shape.erase(shape.ndim() - 1);
    if (row) shape.erase(shape.ndim() - (column ? 1 : 2));
    return reshape(y, shape);
  }
  static const OpRef op = make_op<Matmul>();
  const bool recorded = records(std::initializer_list<Tensor>{a, b});
  // One matrix for the whole batch: one large product.
  if (a.ndim() > 2 && b.ndim() == 2 && a.numel() > 0 && (recorded || a.contiguous())) {
    if (a.dim(-1) == b.dim(0)) return as_batch(call_one(op, {as_matrix(a), b}), a.shape());
  }
  if (recorded && !(batch_of(a) == batch_of(b))) {
    const Shape batch = broadcast_shapes("matmul", batch_of(a), batch_of(b));
    const auto spread = [&](const Tensor& x) {
      Shape shape = batch;
      shape.push_back(x.dim(-2));
      shape.push_back(x.dim(-1));
      return broadcast_to(x, shape);
    };
    return call_one(op, {spread(a), spread(b)});
  }
  return call_one(op, {a, b});
}

Tensor tensordot(const Tensor& a, const Tensor& b, const Axes& axes_a, const Axes& axes_b) {
  check(axes_a.size() == axes_b.size(), "[tensordot] {} axes of the first, {} of the second",
        axes_a.size(), axes_b.size());
  const Axes contract_a = normalize_axes("tensordot", axes_a, a.ndim());
  const Axes contract_b = normalize_axes("tensordot", axes_b, b.ndim());
  int64_t k = 1;
  for (int i = 0; i < contract_a.size(); ++i) {
    const int64_t p = a.shape()[static_cast<int>(contract_a[i])];
    const int64_t q = b.shape()[static_cast<int>(contract_b[i])];
    check(p == q, "[tensordot] axis {} of {} has {} elements, axis {} of {} has {}", contract_a[i],
          a.shape(), p, contract_b[i], b.shape(), q);
    k *= p;
  }
  Axes order_a, order_b = contract_b;
  Shape shape;
  int64_t m = 1, n = 1;
  for (int i = 0; i < a.ndim(); ++i) {
    if (contract_a.contains(i)) continue;
    order_a.push_back(i);
    shape.push_back(a.shape()[i]);
    m *= a.shape()[i];
  }
  for (int64_t axis : contract_a) order_a.push_back(axis);
  check_ndim("tensordot", a.ndim() + b.ndim() - 2 * contract_a.size());
  for (int i = 0; i < b.ndim(); ++i) {
    if (contract_b.contains(i)) continue;
    order_b.push_back(i);
    shape.push_back(b.shape()[i]);
    n *= b.shape()[i];
  }
  const Tensor left = reshape(permute_dims(a, order_a), {m, k});
  const Tensor right = reshape(permute_dims(b, order_b), {k, n});
  return reshape(matmul(left, right), shape);
}

Tensor vecdot(const Tensor& a, const Tensor& b, int64_t axis) {
  // The axis is counted from the end, so that it is the same one after broadcasting.
  const int ndim = std::min(a.ndim(), b.ndim());
  check_index(axis >= -ndim && axis <= -1,
              "[vecdot] axis {} must lie in [-{}, -1] for shapes {} and {}", axis, ndim, a.shape(),
              b.shape());
  const auto length = [axis](const Tensor& x) { return x.dim(x.ndim() + static_cast<int>(axis)); };
  check(length(a) == length(b), "[vecdot] vectors of {} and of {} elements: shapes {} and {}",
        length(a), length(b), a.shape(), b.shape());
  const Axes from{axis}, last{-1};
  const Tensor row = expand_dims(moveaxis(a, from, last), {-2});     // (..., 1, k)
  const Tensor column = expand_dims(moveaxis(b, from, last), {-1});  // (..., k, 1)
  return squeeze(matmul(row, column), {-2, -1});
}

Tensor dense(const Tensor& x, const Tensor& kernel, const Tensor& bias, bool relu) {
  static const OpRef linear = make_op<Dense>(false);
  static const OpRef rectified = make_op<Dense>(true);
  check(x.ndim() >= 1, "[dense] x needs at least 1 axis, got a number");
  check(kernel.ndim() == 2, "[dense] kernel has shape (inputs, units), got {}", kernel.shape());
  check(x.dim(-1) == kernel.dim(0),
        "[dense] kernel {} wants {} features in the last axis of x, x {} has {}: Flatten it first, "
        "or build the layer for this shape",
        kernel.shape(), kernel.dim(0), x.shape(), x.dim(-1));
  check_type(is_floating(kernel.dtype()), "[dense] kernel must be floating, got {}",
             kernel.dtype());
  const OpRef& op = relu ? rectified : linear;
  const DType dtype = promote(x.dtype(), kernel.dtype());
  const Tensor matrix = as_matrix(astype(x.ndim() == 1 ? reshape(x, {1, x.dim(0)}) : x, dtype));
  const Tensor w = astype(kernel, dtype);
  const Tensor y =
      bias ? call_one(op, {matrix, w, astype(bias, dtype)}) : call_one(op, {matrix, w});
  return x.ndim() == 2 ? y : as_batch(y, x.shape());
}

}  // namespace danlu
