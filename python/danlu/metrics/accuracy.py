"""Accuracies: how often the prediction is the label."""

from __future__ import annotations

from typing import Any

from .. import config, ops
from ..losses.checks import check_dense_labels, check_same_shape, check_sparse_labels
from ..losses.loss import prediction, same_rank
from ..utils.tensors import cast
from .reduction import NamedMean


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where y_true equals y_pred, else 0."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true, y_pred = same_rank(cast(y_true, y_pred.dtype), y_pred)
    check_same_shape("accuracy", y_true, y_pred)
    return ops.cast(y_true == y_pred, config.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where the label equals `y_pred > threshold`, else 0."""
    y_pred = prediction(y_pred)
    y_true, y_pred = same_rank(ops.convert_to_tensor(y_true), y_pred)
    check_same_shape("binary_accuracy", y_true, y_pred)
    return ops.cast(y_true == ops.cast(y_pred > threshold, y_true.dtype), config.floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is at the place of the one-hot label, else 0."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    check_dense_labels("categorical_accuracy", y_true, y_pred)
    hits = ops.argmax(y_true, axis=-1) == ops.argmax(y_pred, axis=-1)
    return ops.cast(hits, config.floatx())


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is at the place that the class number names, else 0."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    check_sparse_labels("sparse_categorical_accuracy", y_true, y_pred)
    if y_true.ndim == y_pred.ndim:
        y_true = ops.squeeze(y_true, -1)
    hits = ops.cast(y_true, "int64") == ops.argmax(y_pred, axis=-1)
    return ops.cast(hits, config.floatx())


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the place of the one-hot label is among the k largest predictions, else 0."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    check_dense_labels("top_k_categorical_accuracy", y_true, y_pred)
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    """1 where the class number is among the k largest predictions, else 0.

    With `from_sorted_ids`, `y_pred` lists class numbers, the best first, instead of scores.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if from_sorted_ids:
        hits = ops.any(ops.expand_dims(cast(y_true, y_pred.dtype), -1) == y_pred[..., :k], axis=-1)
    else:
        hits = _in_top_k(ops.cast(y_true, "int64"), y_pred, k)
    return ops.cast(hits, config.floatx())


def _in_top_k(y_true: Any, y_pred: Any, k: int) -> Any:
    """Return whether fewer than k scores are greater than the label's; ties count as hits."""
    score = ops.take_along_axis(y_pred, ops.expand_dims(y_true, -1), axis=-1)
    greater = ops.sum(ops.cast(y_pred > score, "int32"), axis=-1)
    return greater < k


class Accuracy(NamedMean):
    """How often y_true equals y_pred."""

    _direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(NamedMean):
    """How often the label, 0 or 1, equals `y_pred > threshold`."""

    _direction = "up"

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(NamedMean):
    """How often the largest prediction is at the place of the one-hot label."""

    _direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(NamedMean):
    """How often the largest prediction is at the place that the class number names."""

    _direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(NamedMean):
    """How often the place of the one-hot label is among the k largest predictions."""

    _direction = "up"

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(NamedMean):
    """How often the class number is among the k largest predictions."""

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
