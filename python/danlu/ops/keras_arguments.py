"""What Keras calls like the array API standard, but with other arguments.

`dl.ops.x` is the function here, with Keras's names, order and defaults; `dl.x` is that of the
standard.
"""

from __future__ import annotations

from .. import _core
from . import linalg, reduce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__: list[str] = [
    "array",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "clip",
    "concatenate",
    "diff",
    "eye",
    "left_shift",
    "matmul",
    "max",
    "min",
    "reshape",
    "right_shift",
    "searchsorted",
    "stack",
    "stop_gradient",
    "take_along_axis",
    "tensordot",
    "tile",
]


def array(x: Any, dtype: Any = None) -> Any:
    """A tensor of an array, nested lists or a number."""
    return _core.asarray(x, dtype=dtype)


def bitwise_and(x: Any, y: Any) -> Any:
    """x & y, bit by bit."""
    return _core.bitwise_and(x, y)


def bitwise_or(x: Any, y: Any) -> Any:
    """x | y, bit by bit."""
    return _core.bitwise_or(x, y)


def bitwise_xor(x: Any, y: Any) -> Any:
    """x ^ y, bit by bit."""
    return _core.bitwise_xor(x, y)


def bitwise_left_shift(x: Any, y: Any) -> Any:
    """x << y: the bits of x, y places up."""
    return _core.bitwise_left_shift(x, y)


def bitwise_right_shift(x: Any, y: Any) -> Any:
    """x >> y: the bits of x, y places down."""
    return _core.bitwise_right_shift(x, y)


def left_shift(x: Any, y: Any) -> Any:
    """x << y: the bits of x, y places up."""
    return _core.bitwise_left_shift(x, y)


def right_shift(x: Any, y: Any) -> Any:
    """x >> y: the bits of x, y places down."""
    return _core.bitwise_right_shift(x, y)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Elements below x_min become x_min, those above x_max become x_max."""
    return _core.clip(x, x_min, x_max)


def concatenate(xs: Any, axis: int | None = 0) -> Any:
    """Join tensors along an axis that they have; None: of the flat tensors."""
    return _core.concat(xs, axis)


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """a[i + 1] - a[i] along the axis, n times.

    >>> import danlu as dl
    >>> dl.ops.diff([1, 4, 9, 16], 2).tolist()
    [2, 2]
    """
    return reduce.diff(a, axis, n)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:  # noqa: N803
    """Ones on the k-th diagonal of N rows and M columns (N by default), zeros elsewhere."""
    return _core.eye(N, M, k, dtype)


def matmul(x1: Any, x2: Any) -> Any:
    """The matrix product: x1 (..., m, k), x2 (..., k, n) -> (..., m, n)."""
    return _core.matmul(x1, x2)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The greatest element over the axes, and at least `initial`, which stands for no elements.

    >>> import danlu as dl
    >>> dl.ops.max([[1.0, 5.0], [2.0, 3.0]], axis=1, initial=4.0).tolist()
    [5.0, 4.0]
    """
    if initial is None:
        return _core.max(x, axis, keepdims)
    return _with_initial(_core.max, _core.maximum, x, axis, keepdims, initial)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The least element over the axes, and at most `initial`, which stands for no elements."""
    if initial is None:
        return _core.min(x, axis, keepdims)
    return _with_initial(_core.min, _core.minimum, x, axis, keepdims, initial)


def _with_initial(
    reduction: Callable[..., Any],
    both: Callable[..., Any],
    x: Any,
    axis: Any,
    keepdims: bool,
    initial: Any,
) -> Any:
    x = _core.asarray(x)
    initial = _core.astype(initial, x.dtype)
    if x.size == 0:
        return _core.broadcast_to(initial, _core.sum(x, axis, keepdims).shape)
    return both(reduction(x, axis, keepdims), initial)


def reshape(x: Any, newshape: Any) -> Any:
    """The same elements in another shape; one size may be -1."""
    return _core.reshape(x, newshape)


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where each of the values would be inserted into the sorted sequence."""
    return _core.searchsorted(sorted_sequence, values, side)


def stack(x: Any, axis: int = 0) -> Any:
    """Join tensors of one shape along a new axis."""
    return _core.stack(x, axis)


def stop_gradient(variable: Any) -> Any:
    """The same value; no gradient flows through it."""
    return _core.stop_gradient(variable)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements along the axis that the indices name, in each row; None: of flat x."""
    if axis is None:
        return _core.take_along_axis(_core.flatten(x), indices, 0)
    return _core.take_along_axis(x, indices, axis)


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sum products over axes: the last `axes` of x1 with the first of x2, or two lists of axes."""
    return linalg.tensordot(x1, x2, axes=axes)


def tile(x: Any, repeats: Any) -> Any:
    """The whole repeated along each axis."""
    return _core.tile(x, repeats)
