"""keras.ops functions about tensors themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _core
from .._core import Tensor, Variable

__all__ = [
    "cast",
    "convert_to_numpy",
    "convert_to_tensor",
    "custom_gradient",
    "divide_no_nan",
    "dtype",
    "is_tensor",
    "ndim",
    "shape",
    "size",
]


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Tensor:
    """Return a tensor of an array, nested lists or a number; a tensor is returned as it is."""
    if sparse or ragged:
        raise ValueError("[convert_to_tensor] sparse and ragged tensors are not supported")
    if isinstance(x, Variable):
        x = x.value
    if type(x) is Tensor:
        return x if dtype is None or x.dtype == dtype else x.astype(dtype)
    return _core.asarray(x, dtype=dtype)


def convert_to_numpy(x: Any) -> Any:
    """Return a NumPy array of a tensor or of what becomes one."""
    if not isinstance(x, (Tensor, Variable)):
        x = _core.asarray(x)
    return x.numpy()


def cast(x: Any, dtype: Any) -> Tensor:
    """Return `x` converted to a dtype."""
    return convert_to_tensor(x).astype(dtype)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor."""
    return isinstance(x, Tensor)


def shape(x: Any) -> tuple[int, ...]:
    """Return the sizes of the axes."""
    return tuple(x.shape) if hasattr(x, "shape") else tuple(_core.asarray(x).shape)


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return len(shape(x))


def size(x: Any) -> int:
    """Return the number of elements."""
    out = 1
    for length in shape(x):
        out *= length
    return out


def dtype(x: Any) -> str:
    """Return the name of the dtype."""
    return str(x.dtype if hasattr(x, "dtype") else _core.asarray(x).dtype)


def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """x1 / x2, and 0 where x2 is 0."""
    x1, x2 = convert_to_tensor(x1), convert_to_tensor(x2)
    zero = _core.equal(x2, 0)
    return _core.where(zero, 0, _core.divide(x1, _core.where(zero, 1, x2)))


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give `f` its own gradient: `f(*tensors)` returns `(result, rule)`."""
    from .._autograd import custom_gradient as decorate

    return decorate(f)
