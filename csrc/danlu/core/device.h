// Where bytes live.
#pragma once

#include <cstdint>

#include "danlu/core/macros.h"

namespace danlu {

enum class DeviceType : uint8_t { cpu, cuda };

struct Device {
  DeviceType type = DeviceType::cpu;
  int8_t index = 0;

  DL_INLINE constexpr bool is_cpu() const { return type == DeviceType::cpu; }
  DL_INLINE constexpr bool is_cuda() const { return type == DeviceType::cuda; }
  DL_INLINE constexpr bool operator==(const Device& other) const {
    return type == other.type && index == other.index;
  }
};

inline constexpr Device kCpu{};

}  // namespace danlu
