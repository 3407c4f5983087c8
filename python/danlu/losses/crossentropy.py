"""Cross-entropies: -log of the probability that a model gives to the right class."""

from __future__ import annotations

from typing import Any

from .. import config, ops
from ..utils.tensors import cast
from ..utils.warn import warn
from .checks import check_dense_labels, check_same_shape, check_sparse_labels
from .loss import NamedLoss, prediction


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """mean of -y log(p) - (1 - y) log(1 - p) along an axis, with labels y and predictions p.

    y_true and y_pred have one shape (..., n) -> (...,); y lies in [0, 1] and p is clipped to
    [epsilon, 1 - epsilon], with epsilon = `config.epsilon()`, 1e-7. With from_logits, p =
    sigmoid(y_pred), computed without overflow. label_smoothing s in [0, 1] makes y (1 - s) + s / 2
    of y (Szegedy et al., 2015, arXiv:1512.00567). In `compile`, "bce" names it.

    Raises ValueError when the shapes differ. Source: Keras 3.

    >>> import danlu as dl
    >>> round(dl.losses.binary_crossentropy([[1.0, 0.0]], [[0.75, 0.5]]).item(), 4)
    0.4904
    """
    y_pred = prediction(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    check_same_shape("binary_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    values = ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    return ops.mean(values, axis=axis)


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """-sum y log(p) along an axis, with one-hot labels y and predictions p.

    y_true and y_pred have one shape (..., classes) -> (...,). p is divided by its sum and clipped
    as in `binary_crossentropy`. With from_logits, p = softmax(y_pred), computed without overflow.
    label_smoothing s in [0, 1] makes y (1 - s) + s / classes of y (Szegedy et al., 2015,
    arXiv:1512.00567).

    Raises ValueError when the shapes differ, with the remedy when the labels look like class
    numbers; warns (SyntaxWarning) when there is one class. Source: Keras 3.

    >>> import danlu as dl
    >>> loss = dl.losses.categorical_crossentropy([[0.0, 1.0, 0.0]], [[0.25, 0.5, 0.25]])
    >>> round(loss.item(), 4)
    0.6931
    """
    y_pred = prediction(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    check_dense_labels("categorical_crossentropy", y_true, y_pred)
    if y_pred.shape[-1] == 1:
        _warn_one_class("categorical_crossentropy", y_pred)
    y_true = _smooth(y_true, label_smoothing)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """-log(p[y]) along an axis, with class numbers y and predictions p.

    y_true (...,) or (..., 1) holds whole numbers from 0 to classes - 1, y_pred is (..., classes);
    the result is (...,). p is divided by its sum and clipped as in `binary_crossentropy`; with
    from_logits, p = softmax(y_pred), computed without overflow. Places whose label is
    `ignore_class` get the loss 0.

    Raises ValueError when the shapes do not fit, when a label is out of range or not whole, and
    when labels look one-hot. Source: Keras 3.

    >>> import danlu as dl
    >>> loss = dl.losses.sparse_categorical_crossentropy([1, 0], [[0.25, 0.75], [0.5, 0.5]])
    >>> [round(value, 4) for value in loss.tolist()]
    [0.2877, 0.6931]
    """
    y_pred = prediction(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    if axis not in (-1, y_pred.ndim - 1):
        y_pred = ops.moveaxis(y_pred, axis, -1)
        if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1:
            y_true = ops.squeeze(y_true, axis)
    check_sparse_labels("sparse_categorical_crossentropy", y_true, y_pred)
    if y_true.ndim == y_pred.ndim:
        y_true = ops.squeeze(y_true, -1)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits)
    kept = y_true != ignore_class
    y_true = ops.where(kept, y_true, 0)
    y_pred = ops.where(ops.expand_dims(kept, -1), y_pred, 0.0)
    values = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits)
    return ops.where(kept, values, 0.0)


# `compile(loss="sparse_categorical_crossentropy")` wraps the function: class numbers stay integers.
sparse_categorical_crossentropy.integer_labels = True  # type: ignore[attr-defined]


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """sum y log(y / p) over the last axis, with distributions y and p.

    y_true and y_pred (..., n) -> (...,), in nats; both are clipped to [`config.epsilon()`, 1]. 0
    means that they are equal. Shapes broadcast, as in Keras 3. In `compile`, "kld" names it.

    Raises ValueError when the shapes do not broadcast. Source: Kullback and Leibler, 1951.

    >>> import danlu as dl
    >>> round(dl.losses.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).item(), 4)
    0.1438
    """
    y_pred = prediction(y_pred)
    y_true = ops.clip(cast(y_true, y_pred.dtype), config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean of y_pred - y_true log(y_pred) over the last axis.

    -log of the probability of counts y_true when y_pred > 0 are expected, without the part that
    does not depend on y_pred. y_true and y_pred (..., n) -> (...,); the log is of y_pred +
    `config.epsilon()`. Shapes broadcast, as in Keras 3.

    Raises ValueError when the shapes do not broadcast.

    >>> import danlu as dl
    >>> round(dl.losses.poisson([[1.0, 0.0]], [[1.0, 2.0]]).item(), 4)
    1.5
    """
    y_pred = prediction(y_pred)
    y_true = cast(y_true, y_pred.dtype)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


def _smooth(y_true: Any, label_smoothing: float) -> Any:
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]


def _warn_one_class(name: str, y_pred: Any) -> None:
    warn(
        f"[{name}] predictions of shape {tuple(y_pred.shape)} have one class, so the loss is "
        "constant. With two classes and one unit use 'binary_crossentropy'",
        SyntaxWarning,
    )


class BinaryCrossentropy(NamedLoss):
    """-y log(p) - (1 - y) log(1 - p), with labels y in [0, 1] and predictions p.

    The arguments are those of `binary_crossentropy`, reduction and `sample_weight` those of `Loss`;
    labels (batch,) fit predictions (batch, 1).

    Raises ValueError when the shapes differ otherwise.

    >>> import danlu as dl
    >>> loss = dl.losses.BinaryCrossentropy(from_logits=True)
    >>> round(loss([1, 0], [[0.0], [0.0]]).item(), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalCrossentropy(NamedLoss):
    """-sum y log(p), with one-hot labels y and predictions p.

    Shapes, arguments and errors are those of `categorical_crossentropy`, reduction and
    `sample_weight` those of `Loss`.

    >>> import danlu as dl
    >>> loss = dl.losses.CategoricalCrossentropy()
    >>> round(loss([[0, 1, 0]], [[0.25, 0.5, 0.25]]).item(), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(NamedLoss):
    """-log(p[y]), with class numbers y and predictions p; places of `ignore_class` do not count.

    Shapes, arguments and errors are those of `sparse_categorical_crossentropy`, reduction and
    `sample_weight` those of `Loss`; a mean runs over the places that count.

    >>> import danlu as dl
    >>> loss = dl.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    >>> round(loss([-1, 0], [[0.25, 0.75], [0.5, 0.5]]).item(), 4)
    0.6931
    """

    _omitted = {"axis": -1}

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def compute_mask(self, y_true: Any, y_pred: Any) -> Any:
        if self.ignore_class is None:
            return None
        y_true = ops.convert_to_tensor(y_true)
        if y_true.ndim == y_pred.ndim:
            y_true = ops.squeeze(y_true, self.axis)
        return y_true != self.ignore_class


class KLDivergence(NamedLoss):
    """sum y log(y / p), with distributions y and p.

    Shapes and errors are those of `kl_divergence`, reduction and `sample_weight` those of `Loss`.

    >>> import danlu as dl
    >>> round(dl.losses.KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]).item(), 4)
    0.1438
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(NamedLoss):
    """The mean of y_pred - y_true log(y_pred).

    Shapes and errors are those of `poisson`, reduction and `sample_weight` those of `Loss`.

    >>> import danlu as dl
    >>> round(dl.losses.Poisson()([[1.0], [0.0]], [[1.0], [2.0]]).item(), 4)
    1.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)
