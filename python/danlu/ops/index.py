"""Indexing: what is composed of take, where and scatter."""

from __future__ import annotations

from .. import _core
from .shapes import _axis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = [
    "argpartition",
    "bincount",
    "digitize",
    "get_item",
    "in_top_k",
    "isin",
    "multi_hot",
    "segment_sum",
    "select",
]


def argpartition(x: Any, kth: int, axis: int = -1) -> Any:
    """Return positions of which the first `kth` name the smallest elements along `axis`; int64.

    Here they sort x altogether. Raises ValueError for a `kth` beyond the axis. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.argpartition([3, 1, 2], 1).tolist()
    [1, 2, 0]
    """
    x = _core.asarray(x)
    size = x.shape[_axis("argpartition", axis, x.ndim)]
    if not hasattr(kth, "__index__"):
        raise TypeError(f"[argpartition] kth is an integer, got {kth!r}")
    if not -size <= kth < size:
        raise ValueError(f"[argpartition] kth={kth} is out of bounds for an axis of size {size}")
    return _core.argsort(x, axis=axis)


def get_item(x: Any, key: Any) -> Any:
    """Return `x[key]`, by NumPy's rules.

    Raises IndexError beyond an axis. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.get_item([1, 2, 3], slice(1, None)).tolist()
    [2, 3]
    """
    return _core.asarray(x)[key]


def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Whether fewer than k predictions of a row are greater than the one of its target class.

    targets (batch,), predictions (batch, classes) -> bool (batch,). False for a target that is no
    class or whose prediction is not finite. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.in_top_k([1, 0], [[0.1, 0.9], [0.2, 0.8]], k=1).tolist()
    [True, False]
    """
    targets, predictions = _core.asarray(targets), _core.asarray(predictions)
    classes = predictions.shape[-1]
    valid = (targets >= 0) & (targets < classes)
    at = _core.expand_dims(_core.where(valid, targets, 0), -1)
    score = _core.take_along_axis(predictions, at, -1)
    greater = _core.count_nonzero(predictions > score, axis=-1)
    finite = _core.isfinite(_core.squeeze(score, -1))
    return (greater < k) & valid & finite


def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of x1 is (or with `invert` is not) among those of x2; bool.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.isin([1, 2, 3], [2, 3, 5]).tolist()
    [False, True, True]
    """
    x1 = _core.asarray(x1)
    x2 = _core.asarray(x2, device=None if isinstance(x2, _core.Tensor) else x1.device)
    x2 = _core.sort(_core.flatten(x2))
    if x2.size == 0:
        return _core.full(x1.shape, invert, device=x1.device)
    at = _core.clip(_core.searchsorted(x2, x1), 0, x2.size - 1)
    found = _core.take(x2, at, 0) == x1
    return _core.logical_not(found) if invert else found


def digitize(x: Any, bins: Any) -> Any:
    """Return the number of the bin of each element: bins[i - 1] <= x < bins[i], int32.

    `bins` grow; 0 is below the first, len(bins) above the last. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.digitize([-1.0, 1.0, 2.5], [0.0, 1.0, 2.0]).tolist()
    [0, 2, 3]
    """
    return _core.astype(_core.searchsorted(bins, x, side="right"), "int32")


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """Return how often each of 0, 1, ... occurs along the last axis, or the sum of its weights.

    x (n,) -> (bins,), or (batch, n) -> (batch, bins), with max(x) + 1 bins or `minlength`: the
    shape depends on the data. int32 without weights. Raises ValueError for sparse=True, for numbers
    below 0 and for weights or x of another shape, IndexError for floating x. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.bincount([0, 1, 1, 3]).tolist()
    [1, 2, 0, 1]
    """
    x = _core.asarray(x)
    if sparse:
        raise ValueError("[bincount] danlu has dense tensors only: use sparse=False")
    _core._check_values_known(
        "bincount", "segment_sum(ones_like(x), x, num_segments=n) counts the first n numbers"
    )
    if x.ndim not in (1, 2):
        raise ValueError(f"[bincount] x has the shape (n,) or (batch, n), got {x.shape}")
    x = _whole("bincount", "x", _core.astype(x, "int32") if x.dtype == "bool" else x)
    if x.size and int(_core.min(x)) < 0:
        raise ValueError(f"[bincount] counts 0, 1, ..., x holds {int(_core.min(x))}")
    bins = max(minlength, int(_core.max(x)) + 1 if x.size else 0)
    values = (
        _core.ones(x.shape, dtype="int32", device=x.device)
        if weights is None
        else _core.asarray(weights)
    )
    if values.shape != x.shape:
        raise ValueError(f"[bincount] weights have shape {values.shape}, x has {x.shape}")
    if x.ndim == 1:
        return _core.scatter(_core.expand_dims(x, 1), values, (bins,))
    rows = _core.broadcast_to(
        _core.expand_dims(_core.arange(x.shape[0], device=x.device), 1), x.shape
    )
    return _core.scatter(_core.stack([rows, x], axis=-1), values, (x.shape[0], bins))


def segment_sum(
    data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
) -> Any:
    """Return the sums of the rows of `data` with the same id.

    data (n, ...), segment_ids (n,) -> (segments, ...), with max(segment_ids) + 1 segments unless
    given. Rows with an id below 0 are left out. Raises IndexError for an id beyond the segments or
    no integer, ValueError when there is not one id a row. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.segment_sum([1, 2, 3], [0, 0, 2]).tolist()
    [3, 0, 3]
    """
    data, ids = _core.asarray(data), _core.asarray(segment_ids)
    if ids.ndim != 1 or data.shape[:1] != ids.shape:
        raise ValueError(
            f"[segment_sum] data of shape {data.shape} has one id for each row, got segment_ids of "
            f"shape {ids.shape}"
        )
    ids = _whole("segment_sum", "segment_ids", ids)
    if num_segments is None:
        _core._check_values_known("segment_sum", "pass num_segments")
        num_segments = max(int(_core.max(ids)) + 1, 0) if ids.size else 0
    return _core._segment_sum(data, ids, num_segments)


def _whole(owner: str, name: str, x: Any) -> Any:
    """x, which holds integers; of nothing there is no wrong kind: `[]` is of floats."""
    if "int" in x.dtype.name:
        return x
    if x.size:
        raise IndexError(f"[{owner}] {name} holds integers, got {x.dtype}: cast it first")
    return _core.astype(x, "int32")


def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """Return 1 at every class that a row of labels names, 0 elsewhere.

    inputs (labels,) -> (num_classes,), or (batch, labels) -> (batch, num_classes); float32 unless
    a dtype is given. Raises ValueError without num_classes. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.multi_hot([[0, 2], [1, 1]], 3).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if num_classes is None:
        raise ValueError("[multi_hot] num_classes is missing: how many classes are there?")
    inputs = _core.asarray(inputs)
    reduced = 1 if inputs.ndim > 1 else 0
    return _core.max(_core.one_hot(inputs, num_classes, axis, dtype, sparse), axis=reduced)


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Return for each element the first choice whose condition holds, or `default`.

    Raises ValueError unless there are as many conditions as choices. Source: keras.ops.

    >>> import danlu as dl
    >>> x = dl.asarray([-2, 1, 5])
    >>> dl.ops.select([x < 0, x > 3], [-x, 10 * x], default=0).tolist()
    [2, 0, 50]
    """
    if len(condlist) != len(choicelist):
        raise ValueError(
            f"[select] {len(condlist)} conditions for {len(choicelist)} choices: as many are needed"
        )
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = _core.where(condition, choice, result)
    return result
