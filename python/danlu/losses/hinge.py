"""Hinge losses: a margin between right and wrong, as in support vector machines."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..utils.tensors import cast
from .loss import NamedLoss, prediction


def _signs(y_true: Any) -> Any:
    """Return labels as -1 and 1, if they are all 0 or 1; otherwise unchanged."""
    is_binary = ops.all(ops.logical_or(y_true == 0, y_true == 1))
    return ops.where(is_binary, 2.0 * y_true - 1.0, y_true)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean max(1 - y_true y_pred, 0) over the last axis, with labels -1 and 1 (or 0 and 1).

    y_true and y_pred (..., n) -> (...,); y_pred is a score of any size, such as the output of a
    Dense layer without activation. Labels that are all 0 or 1 become -1 and 1. Shapes broadcast, as
    in Keras 3.

    Raises ValueError when the shapes do not broadcast. Source: Cortes and Vapnik, 1995.

    >>> import danlu as dl
    >>> dl.losses.hinge([[1.0, -1.0]], [[0.5, -2.0]]).tolist()  # (0.5 + 0) / 2
    [0.25]
    """
    y_pred = prediction(y_pred)
    y_true = _signs(cast(y_true, y_pred.dtype))
    return ops.mean(ops.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean max(1 - y_true y_pred, 0)^2 over the last axis, with labels -1 and 1 (or 0 and 1).

    Shapes, labels and errors are those of `hinge`; this one has no kink, and punishes large
    violations more. Source: Tang, 2013, arXiv:1306.0239.

    >>> import danlu as dl
    >>> dl.losses.squared_hinge([[1.0, -1.0]], [[0.5, -2.0]]).tolist()  # (0.25 + 0) / 2
    [0.125]
    """
    y_pred = prediction(y_pred)
    y_true = _signs(cast(y_true, y_pred.dtype))
    return ops.mean(ops.square(ops.maximum(1.0 - y_true * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(best wrong score - right score + 1, 0), with one-hot labels.

    y_true and y_pred (..., classes) -> (...,). The best wrong score is max((1 - y_true) y_pred),
    where the right class stands with 0: it is never below 0, as in Keras 3. Shapes broadcast.

    Raises ValueError when the shapes do not broadcast. Source: Crammer and Singer, 2001.

    >>> import danlu as dl
    >>> dl.losses.categorical_hinge([[0.0, 1.0, 0.0]], [[0.5, 1.0, -1.0]]).tolist()
    [0.5]
    """
    y_pred = prediction(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(NamedLoss):
    """The mean of max(1 - y_true y_pred, 0).

    Shapes and errors are those of `hinge`, reduction and `sample_weight` those of `Loss`.

    >>> import danlu as dl
    >>> dl.losses.Hinge()([[1], [0]], [[0.5], [-2.0]]).item()
    0.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(NamedLoss):
    """The mean of max(1 - y_true y_pred, 0)^2.

    Shapes and errors are those of `squared_hinge`, reduction and `sample_weight` those of `Loss`.

    >>> import danlu as dl
    >>> dl.losses.SquaredHinge()([[1], [0]], [[0.5], [-2.0]]).item()
    0.125
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(NamedLoss):
    """max(best wrong score - right score + 1, 0), with one-hot labels.

    Shapes and errors are those of `categorical_hinge`, reduction and `sample_weight` those of
    `Loss`.

    >>> import danlu as dl
    >>> dl.losses.CategoricalHinge()([[0, 1, 0]], [[0.5, 1.0, -1.0]]).item()
    0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
