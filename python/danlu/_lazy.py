"""Names of a package that load their module on first use (PEP 562), and names that it lacks."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


# The functions between a name that is looked up and the error that it is not there.
_LOOKING_UP = ("__getattr__", "find", "find_keras", "look_up")


def absent(module: str, name: str, known: Iterable[str]) -> Exception:
    """Return the error for a name that a module lacks, with the one that was probably meant.

    An AttributeError, and an ImportError for `from module import name`, which would make one
    without the answer of an AttributeError.
    """
    answer = ""
    if not name.startswith("__"):  # what the interpreter asks of every module
        from ._missing import remedy
        from .utils.suggest import suggestion

        answer = remedy(module, name)
        near = "" if answer else suggestion(name, (k for k in known if k[:1] != "_"))
        answer = f": {answer}" if answer else f".{near}" if near else ""
        if _at_import():
            return ImportError(f"cannot import name {name!r} from {module!r}{answer}", name=module)
    # With its name, for the interpreter adds a suggestion of its own to an error that has none.
    return AttributeError(f"module {module!r} has no attribute {name!r}{answer}", name=name)


def _at_import() -> bool:
    """Whether what asks for the name is a statement `from module import name`."""
    from opcode import opmap

    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_name in _LOOKING_UP:
        frame = frame.f_back
    return frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]


def suggesting(module: str) -> Callable[[str], Any]:
    """Return `__getattr__` of a module whose names are all there.

    `__getattr__ = suggesting(__name__)`, behind `if not TYPE_CHECKING`, or type checkers believe in
    every name.
    """

    def look_up(name: str) -> Any:
        raise absent(module, name, [n for n, v in vars(sys.modules[module]).items() if _ours(v)])

    return look_up


def _ours(value: Any) -> bool:
    """Whether a value is a function or class of danlu, and not what its modules are made with."""
    home = getattr(value, "__module__", None) or ""
    helper = home.startswith(("danlu._lazy", "danlu.utils")) and not hasattr(value, "__self__")
    return callable(value) and home.startswith("danlu") and not helper


def attach(
    package: str, modules: dict[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose names live in submodules.

    `__getattr__, __dir__ = attach(__name__, {"Dense": "core.dense", "core": ""})`: an empty string
    stands for the submodule itself.
    """

    def look_up(name: str) -> Any:
        if name == "__all__":  # of `from package import *`
            return list(modules)
        if name not in modules:
            raise absent(package, name, modules)
        path = f"{package}.{modules[name] or name}"
        __import__(path)
        value = sys.modules[path]
        if modules[name]:
            value = getattr(value, name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*modules, *(n for n in vars(sys.modules[package]) if n[:2] == "__")})

    return look_up, names
