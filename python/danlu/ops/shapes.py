"""Shapes: what is composed of views and copies."""

from __future__ import annotations

from .. import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = [
    "append",
    "dsplit",
    "dstack",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "rot90",
    "unravel_index",
    "vsplit",
    "vstack",
]


def _axis(function: str, axis: int, ndim: int) -> int:
    """The axis counted from the front."""
    if not hasattr(axis, "__index__"):
        raise TypeError(f"[{function}] axis is a whole number, got {axis!r:.60}")
    if not -ndim <= axis < ndim:
        raise IndexError(f"[{function}] axis {axis} is out of bounds for {ndim} axes")
    return axis % ndim


def _at_least(x: Any, ndim: int) -> Any:
    """As NumPy: (n,) becomes (1, n), or (1, n, 1) for three axes."""
    x = _core.asarray(x)
    if x.ndim == 0:
        x = _core.reshape(x, (1,))
    if x.ndim == 1 and ndim >= 2:
        x = _core.expand_dims(x, 0)
    return _core.expand_dims(x, 2) if x.ndim == 2 and ndim == 3 else x


def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """Return x1 followed by x2 along `axis`; None: both flat.

    Raises ValueError when another axis differs. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.append([[1], [2]], [3]).tolist()
    [1, 2, 3]
    """
    return _core.concat([x1, x2], axis)


def hstack(xs: Any) -> Any:
    """Return the arrays side by side: along axis 1, or 0 where there is only one.

    Raises ValueError when another axis differs. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.hstack([[[1], [2]], [[3], [4]]]).tolist()
    [[1, 3], [2, 4]]
    """
    xs = [_at_least(x, 1) for x in xs]
    return _core.concat(xs, 0 if xs[0].ndim == 1 else 1)


def vstack(xs: Any) -> Any:
    """Return the arrays below each other: along axis 0, of at least 2 axes.

    Raises ValueError when another axis differs. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.vstack([[1, 2], [3, 4]]).tolist()
    [[1, 2], [3, 4]]
    """
    return _core.concat([_at_least(x, 2) for x in xs], 0)


def dstack(xs: Any) -> Any:
    """Return the arrays behind each other: along axis 2, of at least 3 axes.

    Raises ValueError when another axis differs. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.dstack([[1, 2], [3, 4]]).tolist()
    [[[1, 3], [2, 4]]]
    """
    return _core.concat([_at_least(x, 3) for x in xs], 2)


def vsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Cut along axis 0: into n equal parts, or at these points.

    Raises ValueError when the axis does not divide. Source: keras.ops.

    >>> import danlu as dl
    >>> [x.tolist() for x in dl.ops.vsplit([[1, 2], [3, 4]], 2)]
    [[[1, 2]], [[3, 4]]]
    """
    return _core.split(x, indices_or_sections, 0)


def hsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Cut along axis 1, or 0 where there is only one: into n equal parts, or at these points.

    Raises ValueError when the axis does not divide. Source: keras.ops.

    >>> import danlu as dl
    >>> [x.tolist() for x in dl.ops.hsplit([[1, 2], [3, 4]], 2)]
    [[[1], [3]], [[2], [4]]]
    """
    x = _core.asarray(x)
    return _core.split(x, indices_or_sections, 0 if x.ndim == 1 else 1)


def dsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Cut along axis 2: into n equal parts, or at these points.

    Raises ValueError when the axis does not divide. Source: keras.ops.

    >>> import danlu as dl
    >>> [x.shape for x in dl.ops.dsplit(dl.ones((2, 3, 4)), [1])]
    [(2, 3, 1), (2, 3, 3)]
    """
    return _core.split(x, indices_or_sections, 2)


def flipud(x: Any) -> Any:
    """Return `x` with axis 0 backwards.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.flipud([[1, 2], [3, 4]]).tolist()
    [[3, 4], [1, 2]]
    """
    return _core.flip(x, 0)


def fliplr(x: Any) -> Any:
    """Return `x` with axis 1 backwards.

    Raises IndexError for less than 2 axes. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.fliplr([[1, 2], [3, 4]]).tolist()
    [[2, 1], [4, 3]]
    """
    return _core.flip(x, 1)


def rot90(array: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Turn the plane of two axes by k quarters, from the first axis towards the second.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.rot90([[1, 2], [3, 4]]).tolist()
    [[2, 4], [1, 3]]
    """
    first, second = axes
    k %= 4
    if k == 0:
        return _core.asarray(array)
    if k == 2:
        return _core.flip(array, (first, second))
    turned = _core.swapaxes(array, first, second)
    return _core.flip(turned, first if k == 1 else second)


def unravel_index(indices: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Return the coordinates of row-major positions, one tensor an axis.

    Source: keras.ops.

    >>> import danlu as dl
    >>> [i.tolist() for i in dl.ops.unravel_index([4, 1], (2, 3))]
    [[1, 0], [1, 1]]
    """
    rest = _core.asarray(indices)
    coordinates = []
    for size in reversed(shape):
        coordinates.append(rest % size)
        rest = rest // size
    return tuple(reversed(coordinates))
