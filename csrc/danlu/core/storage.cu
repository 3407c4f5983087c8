// CUDA's side of the core: devices, the caching allocator, copies, status words.
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "danlu/core/cuda.cuh"
#include "danlu/core/cuda.h"
#include "danlu/core/error.h"
#include "danlu/core/storage.h"

namespace danlu::cuda {

void check_cuda(cudaError_t result, const char* what) {
  if (result == cudaSuccess) return;
  cudaGetLastError();  // the error is ours now
  fail(ErrorKind::runtime, "[{}] CUDA: {}", what, cudaGetErrorString(result));
}

// ---- devices ----------------------------------------------------------------------------------

namespace {

struct Discovery {
  int count = 0;
  std::string error;
};

const Discovery& discovery() {
  static const Discovery found = [] {
    Discovery d;
    const cudaError_t result = cudaGetDeviceCount(&d.count);
    if (result == cudaSuccess && d.count > 0) return d;
    cudaGetLastError();
    d.count = 0;
    d.error = result == cudaSuccess ? "the driver lists none" : cudaGetErrorString(result);
    return d;
  }();
  return found;
}

// Everything that one GPU keeps.
struct Gpu {
  std::mutex mutex;
  std::map<int64_t, std::vector<void*>> blocks;  // free ones, by size class
  MemoryStats stats;
  cudaStream_t stream = nullptr;
  StatusWord* status = nullptr;

