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
    """Return a tensor of an array, nested lists or a number; a tensor is returned as it is.

    Dtypes are those of `asarray` unless one is given. Raises ValueError for sparse=True and
    ragged=True. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.convert_to_tensor([1, 2], dtype="float32").tolist()
    [1.0, 2.0]
    """
    if sparse or ragged:
        raise ValueError("[convert_to_tensor] sparse and ragged tensors are not supported")
    if isinstance(x, Variable):
        x = x.value
    if type(x) is Tensor:
        return x if dtype is None or x.dtype == dtype else x.astype(dtype)
    return _core.asarray(x, dtype=dtype)


def convert_to_numpy(x: Any) -> Any:
    """Return a NumPy array of a tensor or of what becomes one.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.convert_to_numpy([1.0, 2.0]).shape
    (2,)
    """
    if not isinstance(x, (Tensor, Variable)):
        x = _core.asarray(x)
    return x.numpy()


def cast(x: Any, dtype: Any) -> Tensor:
    """Return `x` converted to a dtype, as `astype`: fractions are cut off.

    Raises TypeError for no dtype. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.cast([1.5, -2.5], "int32").tolist()
    [1, -2]
    """
    return convert_to_tensor(x).astype(dtype)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor; a Variable, an array and a list are not.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.is_tensor(dl.ones(2)), dl.ops.is_tensor([1.0, 1.0])
    (True, False)
    """
    return isinstance(x, Tensor)


def shape(x: Any) -> tuple[int, ...]:
    """Return the sizes of the axes, a tuple.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.shape([[1, 2, 3], [4, 5, 6]])
    (2, 3)
    """
    return tuple(x.shape) if hasattr(x, "shape") else tuple(_core.asarray(x).shape)


def ndim(x: Any) -> int:
    """Return the number of axes.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.ndim([[1, 2, 3], [4, 5, 6]])
    2
    """
    return len(shape(x))


def size(x: Any) -> int:
    """Return the number of elements.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.size([[1, 2, 3], [4, 5, 6]])
    6
    """
    out = 1
    for length in shape(x):
        out *= length
    return out


def dtype(x: Any) -> str:
    """Return the name of the dtype.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.dtype([1.0, 2.0])
    'float32'
    """
    return str(x.dtype if hasattr(x, "dtype") else _core.asarray(x).dtype)


def divide_no_nan(x1: Any, x2: Any) -> Tensor:
    """x1 / x2, and 0 where x2 is 0; so is the gradient there.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.divide_no_nan([1.0, 2.0], [0.0, 4.0]).tolist()
    [0.0, 0.5]
    """
    x1, x2 = convert_to_tensor(x1), convert_to_tensor(x2)
    zero = _core.equal(x2, 0)
    return _core.where(zero, 0, _core.divide(x1, _core.where(zero, 1, x2)))


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give `f` its own gradient: `f(*tensors)` returns `(result, rule)`.

    `rule(dy)` returns a gradient for every tensor argument. Raises ValueError in the backward pass
    for another number of gradients or other shapes. Source: keras.ops.

    >>> import danlu as dl
    >>> @dl.ops.custom_gradient
    ... def rounded(x):
    ...     return dl.round(x), lambda dy: dy
    >>> dl.grad(rounded)(dl.asarray(1.2)).item()
    1.0
    """
    from .._autograd import custom_gradient as decorate

    return decorate(f)
