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
    "cumprod",
    "cumsum",
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
    """A tensor of an array, nested lists or a number, as `dl.asarray`.

    Raises ValueError for ragged lists, OverflowError for a number that the dtype cannot hold.
    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.array([[1, 2], [3, 4]], dtype="float32").tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    return _core.asarray(x, dtype=dtype)


def bitwise_and(x: Any, y: Any) -> Any:
    """x & y, bit by bit. Shapes are broadcast; TypeError for floats.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.bitwise_and([6, 5], 3).tolist()
    [2, 1]
    """
    return _core.bitwise_and(x, y)


def bitwise_or(x: Any, y: Any) -> Any:
    """x | y, bit by bit. Shapes are broadcast; TypeError for floats.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.bitwise_or([6, 5], 3).tolist()
    [7, 7]
    """
    return _core.bitwise_or(x, y)


def bitwise_xor(x: Any, y: Any) -> Any:
    """x ^ y, bit by bit. Shapes are broadcast; TypeError for floats.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.bitwise_xor([6, 5], 3).tolist()
    [5, 6]
    """
    return _core.bitwise_xor(x, y)


def bitwise_left_shift(x: Any, y: Any) -> Any:
    """x << y: the bits of x, y places up. TypeError for floats and bool.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.bitwise_left_shift([1, 3], 4).tolist()
    [16, 48]
    """
    return _core.bitwise_left_shift(x, y)


def bitwise_right_shift(x: Any, y: Any) -> Any:
    """x >> y: the bits of x, y places down, keeping the sign. TypeError for floats and bool.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.bitwise_right_shift([16, -16], 2).tolist()
    [4, -4]
    """
    return _core.bitwise_right_shift(x, y)


def left_shift(x: Any, y: Any) -> Any:
    """x << y: the bits of x, y places up. TypeError for floats and bool.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.left_shift([1, 3], 4).tolist()
    [16, 48]
    """
    return _core.bitwise_left_shift(x, y)


def right_shift(x: Any, y: Any) -> Any:
    """x >> y: the bits of x, y places down, keeping the sign. TypeError for floats and bool.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.right_shift([16, -16], 2).tolist()
    [4, -4]
    """
    return _core.bitwise_right_shift(x, y)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Elements below x_min become x_min, those above x_max become x_max.

    The dtype of x stays. The gradient passes where x_min <= x <= x_max, the bounds included, as in
    PyTorch and TensorFlow. Raises ValueError when the shapes do not broadcast. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.clip([1, 5, 9], 2, 6).tolist()
    [2, 5, 6]
    """
    return _core.clip(x, x_min, x_max)


def concatenate(xs: Any, axis: int | None = 0) -> Any:
    """Join tensors along an axis that they have; None: of the flat tensors.

    Dtypes are promoted. Raises ValueError of no tensors, or when another axis differs. Source:
    keras.ops.

    >>> import danlu as dl
    >>> dl.ops.concatenate([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    return _core.concat(xs, axis)


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running products along the axis; None: of the flat x. Integers are multiplied in int64.

    Raises IndexError for an axis that x lacks. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.cumprod([[1, 2], [3, 4]]).tolist()
    [1, 2, 6, 24]
    """
    return reduce._cumulated("cumprod", _core.cumulative_prod, x, axis, dtype)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sums along the axis; None: of the flat x. Integers are added in int64.

    Raises IndexError for an axis that x lacks. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.cumsum([[1, 2], [3, 4]]).tolist()
    [1, 3, 6, 10]
    """
    return reduce._cumulated("cumsum", _core.cumulative_sum, x, axis, dtype)


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """a[i + 1] - a[i] along the axis, n times; the axis is n shorter.

    Raises ValueError for n < 0, IndexError for an axis that a lacks. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.diff([1, 4, 9, 16], 2).tolist()
    [2, 2]
    """
    return reduce.diff(a, axis, n)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:  # noqa: N803
    """Ones on the k-th diagonal of N rows and M columns (N by default), zeros elsewhere.

    float32 unless a dtype is given. Raises ValueError for a negative size. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.eye(2, 3, k=1).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return _core.eye(N, M, k, dtype)


def matmul(x1: Any, x2: Any) -> Any:
    """The matrix product: x1 (..., m, k), x2 (..., k, n) -> (..., m, n).

    Leading axes are broadcast, a vector loses its axis. Raises ValueError when shapes do not fit.
    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.matmul([[1, 2], [3, 4]], [5, 6]).tolist()
    [17, 39]
    """
    return _core.matmul(x1, x2)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The greatest element over the axes, and at least `initial`, which stands for no elements.

    Raises ValueError of no elements without `initial`. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.max([[1.0, 5.0], [2.0, 3.0]], axis=1, initial=4.0).tolist()
    [5.0, 4.0]
    """
    if initial is None:
        return _core.max(x, axis, keepdims)
    return _with_initial(_core.max, _core.maximum, x, axis, keepdims, initial)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The least element over the axes, and at most `initial`, which stands for no elements.

    Raises ValueError of no elements without `initial`. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.min([[1.0, 5.0], [2.0, 3.0]], axis=1, initial=1.5).tolist()
    [1.0, 1.5]
    """
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
    """The same elements, row by row, in another shape; one size may be -1: what is left.

    Raises ValueError when the numbers of elements differ. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.reshape([1, 2, 3, 4], (2, -1)).tolist()
    [[1, 2], [3, 4]]
    """
    return _core.reshape(x, newshape)


def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Where each of the values would be inserted into the sorted sequence (n,): int64.

    Before its equals ("left") or behind them ("right"); ValueError for another side. Source:
    keras.ops.

    >>> import danlu as dl
    >>> dl.ops.searchsorted([1, 3, 5], [3, 4]).tolist()
    [1, 2]
    """
    return _core.searchsorted(sorted_sequence, values, side)


def stack(x: Any, axis: int = 0) -> Any:
    """Join n tensors of one shape along a new axis of size n.

    Dtypes are promoted. Raises ValueError of no tensors, or of different shapes. Source:
    keras.ops.

    >>> import danlu as dl
    >>> dl.ops.stack([[1, 2], [3, 4]], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    return _core.stack(x, axis)


def stop_gradient(variable: Any) -> Any:
    """The same value; no gradient flows through it.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.grad(lambda x: x * dl.ops.stop_gradient(x))(dl.asarray(3.0)).item()
    3.0
    """
    return _core.stop_gradient(variable)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements along the axis that the indices name, in each row; None: of flat x.

    Raises IndexError beyond the axis. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.take_along_axis([[3, 1, 2]], [[1, 2]], axis=1).tolist()
    [[1, 2]]
    """
    if axis is None:
        return _core.take_along_axis(_core.flatten(x), indices, 0)
    return _core.take_along_axis(x, indices, axis)


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sum products over axes: the last `axes` of x1 with the first of x2, or two lists of axes.

    Raises ValueError when their sizes differ. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.tensordot(dl.ones((2, 3)), dl.ones((3, 5)), axes=1).shape
    (2, 5)
    """
    return linalg.tensordot(x1, x2, axes=axes)


def tile(x: Any, repeats: Any) -> Any:
    """The whole repeated, so many times along each axis; missing axes are added in front.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.tile([1, 2], (2, 2)).tolist()
    [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    return _core.tile(x, repeats)
