#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

namespace {

// `padding` is "valid", "same", or, but for pools, which have no `dilation_rate`, a pair (before,
// after) for each spatial axis.
WindowOptions window_options(const char* op, const Shape& strides, const py::object& padding,
                             const Shape& dilation_rate) {
  WindowOptions options{.strides = strides, .dilation_rate = dilation_rate};
  const bool pools = dilation_rate.ndim() == 0;
  const char* wanted =
      pools ? "\"valid\" or \"same\"" : "\"valid\", \"same\" or pairs (before, after)";
  if (py::isinstance<py::str>(padding)) {
    const std::string mode = py::cast<std::string>(padding);
    options.same = mode == "same";
    if (options.same || mode == "valid") return options;
    fail(ErrorKind::value, "[{}] padding is {}, got \"{}\".{}", op, wanted, mode,
         did_you_mean(mode, {"valid", "same"}));
  }
  check_type(!pools && py::isinstance<py::sequence>(padding) && py::len(padding) > 0,
             "[{}] padding is {}, got {}", op, wanted, py::cast<std::string>(py::repr(padding)));
  for (const py::handle& item : py::reinterpret_borrow<py::sequence>(padding)) {
    const Shape pair = to_shape(item);
    check(pair.ndim() == 2, "[{}] padding wants pairs (before, after), got {}", op, pair);
    check_ndim(op, options.before.ndim() + 1);
    options.before.push_back(pair[0]);
    options.after.push_back(pair[1]);
  }
  return options;
}

}  // namespace

void bind_conv(py::module_& m) {
  m.def("_conv_exact", &conv_exact, "Whether convolutions are computed exactly.");
  m.def("_set_conv_exact", &set_conv_exact, "exact"_a, "config.set_conv_precision.");
  m.def(
      "_conv",
      [](const Tensor& x, const Tensor& kernel, const Shape& strides, const py::object& padding,
         const Shape& dilation_rate, const std::optional<Tensor>& bias, bool relu,
         const std::optional<Tensor>& addend) {
        const WindowOptions options = window_options("conv", strides, padding, dilation_rate);
        return unlocked({x, kernel}, [&] {
          return conv(x, kernel, options, bias.value_or(Tensor()), relu, addend.value_or(Tensor()));
        });
      },
      "x"_a, "kernel"_a, "strides"_a = Shape{1}, "padding"_a = "valid",
      "dilation_rate"_a = Shape{1}, "bias"_a = py::none(), "relu"_a = false,
      "addend"_a = py::none(),
      "x (batch, spatial..., channels), kernel (window..., channels / groups, filters) -> "
      "(batch, spatial..., filters).");
  m.def(
      "_conv_transpose",
      [](const Tensor& x, const Tensor& kernel, const Shape& output_spatial, const Shape& strides,
         const py::object& padding, const Shape& dilation_rate) {
        const WindowOptions options =
            window_options("conv_transpose", strides, padding, dilation_rate);
        return unlocked({x, kernel},
                        [&] { return conv_transpose(x, kernel, options, output_spatial); });
      },
      "x"_a, "kernel"_a, "output_spatial"_a, "strides"_a = Shape{1}, "padding"_a = "valid",
      "dilation_rate"_a = Shape{1},
      "x (batch, spatial..., channels), kernel (window..., filters, channels) -> the input of that "
      "convolution, (batch, output_spatial..., filters).");
  m.def(
      "_max_pool",
      [](const Tensor& x, const Shape& pool_size, const Shape& strides, const py::object& padding) {
        const WindowOptions options = window_options("max_pool", strides, padding, {});
        return unlocked({x}, [&] { return max_pool(x, pool_size, options); });
      },
      "x"_a, "pool_size"_a, "strides"_a, "padding"_a = "valid",
      "The maximum of each window of x (batch, spatial..., channels).");
  m.def(
      "_average_pool",
      [](const Tensor& x, const Shape& pool_size, const Shape& strides, const py::object& padding) {
        const WindowOptions options = window_options("average_pool", strides, padding, {});
        return unlocked({x}, [&] { return average_pool(x, pool_size, options); });
      },
      "x"_a, "pool_size"_a, "strides"_a, "padding"_a = "valid",
      "The mean of each window of x (batch, spatial..., channels); padding does not count.");
}

}  // namespace danlu::python
