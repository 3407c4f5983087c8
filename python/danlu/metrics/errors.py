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
    """The mean of (y_true - y_pred)^2.

    Shapes and errors are those of `losses.mean_squared_error`; each sample counts by its weight.

    >>> import danlu as dl
    >>> metric = dl.metrics.MeanSquaredError()
    >>> metric.update_state([[0.0], [0.0]], [[1.0], [3.0]])
    >>> metric.update_state([[0.0]], [[2.0]], sample_weight=[2.0])
    >>> metric.result().item()  # (1 + 9 + 2 * 4) / 4
    4.5
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name, dtype)


class MeanAbsoluteError(NamedMean):
    """The mean of |y_true - y_pred|.

    Shapes and errors are those of `losses.mean_absolute_error`; each sample counts by its weight.

    >>> import danlu as dl
    >>> dl.metrics.MeanAbsoluteError()([[0.0], [0.0]], [[1.0], [-3.0]]).item()
    2.0
    """

    _direction = "down"

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(NamedMean):
    """100 times the mean of |(y_true - y_pred) / y_true|.

    Shapes and errors are those of `losses.mean_absolute_percentage_error`; each sample counts by
    its weight.

    >>> import danlu as dl
    >>> dl.metrics.MeanAbsolutePercentageError()([[2.0], [4.0]], [[1.0], [4.0]]).item()
    25.0
    """

    _direction = "down"

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(NamedMean):
    """The mean of (log(y_true + 1) - log(y_pred + 1))^2.

    Shapes and errors are those of `losses.mean_squared_logarithmic_error`; each sample counts by
    its weight.

    >>> import danlu as dl
    >>> metric = dl.metrics.MeanSquaredLogarithmicError()
    >>> round(metric([[0.0], [3.0]], [[1.0], [1.0]]).item(), 3)
    0.48
    """

    _direction = "down"

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(NamedMean):
    """The mean of log(cosh(y_pred - y_true)).

    Shapes and errors are those of `losses.log_cosh`; each sample counts by its weight.

    >>> import danlu as dl
    >>> round(dl.metrics.LogCoshError()([[0.0], [0.0]], [[1.0], [-1.0]]).item(), 4)
    0.4338
    """

    _direction = "down"

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


class Hinge(NamedMean):
    """The mean of max(1 - y_true y_pred, 0).

    Shapes and errors are those of `losses.hinge`; each sample counts by its weight.

    >>> import danlu as dl
    >>> dl.metrics.Hinge()([[1], [0]], [[0.5], [-2.0]]).item()
    0.25
    """

    _direction = "down"

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(losses.hinge, name, dtype)


class SquaredHinge(NamedMean):
    """The mean of max(1 - y_true y_pred, 0)^2.

    Shapes and errors are those of `losses.squared_hinge`; each sample counts by its weight.

    >>> import danlu as dl
    >>> dl.metrics.SquaredHinge()([[1], [0]], [[0.5], [-2.0]]).item()
    0.125
    """

    _direction = "down"

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(losses.squared_hinge, name, dtype)


class CategoricalHinge(NamedMean):
    """The mean of max(best wrong score - right score + 1, 0).

    Shapes and errors are those of `losses.categorical_hinge`; each sample counts by its weight.

    >>> import danlu as dl
    >>> dl.metrics.CategoricalHinge()([[0, 1, 0]], [[0.5, 1.0, -1.0]]).item()
    0.5
    """

    _direction = "down"

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(losses.categorical_hinge, name, dtype)


class KLDivergence(NamedMean):
    """The mean of sum y log(y / p).

    Shapes and errors are those of `losses.kl_divergence`; each sample counts by its weight.

    >>> import danlu as dl
    >>> round(dl.metrics.KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]).item(), 4)
    0.1438
    """

    _direction = "down"

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(losses.kl_divergence, name, dtype)


class Poisson(NamedMean):
    """The mean of y_pred - y_true log(y_pred).

    Shapes and errors are those of `losses.poisson`; each sample counts by its weight.

    >>> import danlu as dl
    >>> round(dl.metrics.Poisson()([[1.0], [0.0]], [[1.0], [2.0]]).item(), 4)
    1.5
    """

    _direction = "down"

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(losses.poisson, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of (y_true - y_pred)^2.

    Shapes and errors are those of `losses.mean_squared_error`; each sample counts by its weight.
    The root is taken of the mean over all batches.

    >>> import danlu as dl
    >>> dl.metrics.RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]]).item()  # sqrt(50 / 2)
    5.0
    """

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
    """The mean cosine of the angle between target and prediction.

    Shapes and errors are those of `losses.cosine_similarity`; each sample counts by its weight. The
    loss of this name has the other sign.

    >>> import danlu as dl
    >>> dl.metrics.CosineSimilarity()([[0.0, 1.0], [0.0, 1.0]], [[0.0, 5.0], [2.0, 0.0]]).item()
    0.5
    """

    _direction = "up"

    _omitted = {"axis": -1}

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


class BinaryCrossentropy(NamedMean):
    """The mean of -y log(p) - (1 - y) log(1 - p).

    Shapes, arguments and errors are those of `losses.binary_crossentropy`; each sample counts by
    its weight.

    >>> import danlu as dl
    >>> metric = dl.metrics.BinaryCrossentropy(from_logits=True)
    >>> round(metric([[1], [0]], [[0.0], [0.0]]).item(), 4)
    0.6931
    """

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
    """The mean of -sum y log(p), with one-hot labels y.

    Shapes, arguments and errors are those of `losses.categorical_crossentropy`; each sample counts
    by its weight.

    >>> import danlu as dl
    >>> metric = dl.metrics.CategoricalCrossentropy()
    >>> round(metric([[0, 1, 0]], [[0.25, 0.5, 0.25]]).item(), 4)
    0.6931
    """

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
    """The mean of -log(p[y]), with class numbers y.

    Shapes, arguments and errors are those of `losses.sparse_categorical_crossentropy`; each sample
    counts by its weight. As in Keras 3, places of `ignore_class` add 0 but leave the divisor only
    where weights are given.

    >>> import danlu as dl
    >>> metric = dl.metrics.SparseCategoricalCrossentropy()
    >>> round(metric([1, 0], [[0.5, 0.5], [0.5, 0.5]]).item(), 4)
    0.6931
    """

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
            sample_weight = masked_weight(self.name, sample_weight, mask, self.dtype, "sum")
        super().update_state(y_true, y_pred, sample_weight)
