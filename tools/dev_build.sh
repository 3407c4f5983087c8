#!/usr/bin/env bash
# Builds the extension into python/danlu for development: `PYTHONPATH=python python ...` then works.
# Needs cmake, ninja and pybind11, which come with the extra "dev"; uses ccache if present.
# One instruction set by default; LEVELS="baseline;avx2;avx512" builds all. BUILD=folder, JOBS=n.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
build=${BUILD:-build/dev}
mkdir -p "$build"
if [ "$(uname -m)" != x86_64 ]; then
  native=portable
elif grep -qw avx512bw /proc/cpuinfo; then
  native=avx512
elif grep -qw avx2 /proc/cpuinfo; then
  native=avx2
else
  native=baseline
fi
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache)
cmake -S . -B "$build" -G Ninja -DPython_EXECUTABLE="$(command -v "$python")" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" -DDANLU_LEVELS="${LEVELS:-$native}" \
  -DDANLU_CUDA="${CUDA:-OFF}" "${launcher[@]}" "$@" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" -j "${JOBS:-2}" --target _core
# Replaced, not written over: a running process may have the old one in use.
cp --remove-destination "$build"/_core*.so python/danlu/
