"""Constraints on weights: a constraint maps a weight to an admissible one after each update.

A layer takes one by name, as an object, or as any function of the weight: `kernel_constraint`,
`bias_constraint`. In a kernel (inputs, units) of a dense layer, axis 0 holds the incoming weights
of a unit; in one of a convolution (rows, columns, inputs, filters), axes (0, 1, 2) those of a
filter.
"""

from __future__ import annotations

from typing import Any

from . import config, ops
from ._lazy import suggesting
from .utils.lookup import Lookup
from .utils.suggest import SuggestsArguments


class Constraint(SuggestsArguments):
    """Base class: `constraint(w)` is the admissible weight nearest in spirit to `w`.

    A subclass defines `__call__(w)`, which returns a tensor of w's shape, and `get_config()` with
    the constructor's arguments if it has any. This one returns w.

    >>> import danlu as dl
    >>> class Symmetric(dl.constraints.Constraint):
    ...     def __call__(self, w):
    ...         return (w + dl.matrix_transpose(w)) / 2
    >>> Symmetric()(dl.asarray([[1.0, 2.0], [4.0, 3.0]])).tolist()
    [[1.0, 3.0], [3.0, 3.0]]
    """

    def __call__(self, w: Any) -> Any:
        return w

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, from which `from_config` makes the same constraint.

        >>> import danlu as dl
        >>> dl.constraints.MaxNorm(max_value=3).get_config()
        {'max_value': 3, 'axis': 0}
        """
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """Return the constraint that `get_config` described.

        >>> import danlu as dl
        >>> dl.constraints.UnitNorm.from_config({"axis": 1}).axis
        1
        """
        return cls(**config)


class MaxNorm(Constraint):
    """Scale the vectors along `axis` down to a norm of at most `max_value`.

    w * min(n, max_value) / (n + 1e-7), with n = sqrt(sum w^2) along `axis`, one axis or several (a
    tuple). A shorter vector stays as it is, up to the 1e-7, `dl.config.epsilon()`, which guards
    against 0 / 0 (Srivastava et al., 2014). w (...) -> (...).

    Raises IndexError for an axis that w does not have.

    >>> import danlu as dl
    >>> w = dl.constraints.MaxNorm(max_value=1, axis=1)([[3.0, 4.0], [0.0, 0.5]])
    >>> [[round(x, 4) for x in row] for row in w.tolist()]
    [[0.6, 0.8], [0.0, 0.5]]
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Set negative weights to zero.

    w (...) -> max(w, 0) (...).

    >>> import danlu as dl
    >>> dl.constraints.NonNeg()([[-1.0, 2.0]]).tolist()
    [[0.0, 2.0]]
    """

    def __call__(self, w: Any) -> Any:
        return ops.maximum(ops.convert_to_tensor(w), 0)


class UnitNorm(Constraint):
    """Scale the vectors along `axis` to norm one.

    w / (n + 1e-7), with n = sqrt(sum w^2) along `axis`, one axis or several (a tuple); a zero
    vector stays zero. w (...) -> (...).

    Raises IndexError for an axis that w does not have.

    >>> import danlu as dl
    >>> w = dl.constraints.UnitNorm()([[3.0, 0.0], [4.0, 0.0]])
    >>> [[round(x, 4) for x in row] for row in w.tolist()]
    [[0.6, 0.0], [0.8, 0.0]]
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (config.epsilon() + _norms(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Move the norms of the vectors along `axis` into an interval, by `rate` of the way.

    w * (rate * clip(n, min_value, max_value) + (1 - rate) * n) / (n + 1e-7), with n = sqrt(sum w^2)
    along `axis`, one axis or several (a tuple). `rate` is in [0, 1]: 1 enforces the interval at
    once. w (...) -> (...).

    Raises IndexError for an axis that w does not have.

    >>> import danlu as dl
    >>> constraint = dl.constraints.MinMaxNorm(min_value=1.0, max_value=2.0, axis=1)
    >>> w = constraint([[6.0, 8.0], [0.3, 0.4]])
    >>> [[round(x, 4) for x in row] for row in w.tolist()]
    [[1.2, 1.6], [0.6, 0.8]]
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Any = 0,
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        norms = _norms(w, self.axis)
        inside = ops.clip(norms, self.min_value, self.max_value)
        wanted = self.rate * inside + (1 - self.rate) * norms
        return w * (wanted / (config.epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


def _norms(w: Any, axis: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


max_norm = MaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
min_max_norm = MinMaxNorm

_lookup = Lookup(
    "constraint", "constraints", classes=[Constraint, MaxNorm, NonNeg, UnitNorm, MinMaxNorm]
)
get = _lookup.get
serialize = _lookup.serialize
deserialize = _lookup.deserialize

TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
