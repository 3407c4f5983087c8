// Chooses the kernel table when the library is loaded: the best instruction set of this machine,
// or the one that DANLU_ISA names.
#include <cstdlib>
#include <cstring>

#include "danlu/kernels/amx.h"
#include "danlu/kernels/kernels.h"
#include "levels.h"

#ifdef DL_AMX
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

#ifdef DL_AMX
// The processor has tiles of bfloat16, and the system lends their registers to this process: Linux
// does on request, because they are 8 KiB more to save for each thread that uses them.
bool lends_amx() {
  unsigned a, b, c, d;
  constexpr unsigned kSystemSaves = 1u << 27, kBfloat16 = 1u << 22, kTiles = 1u << 24;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & kSystemSaves)) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(d & kBfloat16) || !(d & kTiles)) return false;
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  constexpr unsigned kTileRegisters = 3u << 17;
  constexpr long kRequest = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return (low & kTileRegisters) == kTileRegisters &&
         syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
}
bool has_dot_products() {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5);
}
#else
bool lends_amx() { return false; }
bool has_dot_products() { return false; }
#endif

// The units of bfloat16 are used beside the best level.
struct Choice {
  const Level* level = &kLevels[0];
  bool dots = false, amx = false;
};
Choice choose() {
  const char* wanted = std::getenv("DANLU_ISA");
  const auto is = [&](const char* name) { return wanted && !std::strcmp(wanted, name); };
  Choice choice;
  for (const Level& level : kLevels) {
    if (!supported(level.name)) continue;
    choice.level = &level;
    if (is(level.name)) break;
  }
  if (is("baseline") || is("avx2") || is("avx512")) return choice;
  const bool best = !std::strcmp(choice.level->name, "avx512");
  choice.dots = best && has_dot_products();
  choice.amx = best && !is("avx512bf16") && lends_amx();
  return choice;
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

}  // namespace

const Table* const table_pointer = chosen().level->table;
const bool has_amx = chosen().amx;
const bool has_bfloat16 = chosen().amx || chosen().dots;
const char* isa_name() {
  return chosen().amx ? "amx" : chosen().dots ? "avx512bf16" : chosen().level->name;
}

}  // namespace danlu::cpu
