"""Every public function has a row in the table of op cases, or tests that are named here."""

from __future__ import annotations

import re
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from op_cases import CASES

import danlu as dl
from danlu import _core, ops
from danlu._names import OPS_MODULES, STANDARD
from danlu.ops import keras_arguments

# What makes tensors, asks about them, or takes functions: where it is tested.
ELSEWHERE = {
    "test_creation.py": """arange asarray empty empty_like eye full full_like identity linspace
        logspace ones ones_like tri zeros zeros_like""",
    "test_elementwise.py": "can_cast dtype finfo iinfo isdtype ndim result_type shape size",
    "test_interop.py": "cond convert_to_numpy fori_loop from_dlpack is_tensor while_loop",
    "test_autograd.py": "custom_gradient stop_gradient",
}


def unwrapped(function: Any) -> Any:
    """The function behind what `dl.ops` wraps for symbolic tensors."""
    return getattr(function, "__wrapped__", function)


def public() -> dict[str, Any]:
    """Every function of `dl` and `dl.ops` by its first name; an alias is the same function."""
    # Those with Keras's arguments call the others; tests/keras/test_ops_arguments.py has them.
    own = set(keras_arguments.__all__)
    names = {n: getattr(ops, n) for n in dir(ops) if n not in own}
    names |= {n: getattr(dl, n) for n in own if hasattr(dl, n)}
    names |= {name: getattr(dl, name) for name in STANDARD if not name.startswith("__")}
    return {name: unwrapped(value) for name, value in names.items()}


def called(function: Any, seen: set[int]) -> set[int]:
    """The identities of danlu's functions that a row's function names, itself or in its helpers."""
    function = unwrapped(function)
    if id(function) in seen:
        return set()
    seen.add(id(function))
    if not isinstance(function, FunctionType) or function.__module__.startswith("danlu"):
        return {id(function)}
    found: set[int] = set()
    codes = [function.__code__]
    for code in codes:
        codes += [c for c in code.co_consts if isinstance(c, CodeType)]
        for name in code.co_names:
            found |= {id(unwrapped(getattr(m, name))) for m in (dl, ops, _core) if has(m, name)}
            helper = function.__globals__.get(name)
            if callable(helper):
                found |= called(helper, seen)
    inner = [cell.cell_contents for cell in function.__closure__ or ()]
    for helper in (*inner, *(function.__defaults__ or ())):
        if callable(helper):
            found |= called(helper, seen)
    return found


def has(module: Any, name: str) -> bool:
    return hasattr(module, name) and callable(getattr(module, name))


def test_every_function_has_a_row() -> None:
    rows: set[int] = set()
    for case in CASES:
        rows |= called(case.function, set())
    functions = public()
    rows |= {id(functions[name]) for names in ELSEWHERE.values() for name in names.split()}
    missing = sorted(name for name, function in functions.items() if id(function) not in rows)
    assert not missing, f"add a row to tests/op_rows/ for {missing}"


@pytest.mark.parametrize("file", ELSEWHERE)
def test_what_is_tested_elsewhere_is(file: str) -> None:
    text = (Path(__file__).parent / file).read_text()
    names = ELSEWHERE[file].split()
    missing = [n for n in names if not re.search(rf"\b(dl|ops|dl\.ops)\.{n}\b", text)]
    assert not missing


def test_no_module_hides_a_function() -> None:
    assert not set(OPS_MODULES) & set(dir(ops))


def test_every_row_has_its_own_name() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
