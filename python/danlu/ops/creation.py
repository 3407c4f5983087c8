"""Creation functions composed of others."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = ["diagflat", "identity", "linspace", "logspace", "tri", "vander"]


def identity(n: int, dtype: Any = None) -> Any:
    """The n x n matrix with ones on the diagonal, float32 unless a dtype is given.

    Raises ValueError for n < 0. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.identity(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return _core.eye(n, dtype=dtype)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:  # noqa: N803
    """1 where j <= i + k, else 0: (N, M or N), float32 unless a dtype is given.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.tri(2, 3).tolist()
    [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    """
    return _core.tril(_core.ones((N, N if M is None else M), dtype=dtype), k=k)


def diagflat(x: Any, k: int = 0) -> Any:
    """Return a matrix with all elements of `x`, row by row, on its k-th diagonal.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.diagflat([[1, 2]]).tolist()
    [[1, 0], [0, 2]]
    """
    return _core.diag(_core.flatten(x), k)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    device: Any = None,
) -> Any:
    """Return `num` numbers at equal distances from `start` to `stop`; arrays give a new axis.

    `endpoint=False` leaves `stop` out; `retstep` returns the distance as well. float32 unless a
    dtype is given. Raises ValueError for num < 0. Source: array API 2024.12; `retstep`, `axis`:
    keras.ops.

    >>> import danlu as dl
    >>> dl.linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    gaps = num - 1 if endpoint else num
    if isinstance(start, (int, float)) and isinstance(stop, (int, float)):
        line = _core.linspace(start, stop, num, endpoint, dtype, device)
        step = (stop - start) / gaps if gaps > 0 else float("nan")
        return (line, step) if retstep else line
    start, stop = _core.broadcast_arrays(_core.asarray(start), _core.asarray(stop))
    step = (stop - start) / max(gaps, 1)
    count = _core.reshape(_core.arange(num, dtype=step.dtype), (num,) + (1,) * step.ndim)
    line = _core.moveaxis(start + count * step, 0, axis)
    line = line if dtype is None else _core.astype(line, dtype)
    return (line, step) if retstep else line


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Return `base` to the powers of `linspace(start, stop, num)`.

    Raises ValueError for num < 0. Source: keras.ops.

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.ops.logspace(0, 3, 4, base=2).tolist()]
    [1.0, 2.0, 4.0, 8.0]
    """
    line = _core.pow(float(base), linspace(start, stop, num, endpoint, axis=axis))
    return line if dtype is None else _core.astype(line, dtype)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803
    """Return the powers x^0 ... x^(N-1) as columns, the highest first unless `increasing`.

    x (n,) -> (n, N or n). Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.vander([2, 3], 3).tolist()
    [[4, 2, 1], [9, 3, 1]]
    """
    x = _core.asarray(x)
    powers = _core.arange(x.shape[0] if N is None else N, dtype=x.dtype)
    return _core.expand_dims(x, 1) ** (powers if increasing else _core.flip(powers))
