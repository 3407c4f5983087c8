"""Reductions composed of others, with the arguments of keras.ops and the array API."""

from __future__ import annotations

from .. import _core
from .elementwise import _floating, _pair, _tensor, _wide
from .shapes import _axis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__: list[str] = [
    "average",
    "diff",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
    "ptp",
    "trapezoid",
]


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean over the axes, weighted: sum(w x) / sum(w). Integers give float32.

    `weights` have the shape of x, or that of the axes. Raises ValueError for another shape, when
    `axis` must say which axes are meant, and when it names one twice. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.average([1.0, 4.0], weights=[3.0, 1.0]).item()
    1.75
    """
    if axis is not None:
        axis = _axes("average", axis, _tensor(x).ndim)
    if weights is None:
        return _core.astype(_core.mean(_wide(x), axis), _floating(x).dtype)
    x, w = _pair(x, weights)
    dtype, x, w = x.dtype, _wide(x), _wide(w)
    if w.shape != x.shape:
        w = _along("average", w, x.shape, axis)
    return _core.astype(_core.sum(x * w, axis) / _core.sum(w, axis), dtype)


def _axes(owner: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes counted from the front, each once."""
    axes = tuple(
        _axis(owner, a, ndim) for a in (axis if isinstance(axis, (tuple, list)) else [axis])
    )
    if len(set(axes)) < len(axes):
        raise ValueError(f"[{owner}] an axis appears twice in {axis}")
    return axes


def _along(owner: str, weights: Any, shape: tuple[int, ...], axes: Any) -> Any:
    """Weights with one axis for each of `axes`, broadcast along the other axes of `shape`."""
    if axes is None:
        raise ValueError(
            f"[{owner}] weights of shape {weights.shape} for x of shape {shape}: say along which "
            "axis"
        )
    wanted = tuple(shape[a] for a in axes)
    if weights.shape != wanted:
        raise ValueError(
            f"[{owner}] weights have shape {weights.shape}, axes {axes} of x {shape} have {wanted}"
        )
    weights = _core.permute_dims(weights, sorted(range(len(axes)), key=axes.__getitem__))
    return _core.broadcast_to(
        _core.reshape(weights, [n if i in axes else 1 for i, n in enumerate(shape)]), shape
    )


