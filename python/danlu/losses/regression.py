"""Losses between numbers: squared, absolute, relative and robust differences."""

from __future__ import annotations

import math
from typing import Any

from .. import config, ops
from ..utils.tensors import cast
from .checks import check_same_shape
from .loss import NamedLoss, prediction, same_rank


def _pair(name: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return targets and predictions as tensors of one dtype and one shape."""
    y_pred = prediction(y_pred)
    y_true, y_pred = same_rank(cast(y_true, y_pred.dtype), y_pred)
    check_same_shape(name, y_true, y_pred)
    return y_true, y_pred


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean (y_true - y_pred)^2 over the last axis.

    y_true and y_pred (..., n) -> (...,), in the dtype of y_pred where that is floating, otherwise
    in `config.floatx()`. In `compile`, "mse" names it.

    Raises ValueError when the shapes differ by more than a last axis of size 1. Source: Keras 3.

    >>> import danlu as dl
    >>> dl.losses.mean_squared_error([[0.0, 2.0]], [[1.0, 0.0]]).tolist()
    [2.5]
    """
    y_true, y_pred = _pair("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean |y_true - y_pred| over the last axis.

    y_true and y_pred (..., n) -> (...,), in the unit of y. In `compile`, "mae" names it.

    Raises ValueError when the shapes differ by more than a last axis of size 1. Source: Keras 3.

    >>> import danlu as dl
    >>> dl.losses.mean_absolute_error([[0.0, 2.0]], [[1.0, 0.0]]).tolist()
    [1.5]
    """
    y_true, y_pred = _pair("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 mean |(y_true - y_pred) / y_true| over the last axis.

    y_true and y_pred (..., n) -> (...,), in percent. |y_true| below `config.epsilon()` counts as
    epsilon, so targets of 0 give huge values. In `compile`, "mape" names it.

    Raises ValueError when the shapes differ by more than a last axis of size 1. Source: Keras 3.

    >>> import danlu as dl
    >>> dl.losses.mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).tolist()
    [25.0]
    """
    y_true, y_pred = _pair("mean_absolute_percentage_error", y_true, y_pred)
    size = ops.maximum(ops.abs(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.abs((y_true - y_pred) / size), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean (log(y_true + 1) - log(y_pred + 1))^2 over the last axis; negative values count as 0.

    y_true and y_pred (..., n) -> (...,): errors count in proportion to the size of the targets.
    Values below `config.epsilon()` count as epsilon. In `compile`, "msle" names it.

    Raises ValueError when the shapes differ by more than a last axis of size 1. Source: Keras 3.

    >>> import danlu as dl
    >>> loss = dl.losses.mean_squared_logarithmic_error([[0.0, 3.0]], [[1.0, 1.0]])
    >>> round(loss.item(), 3)  # log(2)^2
    0.48
    """
    y_true, y_pred = _pair("mean_squared_logarithmic_error", y_true, y_pred)
    log_pred = ops.log(ops.maximum(y_pred, config.epsilon()) + 1.0)
    log_true = ops.log(ops.maximum(y_true, config.epsilon()) + 1.0)
    return ops.mean(ops.square(log_pred - log_true), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """mean of e^2 / 2 where |e| <= delta, else delta |e| - delta^2 / 2, with e the error.

    y_true and y_pred (..., n) -> (...,); the mean is over the last axis. delta > 0 has the unit of
    y: an error beyond it pulls with the constant slope delta.

    Raises ValueError when the shapes differ by more than a last axis of size 1. Source: Huber,
    1964, "Robust estimation of a location parameter".

    >>> import danlu as dl
    >>> dl.losses.huber([[0.0, 0.0]], [[0.5, 3.0]]).tolist()  # (0.125 + 2.5) / 2
    [1.3125]
    """
    y_true, y_pred = _pair("huber", y_true, y_pred)
    error = ops.abs(y_pred - y_true)
    linear = delta * error - 0.5 * delta * delta
    return ops.mean(ops.where(error <= delta, 0.5 * ops.square(error), linear), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean log(cosh(y_pred - y_true)) over the last axis.

    y_true and y_pred (..., n) -> (...,): about e^2 / 2 for a small error e and |e| - log(2) for a
    large one. It is computed as e + softplus(-2 e) - log(2), which does not overflow.

    Raises ValueError when the shapes differ by more than a last axis of size 1. Source: Keras 3.

    >>> import danlu as dl
    >>> round(dl.losses.log_cosh([[0.0, 0.0]], [[1.0, -1.0]]).item(), 4)
    0.4338
    """
    y_true, y_pred = _pair("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """-sum(y_true y_pred) / (|y_true| |y_pred|) along an axis; -1 means the same direction.

    y_true and y_pred have one shape; the result is without the axis and lies in [-1, 1]. A vector
    of zeros gives 0.

    Raises ValueError when the shapes differ by more than a last axis of size 1. Source: Keras 3.

    >>> import danlu as dl
    >>> dl.losses.cosine_similarity([[0.0, 1.0], [0.0, 1.0]], [[0.0, 5.0], [0.0, -5.0]]).tolist()
    [-1.0, 1.0]
    """
    y_true, y_pred = _pair("cosine_similarity", y_true, y_pred)
    return -ops.sum(unit(y_true, axis) * unit(y_pred, axis), axis=axis)


def unit(x: Any, axis: int) -> Any:
    """Return the vectors along an axis, scaled to length one; a zero vector stays zero."""
    squared = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(squared, 1e-12))


class MeanSquaredError(NamedLoss):
    """The mean of (y_true - y_pred)^2.

    Shapes and errors are those of `mean_squared_error`, reduction and `sample_weight` those of
    `Loss`.

    >>> import danlu as dl
    >>> loss = dl.losses.MeanSquaredError()
    >>> loss([[0.0], [0.0]], [[1.0], [3.0]]).item()
    5.0
    >>> loss([[0.0], [0.0]], [[1.0], [3.0]], sample_weight=[3.0, 1.0]).item()
    6.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(NamedLoss):
    """The mean of |y_true - y_pred|.

    Shapes and errors are those of `mean_absolute_error`, reduction and `sample_weight` those of
    `Loss`.

    >>> import danlu as dl
    >>> dl.losses.MeanAbsoluteError()([[0.0], [0.0]], [[1.0], [-3.0]]).item()
    2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(NamedLoss):
    """100 times the mean of |(y_true - y_pred) / y_true|.

    Shapes and errors are those of `mean_absolute_percentage_error`, reduction and `sample_weight`
    those of `Loss`.

    >>> import danlu as dl
    >>> dl.losses.MeanAbsolutePercentageError()([[2.0], [4.0]], [[1.0], [4.0]]).item()
    25.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(NamedLoss):
    """The mean of (log(y_true + 1) - log(y_pred + 1))^2.

    Shapes and errors are those of `mean_squared_logarithmic_error`, reduction and `sample_weight`
    those of `Loss`.

    >>> import danlu as dl
    >>> round(dl.losses.MeanSquaredLogarithmicError()([[0.0], [3.0]], [[1.0], [1.0]]).item(), 3)
    0.48
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class LogCosh(NamedLoss):
    """The mean of log(cosh(y_pred - y_true)).

    Shapes and errors are those of `log_cosh`, reduction and `sample_weight` those of `Loss`.

    >>> import danlu as dl
    >>> round(dl.losses.LogCosh()([[0.0], [0.0]], [[1.0], [-1.0]]).item(), 4)
    0.4338
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


class Huber(NamedLoss):
    """Quadratic for errors up to delta, linear beyond: outliers pull less.

    delta > 0 has the unit of y. Shapes and errors are those of `huber`, reduction and
    `sample_weight` those of `Loss`.

    >>> import danlu as dl
    >>> dl.losses.Huber(delta=2.0)([[0.0], [0.0]], [[1.0], [4.0]]).item()  # (0.5 + 6.0) / 2
    3.25
    """

    _omitted = {"delta": 1.0}

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class CosineSimilarity(NamedLoss):
    """Minus the cosine of the angle between target and prediction.

    Shapes and errors are those of `cosine_similarity`, reduction and `sample_weight` those of
    `Loss`. The metric of this name has the other sign.

    >>> import danlu as dl
    >>> dl.losses.CosineSimilarity()([[0.0, 1.0], [0.0, 1.0]], [[0.0, 5.0], [2.0, 0.0]]).item()
    -0.5
    """

    _omitted = {"axis": -1}

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