  explicit Gpu(Device device) {
    UseDevice use(device);
    check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
    check_cuda(cudaMalloc(&status, kStatusWords * sizeof(StatusWord)), "status");
  }
};

// Made on first use and never destroyed: tensors may outlive static objects, and the driver.
struct Gpus {
  std::mutex mutex;
  std::vector<std::unique_ptr<Gpu>> made;  // null where a GPU is not in use
};
Gpus& gpus() {
  static Gpus* const all = new Gpus;
  return *all;
}
Gpu& gpu(Device device) {
  if (device.index < 0 || device.index >= discovery().count) {
    fail(ErrorKind::runtime, "[cuda] there is no device {}: {}", device, discovery().error);
  }
  const size_t i = static_cast<size_t>(device.index);
  std::lock_guard lock(gpus().mutex);
  if (gpus().made.size() <= i) gpus().made.resize(i + 1);
  std::unique_ptr<Gpu>& one = gpus().made[i];
  if (!one) one = std::make_unique<Gpu>(device);
  return *one;
}

}  // namespace

int device_count() { return discovery().count; }
std::string discovery_error() { return discovery().error; }

std::string device_name(Device device) {
  cudaDeviceProp properties;
  check_cuda(cudaGetDeviceProperties(&properties, device.index), "device");
  return properties.name;
}

cudaStream_t stream(Device device) { return gpu(device).stream; }

void synchronize(Device device) {
  check_cuda(cudaStreamSynchronize(stream(device)), "synchronize");
}

// ---- the caching allocator --------------------------------------------------------------------

namespace {

constexpr int64_t kSmallest = 512;
constexpr int64_t kPage = 2 << 20;  // what the driver maps at a time

// Eight classes a doubling, whole pages from a page on: at most an eighth of a block is wasted.
int64_t size_class(int64_t bytes) {
  if (bytes <= kSmallest) return kSmallest;
  int64_t step = kSmallest;
  while (step * 16 < bytes) step *= 2;
  if (bytes > kPage && step < kPage) step = kPage;
  return (bytes + step - 1) / step * step;
}

// The mutex is held.
void release_blocks(Gpu& g) {
  for (auto& [bytes, blocks] : g.blocks) {
    for (void* block : blocks) cudaFree(block);  // waits for the kernels that use it
    g.stats.cached -= bytes * static_cast<int64_t>(blocks.size());
    blocks.clear();
  }
  cudaGetLastError();
}

}  // namespace

void* allocate(int64_t bytes, Device device) {
  Gpu& g = gpu(device);
  const int64_t size = size_class(bytes);
  std::lock_guard lock(g.mutex);
  ++g.stats.requests;
  void* block = nullptr;
  if (std::vector<void*>& blocks = g.blocks[size]; !blocks.empty()) {
    block = blocks.back();
    blocks.pop_back();
    g.stats.cached -= size;
  } else {
    UseDevice use(device);
    ++g.stats.allocations;
    cudaError_t result = cudaMalloc(&block, static_cast<size_t>(size));
    if (result == cudaErrorMemoryAllocation) {  // blocks of other classes may stand in the way
      cudaGetLastError();
      release_blocks(g);
      result = cudaMalloc(&block, static_cast<size_t>(size));
    }
    if (result == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      throw OutOfMemory(bytes, g.stats.in_use, device);
    }
    check_cuda(result, "allocate");
  }
  g.stats.in_use += size;
  if (g.stats.in_use > g.stats.peak) g.stats.peak = g.stats.in_use;
  return block;
}

// The next user of the block runs in the same stream, after whoever uses it now.
void free(void* block, int64_t bytes, Device device) noexcept {
  Gpu& g = gpu(device);
  const int64_t size = size_class(bytes);
  std::lock_guard lock(g.mutex);
  g.stats.in_use -= size;
  try {
    g.blocks[size].push_back(block);
    g.stats.cached += size;
  } catch (const std::bad_alloc&) {
    cudaFree(block);
  }
}

// A program on the CPU has no GPU in use, and makes no context here.
void empty_cache() {
  std::lock_guard lock(gpus().mutex);
  for (size_t i = 0; i < gpus().made.size(); ++i) {
    Gpu* g = gpus().made[i].get();
    if (!g) continue;
    std::lock_guard one(g->mutex);
    UseDevice use({DeviceType::cuda, static_cast<int8_t>(i)});
    release_blocks(*g);
  }
}

MemoryStats memory_stats(Device device) {
  Gpu& g = gpu(device);
  std::lock_guard lock(g.mutex);
  return g.stats;
}

void reset_peak_memory(Device device) {
  Gpu& g = gpu(device);
  std::lock_guard lock(g.mutex);
  g.stats.peak = g.stats.in_use;
}

// ---- copies -----------------------------------------------------------------------------------

namespace {

// A number travels as the argument of a kernel: the host need not wait for the stream.
struct FewBytes {
  char byte[16];
};
__global__ void store_bytes(char* to, FewBytes from, int count) {
  if (static_cast<int>(threadIdx.x) < count) to[threadIdx.x] = from.byte[threadIdx.x];
}

}  // namespace

void copy_bytes(void* to, Device to_device, const void* from, Device from_device, int64_t bytes) {
  if (bytes == 0) return;
  const Device device = from_device.is_cuda() ? from_device : to_device;
  UseDevice use(device);
  constexpr int64_t kFew = sizeof(FewBytes);
  if (from_device.is_cpu() && bytes <= kFew) {
    FewBytes few{};
    __builtin_memcpy(few.byte, from, static_cast<size_t>(bytes));
    store_bytes<<<1, kFew, 0, stream(device)>>>(static_cast<char*>(to), few,
                                                static_cast<int>(bytes));
    return check_cuda(cudaGetLastError(), "copy");
  }
  // Another GPU may still use the bytes that are overwritten.
  if (to_device.is_cuda() && !(to_device == device)) synchronize(to_device);
  check_cuda(
      cudaMemcpyAsync(to, from, static_cast<size_t>(bytes), cudaMemcpyDefault, stream(device)),
      "copy");
  synchronize(device);
}

// ---- status words -----------------------------------------------------------------------------

namespace {
thread_local StatusWord* current_word = nullptr;
}

StatusWord* status_word() { return current_word; }

void use_status_word(Device device, int word) {
  UseDevice use(device);
  current_word = gpu(device).status + word;
  // All bits set: kNothingReported.
  check_cuda(cudaMemsetAsync(current_word, 0xff, sizeof(StatusWord), stream(device)), "status");
}

void read_status_word(Device device, int word, int64_t* position, int64_t* value) {
  StatusWord found;
  cuda::copy_bytes(&found, kCpu, gpu(device).status + word, device, sizeof(found));
  *position = found.position == kNothingReported ? -1 : static_cast<int64_t>(found.position);
  *value = found.value;
}

}  // namespace danlu::cuda
