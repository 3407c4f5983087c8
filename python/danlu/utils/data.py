"""The `data` of a step: what `fit` packs and a `train_step` unpacks."""

from __future__ import annotations

from typing import Any


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return a batch as `train_step` gets it: x, (x, y) or (x, y, sample_weight).

    An x without y comes by itself, or as (x,) if it is a list or a tuple.

    >>> import danlu as dl
    >>> dl.utils.pack_x_y_sample_weight(1.0), dl.utils.pack_x_y_sample_weight(1.0, 2.0)
    (1.0, (1.0, 2.0))
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return (x, y, sample_weight) of the `data` of a step, None for what it has not.

    Raises ValueError for more than three parts.

    >>> import danlu as dl
    >>> dl.utils.unpack_x_y_sample_weight((1.0, 2.0))
    (1.0, 2.0, None)
    """
    parts = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(
            "[unpack_x_y_sample_weight] data is x, (x, y) or (x, y, sample_weight), got "
            f"{len(parts)} parts"
        )
    x, y, sample_weight = (*parts, None, None)[:3]
    return x, y, sample_weight
