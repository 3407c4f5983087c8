"""Penalties on weights: a regularizer maps a weight to a scalar that is added to the loss.

A layer takes one by name, as an object, or as any function of the weight: `kernel_regularizer`,
`bias_regularizer`, `activity_regularizer` (of its output).
"""

from __future__ import annotations

import math
from typing import Any

from . import ops
from ._lazy import suggesting
from .utils.lookup import Lookup
from .utils.suggest import SuggestsArguments


class Regularizer(SuggestsArguments):
    """Base class: `regularizer(x)` is the penalty of the weight `x`.

    A subclass defines `__call__(x)`, which returns a scalar, and `get_config()` with the
    constructor's arguments for a model that is saved; without it saving raises NotImplementedError.

    >>> import danlu as dl
    >>> class Largest(dl.regularizers.Regularizer):
    ...     def __call__(self, x):
    ...         return dl.max(dl.abs(x))
    >>> layer = dl.layers.Dense(1, kernel_initializer="ones", kernel_regularizer=Largest())
    >>> y = layer(dl.ones((1, 2)))
    >>> [loss.item() for loss in layer.losses]
    [1.0]
    """

    def __call__(self, x: Any) -> Any:
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, from which `from_config` makes the same regularizer.

        >>> import danlu as dl
        >>> dl.regularizers.L1L2(l1=0.5).get_config()
        {'l1': 0.5, 'l2': 0.0}
        """
        raise NotImplementedError(
            f"[{type(self).__name__}] has no get_config, so it cannot be saved; define it to "
            "return the constructor's arguments"
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """Return the regularizer that `get_config` described.

        >>> import danlu as dl
        >>> dl.regularizers.L2.from_config({"l2": 0.5}).l2
        0.5
        """
        return cls(**config)


class L1(Regularizer):
    """The penalty `l1 * sum |x|`.

    Its gradient l1 * sign(x) draws weights to 0 at equal speed whatever their size, so that many
    end there (lasso: Tibshirani, 1996). x of any shape -> a scalar; None for `l1` is the default.

    Raises ValueError unless `l1` is a finite number >= 0.

    >>> import danlu as dl
    >>> dl.regularizers.L1(0.5)(dl.asarray([1.0, -2.0])).item()
    1.5
    """

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _factor("L1", "l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        return self.l1 * ops.sum(ops.abs(x))

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """The penalty `l2 * sum x^2`.

    Its gradient is 2 * l2 * x: there is no factor 1/2, as in Keras (ridge: Hoerl and Kennard,
    1970). x of any shape -> a scalar; None for `l2` is the default.

    Raises ValueError unless `l2` is a finite number >= 0.

    >>> import danlu as dl
    >>> dl.regularizers.L2(0.5)(dl.asarray([1.0, -2.0])).item()
    2.5
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _factor("L2", "l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class L1L2(Regularizer):
    """The penalty `l1 * sum |x| + l2 * sum x^2`.

    x a tensor or array of any shape -> a scalar; None stands for 0 (elastic net: Zou and Hastie,
    2005).

    Raises ValueError unless both are finite numbers >= 0.

    >>> import danlu as dl
    >>> dl.regularizers.L1L2(l1=0.5, l2=0.5)(dl.asarray([1.0, -2.0])).item()
    4.0
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _factor("L1L2", "l1", l1 or 0.0)
        self.l2 = _factor("L1L2", "l2", l2 or 0.0)

    def __call__(self, x: Any) -> Any:
        x = ops.convert_to_tensor(x)
        penalty = ops.zeros((), dtype=x.dtype)
        if self.l1:
            penalty = penalty + self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            penalty = penalty + self.l2 * ops.sum(ops.square(x))
        return penalty

    def get_config(self) -> dict[str, Any]:
        return {"l1": self.l1, "l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """The mean absolute cosine between the rows (or columns) of a matrix, times `factor`.

    factor * 2 / (n (n - 1)) * sum over pairs i < j of |x_i . x_j| / (|x_i| |x_j|), for the n rows
    or columns x_i: 0 if all are orthogonal, whatever their lengths. x is (rows, columns), with two
    vectors or more: of a single one the mean is NaN.

    Raises ValueError for another `mode` than "rows" or "columns", for a `factor` that is no finite
    number >= 0, and for a weight that is no matrix.

    >>> import danlu as dl
    >>> penalty = dl.regularizers.OrthogonalRegularizer(factor=0.5, mode="columns")
    >>> round(penalty(dl.asarray([[3.0, 3.0], [4.0, -4.0]])).item(), 4)  # 0.5 * |9 - 16| / 25
    0.14
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(
                f"[OrthogonalRegularizer] mode is 'rows' or 'columns', got mode={mode!r}"
            )
        self.factor = _factor("OrthogonalRegularizer", "factor", factor)
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        x = ops.convert_to_tensor(x)
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
