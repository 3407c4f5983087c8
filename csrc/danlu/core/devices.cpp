#include "danlu/core/devices.h"

#include <charconv>

#include "danlu/core/cuda.h"
#include "danlu/core/error.h"
#include "danlu/core/reports.h"

namespace danlu {

namespace {

// Why there is no GPU; empty when there is one.
std::string missing_cuda() {
#ifdef DANLU_CUDA
  if (cuda::device_count() > 0) return "";
  return "no CUDA device: " + cuda::discovery_error();
#else
  return "this danlu was built without CUDA (docs/gpu.md says how to build it with)";
#endif
}

int device_count() {
#ifdef DANLU_CUDA
  return cuda::device_count();
#else
  return 0;
#endif
}

}  // namespace

std::vector<Device> devices() {
  std::vector<Device> all{kCpu};
  for (int i = 0; i < device_count(); ++i)
    all.push_back({DeviceType::cuda, static_cast<int8_t>(i)});
  return all;
}

std::string device_name(Device device) {
#ifdef DANLU_CUDA
  if (device.is_cuda()) return cuda::device_name(device);
#endif
  return format("{}", device);
}

void check_device(std::string_view op, Device device) {
  if (device.is_cpu() || (device.index >= 0 && device.index < device_count())) return;
  const std::string why = missing_cuda();
  if (!why.empty()) fail(ErrorKind::runtime, "[{}] {}", op, why);
  fail(ErrorKind::value, "[{}] there is no device {}: this machine has cuda:0 to cuda:{}", op,
       device, device_count() - 1);
}

Device device_of(std::string_view op, std::string_view name) {
  if (name == "cpu") return kCpu;
  const std::string_view type = name.substr(0, 4), rest = name.substr(type.size());
  int index = 0;
  bool good = type == "cuda" && (rest.empty() || (rest.size() > 1 && rest[0] == ':'));
  if (good && !rest.empty()) {
    const auto parsed = std::from_chars(rest.data() + 1, rest.data() + rest.size(), index);
    good = parsed.ec == std::errc() && parsed.ptr == rest.data() + rest.size() && index >= 0 &&
           index < 128;
  }
  check(good, "[{}] a device is 'cpu', 'cuda' or 'cuda:0', got '{}'", op, name);
  const Device device{DeviceType::cuda, static_cast<int8_t>(index)};
  check_device(op, device);
  return device;
}

void synchronize(Device device) {
#ifdef DANLU_CUDA
  if (device.is_cuda()) {
    cuda::synchronize(device);
    raise_reports(device);
  }
#endif
  (void)device;
}

}  // namespace danlu
