#include "danlu/core/storage.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "danlu/core/cgroup.h"
#include "danlu/core/cuda.h"
#include "danlu/core/devices.h"
#include "danlu/core/error.h"
#include "danlu/core/reports.h"
#include "danlu/core/system_memory.h"

namespace danlu {

OutOfMemory::OutOfMemory(int64_t bytes, int64_t in_use, Device device)
    : what_(
          format("[allocate] out of memory on {}: {} MiB more were wanted, {} MiB are in use. Use "
                 "smaller batches or a smaller model, or call danlu.config.empty_cache()",
                 device, (bytes + (1 << 20) - 1) >> 20, in_use >> 20)) {}

namespace {

constexpr int64_t kAlign = 64;
constexpr int64_t kSmall = 4096;  // up to here: per-thread lists, carved from slabs
constexpr int64_t kSlab = 1 << 18;
constexpr int kSmallClasses = kSmall / kAlign;
constexpr int kBatch = 64;  // blocks that move between a thread and the others at once

struct FreeBlock {
  FreeBlock* next;
};

// Beyond kSmall. Eight classes a doubling: at most an eighth of a block is wasted.
int64_t rounded(int64_t bytes) {
  const int shift = static_cast<int>(std::bit_width(static_cast<uint64_t>(bytes - 1))) - 4;
  const int64_t step = std::max(int64_t{1} << shift, kAlign);
  const int64_t size = (bytes + step - 1) & ~(step - 1);
  return size >= kHugePage ? (size + kHugePage - 1) & ~(kHugePage - 1) : size;
}

int small_class(int64_t bytes) {  // of a block up to kSmall
  return bytes <= kAlign ? 0 : static_cast<int>((bytes - 1) / kAlign);
}

struct FreeList {
  int64_t bytes;
  std::vector<void*> blocks;
};

// Shared by all threads; never destroyed, because storages may outlive static objects.
struct Pool {
  std::mutex mutex;
  FreeBlock* small[kSmallClasses] = {};
  std::vector<FreeList> large;  // sorted by bytes
  char* slab = nullptr;
  char* slab_end = nullptr;
  SmallBlocks small_blocks;  // those of kSmall and less come from slabs
  std::atomic<int64_t> in_use{0}, peak{0}, cached{0}, allocations{0}, requests{0};

