// Which devices there are. Every build has these functions; one without CUDA knows the CPU only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "danlu/core/device.h"

namespace danlu {

// The CPU, then every GPU that CUDA finds.
DL_EXPORT std::vector<Device> devices();
// What its maker calls a GPU.
DL_EXPORT std::string device_name(Device device);
// "cpu", "cuda" (the first GPU) or "cuda:1"; throws when tensors cannot live there. `op` is named
// in the error.
DL_EXPORT Device device_of(std::string_view op, std::string_view name);
// Throws when tensors cannot live on `device`.
DL_EXPORT void check_device(std::string_view op, Device device);
// Waits until everything that was started on `device` is done, and raises what was reported there.
DL_EXPORT void synchronize(Device device);

}  // namespace danlu
