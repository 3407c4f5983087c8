// Device memory: a free list for each size class, as on the CPU. All work is on one stream, so a
// block that is freed while a kernel still uses it may be handed out again at once.
#include <cuda_runtime.h>

#include <bit>
#include <map>
#include <mutex>
#include <vector>

#include "danlu/core/error.h"
#include "danlu/core/storage.h"

namespace danlu::cuda {

namespace {

void check_cuda(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  fail(ErrorKind::runtime, "[cuda] {}: {} ({})", what, cudaGetErrorString(error),
       cudaGetErrorName(error));
}

struct Pool {
  std::mutex mutex;
  std::map<int64_t, std::vector<void*>> free;  // by size class
  MemoryStats stats;
};
constexpr int kMaxDevices = 16;
Pool& pool(Device device) {
  static Pool* const pools = new Pool[kMaxDevices];  // storages may outlive static objects
  return pools[device.index];
}

// Four classes a doubling, at least 512 bytes.
int64_t rounded(int64_t bytes) {
  if (bytes <= 512) return 512;
  const int64_t step = int64_t{1} << (std::bit_width(static_cast<uint64_t>(bytes - 1)) - 3);
  return (bytes + step - 1) / step * step;
}

void release(Pool& p) {
  for (auto& [bytes, blocks] : p.free) {
    for (void* block : blocks) cudaFree(block);
    p.stats.cached -= bytes * static_cast<int64_t>(blocks.size());
    blocks.clear();
  }
}

}  // namespace

void* allocate(int64_t bytes, Device device) {
  check(device.index >= 0 && device.index < kMaxDevices, "[cuda] there is no device {}", device);
  const int64_t size = rounded(bytes);
  Pool& p = pool(device);
  std::lock_guard lock(p.mutex);
  ++p.stats.requests;
  void* block = nullptr;
  if (auto& blocks = p.free[size]; !blocks.empty()) {
    block = blocks.back();
    blocks.pop_back();
    p.stats.cached -= size;
  } else {
    check_cuda(cudaSetDevice(device.index), "choosing the device");
    ++p.stats.allocations;
    cudaError_t error = cudaMalloc(&block, static_cast<size_t>(size));
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();  // forgets the error
      release(p);
      error = cudaMalloc(&block, static_cast<size_t>(size));
    }
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      throw std::bad_alloc();
    }
    check_cuda(error, "allocating");
  }
  p.stats.in_use += size;
  if (p.stats.in_use > p.stats.peak) p.stats.peak = p.stats.in_use;
  return block;
}

void free(void* block, int64_t bytes, Device device) noexcept {
  const int64_t size = rounded(bytes);
  Pool& p = pool(device);
  std::lock_guard lock(p.mutex);
  p.stats.in_use -= size;
  try {
    p.free[size].push_back(block);
    p.stats.cached += size;
  } catch (const std::bad_alloc&) {
    cudaFree(block);
  }
}

void empty_cache() {
  for (int index = 0; index < kMaxDevices; ++index) {
    Pool& p = pool({DeviceType::cuda, static_cast<int8_t>(index)});
    std::lock_guard lock(p.mutex);
    release(p);
  }
}

MemoryStats memory_stats(Device device) {
  Pool& p = pool(device);
  std::lock_guard lock(p.mutex);
  return p.stats;
}

void reset_peak_memory(Device device) {
  Pool& p = pool(device);
  std::lock_guard lock(p.mutex);
  p.stats.peak = p.stats.in_use;
}

// Waits for the device when the host is on either side.
void copy_bytes(void* to, Device to_device, const void* from, Device from_device, int64_t bytes) {
  if (bytes == 0) return;
  const cudaMemcpyKind kind = to_device.is_cpu()     ? cudaMemcpyDeviceToHost
                              : from_device.is_cpu() ? cudaMemcpyHostToDevice
                                                     : cudaMemcpyDeviceToDevice;
  check_cuda(cudaMemcpy(to, from, static_cast<size_t>(bytes), kind), "copying");
}

}  // namespace danlu::cuda