  FreeList& list_of(int64_t bytes) {
    auto at = std::lower_bound(large.begin(), large.end(), bytes,
                               [](const FreeList& list, int64_t b) { return list.bytes < b; });
    if (at == large.end() || at->bytes != bytes) at = large.insert(at, {bytes, {}});
    return *at;
  }
};

Pool& pool() {
  static Pool* const instance = [] {
    // The child of a fork() finds the lock free, whatever other threads did at that moment.
    pthread_atfork([] { pool().mutex.lock(); }, [] { pool().mutex.unlock(); },
                   [] { pool().mutex.unlock(); });
    return new Pool;
  }();
  return *instance;
}

// What there is: beyond it waits not a failed allocation, but the kernel's killer.
int64_t memory_limit() {
  static const int64_t bytes =
      std::min(int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE), cgroup_limits().memory);
  return bytes;
}

// From the system, or for blocks below kHugePage from what was got from it; those want the lock.
void* fresh_block(Pool& p, int64_t bytes) {
  p.allocations.fetch_add(1, std::memory_order_relaxed);
  if (bytes >= kHugePage) return map_huge_pages(bytes);
  std::lock_guard lock(p.mutex);
  return p.small_blocks.take(bytes);
}

// The pool is locked.
void give_back(Pool& p, void* block, int64_t bytes) noexcept {
  if (bytes >= kHugePage) {
    unmap_huge_pages(block, bytes);
  } else {
    p.small_blocks.give_back(block, bytes);
  }
}

void count_in_use(Pool& p, int64_t bytes) {
  const int64_t now = p.in_use.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = p.peak.load(std::memory_order_relaxed);
  while (now > peak && !p.peak.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

void* allocate_large(int64_t bytes) {
  Pool& p = pool();
  p.requests.fetch_add(1, std::memory_order_relaxed);
  const int64_t in_use = p.in_use.load(std::memory_order_relaxed);
  if (bytes > memory_limit() - in_use) throw OutOfMemory(bytes, in_use, kCpu);
  {
    std::lock_guard lock(p.mutex);
    FreeList& list = p.list_of(bytes);
    if (!list.blocks.empty()) {
      void* block = list.blocks.back();
      list.blocks.pop_back();
      p.cached.fetch_sub(bytes, std::memory_order_relaxed);
      count_in_use(p, bytes);
      return block;
    }
  }
  // Blocks of other classes must not pile up beside live memory.
  if (p.cached.load() + p.in_use.load() + bytes > memory_limit() / 10 * 8) empty_cache();
  void* block = fresh_block(p, bytes);
  if (!block) {
    empty_cache();
    block = fresh_block(p, bytes);
  }
  if (!block) throw OutOfMemory(bytes, p.in_use.load(), kCpu);
  count_in_use(p, bytes);
  return block;
}

void free_large(void* block, int64_t bytes) noexcept {
  Pool& p = pool();
  p.in_use.fetch_sub(bytes, std::memory_order_relaxed);
  std::lock_guard lock(p.mutex);
  try {
    p.list_of(bytes).blocks.push_back(block);
    p.cached.fetch_add(bytes, std::memory_order_relaxed);
  } catch (const std::bad_alloc&) {
    give_back(p, block, bytes);
  }
}

// The free small blocks of one thread.
struct ThreadCache {
  FreeBlock* lists[kSmallClasses] = {};
  int counts[kSmallClasses] = {};
  bool alive = true;

  ~ThreadCache() {
    alive = false;
    std::lock_guard lock(pool().mutex);
    for (int c = 0; c < kSmallClasses; ++c) {
      while (lists[c]) give(c);
    }
  }
  // Moves one block to the shared list; the pool is locked.
  void give(int c) {
    FreeBlock* block = lists[c];
    lists[c] = block->next;
    block->next = pool().small[c];
    pool().small[c] = block;
  }
  void refill(int c) {
    Pool& p = pool();
    const int64_t size = (c + 1) * kAlign;
    std::lock_guard lock(p.mutex);
    while (counts[c] < kBatch && p.small[c]) {
      FreeBlock* block = p.small[c];
      p.small[c] = block->next;
      push(c, block);
    }
    if (counts[c] > 0) return;
    for (int i = 0; i < 8; ++i) {
      if (p.slab_end - p.slab < size) {
        p.allocations.fetch_add(1, std::memory_order_relaxed);
        char* slab = static_cast<char*>(p.small_blocks.take(kSlab));
        if (!slab) {
          if (counts[c] > 0) return;
          throw std::bad_alloc();
        }
        p.slab = slab;
        p.slab_end = slab + kSlab;
        count_in_use(p, kSlab);
      }
      push(c, reinterpret_cast<FreeBlock*>(p.slab));
      p.slab += size;
    }
  }
  void push(int c, FreeBlock* block) {
    block->next = lists[c];
    lists[c] = block;
    ++counts[c];
  }
  void spill(int c) {
    std::lock_guard lock(pool().mutex);
    for (int i = 0; i < kBatch; ++i, --counts[c]) give(c);
  }
};

constinit DL_THREAD_LOCAL ThreadCache* cache_of_thread = nullptr;

__attribute__((noinline)) ThreadCache& make_thread_cache() {
  thread_local ThreadCache cache;
  cache_of_thread = &cache;
  return cache;
}

// A thread that ends gives everything back; one that only frees does so now and then.
__attribute__((noinline)) void give_to_others(ThreadCache& cache, int c) {
  if (cache.alive) return cache.spill(c);
  std::lock_guard lock(pool().mutex);
  cache.give(c);
}

ThreadCache& thread_cache() { return cache_of_thread ? *cache_of_thread : make_thread_cache(); }

DL_INLINE void* take_block(int64_t bytes) {
  if (bytes > kSmall) return allocate_large(rounded(bytes));
  ThreadCache& cache = thread_cache();
  const int c = small_class(bytes);
  if (!cache.lists[c]) [[unlikely]]
    cache.refill(c);
  FreeBlock* block = cache.lists[c];
  cache.lists[c] = block->next;
  --cache.counts[c];
  return block;
}

DL_INLINE void give_block(void* block, int64_t bytes) noexcept {
  if (bytes > kSmall) return free_large(block, rounded(bytes));
  ThreadCache& cache = thread_cache();
  const int c = small_class(bytes);
  cache.push(c, static_cast<FreeBlock*>(block));
  if (!cache.alive || cache.counts[c] >= 4 * kBatch) [[unlikely]]
    give_to_others(cache, c);
}

}  // namespace

void* pool_allocate(int64_t bytes) { return take_block(bytes); }
void pool_free(void* block, int64_t bytes) noexcept { give_block(block, bytes); }

// A few bytes follow their Storage in one block of the allocator.
static_assert(sizeof(Storage) % kAlign == 0);

Ref<Storage> Storage::allocate(int64_t bytes, Device device) {
  const bool together = device.is_cpu() && bytes <= kSmall - int64_t{sizeof(Storage)};
  const int64_t block = sizeof(Storage) + (together ? bytes : 0);
  Storage* storage = new (take_block(block)) Storage;
  Ref<Storage> ref = Ref<Storage>::of_new(storage);
  storage->device_ = device;
  if (together) {
    storage->data_ = storage + 1;
    storage->in_one_block_ = true;
  } else if (device.is_cpu()) {
    storage->data_ = take_block(bytes);
  } else {
#ifdef DANLU_CUDA
    storage->data_ = cuda::allocate(bytes, device);
#else
    check_device("allocate", device);
#endif
  }
  storage->bytes_ = bytes;
  return ref;
}

Ref<Storage> Storage::borrow(void* data, int64_t bytes, Device device,
                             std::function<void()> release, bool writable) {
  Storage* storage = new (take_block(sizeof(Storage))) Storage;
  storage->data_ = data;
  storage->bytes_ = bytes;
  storage->device_ = device;
  storage->writable_ = writable;
  storage->release_ = std::move(release);
  return Ref<Storage>::of_new(storage);
}

void Storage::destroy(const Storage* storage) {
  Storage* self = const_cast<Storage*>(storage);
  int64_t block = sizeof(Storage);
  if (self->release_) {
    self->release_();
  } else if (self->in_one_block_) {
    block += self->bytes_;
  } else if (self->data_) {
    if (self->device_.is_cpu()) {
      give_block(self->data_, self->bytes_);
    } else {
#ifdef DANLU_CUDA
      cuda::free(self->data_, self->bytes_, self->device_);
#endif
    }
  }
  self->~Storage();
  give_block(self, block);
}

MemoryStats memory_stats(Device device) {
#ifdef DANLU_CUDA
  if (device.is_cuda()) return cuda::memory_stats(device);
#endif
  (void)device;
  const Pool& p = pool();
  return {p.in_use.load(), p.peak.load(), p.cached.load(), p.allocations.load(), p.requests.load()};
}

void reset_peak_memory(Device device) {
#ifdef DANLU_CUDA
  if (device.is_cuda()) return cuda::reset_peak_memory(device);
#endif
  (void)device;
  pool().peak.store(pool().in_use.load());
}

void empty_cache() {
  Pool& p = pool();
  std::lock_guard lock(p.mutex);
  for (FreeList& list : p.large) {
    for (void* block : list.blocks) give_back(p, block, list.bytes);
    p.cached.fetch_sub(list.bytes * static_cast<int64_t>(list.blocks.size()));
    list.blocks.clear();
  }
  p.small_blocks.release();
#ifdef DANLU_CUDA
  cuda::empty_cache();
#endif
}

void copy_bytes(void* to, Device to_device, const void* from, Device from_device, int64_t bytes) {
  if (to_device.is_cpu() && from_device.is_cpu()) {
    if (bytes > 0) std::memcpy(to, from, static_cast<size_t>(bytes));
    return;
  }
#ifdef DANLU_CUDA
  cuda::copy_bytes(to, to_device, from, from_device, bytes);
  if (to_device.is_cpu()) raise_reports(from_device);
#else
  check_device("copy", to_device.is_cpu() ? from_device : to_device);
#endif
}

}  // namespace danlu
