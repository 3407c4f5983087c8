"""Names of a package that load their module on first use (PEP 562)."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def attach(
    package: str, modules: dict[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose names live in submodules.

    `__getattr__, __dir__ = attach(__name__, {"Dense": "core.dense", "core": ""})`: an empty string
    stands for the submodule itself.
    """

    def load(name: str) -> Any:
        if name not in modules:
            if name.startswith("__"):  # what the interpreter asks of every module
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            from .utils.lookup import suggestion

            raise AttributeError(
                f"module {package!r} has no attribute {name!r}.{suggestion(name, modules)}"
            )
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
