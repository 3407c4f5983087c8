// Memory from the operating system, in huge pages wherever it can be: the processor looks up the
// pages of a net's weights and activations in a table that holds 8 MB of small pages and 4 GB of
// huge ones.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace danlu {

inline constexpr int64_t kHugePage = 2 << 20;

// A mapping of whole huge pages, aligned to them; null where there is no memory.
void* map_huge_pages(int64_t bytes);
void unmap_huge_pages(void* block, int64_t bytes) noexcept;

// Blocks below kHugePage, cut from larger mappings. The caller locks.
class SmallBlocks {
 public:
  // 64-byte aligned; null where there is no memory. `bytes` is a multiple of 64.
  void* take(int64_t bytes);
  // The addresses serve again, for blocks of any size. The memory stays until `release`.
  void give_back(void* block, int64_t bytes) noexcept;
  // Gives the memory of all unused addresses to the system: at once, so that huge pages go whole.
  void release() noexcept;

 private:
  struct Range {
    int64_t bytes;
    bool has_memory;
  };
  void add(char* begin, Range range);
  Range remove(std::map<char*, Range>::iterator range);

  std::map<char*, Range> unused_;  // no two touch
  std::set<std::pair<int64_t, char*>> by_size_;
};

}  // namespace danlu
