"""Checks a wheel: size, libraries, instruction sets' one extension, no path of the build machine.

`python tools/check_wheel.py danlu-*.whl` also lets auditwheel repair it, in a temporary folder.
"""

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

LIMIT = 10 * 2**20
# C and C++ runtimes, the OpenMP runtime, the kernel's and the loader's own.
RUNTIMES = re.compile(
    r"(libc|libm|libstdc\+\+|libgcc_s|libgomp|libomp|libpthread|libdl|librt|ld-linux[-\w]*"
    r"|linux-vdso)(-[0-9a-f]+)?\.so"
)
# Where sources and compilers of a build machine live. The first two are also in plain text.
BUILD_PATHS = re.compile(rb"(/home/|/root/|/tmp/|/work/|/build/|/usr/(include|lib/gcc))[\w./+-]*")


def fail(message):
    raise SystemExit(f"check_wheel: {message}")


def libraries(extension):
    out = subprocess.run(["ldd", extension], capture_output=True, text=True, check=True).stdout
    return [Path(line.split()[0]).name for line in out.splitlines() if line.strip()]


def check(wheel):
    size = wheel.stat().st_size
    if size >= LIMIT:
        fail(f"{wheel.name} has {size} bytes, the limit is {LIMIT}")
    here = os.getcwd().encode()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(folder)
        extensions = [name for name in names if ".so" in Path(name).name]
        core = [name for name in extensions if Path(name).name.startswith("_core")]
        if len(core) != 1:
            fail(f"expected one extension danlu/_core*.so, found {core}")
        for wanted in ("danlu/py.typed", "danlu/_core.pyi", "danlu/datasets/digits.npz"):
            if wanted not in names:
                fail(f"{wanted} is not in the wheel")
        for name in names:
            data = (Path(folder) / name).read_bytes() if not name.endswith("/") else b""
            if here in data:
                fail(f"{name} contains the build folder {here.decode()}")
            if name in extensions and (found := BUILD_PATHS.search(data)):
                fail(f"{name} contains a path of the build machine: {found[0].decode()}")
        strangers = [lib for lib in libraries(Path(folder) / core[0]) if not RUNTIMES.match(lib)]
        if strangers:
            fail(f"{core[0]} needs {strangers}, only C, C++ and OpenMP runtimes are allowed")
        sections = subprocess.run(
            ["readelf", "-S", "-W", Path(folder) / core[0]], capture_output=True, text=True
        ).stdout
        if ".symtab" in sections or ".debug_info" in sections:
            fail(f"{core[0]} is not stripped")
    print(f"{wheel.name}: {size / 2**20:.2f} MB, {len(names)} files, links C/C++/OpenMP only")


def repair(wheel):
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "auditwheel", "repair", "-w", folder, wheel]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            fail(f"auditwheel says: {done.stderr}")
        for repaired in Path(folder).glob("*.whl"):
            check(repaired)


if __name__ == "__main__":
    wheel = Path(sys.argv[1])
    check(wheel)
    repair(wheel)
