// Devices by name, and tensors on their way between them.
#include "danlu/bindings/device.h"

#include "danlu/core/devices.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

Device to_device_argument(std::string_view op, py::handle device, Device usual) {
  if (device.is_none()) return usual;
  return device_of(op, py::cast<std::string>(py::str(device)));
}

namespace {

Tensor moved(const Tensor& x, py::handle device, py::handle) {
  const Device to = to_device_argument("to_device", device, x.device());
  py::gil_scoped_release release;
  return to_device(x, to);
}

py::list device_list() {
  py::list names;
  for (const Device device : devices()) names.append(format("{}", device));
  return names;
}

std::string description(const std::string& device) {
  return device_name(device_of("device_name", device));
}

}  // namespace

void bind_device(py::module_& m) {
  m.def("to_device", &moved, "x"_a, "device"_a, py::kw_only(), "stream"_a = py::none(),
        R"(x on another device: 'cpu', 'cuda' or 'cuda:1'; x itself where it lies there. ValueError
for no device, RuntimeError when danlu was built without CUDA.
Source: array API 2024.12.

>>> import danlu as dl
>>> dl.ones(2).to_device("cpu").device
'cpu')");
  m.def("devices", &device_list, "What tensors can live on: 'cpu', then 'cuda:0' and so on.");
  m.def("device_name", &description, "device"_a, "What its maker calls a GPU.");
}

}  // namespace danlu::python
