#include "danlu/core/system_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

namespace danlu {

namespace {

constexpr int64_t kSegment = 16 * kHugePage;  // what small blocks are cut from

// A sanitizer watches the ends of every block that comes from the system by itself.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCuts = false;
#else
constexpr bool kCuts = true;
#endif

// A mapping that is aligned to huge pages: map more, cut both ends off.
char* map_huge_pages(int64_t bytes) {
  const size_t want = static_cast<size_t>(bytes), extra = static_cast<size_t>(kHugePage);
  void* mapped =
      mmap(nullptr, want + extra, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* first = static_cast<char*>(mapped);
  char* aligned =
      reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(first) + extra - 1) & ~(extra - 1));
  if (aligned > first) munmap(first, static_cast<size_t>(aligned - first));
  const size_t tail = static_cast<size_t>(first + want + extra - (aligned + want));
  if (tail) munmap(aligned + want, tail);
  madvise(aligned, want, MADV_HUGEPAGE);
  return aligned;
}

// The pages that lie in the block as a whole lose their memory.
void vacate(void* block, int64_t bytes) {
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(block) + page - 1) & ~(page - 1);
  const uintptr_t end =
      (reinterpret_cast<uintptr_t>(block) + static_cast<uintptr_t>(bytes)) & ~(page - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace

void* SystemMemory::take(int64_t bytes) {
  if (bytes >= kHugePage) return map_huge_pages(bytes);
  return kCuts ? cut(bytes) : std::aligned_alloc(64, static_cast<size_t>(bytes));
}

void* SystemMemory::cut(int64_t bytes) {
  for (size_t i = vacant_.size(); i-- > 0;) {
    if (vacant_[i].bytes != bytes) continue;
    void* block = vacant_[i].block;
    vacant_[i] = vacant_.back();
    vacant_.pop_back();
    return block;
  }
  if (end_ - next_ < bytes) {
    char* segment = map_huge_pages(kSegment);
    if (!segment) return nullptr;
    next_ = segment;
    end_ = segment + kSegment;
  }
  char* block = next_;
  next_ += bytes;
  return block;
}

void SystemMemory::give_back(void* block, int64_t bytes) noexcept {
  if (bytes >= kHugePage) {
    munmap(block, static_cast<size_t>(bytes));
  } else if (!kCuts) {
    std::free(block);
  } else {
    vacate(block, bytes);
    try {
      vacant_.push_back({block, bytes});
    } catch (const std::bad_alloc&) {  // the addresses are lost, the memory is not
    }
  }
}

}  // namespace danlu
