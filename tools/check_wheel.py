"""Checks a wheel: size, libraries, instruction sets' one extension, no path of the build machine.

`python tools/check_wheel.py danlu-*.whl [build folder ...]` also lets auditwheel repair it, in a
temporary folder.
"""

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
CHECKOUT = Path(__file__).resolve().parents[1]
COMPILERS = ["/usr/include", "/usr/lib/gcc"]


def fail(message):
    raise SystemExit(f"check_wheel: {message}")


def libraries(extension):
    out = subprocess.run(["ldd", extension], capture_output=True, text=True, check=True).stdout
    return [Path(line.split()[0]).name for line in out.splitlines() if line.strip()]


def anywhere_below(folders):
    """A pattern of paths in any of these folders."""
    roots = {str(Path(folder).resolve()) for folder in folders} - {"/"}
    return re.compile("|".join(re.escape(f"{root}/") + r"[\w./+-]*" for root in roots).encode())


def check(wheel, build_folders):
    sources = anywhere_below([CHECKOUT, Path.cwd(), *build_folders])
    machine = anywhere_below([Path.home(), tempfile.gettempdir(), *COMPILERS])
    size = wheel.stat().st_size
    if size >= LIMIT:
        fail(f"{wheel.name} has {size} bytes, the limit is {LIMIT}")
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
            found = sources.search(data) or (name in extensions and machine.search(data))
            if found:
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


def repair(wheel, build_folders):
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "auditwheel", "repair", "-w", folder, wheel]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            fail(f"auditwheel says: {done.stderr}")
        for repaired in Path(folder).glob("*.whl"):
            check(repaired, build_folders)


if __name__ == "__main__":
    wheel, *build_folders = map(Path, sys.argv[1:])
    check(wheel, build_folders)
    repair(wheel, build_folders)
