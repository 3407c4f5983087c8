"""Every function by its `keras.ops` name, and those it shares with the array API standard.

`dl.ops.x` is, in this order: what Keras gives other arguments than the standard, from
`keras_arguments`; a composition in one of the modules of this package; or a function of the
compiled core, by its own name or by an alias of `danlu._names.KERAS_OPS`.
"""

from __future__ import annotations

import sys

from .. import _core
from .._names import KERAS_OPS, OPS_MODULES, RUNTIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _module(name: str) -> Any:
    path = f"{__name__}.{name}"  # `from . import` would ask `__getattr__` first
    __import__(path)
    return sys.modules[path]


def _modules() -> list[Any]:
    """The modules of compositions, loaded on the first name that is looked up."""
    return [_module(name) for name in OPS_MODULES]


def find(name: str) -> Any:
    """The function of this name; AttributeError if there is none."""
    for module in _modules():
        if name in module.__all__:
            return getattr(module, name)
    value = None if name in RUNTIME else getattr(_core, name, None)
    if value is None:
        from .._lazy import absent

        raise absent(__name__, name, __dir__())
    return value


def find_keras(name: str) -> Any:
    """The function of this name in `keras.ops`; AttributeError if there is none."""
    keras_arguments = _module("keras_arguments")
    if name in keras_arguments.__all__:
        return getattr(keras_arguments, name)
    return find(KERAS_OPS.get(name, name))


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = find_keras(name)
    if callable(value) and not isinstance(value, type):
        value = _of_symbolic_tensors_too(name, value)
    globals()[name] = value
    return value


def _of_symbolic_tensors_too(name: str, function: Any) -> Any:
    """The function, which called on symbolic tensors becomes a part of a functional model.

    Only a call that fails is looked at again, so a call with values costs next to nothing more.
    """

    def either(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (TypeError, AttributeError) as error:
            symbolic = sys.modules.get("danlu.layers.keras_tensor")
            if symbolic is None or not symbolic.has_symbolic(args, kwargs):
                if isinstance(error, TypeError):
                    _explain(error, name, function, args, kwargs)
                raise
        return symbolic.call(name, *args, **kwargs)

    either.__name__, either.__qualname__, either.__doc__ = name, name, function.__doc__
    either.__module__ = __name__
    either.__wrapped__ = function  # type: ignore[attr-defined]
    return either


def _explain(error: TypeError, *call: Any) -> None:
    from ..utils.suggest import explain_call

    explain_call(error, *call)


def __dir__() -> list[str]:
    own = {name for module in _modules() for name in module.__all__ if name[0] != "_"}
    core = {name for name in dir(_core) if callable(getattr(_core, name)) and name[0] != "_"}
    keras = {*KERAS_OPS, *_module("keras_arguments").__all__}
    return sorted(own | core - RUNTIME | keras)
