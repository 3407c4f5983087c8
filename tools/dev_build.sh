#!/usr/bin/env bash
# Builds the extension into python/danlu for development: `PYTHONPATH=python python ...` then works.
# One instruction set by default; LEVELS="baseline;avx2;avx512" builds all. BUILD=folder, JOBS=n.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
build=${BUILD:-build/dev}
mkdir -p "$build"
native=$(uname -m | grep -q x86_64 && (grep -q avx512bw /proc/cpuinfo && echo avx512 || echo avx2) || echo portable)
launcher=()
command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_CUDA_COMPILER_LAUNCHER=ccache)
cmake -S . -B "$build" -G Ninja -DPython_EXECUTABLE="$(command -v "$python")" \
  -Dpybind11_DIR="$("$python" -m pybind11 --cmakedir)" -DDANLU_LEVELS="${LEVELS:-$native}" \
  -DDANLU_CUDA="${CUDA:-OFF}" "${launcher[@]}" "$@" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
ninja -C "$build" -j "${JOBS:-2}" _core
cp "$build"/_core*.so python/danlu/