def diff(x: Any, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
    """x[i + 1] - x[i] along the axis, n times; of bool, whether they differ.

    The axis is n shorter; `prepend` and `append` are joined to x first. Raises ValueError for n <
    0, IndexError for an axis that x lacks. Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.diff([1, 4, 9]).tolist()
    [3, 5]
    """
    x = _tensor(x)
    if n < 0:
        raise ValueError(f"[diff] n must be >= 0, got {n}")
    parts = [_tensor(p) for p in (prepend, x, append) if p is not None]
    x = _core.concat(parts, axis) if len(parts) > 1 else x
    here = _axis("diff", axis, x.ndim)
    for _ in range(min(n, x.shape[here])):  # then nothing is left
        before = tuple(slice(None, -1) if i == here else slice(None) for i in range(x.ndim))
        after = tuple(slice(1, None) if i == here else slice(None) for i in range(x.ndim))
        x = x[after] != x[before] if x.dtype == "bool" else x[after] - x[before]
    return x


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """max(x) - min(x) over the axes (None: all).

    Raises ValueError of no elements. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.ptp([[1, 5], [7, 2]], axis=1).tolist()
    [4, 5]
    """
    return _core.max(x, axis, keepdims) - _core.min(x, axis, keepdims)


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral along the axis by the trapezoidal rule: sum of dx * (y[i] + y[i + 1]) / 2.

    `x` holds the places of y, else they are `dx` apart. Integers give float32. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.trapezoid([1.0, 2.0, 4.0], x=[0.0, 1.0, 3.0]).item()
    7.5
    """
    dtype = _floating(y).dtype
    if x is not None:
        y, x = _pair(y, x)
        dtype = y.dtype
    y = _core.moveaxis(_wide(y), axis, -1)
    width = dx if x is None else diff(_wide(x), axis if _tensor(x).ndim > 1 else -1)
    if x is not None and width.ndim > 1:
        width = _core.moveaxis(width, axis, -1)
    return _core.astype(_core.sum(width * (y[..., 1:] + y[..., :-1]) * 0.5, -1), dtype)


def _filled(x: Any, value: float) -> Any:
    x = _tensor(x)
    return _core.where(_core.isnan(x), value, x)


def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of what is not NaN over the axes (None: all).

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nansum([1.0, dl.nan, 2.0]).item()
    3.0
    """
    return _core.sum(_filled(x, 0), axis, keepdims)


def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product of what is not NaN over the axes (None: all).

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nanprod([3.0, dl.nan, 2.0]).item()
    6.0
    """
    return _core.prod(_filled(x, 1), axis, keepdims)


def nancumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Running sums of what is not NaN along the axis; None: of the flat x.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nancumsum([1.0, dl.nan, 2.0]).tolist()
    [1.0, 1.0, 3.0]
    """
    return _cumulated("nancumsum", _core.cumulative_sum, _filled(x, 0), axis, dtype)


def nancumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Running products of what is not NaN along the axis; None: of the flat x.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nancumprod([3.0, dl.nan, 2.0]).tolist()
    [3.0, 3.0, 6.0]
    """
    return _cumulated("nancumprod", _core.cumulative_prod, _filled(x, 1), axis, dtype)


def _cumulated(owner: str, function: Callable[..., Any], x: Any, axis: Any, dtype: Any) -> Any:
    x = _tensor(x)
    if axis is None:
        x, axis = _core.flatten(x), 0
    return function(x, _axis(owner, axis, x.ndim), dtype)


def _nan_if_none(x: Any, y: Any, axis: Any, keepdims: bool) -> Any:
    return _core.where(_core.all(_core.isnan(x), axis, keepdims), float("nan"), y)


def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The greatest of what is not NaN over the axes (None: all); NaN where all are.

    Integers give float32. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nanmax([1.0, dl.nan, 2.0]).item()
    2.0
    """
    x = _floating(x)
    return _nan_if_none(x, _core.max(_filled(x, float("-inf")), axis, keepdims), axis, keepdims)


def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The least of what is not NaN over the axes (None: all); NaN where all are.

    Integers give float32. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nanmin([1.0, dl.nan, 2.0]).item()
    1.0
    """
    x = _floating(x)
    return _nan_if_none(x, _core.min(_filled(x, float("inf")), axis, keepdims), axis, keepdims)


def nanargmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The position of the greatest of what is not NaN, -1 where all are.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nanargmax([1.0, dl.nan, 2.0]).item()
    2
    """
    x = _floating(x)
    position = _core.argmax(_filled(x, float("-inf")), axis, keepdims)
    return _core.where(_core.all(_core.isnan(x), axis, keepdims), -1, position)


def nanargmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The position of the least of what is not NaN, -1 where all are.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nanargmin([dl.nan, 1.0, 2.0]).item()
    1
    """
    x = _floating(x)
    position = _core.argmin(_filled(x, float("inf")), axis, keepdims)
    return _core.where(_core.all(_core.isnan(x), axis, keepdims), -1, position)


def _counted(x: Any, axis: Any, keepdims: bool) -> Any:
    return _core.sum(_core.astype(_core.logical_not(_core.isnan(x)), x.dtype), axis, keepdims)


def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of what is not NaN over the axes (None: all); NaN where all are.

    Integers give float32. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nanmean([1.0, dl.nan, 3.0]).item()
    2.0
    """
    wide = _wide(x)
    mean = nansum(wide, axis, keepdims) / _counted(wide, axis, keepdims)
    return _core.astype(mean, _floating(x).dtype)


def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The biased variance of what is not NaN over the axes (None: all); NaN where all are.

    Integers give float32. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nanvar([1.0, dl.nan, 3.0]).item()
    1.0
    """
    wide = _wide(x)
    # NaN goes out before every function, or its slope would be NaN for all.
    centred = _filled(wide, 0) - nanmean(wide, axis, keepdims=True)
    centred = _core.where(_core.isnan(wide), 0, centred)
    variance = _core.sum(_core.square(centred), axis, keepdims) / _counted(wide, axis, keepdims)
    return _core.astype(variance, _floating(x).dtype)


def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The square root of `nanvar`: the standard deviation of what is not NaN over the axes.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.nanstd([1.0, dl.nan, 5.0]).item()
    2.0
    """
    variance = nanvar(_wide(x), axis, keepdims)
    zero = variance == 0.0  # where the root has no slope, as in `std`
    root = _core.where(zero, 0.0, _core.sqrt(_core.where(zero, 1.0, variance)))
    return _core.astype(root, _floating(x).dtype)
