// Memory from the operating system, in huge pages wherever it can be: the processor looks up the
// pages of a net's weights and activations in a table that holds 8 MB of small pages and 4 GB of
// huge ones.
#pragma once

#include <cstdint>
#include <vector>

namespace danlu {

inline constexpr int64_t kHugePage = 2 << 20;

// Blocks from kHugePage on are mappings of their own, smaller ones are cut from large mappings.
// The caller locks.
class SystemMemory {
 public:
  // 64-byte aligned, from kHugePage on aligned to it; null where there is no memory. `bytes` is a
  // multiple of 64, above kHugePage of kHugePage.
  void* take(int64_t bytes);
  void give_back(void* block, int64_t bytes) noexcept;

 private:
  struct Vacant {  // address space without memory
    void* block;
    int64_t bytes;
  };
  void* cut(int64_t bytes);

  char* next_ = nullptr;
  char* end_ = nullptr;
  std::vector<Vacant> vacant_;
};

}  // namespace danlu
