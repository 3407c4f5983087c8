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

#if defined(__x86_64__)
#if defined(__clang__)  // older clangs know features, not levels
bool has_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
bool has_v4() {
  return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
#else
bool has_v3() { return __builtin_cpu_supports("x86-64-v3"); }
bool has_v4() { return __builtin_cpu_supports("x86-64-v4"); }
#endif
bool supported(const char* level) {
  __builtin_cpu_init();
  if (!std::strcmp(level, "avx512")) return has_v4();
  return std::strcmp(level, "avx2") != 0 || has_v3();
}
#else
bool supported(const char*) { return true; }
#endif

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
