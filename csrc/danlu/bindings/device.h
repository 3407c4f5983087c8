// The `device` argument of Python functions.
#pragma once

#include "danlu/bindings/bind.h"

namespace danlu::python {

// None stands for `usual`. Throws when tensors cannot live there; `op` is named in the error.
Device to_device_argument(std::string_view op, py::handle device, Device usual = kCpu);

}  // namespace danlu::python
