"""Every metric against Keras 3 over three batches: arguments, state, results, weights."""

import inspect

import keras
import pytest
from parity import assert_close, check_arguments, check_config, data, pair
from table import ACCURACIES, BINARY, METRICS
from test_losses import labels_of

import danlu as dl


def batch(row, rows, seed):
    if row.name in ("Mean", "Sum"):
        return (data((rows, 3), seed=seed),)
    y_true, y_pred = labels_of(row, (rows, 4))
    if row.name == "Accuracy":
        y_pred = (data((rows, 4), seed=seed) > 0).astype("float32")
    return y_true, y_pred


@pytest.mark.parametrize("row", METRICS, ids=str)
def test_arguments(row):
    check_arguments("metrics", row.name)


@pytest.mark.parametrize("row", METRICS, ids=str)
def test_config(row):
    check_config("metrics", row.name, row.kwargs, forgotten=row.forgotten)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("row", METRICS, ids=str)
def test_results(row, weighted):
    ours, theirs = pair("metrics", row.name, row.kwargs)
    assert [v.name for v in ours.variables] == [v.name for v in theirs.variables]
    for seed, rows in enumerate((5, 7, 3)):
        values = batch(row, rows, seed)
        weight = data((rows,), "positive", seed) if weighted else None
        ours.update_state(*values, sample_weight=weight)
        theirs.update_state(*values, sample_weight=weight)
        assert_close(ours.result(), theirs.result(), f"after batch {seed}")
    for mine, wanted in zip(ours.variables, theirs.variables, strict=True):
        assert_close(mine, wanted, mine.name)
    ours.reset_state()
    theirs.reset_state()
    assert_close(ours.result(), theirs.result(), "after reset_state")


# The scores want one row a sample.
@pytest.mark.parametrize("row", [row for row in METRICS if "Score" not in row.name], ids=str)
def test_results_of_sequences(row):
    """Predictions at each place of a sample."""
    if row.name in ("Mean", "Sum"):
        values = (data((3, 5, 4)),)
    else:
        values = labels_of(row, (3, 5, 4))
    ours, theirs = pair("metrics", row.name, row.kwargs)
    assert_close(ours(*values), theirs(*values))


@pytest.mark.parametrize("shape", [(6, 4), (3, 5, 4)], ids=str)
@pytest.mark.parametrize("row", ACCURACIES, ids=str)
def test_functions(row, shape):
    """The functions themselves, whose values are not averaged."""
    ours, theirs = getattr(dl.metrics, row.name), getattr(keras.metrics, row.name)
    mine, wanted = (inspect.signature(f).parameters.values() for f in (ours, theirs))
    assert [(p.name, p.default) for p in mine] == [(p.name, p.default) for p in wanted]
    y_true, y_pred = labels_of(row, shape)
    assert_close(ours(y_true, y_pred, **row.kwargs), theirs(y_true, y_pred, **row.kwargs))


def test_labels_that_are_no_class_are_misses():
    for label in (-1.0, 1.5, float("nan"), 5.0):
        labels = dl.asarray([label], dtype="float32")
        for scores in ([[0.7, 0.2, 0.1]], [[0.1, 0.7, 0.2]], [[0.1, 0.2, 0.7]]):
            for name in ("sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy"):
                kwargs = {"k": 1} if "top_k" in name else {}
                ours = getattr(dl.metrics, name)(labels, scores, **kwargs)
                assert ours.tolist() == [0.0], (name, label)


@pytest.mark.parametrize("kwargs", [{}, {"k": 2}], ids=str)
def test_sparse_top_k_of_sorted_ids(kwargs):
    ids, labels = data((6, 7), "ids"), data((6,), "ids", 4)
    ours = dl.metrics.sparse_top_k_categorical_accuracy(labels, ids, from_sorted_ids=True, **kwargs)
    theirs = keras.metrics.sparse_top_k_categorical_accuracy
    assert_close(ours, theirs(labels, ids, from_sorted_ids=True, **kwargs))


def test_every_accuracy_has_a_row():
    public = {n for n in dir(keras.metrics) if n.endswith("_accuracy")}
    assert public == {row.name for row in ACCURACIES}


@pytest.mark.parametrize("name", ["mse", "mae", "mape", "msle", "bce"])
def test_short_names(name):
    assert type(dl.metrics.get(name)).__name__ == type(keras.metrics.get(name)).__name__


def test_sorted_ids():
    ids = data((6, 3), "ids")
    kwargs = {"k": 2, "from_sorted_ids": True}
    ours, theirs = pair("metrics", "SparseTopKCategoricalAccuracy", kwargs)
    labels = data((6,), "ids", 4)
    assert_close(ours(labels, ids), theirs(labels, ids))
    assert ours.get_config() == theirs.get_config()


def test_mean_of_a_function():
    row = next(r for r in METRICS if r.kind == BINARY)
    y_true, y_pred = labels_of(row)
    ours = dl.metrics.MeanMetricWrapper(lambda a, b: (a - b) ** 2, name="squares")
    theirs = keras.metrics.MeanMetricWrapper(lambda a, b: (a - b) ** 2, name="squares")
    assert_close(ours(y_true, y_pred), theirs(y_true, y_pred))
