"""Focal and overlap losses: for rare classes and for segmentation."""

from __future__ import annotations

from typing import Any

from .. import config, ops
from ..utils.tensors import cast
from .checks import check_dense_labels, check_same_shape
from .crossentropy import _smooth
from .loss import NamedLoss, prediction


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """mean of (1 - p_right)^gamma times the binary cross-entropy along an axis.

    p_right is p where the label is 1 and 1 - p where it is 0; gamma >= 0 (0: no focus). Shapes,
    from_logits and label_smoothing are those of `binary_crossentropy`. With apply_class_balancing,
    labels 1 weigh alpha and labels 0 weigh 1 - alpha, with alpha in [0, 1].

    Raises ValueError when the shapes differ. Source: Lin et al., 2017, arXiv:1708.02002.

    >>> import danlu as dl
    >>> loss = dl.losses.binary_focal_crossentropy([[1.0, 0.0]], [[0.5, 0.5]])
    >>> round(loss.item(), 4)  # 0.5^2 log(2)
    0.1733
    """
    y_pred = prediction(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    check_same_shape("binary_focal_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    values = ops.power(1.0 - right, gamma) * ops.binary_crossentropy(y_true, y_pred)
    if apply_class_balancing:
        values = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * values
    return ops.mean(values, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """sum of -alpha (1 - p)^gamma y log(p) along an axis, with one-hot labels y.

    y_true and y_pred have one shape (..., classes) -> (...,). alpha is a number or holds one
    weight for each class; gamma >= 0 (0: no focus). from_logits and label_smoothing are those
    of `categorical_crossentropy`.

    Raises ValueError when the shapes differ. Source: Lin et al., 2017, arXiv:1708.02002.

    >>> import danlu as dl
    >>> loss = dl.losses.categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    >>> round(loss.item(), 4)  # 0.25 0.5^2 log(2)
    0.0433
    """
    y_pred = prediction(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    check_dense_labels("categorical_focal_crossentropy", y_true, y_pred)
    y_true = _smooth(y_true, label_smoothing)
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    weight = -1.0 * cast(alpha, p.dtype)
    return ops.sum(weight * ops.power(1.0 - p, gamma) * y_true * ops.log(p), axis=axis)


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """1 - 2 sum(y p) / (sum y + sum p): one minus the overlap of two regions.

    y_true and y_pred have one shape, such as (batch, height, width, classes), and values in [0, 1].
    The sums run over `axis`, by default over everything, the batch too; the result is without these
    axes: 0 for equal regions, 1 for disjoint ones. `config.epsilon()` is added to the divisor.

    Raises ValueError when the shapes do not broadcast. Source: Dice, 1945; as in Keras 3.

    >>> import danlu as dl
    >>> loss = dl.losses.dice([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])
    >>> round(loss.item(), 4)  # 1 - 2 * 1 / (2 + 1)
    0.3333
    """
    y_pred = prediction(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    overlap = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis) + config.epsilon()
    return 1.0 - 2.0 * overlap / total


def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Any:
    """1 - overlap / (overlap + alpha * missed + beta * invented): an unequal `dice`.

    The overlap is sum(y p), missed sum(y (1 - p)), invented sum((1 - y) p). Shapes and axis are
    those of `dice`, which has alpha = beta = 0.5.

    Raises ValueError when the shapes do not broadcast. Source: Salehi et al., 2017,
    arXiv:1706.05721, where alpha weighs the invented and beta the missed; here as Keras 3 computes.

    >>> import danlu as dl
    >>> loss = dl.losses.tversky([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]], alpha=1.0, beta=0.0)
    >>> round(loss.item(), 4)  # 1 - 1 / (1 + 1)
    0.5
    """
    y_pred = prediction(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    overlap = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum((1.0 - y_pred) * y_true, axis=axis)
    invented = ops.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - overlap / (overlap + missed * alpha + invented * beta + config.epsilon())


class BinaryFocalCrossentropy(NamedLoss):
    """The binary cross-entropy, times (1 - p_right)^gamma: easy examples count less.

    The arguments are those of `binary_focal_crossentropy`, reduction and `sample_weight` those of
    `Loss`; labels (batch,) fit predictions (batch, 1).

    Raises ValueError when the shapes differ otherwise.

    >>> import danlu as dl
    >>> loss = dl.losses.BinaryFocalCrossentropy(gamma=1.0)
    >>> round(loss([1, 0], [[0.5], [0.5]]).item(), 4)  # 0.5 log(2)
    0.3466
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalFocalCrossentropy(NamedLoss):
    """The cross-entropy, times alpha (1 - p)^gamma: easy examples count less.

    Shapes, arguments and errors are those of `categorical_focal_crossentropy`, reduction and
    `sample_weight` those of `Loss`.

    >>> import danlu as dl
    >>> loss = dl.losses.CategoricalFocalCrossentropy(alpha=1.0)
    >>> round(loss([[0, 1]], [[0.5, 0.5]]).item(), 4)  # 0.5^2 log(2)
    0.1733
    """

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class Dice(NamedLoss):
    """One minus the overlap of the true and the predicted region.

    Shapes, axis and errors are those of `dice`, reduction and `sample_weight` those of `Loss`; with
    the default axis there is one value for the batch.

    >>> import danlu as dl
    >>> loss = dl.losses.Dice(axis=(1, 2, 3), reduction="none")
    >>> loss(dl.ones((2, 4, 4, 1)), dl.ones((2, 4, 4, 1))).shape
    (2,)
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(NamedLoss):
    """`Dice` with one weight for what was missed and another for what was invented.

    Shapes, arguments and errors are those of `tversky`, reduction and `sample_weight` those of
    `Loss`; alpha above beta asks for few misses.

    >>> import danlu as dl
    >>> loss = dl.losses.Tversky(alpha=1.0, beta=0.0)
    >>> round(loss([[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]).item(), 4)
    0.5
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
