"""Shapes that losses and metrics do not take: who says so, and what to do."""

import numpy as np
import pytest

import danlu as dl

LABELS, ONE_HOT, SCORES = np.array([2, 2]), np.eye(3)[[2, 2]], np.full((2, 3), 1 / 3)


@pytest.mark.parametrize("labels", [[2, 2], [[2], [2]]])
def test_top_k_of_a_column_of_labels(labels):
    metric = dl.metrics.SparseTopKCategoricalAccuracy(k=2)
    assert metric(labels, [[0.1, 0.6, 0.3], [0.6, 0.3, 0.1]]).item() == 0.5


def test_top_k_of_a_column_of_labels_in_fit():
    model = dl.Sequential([dl.Input((4,)), dl.layers.Dense(3, activation="softmax")])
    top = dl.metrics.SparseTopKCategoricalAccuracy(k=3, name="top")
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[top])
    history = model.fit(np.ones((6, 4)), np.zeros((6, 1), int), verbose=0).history
    assert history["top"] == [1.0]


@pytest.mark.parametrize(
    ("metric", "y_true", "message"),
    [
        ("CategoricalAccuracy", LABELS, "metric wants one-hot .*'sparse_categorical_accuracy'"),
        ("TopKCategoricalAccuracy", LABELS, "metrics=.'sparse_top_k_categorical_accuracy'"),
        ("SparseCategoricalAccuracy", ONE_HOT, "metric wants one class .*'categorical_accuracy'"),
        ("SparseTopKCategoricalAccuracy", ONE_HOT, "metrics=.'top_k_categorical_accuracy'"),
    ],
)
def test_the_metric_for_other_labels(metric, y_true, message):
    with pytest.raises(ValueError, match=message) as info:
        getattr(dl.metrics, metric)()(y_true, SCORES)
    assert "loss" not in str(info.value)


@pytest.mark.parametrize(
    ("metric", "arguments"),
    [
        (dl.metrics.Mean(name="own"), [np.ones(3)]),
        (dl.metrics.Sum(name="own"), [np.ones(3)]),
        (dl.metrics.MeanSquaredError(name="own"), [np.ones((3, 1))] * 2),
        (dl.metrics.Precision(name="own"), [np.ones(3)] * 2),
        (dl.metrics.TruePositives(name="own"), [np.ones(3)] * 2),
        (dl.metrics.F1Score(name="own"), [np.ones((3, 2))] * 2),
        (dl.losses.MeanSquaredError(name="own"), [np.ones((3, 1))] * 2),
    ],
    ids=lambda x: type(x).__name__,
)
def test_weights_that_do_not_fit(metric, arguments):
    with pytest.raises(ValueError, match=r"\[own\] sample_weight of shape \(2,\) does not fit"):
        metric(*arguments, sample_weight=np.ones(2))


def test_weights_of_classes_with_one_class():
    metric = dl.metrics.Precision(class_id=1, name="own")
    labels, weights = np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ValueError, match=r"\[own\] with class_id=1 .*sample_weight\[\.\.\., 1\]"):
        metric(labels, labels, sample_weight=weights)
    assert metric(labels, labels, sample_weight=weights[:, 1:]).item() == 1.0
    assert metric.true_positives.numpy().tolist() == [4.0]


@pytest.mark.parametrize(
    ("y_true", "y_pred", "remedy"),
    [
        ([1.0, 0.0], [[0.5], [0.5]], r"drop the last axis, y_pred\[\.\.\., 0\]"),
        ([[1.0], [0.0]], [0.5, 0.5], r"drop the last axis, y_true\[\.\.\., 0\]"),
    ],
)
def test_a_last_axis_of_size_1(y_true, y_pred, remedy):
    with pytest.raises(ValueError, match=rf"\[binary_crossentropy\].*: {remedy}"):
        dl.losses.binary_crossentropy(y_true, y_pred)
