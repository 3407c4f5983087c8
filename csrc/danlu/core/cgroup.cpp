#include "danlu/core/cgroup.h"

#include <algorithm>
#include <fstream>
#include <string_view>

namespace danlu {

namespace {

// Takes what the group in `folder` says. A file that is not there, and "max", limit nothing.
void take_version_1(const std::string& folder, CgroupLimits& limits) {
  double quota = 0, period = 0;
  if (std::ifstream(folder + "/cpu.cfs_quota_us") >> quota &&
      std::ifstream(folder + "/cpu.cfs_period_us") >> period && quota > 0 && period > 0) {
    limits.processors = std::min(limits.processors, quota / period);
  }
  int64_t memory = 0;
  if (std::ifstream(folder + "/memory.limit_in_bytes") >> memory) {
    limits.memory = std::min(limits.memory, memory);
  }
}

void take_version_2(const std::string& folder, CgroupLimits& limits) {
  double quota = 0, period = 0;
  if (std::ifstream(folder + "/cpu.max") >> quota >> period && quota > 0 && period > 0) {
    limits.processors = std::min(limits.processors, quota / period);
  }
  int64_t memory = 0;
  if (std::ifstream(folder + "/memory.max") >> memory) {
    limits.memory = std::min(limits.memory, memory);
  }
}

// The group at `path` and those around it. In a container the path is often that of the host,
// which is not there, while the mount shows the container's own group: a missing folder is passed.
template <class Take>
void walk_up(const std::string& mount, std::string path, CgroupLimits& limits, Take take) {
  while (!path.empty() && path != "/") {
    take(mount + path, limits);
    path.erase(path.rfind('/'));
  }
  take(mount, limits);
}

bool lists(std::string_view controllers, std::string_view name) {
  for (size_t at = 0; at <= controllers.size();) {
    const size_t end = std::min(controllers.find(',', at), controllers.size());
    if (controllers.substr(at, end - at) == name) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

CgroupLimits cgroup_limits(const std::string& root) {
  CgroupLimits limits;
  const std::string mounts = root + "/sys/fs/cgroup";
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // number:controllers:path
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (!path.starts_with('/')) continue;
    if (controllers.empty()) walk_up(mounts, path, limits, take_version_2);
    for (const char* name : {"cpu", "memory"}) {
      if (lists(controllers, name)) walk_up(mounts + "/" + name, path, limits, take_version_1);
    }
  }
  return limits;
}

}  // namespace danlu
