#!/usr/bin/env bash
# No symbol of an instruction set's objects may be merged with another's: the linker keeps any one
# of equal inline functions, and an AVX-512 copy would then run on a machine without it.
#   tools/check_levels.sh <build folder>
set -euo pipefail
status=0
for level in avx2 avx512; do
  objects=$(find "$1" -path "*danlu_kernels_$level.dir*" -name '*.o')
  if [ -z "$objects" ] && [ "$(uname -m)" = x86_64 ]; then
    echo "$1 has no objects of $level"
    status=1
  fi
  for object in $objects; do
    if shared=$(nm --defined-only -C "$object" | grep -E ' [VWu] ' | grep -v "cpu::$level::"); then
      printf '%s (%s) defines what other levels define too:\n%s\n' "$(basename "$object")" "$level" "$shared"
      status=1
    fi
  done
done
# What is compiled once, beside the level avx512, for units that no level has.
for name in amx bfloat16; do
  object=$(find "$1" -name "$name.cpp.o" | head -1)
  if [ -z "$object" ]; then
    [ "$(uname -m)" != x86_64 ] || { echo "$1 has no object of $name.cpp"; status=1; }
  elif shared=$(nm --defined-only -C "$object" | grep -E ' [VWu] '); then
    printf '%s has symbols that others may define:\n%s\n' "$name.cpp" "$shared"
    status=1
  fi
done
exit $status
