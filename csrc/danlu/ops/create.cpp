// New tensors: full, arange, linspace, eye, triangles.
#include <cmath>

#include "danlu/core/devices.h"
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu {
namespace {

void check_sizes(std::string_view op, const Shape& shape) {
  for (int64_t size : shape) check(size >= 0, "[{}] negative size in shape {}", op, shape);
}

struct Full final : Op {
  Full(const Shape& shape, double value, DType dtype, Device device)
      : shape(shape), value(value), dtype(dtype), device(device) {}
  std::string_view name() const override { return "full"; }
  Attrs attrs() const override {
    return {{"shape", std::vector<int64_t>(shape.begin(), shape.end())},
            {"value", value},
            {"dtype", std::string(name_of(dtype))},
            {"device", format("{}", device)}};
  }
  Device output_device(Inputs) const override { return device; }
  Specs infer(Inputs) const override { return {Spec{shape, dtype, {}}}; }
  void run(Inputs, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), fill, out[0].view(), value);
  }
  const Shape shape;
  const double value;
  const DType dtype;
  const Device device;
};

struct RampOp final : Op {
  RampOp(int64_t size, const Ramp& line, DType dtype) : size(size), line(line), dtype(dtype) {}
  std::string_view name() const override { return "ramp"; }
  Attrs attrs() const override {
    return {{"size", size},
            {"first", line.first},
            {"step", line.step},
            {"dtype", std::string(name_of(dtype))}};
  }
  Specs infer(Inputs) const override { return {Spec{{size}, dtype, {}}}; }
  void run(Inputs, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), ramp, out[0].view(), line);
  }
  const int64_t size;
  const Ramp line;
  const DType dtype;
};

struct Triangle final : Op {
  Triangle(int64_t k, bool upper) : k(k), upper(upper) {}
  std::string_view name() const override { return upper ? "triu" : "tril"; }
  Attrs attrs() const override { return {{"k", k}}; }
  Specs infer(Inputs in) const override {
    check(in[0].ndim() >= 2, "[{}] needs at least 2 axes, got shape {}", name(), in[0].shape());
    return {Spec{in[0].shape(), in[0].dtype(), {}}};
  }
  void run(Inputs in, Outputs out, const View&) const override {
    DL_DISPATCH(out[0].device(), triangle, in[0].view(), k, upper, out[0].view());
  }
  Tensors vjp(const Saved&, const Tensors& dout, Needs) const override {
    return {upper ? triu(dout[0], k) : tril(dout[0], k)};
  }
  const int64_t k;
  const bool upper;
};

}  // namespace

Tensor full(const Shape& shape, double value, DType dtype, Device device, std::string_view called) {
  check_sizes(called, shape);
  check_device(called, device);
  return call_one(make_op<Full>(shape, value, dtype, device), {});
}

Tensor zeros(const Shape& shape, DType dtype, Device device) {
  return full(shape, 0.0, dtype, device, "zeros");
}
Tensor ones(const Shape& shape, DType dtype, Device device) {
  return full(shape, 1.0, dtype, device, "ones");
}

namespace {

Tensor ramp(int64_t size, const Ramp& line, DType dtype) {
  if (is_bool(dtype)) return astype(ramp(size, line, DType::int64), dtype);
  return call_one(make_op<RampOp>(size, line, dtype), {});
}

}  // namespace

Tensor arange(int64_t start, int64_t stop, int64_t step, DType dtype, Device device) {
  check(step != 0, "[arange] step must not be 0");
  // Unsigned, because stop - start may be twice as much as an int64 holds.
  const bool up = step > 0, some = up ? start < stop : start > stop;
  const uint64_t from = static_cast<uint64_t>(up ? start : stop);
  const uint64_t to = static_cast<uint64_t>(up ? stop : start);
  const uint64_t by = up ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
  const uint64_t count = some ? (to - from - 1) / by + 1 : 0;
  check(count < uint64_t{1} << 63, "[arange] {} elements are too many", count);
  const int64_t size = static_cast<int64_t>(count);
  const Ramp line{static_cast<double>(start), static_cast<double>(step), start, step};
  return to_device(ramp(size, line, dtype), device);
}

Tensor arange(double start, double stop, double step, DType dtype, Device device) {
  check(step != 0 && std::isfinite(start) && std::isfinite(stop) && !std::isnan(step),
        "[arange] start and stop must be finite and step not 0, got {}, {}, {}", start, stop, step);
  const double size = std::ceil((stop - start) / step);
  check(size < 0x1p62, "[arange] {} elements are too many", size);
  const int64_t n = size <= 0 ? 0 : static_cast<int64_t>(size);
  const bool whole = is_integer(dtype) || is_bool(dtype);
  const Tensor y = ramp(n, {start, step, 0, 0}, whole ? DType::float64 : dtype);
  return to_device(astype(y, dtype), device);
}

Tensor linspace(double start, double stop, int64_t num, bool endpoint, DType dtype, Device device) {
  check(num >= 0, "[linspace] num must not be negative, got {}", num);
  const int64_t gaps = endpoint ? num - 1 : num;
  const double step = gaps > 0 ? (stop - start) / static_cast<double>(gaps) : 0.0;
  Tensor y = ramp(num, {start, step, 0, 0}, DType::float64);
  if (endpoint && num > 1) {  // the last element is `stop` to the bit
    y = slice_update(std::move(y), Tensor::scalar(stop, DType::float64), Slices({num - 1}, {1}));
  }
  return to_device(astype(y, dtype), device);
}

Tensor tril(const Tensor& x, int64_t k) { return call_one(make_op<Triangle>(k, false), {x}); }
Tensor triu(const Tensor& x, int64_t k) { return call_one(make_op<Triangle>(k, true), {x}); }

}  // namespace danlu
