"""Names of a package that load their module on first use (PEP 562), and names that it lacks."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


def absent(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """Return the error for a name that a module lacks, with the one that was probably meant."""
    message = f"module {module!r} has no attribute {name!r}"
    if not name.startswith("__"):  # what the interpreter asks of every module
        from .utils.suggest import suggestion

        message += f".{suggestion(name, known)}"
    return AttributeError(message)


def suggesting(module: str) -> Callable[[str], Any]:
    """Return `__getattr__` of a module whose names are all there.

    `__getattr__ = suggesting(__name__)`, behind `if not TYPE_CHECKING`, or type checkers believe in
    every name.
    """

    def look_up(name: str) -> Any:
        raise absent(module, name, [n for n in vars(sys.modules[module]) if n[:1] != "_"])

    return look_up


def attach(
    package: str, modules: dict[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose names live in submodules.

    `__getattr__, __dir__ = attach(__name__, {"Dense": "core.dense", "core": ""})`: an empty string
    stands for the submodule itself.
    """

    def load(name: str) -> Any:
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
        return sorted({*modules, *vars(sys.modules[package])})

    return load, names
