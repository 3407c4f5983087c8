"""The namespace of danlu again, for `from danlu.keras.layers import Dense` and `tf.keras`.

`danlu.keras.layers` is the module `danlu.layers` itself, and so on for every module below, so a
class is one class by whichever name it was imported.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_PREFIX = __name__ + "."
_PACKAGE = __name__.rpartition(".")[0]


class _Alias:
    """Finds `danlu.keras.x` as the module `danlu.x`, which is loaded only then."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, self) if name.startswith(_PREFIX) else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        real = f"{_PACKAGE}.{spec.name[len(_PREFIX) :]}"
        try:
            __import__(real)
        except ModuleNotFoundError as error:
            if error.name != real:
                raise
            from .._missing import remedy

            answer = remedy(*real.rpartition(".")[::2])
            message = f"No module named {spec.name!r}{answer and f': {answer}'}"
            raise ModuleNotFoundError(message, name=spec.name) from None
        module = sys.modules[real]
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just put the alias's spec here: the module keeps its own.
        alias = module.__spec__
        if alias is not None and alias.loader is self:
            module.__spec__ = alias.loader_state


sys.meta_path.insert(0, _Alias())


def __getattr__(name: str) -> Any:
    if name == "__all__":  # of `from danlu.keras import *`
        from .._names import MODELS, SUBMODULES

        return [*MODELS, *sorted(SUBMODULES - {"keras"})]
    if name.startswith("__") and name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(sys.modules[_PACKAGE], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return dir(sys.modules[_PACKAGE])
