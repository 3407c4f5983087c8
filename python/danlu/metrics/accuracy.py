"""Accuracies: how often the prediction is the label."""

from __future__ import annotations

from typing import Any

from .. import config, ops
from ..losses.checks import check_dense_labels, check_same_shape, check_sparse_labels
from ..losses.loss import prediction, same_rank
from ..utils.arguments import check_numbers
from ..utils.tensors import cast
from .reduction import NamedMean


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where y_true equals y_pred, else 0."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true, y_pred = same_rank(cast(y_true, y_pred.dtype), y_pred)
    check_same_shape("accuracy", y_true, y_pred)
    return ops.cast(y_true == y_pred, config.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where the label equals `y_pred > threshold`, else 0.

    y_true and y_pred have one shape, which is that of the result; labels are 0 or 1, the threshold
    is 0.5 by default.

    Raises ValueError when the shapes differ by more than a last axis of size 1. Source: Keras 3.

    >>> import danlu as dl
    >>> dl.metrics.binary_accuracy([1, 1, 0, 0], [0.9, 0.2, 0.1, 0.6]).tolist()
    [1.0, 0.0, 1.0, 0.0]
    """
    y_pred = prediction(y_pred)
    y_true, y_pred = same_rank(ops.convert_to_tensor(y_true), y_pred)
    check_same_shape("binary_accuracy", y_true, y_pred)
    return ops.cast(y_true == ops.cast(y_pred > threshold, y_true.dtype), config.floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is at the place of the one-hot label, else 0.

    y_true and y_pred have one shape (..., classes) -> (...,); probabilities and logits give the
    same. Of equal predictions the first counts.

    Raises ValueError when the shapes differ. Source: Keras 3.

    >>> import danlu as dl
    >>> dl.metrics.categorical_accuracy([[0, 1], [0, 1]], [[0.2, 0.8], [0.7, 0.3]]).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    check_dense_labels("categorical_accuracy", y_true, y_pred)
    hits = ops.argmax(y_true, axis=-1) == ops.argmax(y_pred, axis=-1)
    return ops.cast(hits, config.floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is at the place that the class number names, else 0.

    y_true (...,) or (..., 1), y_pred (..., classes) -> (...,); probabilities and logits give the
    same. A label that is no class is a miss.

    Raises ValueError when the shapes do not fit. Source: Keras 3.

    >>> import danlu as dl
    >>> dl.metrics.sparse_categorical_accuracy([1, 1], [[0.2, 0.8], [0.7, 0.3]]).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    check_sparse_labels("sparse_categorical_accuracy", y_true, y_pred)
    if y_true.ndim == y_pred.ndim:
        y_true = ops.squeeze(y_true, -1)
    hits = y_true == ops.argmax(y_pred, axis=-1)
    return ops.cast(hits, config.floatx())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the place of the one-hot label is among the k largest predictions, else 0.

    y_true and y_pred have one shape (..., classes) -> (...,). It is a hit when fewer than k
    predictions are larger than that of the label.

    Raises ValueError when the shapes differ. Source: Keras 3.

    >>> import danlu as dl
    >>> y_true, y_pred = [[0, 0, 1], [0, 0, 1]], [[0.1, 0.6, 0.3], [0.6, 0.3, 0.1]]
    >>> dl.metrics.top_k_categorical_accuracy(y_true, y_pred, k=2).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    check_dense_labels("top_k_categorical_accuracy", y_true, y_pred)
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """1 where the class number is among the k largest predictions, else 0.

    y_true (...,) or (..., 1) holds class numbers, y_pred is (..., classes) -> (...,). It is a hit
    when fewer than k predictions are larger than that of the label. With `from_sorted_ids`,
    `y_pred` lists class numbers, the best first, instead of scores. A label that is no class is a
    miss.

    Raises ValueError when the shapes do not fit. Source: Keras 3.

    >>> import danlu as dl
    >>> y_pred = [[0.1, 0.6, 0.3], [0.6, 0.3, 0.1]]
    >>> dl.metrics.sparse_top_k_categorical_accuracy([2, 2], y_pred, k=2).tolist()
    [1.0, 0.0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if from_sorted_ids:
        hits = ops.any(ops.expand_dims(y_true, -1) == y_pred[..., :k], axis=-1)
    else:
        check_sparse_labels("sparse_top_k_categorical_accuracy", y_true, y_pred)
        if y_true.ndim == y_pred.ndim:
            y_true = ops.squeeze(y_true, -1)
        label = ops.cast(y_true, "int64")
        hits = ops.in_top_k(ops.where(label == y_true, label, -1), y_pred, k)
    return ops.cast(hits, config.floatx())


class Accuracy(NamedMean):
    """How often y_true equals y_pred.

    y_true and y_pred have one shape and hold class numbers. `compile(metrics=["accuracy"])` instead
    chooses the accuracy that fits the shapes of labels and predictions.

    Raises ValueError when the shapes differ by more than a last axis of size 1. Source: Keras 3.

    >>> import danlu as dl
    >>> dl.metrics.Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]).item()
    0.75
    """

    _direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(NamedMean):
    """How often the label, 0 or 1, equals `y_pred > threshold`.

    Shapes and errors are those of `binary_accuracy`.

    >>> import danlu as dl
    >>> metric = dl.metrics.BinaryAccuracy()
    >>> metric.update_state([1, 1, 0, 0], [0.9, 0.2, 0.1, 0.3])
    >>> metric.result().item()
    0.75
    """

    _direction = "up"

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        check_numbers("BinaryAccuracy", threshold=threshold)
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(NamedMean):
    """How often the largest prediction is at the place of the one-hot label.

    Shapes and errors are those of `categorical_accuracy`.

    >>> import danlu as dl
    >>> dl.metrics.CategoricalAccuracy()([[0, 1], [0, 1]], [[0.2, 0.8], [0.7, 0.3]]).item()
    0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(NamedMean):
    """How often the largest prediction is at the place that the class number names.

    Shapes and errors are those of `sparse_categorical_accuracy`.

    >>> import danlu as dl
    >>> dl.metrics.SparseCategoricalAccuracy()([1, 1], [[0.2, 0.8], [0.7, 0.3]]).item()
    0.5
    """

    _direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(NamedMean):
    """How often the place of the one-hot label is among the k largest predictions.

    Shapes and errors are those of `top_k_categorical_accuracy`.

    >>> import danlu as dl
    >>> metric = dl.metrics.TopKCategoricalAccuracy(k=2)
    >>> metric([[0, 0, 1], [0, 0, 1]], [[0.1, 0.6, 0.3], [0.6, 0.3, 0.1]]).item()
    0.5
    """

    _direction = "up"

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(NamedMean):
    """How often the class number is among the k largest predictions.

    Shapes, arguments and errors are those of `sparse_top_k_categorical_accuracy`.

    >>> import danlu as dl
    >>> metric = dl.metrics.SparseTopKCategoricalAccuracy(k=2)
    >>> metric([2, 2], [[0.1, 0.6, 0.3], [0.6, 0.3, 0.1]]).item()
    0.5
    """

    _direction = "up"

    _omitted = {"from_sorted_ids": False}

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(
            sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids
        )
        self.k = k
        self.from_sorted_ids = from_sorted_ids
