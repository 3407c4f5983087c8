#include "danlu/core/system_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <iterator>
#include <new>

namespace danlu {

namespace {

constexpr int64_t kMapping = 16 * kHugePage;  // what small blocks are cut from

// A sanitizer watches the ends of every block that comes from the system by itself.
#if defined(__SANITIZE_ADDRESS__)
#define DL_CUTS_BLOCKS 0
#elif defined(__has_feature)
#define DL_CUTS_BLOCKS !__has_feature(address_sanitizer)
#else
#define DL_CUTS_BLOCKS 1
#endif
constexpr bool kCuts = DL_CUTS_BLOCKS;

}  // namespace

// Maps more and cuts both ends off.
void* map_huge_pages(int64_t bytes) {
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

void unmap_huge_pages(void* block, int64_t bytes) noexcept {
  munmap(block, static_cast<size_t>(bytes));
}

void SmallBlocks::add(char* begin, Range range) {
  const auto entry = by_size_.emplace(range.bytes, begin).first;
  try {
    unused_.emplace(begin, range);
  } catch (...) {
    by_size_.erase(entry);
    throw;
  }
}

SmallBlocks::Range SmallBlocks::remove(std::map<char*, Range>::iterator range) {
  const Range removed = range->second;
  by_size_.erase({removed.bytes, range->first});
  unused_.erase(range);
  return removed;
}

// From the smallest range that is large enough.
void* SmallBlocks::take(int64_t bytes) {
  if (!kCuts) return std::aligned_alloc(64, static_cast<size_t>(bytes));
  auto found = by_size_.lower_bound({bytes, nullptr});
  if (found == by_size_.end()) {
    char* mapping = static_cast<char*>(map_huge_pages(kMapping));
    if (!mapping) return nullptr;
    give_back(mapping, kMapping);
    found = by_size_.lower_bound({bytes, nullptr});
    if (found == by_size_.end()) return nullptr;
  }
  char* block = found->second;
  const Range range = remove(unused_.find(block));
  if (range.bytes > bytes) give_back(block + bytes, range.bytes - bytes);
  return block;
}

void SmallBlocks::give_back(void* block, int64_t bytes) noexcept {
  if (!kCuts) return std::free(block);
  try {
    char* begin = static_cast<char*>(block);
    Range range{bytes, /*has_memory=*/true};
    auto after = unused_.lower_bound(begin);
    if (after != unused_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second.bytes == begin) {
        begin = before->first;
        range.bytes += remove(before).bytes;
      }
    }
    if (after != unused_.end() && after->first == begin + range.bytes) {
      range.bytes += remove(after).bytes;
    }
    add(begin, range);
  } catch (const std::bad_alloc&) {  // nothing is left to note it with: the block is lost
  }
}

void SmallBlocks::release() noexcept {
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (auto& [address, range] : unused_) {
    if (!range.has_memory) continue;
    const uintptr_t at = reinterpret_cast<uintptr_t>(address);
    const uintptr_t begin = (at + page - 1) & ~(page - 1);
    const uintptr_t end = (at + static_cast<uintptr_t>(range.bytes)) & ~(page - 1);
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    range.has_memory = false;
  }
}

}  // namespace danlu
