"""Losses as metrics: their running mean over all samples."""

from __future__ import annotations

from typing import Any

from .. import losses, ops
from ..losses.checks import check_same_shape
from ..losses.loss import masked_weight, same_rank
from ..utils.tensors import cast
from .reduction import Mean, NamedMean


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """sum(y_true y_pred) / (|y_true| |y_pred|) along an axis; 1 means the same direction."""
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


class MeanSquaredError(NamedMean):
    """The mean of (y_true - y_pred)^2."""

    _direction = "down"

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class MeanAbsoluteError(NamedMean):
    """The mean of |y_true - y_pred|."""

    _direction = "down"

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(NamedMean):
    """100 times the mean of |(y_true - y_pred) / y_true|."""

    _direction = "down"

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(NamedMean):
    """The mean of (log(y_true + 1) - log(y_pred + 1))^2."""

    _direction = "down"

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(NamedMean):
    """The mean of log(cosh(y_pred - y_true))."""

    _direction = "down"

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


class Hinge(NamedMean):
    """The mean of max(1 - y_true y_pred, 0)."""

    _direction = "down"

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(losses.hinge, name, dtype)


class SquaredHinge(NamedMean):
    """The mean of max(1 - y_true y_pred, 0)^2."""

    _direction = "down"

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(losses.squared_hinge, name, dtype)


class CategoricalHinge(NamedMean):
    """The mean of max(best wrong score - right score + 1, 0)."""

    _direction = "down"

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(losses.categorical_hinge, name, dtype)


class KLDivergence(NamedMean):
    """The mean of sum y log(y / p)."""

    _direction = "down"

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(losses.kl_divergence, name, dtype)


class Poisson(NamedMean):
    """The mean of y_pred - y_true log(y_pred)."""

    _direction = "down"

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(losses.poisson, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of (y_true - y_pred)^2."""

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        y_true, y_pred = same_rank(cast(y_true, self.dtype), cast(y_pred, self.dtype))
        check_same_shape("RootMeanSquaredError", y_true, y_pred)
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self) -> Any:
        return ops.sqrt(super().result())


class CosineSimilarity(NamedMean):
    """The mean cosine of the angle between target and prediction."""

    _direction = "up"

    _omitted = {"axis": -1}

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


class BinaryCrossentropy(NamedMean):
    """The mean of -y log(p) - (1 - y) log(1 - p)."""

    _direction = "down"

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            losses.binary_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class CategoricalCrossentropy(NamedMean):
    """The mean of -sum y log(p), with one-hot labels y."""

    _direction = "down"

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class SparseCategoricalCrossentropy(NamedMean):
    """The mean of -log(p[y]), with class numbers y."""

    _direction = "down"

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.sparse_categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.ignore_class = ignore_class
        self.axis = axis

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        # As in Keras, ignored places leave the count only where weights are given.
        if self.ignore_class is not None and sample_weight is not None:
            labels = ops.convert_to_tensor(y_true)
            if labels.ndim == ops.convert_to_tensor(y_pred).ndim:
                labels = ops.squeeze(labels, self.axis)
            mask = labels != self.ignore_class
            sample_weight = masked_weight(sample_weight, mask, self.dtype, "sum")
        super().update_state(y_true, y_pred, sample_weight)
