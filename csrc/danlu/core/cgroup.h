// What a container lets this process use: the limits of its control groups, versions 1 and 2
// (cgroups(7)).
#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace danlu {

struct CgroupLimits {
  double processors = std::numeric_limits<double>::infinity();
  int64_t memory = std::numeric_limits<int64_t>::max();  // bytes
};

// The limits of this process's groups and of all groups around them: the smallest of each holds.
// /proc and /sys are looked for in `root`.
CgroupLimits cgroup_limits(const std::string& root = "");

}  // namespace danlu
