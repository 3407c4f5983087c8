// Chooses the kernel table when the library is loaded: the best instruction set of this machine,
// or the one that DANLU_ISA names.
#include <cstdlib>
#include <cstring>

#include "danlu/kernels/kernels.h"
#include "levels.h"

namespace danlu::cpu {

#define DL_DECLARE_LEVEL(level) \
  namespace level {             \
  extern const Table kTable;    \
  }
DL_LEVELS(DL_DECLARE_LEVEL)

namespace {

struct Level {
  const char* name;
  const Table* table;
};
#define DL_LEVEL_ROW(level) {#level, &level::kTable},
constexpr Level kLevels[] = {DL_LEVELS(DL_LEVEL_ROW)};  // from the plainest to the best

bool supported(const char* level) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!std::strcmp(level, "avx512")) return __builtin_cpu_supports("x86-64-v4");
  if (!std::strcmp(level, "avx2")) return __builtin_cpu_supports("x86-64-v3");
#endif
  return level != nullptr;
}

const Level& choose() {
  const char* wanted = std::getenv("DANLU_ISA");
  const Level* best = &kLevels[0];
  for (const Level& level : kLevels) {
    if (!supported(level.name)) continue;
    best = &level;
    if (wanted && !std::strcmp(wanted, level.name)) break;
  }
  return *best;
}

const Level& chosen() {
  static const Level& level = choose();
  return level;
}

}  // namespace

const Table* const table_pointer = chosen().table;
const char* isa_name() { return chosen().name; }

}  // namespace danlu::cpu
