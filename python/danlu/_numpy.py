"""NumPy's functions on tensors, by NEP 13 and NEP 18.

An elementwise function is danlu's of that name and keeps the gradient: `np.sqrt(x)` is
`danlu.sqrt(x)`, and `array * x` is a tensor. Every other function sees the tensors as arrays and
returns arrays: `np.mean(x)`, `np.concatenate([x, y])`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# NumPy's names that neither the standard nor keras.ops has.
_OTHERS = {"invert": "bitwise_invert", "rint": "round"}


def _as_arrays(value: Any, function: Any) -> Any:
    """The same structure with arrays in place of tensors and Variables."""
    from . import Tensor, Variable

    if isinstance(value, Tensor) and value.requires_grad:
        raise TypeError(
            f"[numpy.{function.__name__}] has no gradient here, and an operand wants one: use the "
            "functions of danlu and danlu.ops, or np.asarray(x) for its numbers alone"
        )
    if isinstance(value, (Tensor, Variable)):
        return value.numpy()
    if type(value) in (list, tuple):
        return type(value)(_as_arrays(item, function) for item in value)
    if type(value) is dict:
        return {key: _as_arrays(item, function) for key, item in value.items()}
    return value


def array_ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """What `np.add(array, x)` and `array + x` call when x is a tensor."""
    import danlu

    name = _OTHERS.get(ufunc.__name__, ufunc.__name__)
    ours = getattr(danlu, name, None) or getattr(danlu.ops, name, None)
    if ours and method == "__call__" and not kwargs:
        return ours(*inputs)
    return getattr(ufunc, method)(*_as_arrays(inputs, ufunc), **_as_arrays(kwargs, ufunc))


def array_function(
    self: Any, function: Callable[..., Any], types: Any, args: Any, kwargs: Any
) -> Any:
    """What `np.mean(x)` calls when x is a tensor."""
    return function(*_as_arrays(args, function), **_as_arrays(kwargs, function))
