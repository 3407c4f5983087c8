// The allocator and the limits that it obeys.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "check.h"
#include "danlu/core/cgroup.h"
#include "danlu/core/storage.h"
#include "danlu/core/tensor.h"

using namespace danlu;

namespace {

constexpr int64_t kHuge = 2 << 20;

int64_t remainder(const void* address, int64_t alignment) {
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(address)) & (alignment - 1);
}

// A tree of files that is gone at the end.
class Tree {
 public:
  Tree() {
    std::string name = (std::filesystem::temp_directory_path() / "danlu-XXXXXX").string();
    root = mkdtemp(name.data());
  }
  ~Tree() { std::filesystem::remove_all(root); }
  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = root + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::string root;
};

}  // namespace

TEST(blocks_are_aligned_and_apart) {
  std::vector<std::pair<char*, int64_t>> blocks;
  for (int64_t bytes = 0; bytes < (int64_t{9} << 20); bytes += bytes / 7 + 1) {
    char* block = static_cast<char*>(pool_allocate(bytes));
    CHECK(remainder(block, 64) == 0);
    CHECK(bytes < kHuge || remainder(block, kHuge) == 0);  // huge pages serve whole ones only
    if (bytes > 0) block[0] = block[bytes - 1] = static_cast<char>(blocks.size());
    blocks.emplace_back(block, bytes);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto [block, bytes] = blocks[i];
    CHECK(bytes == 0 || (block[0] == static_cast<char>(i) && block[bytes - 1] == block[0]));
    pool_free(block, bytes);
  }
}

TEST(tensors_are_aligned) {
  for (int64_t n : {1, 3, 900, 1008, 1009, 5000, 100003, 600001}) {
    CHECK(remainder(Tensor::empty({n}, DType::float32).view().data, 64) == 0);
  }
}

TEST(statistics_count_what_is_used_and_cached) {
  empty_cache();
  const MemoryStats before = memory_stats();
  CHECK(before.cached == 0);
  const int64_t bytes = 5 * kHuge;
  void* block = pool_allocate(bytes);
  const MemoryStats during = memory_stats();
  CHECK(during.in_use == before.in_use + bytes);
  CHECK(during.allocations == before.allocations + 1 && during.requests == before.requests + 1);
  CHECK(during.peak >= during.in_use);
  pool_free(block, bytes);
  CHECK(memory_stats().in_use == before.in_use && memory_stats().cached == bytes);
  CHECK(pool_allocate(bytes) == block);  // the same block serves again
  CHECK(memory_stats().allocations == during.allocations && memory_stats().cached == 0);
  pool_free(block, bytes);
  empty_cache();
  CHECK(memory_stats().cached == 0 && memory_stats().in_use == before.in_use);
  reset_peak_memory();
  CHECK(memory_stats().peak == memory_stats().in_use);
}

TEST(blocks_given_back_serve_again) {
  std::vector<char*> blocks(200);
  for (int turn = 0; turn < 3; ++turn) {
    for (size_t i = 0; i < blocks.size(); ++i) {
      const int64_t bytes = 5000 * static_cast<int64_t>(i + 1);
      blocks[i] = static_cast<char*>(pool_allocate(bytes));
      std::memset(blocks[i], static_cast<int>(i), static_cast<size_t>(bytes));
    }
    for (size_t i = 0; i < blocks.size(); ++i) {
      const int64_t bytes = 5000 * static_cast<int64_t>(i + 1);
      CHECK(blocks[i][0] == static_cast<char>(i) && blocks[i][bytes - 1] == blocks[i][0]);
      pool_free(blocks[i], bytes);
    }
    empty_cache();
    CHECK(memory_stats().cached == 0);
  }
}

TEST(a_size_that_no_memory_has_throws) {
  const MemoryStats before = memory_stats();
  CHECK_THROWS(std::bad_alloc, pool_allocate(int64_t{1} << 61));
  CHECK_THROWS(std::bad_alloc, Storage::allocate(int64_t{1} << 50, kCpu));
  CHECK(memory_stats().in_use == before.in_use);
}

TEST(blocks_move_between_threads) {
  std::vector<void*> blocks(5000);
  std::thread([&] {
    for (void*& block : blocks) block = pool_allocate(128);
  }).join();
  std::thread([&] {
    for (void* block : blocks) pool_free(block, 128);
  }).join();
  const int64_t in_use = memory_stats().in_use;
  for (void*& block : blocks) block = pool_allocate(128);  // those of the threads that ended
  CHECK(memory_stats().in_use == in_use);
  for (void* block : blocks) pool_free(block, 128);
}

TEST(cgroup_limits_of_version_2) {
  const Tree tree;
  CHECK(cgroup_limits(tree.root).processors > 1e9);  // no files, no limits
  tree.write("/proc/self/cgroup", "0::/outer/inner\n");
  tree.write("/sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  tree.write("/sys/fs/cgroup/outer/inner/memory.max", "3000000\n");
  tree.write("/sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
  tree.write("/sys/fs/cgroup/outer/memory.max", "max\n");
  CHECK(cgroup_limits(tree.root).processors == 1.5 && cgroup_limits(tree.root).memory == 3000000);
  tree.write("/sys/fs/cgroup/memory.max", "2000000\n");
  CHECK(cgroup_limits(tree.root).memory == 2000000);
}

TEST(cgroup_limits_of_version_1) {
  const Tree tree;
  tree.write("/proc/self/cgroup",
             "5:cpuset:/a\n4:memory:/docker/b\n3:cpu,cpuacct:/docker/b\n1:name=systemd:/a\n0::/\n");
  const std::string mounts = "/sys/fs/cgroup/";
  tree.write(mounts + "cpu/cpu.cfs_quota_us", "250000\n");  // the host's path is not to be seen
  tree.write(mounts + "cpu/cpu.cfs_period_us", "100000\n");
  tree.write(mounts + "memory/memory.limit_in_bytes", "9223372036854771712\n");
  tree.write(mounts + "memory/docker/b/memory.limit_in_bytes", "4000000\n");
  CHECK(cgroup_limits(tree.root).processors == 2.5 && cgroup_limits(tree.root).memory == 4000000);
  tree.write(mounts + "cpu/docker/b/cpu.cfs_quota_us", "-1\n");
  tree.write(mounts + "cpu/docker/b/cpu.cfs_period_us", "100000\n");
  CHECK(cgroup_limits(tree.root).processors == 2.5);
}

TEST(cgroup_files_that_make_no_sense_limit_nothing) {
  const Tree tree;
  for (const char* groups : {"", "x\n", "0:\n", "0::\n", "::::\n", "0::/\n", "0::/../..\n"}) {
    tree.write("/proc/self/cgroup", groups);
    tree.write("/sys/fs/cgroup/cpu.max", "0 0\n");
    tree.write("/sys/fs/cgroup/memory.max", "many\n");
    CHECK(cgroup_limits(tree.root).processors > 1e9 && cgroup_limits(tree.root).memory > 1e18);
  }
}
