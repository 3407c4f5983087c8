"""Reads include and import lines: arrows point one way, from Python down to the core's values.

python -> bindings -> compile -> autograd -> ops -> kernels -> core values
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CSRC = ROOT / "csrc"
PYTHON = ROOT / "python" / "danlu"

# What a folder of csrc/danlu may include, besides the C++ standard library.
KERNEL_VALUES = r"core/(macros|dtype|device|shape|view|error|random|cgroup)\.h"
# kernels.h is the contract, made of lists and structs; derivatives share constants with formulas.
OPS = r"core/.*|kernels/(kernels|elementwise|elementwise_list|types)\.h|ops/ops\.h"
AUTOGRAD = rf"{OPS}|autograd/.*"
MAY_INCLUDE = {
    "core": r"core/.*",
    "kernels": rf"{KERNEL_VALUES}|core/cuda\.cuh|kernels/.*",
    "ops": OPS,
    "autograd": AUTOGRAD,
    "compile": rf"{AUTOGRAD}|compile/.*",
    "bindings": r".*",
}
# Third-party modules that the package may import; all but the extension load on first use.
REQUIRED = {"numpy", "safetensors", "rich"}
OPTIONAL = {"ml_dtypes", "matplotlib", "PIL", "h5py", "pandas"}

SOURCES = sorted(p for p in CSRC.rglob("*") if p.suffix in {".h", ".cpp", ".cu", ".cuh"})
MODULES = sorted(PYTHON.rglob("*.py"))


def includes(file):
    pattern = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
    return [(kind, name) for kind, name in pattern.findall(file.read_text())]


def violations_of(folder, kind, name):
    """Why a file in csrc/danlu/<folder> must not include `name`, or None."""
    if name.startswith(("pybind11/", "Python.h")):
        return None if folder == "bindings" else "pybind11 and Python appear in bindings/ only"
    if name.endswith(".cpp"):
        return "a source file is never included"
    if name == "levels.h" or (kind == "<" and not name.startswith("danlu/")):
        return None  # levels.h: the instruction sets of this build, written by CMake
    if not name.startswith("danlu/"):
        return 'write includes from the root: "danlu/..."'
    if not re.fullmatch(MAY_INCLUDE[folder], name.removeprefix("danlu/")):
        return f"{folder}/ may include {MAY_INCLUDE[folder]}"
    return None


def test_rules_catch_what_they_forbid():
    assert violations_of("core", '"', "danlu/ops/ops.h")
    assert violations_of("kernels", '"', "danlu/core/tensor.h")
    assert violations_of("ops", '"', "danlu/kernels/gemm.h")
    assert violations_of("autograd", "<", "pybind11/pybind11.h")
    assert violations_of("ops", '"', "ops.h")
    assert violations_of("bindings", '"', "danlu/ops/matmul.cpp")
    assert not violations_of("kernels", '"', "danlu/core/view.h")
    assert not violations_of("bindings", "<", "pybind11/pybind11.h")
    assert not violations_of("ops", "<", "vector")


def test_cpp_includes_point_downwards():
    assert SOURCES, "csrc/ has no sources"
    wrong = []
    for file in SOURCES:
        folder, *rest = file.relative_to(CSRC / "danlu").parts
        if not rest:  # danlu.h, the public header
            continue
        for kind, name in includes(file):
            if why := violations_of(folder, kind, name):
                wrong.append(f"{file.relative_to(ROOT)} includes {name}: {why}")
    assert not wrong, "\n".join(wrong)


def test_threads_only_through_parallel_for():
    pragma = re.compile(r"^\s*#\s*pragma\s+omp\s+parallel|\bstd::thread\b", re.MULTILINE)
    wrong = [
        str(file.relative_to(ROOT))
        for file in SOURCES
        if file != CSRC / "danlu/kernels/team.cpp" and pragma.search(file.read_text())
    ]
    assert not wrong, f"use parallel_for instead of OpenMP or std::thread in {wrong}"


def imported(tree):
    """(top-level module name, runs at import time) of every absolute import."""
    late = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef))
        or (isinstance(outer, ast.If) and "TYPE_CHECKING" in ast.unparse(outer.test))
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], id(node) not in late
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0], id(node) not in late


def test_python_imports_are_few_and_known():
    known = REQUIRED | OPTIONAL | {"danlu"} | set(sys.stdlib_module_names)
    wrong = [
        f"{file.relative_to(ROOT)} imports {module}"
        for file in MODULES
        for module, _ in imported(ast.parse(file.read_text()))
        if module not in known
    ]
    assert not wrong, "\n".join(wrong)


def test_optional_packages_are_imported_inside_functions():
    wrong = [
        f"{file.relative_to(ROOT)} imports {module} at module level"
        for file in MODULES
        for module, at_import in imported(ast.parse(file.read_text()))
        if at_import and module in OPTIONAL
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("statement", ["import danlu", "import danlu as tf; tf.keras"])
def test_import_loads_only_the_extension(statement):
    """What `import danlu` adds to a bare interpreter: its own modules and nothing heavy."""
    code = (
        "import sys; before = set(sys.modules)\n"
        f"{statement}\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in out.stdout.split()}
    heavy = {"numpy", "typing", "dataclasses", "inspect", "re", "pathlib", "rich", "safetensors"}
    assert "danlu" in loaded
    assert not loaded & heavy
    assert "importlib.metadata" not in out.stdout.split()
