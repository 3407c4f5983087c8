"""Penalties on weights: a regularizer maps a weight to a scalar that is added to the loss."""

from __future__ import annotations

import math
from typing import Any

from . import ops
from ._lazy import suggesting
from .utils.lookup import Lookup


class Regularizer:
    """Base class: `regularizer(x)` is the penalty of the weight `x`."""

    def __call__(self, x: Any) -> Any:
        return 0.0

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError(
            f"[{type(self).__name__}] has no get_config, so it cannot be saved; define it to "
            "return the constructor's arguments"
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        return cls(**config)


class L1(Regularizer):
    """The penalty `l1 * sum |x|`."""

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor("L1", "l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        return self.l1 * ops.sum(ops.abs(x))

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """The penalty `l2 * sum x^2`."""

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor("L2", "l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class L1L2(Regularizer):
    """The penalty `l1 * sum |x| + l2 * sum x^2`."""

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", l1 or 0.0)
        self.l2 = _factor("L1L2", "l2", l2 or 0.0)

    def __call__(self, x: Any) -> Any:
        penalty = ops.zeros((), dtype=x.dtype)
        if self.l1:
            penalty = penalty + self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            penalty = penalty + self.l2 * ops.sum(ops.square(x))
        return penalty

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """The mean absolute cosine between the rows (or columns) of a matrix, times `factor`."""

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(
                f"[OrthogonalRegularizer] mode is 'rows' or 'columns', got mode={mode!r}"
            )
        self.factor = _factor("OrthogonalRegularizer", "factor", factor)
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        if x.ndim != 2:
            raise ValueError(
                f"[OrthogonalRegularizer] wants a matrix, got a weight of shape {tuple(x.shape)}"
            )
        vectors = x if self.mode == "rows" else ops.transpose(x)  # (count, length)
        norms = ops.sqrt(ops.sum(ops.square(vectors), axis=1, keepdims=True))
        vectors = vectors / ops.maximum(norms, 1e-12)
        count = vectors.shape[0]
        cosines = ops.matmul(vectors, ops.transpose(vectors))  # (count, count)
        off_diagonal = cosines * (1.0 - ops.eye(count, dtype=x.dtype))
        pairs = count * (count - 1.0) / 2.0
        return self.factor * 0.5 * ops.sum(ops.abs(off_diagonal)) / pairs

    def get_config(self) -> dict[str, Any]:
        return {"factor": self.factor, "mode": self.mode}


def _factor(owner: str, name: str, value: Any) -> float:
    if isinstance(value, (int, float)) and math.isfinite(value) and value >= 0:
        return float(value)
    raise ValueError(f"[{owner}] {name} is a finite number >= 0, got {name}={value!r}")


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

_lookup = Lookup(
    "regularizer",
    "regularizers",
    classes=[Regularizer, L1, L2, L1L2, OrthogonalRegularizer],
    aliases={"l1_l2": L1L2},
)
get = _lookup.get
serialize = _lookup.serialize
deserialize = _lookup.deserialize

TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
