"""Every loss against Keras 3: arguments, configuration, values, weights, reductions, gradients."""

import jax
import keras
import numpy as np
import pytest
from parity import assert_close, check_arguments, check_config, data, pair
from table import LOSSES

import danlu as dl


def labels_of(row, shape=(6, 4)):
    """Targets and predictions as the kind of loss wants them."""
    from table import BINARY, ONE_HOT, SIGNS, SPARSE

    logits = row.kwargs.get("from_logits", False)
    scores = data(shape, "normal" if logits else "probabilities", seed=1)
    ids = data(shape[:-1], "ids", seed=2) % shape[-1]
    if row.kind == SPARSE:
        return ids, scores
    if row.kind == ONE_HOT:
        return np.eye(shape[-1], dtype="float32")[ids], scores
    if row.kind == BINARY:
        return (data(shape, seed=3) > 0).astype("float32"), scores
    if row.kind == SIGNS:
        return np.sign(data(shape, seed=3)), data(shape, seed=1)
    return data(shape, seed=3), data(shape, seed=1)


def one_a_sample(row):
    """Whether the loss has a value for each sample, which a weight can scale."""
    return row.name not in ("Dice", "Tversky") and row.kwargs.get("axis") != 0


@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_arguments(row):
    check_arguments("losses", row.name)


@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_config(row):
    check_config("losses", row.name, row.kwargs, forgotten=row.forgotten)
    ours, theirs = pair("losses", row.name, row.kwargs)
    y_true, y_pred = labels_of(row)
    for made in (ours, theirs):
        again = type(made).from_config(ours.get_config())
        assert_close(again(y_true, y_pred), ours(y_true, y_pred), "from its configuration")


@pytest.mark.parametrize(
    "reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", None]
)
@pytest.mark.parametrize(
    ("row", "weighted"),
    [(row, weighted) for row in LOSSES for weighted in (False, True)[: 1 + one_a_sample(row)]],
    ids=lambda x: ("weighted" if x else "plain") if isinstance(x, bool) else str(x),
)
def test_values(row, weighted, reduction):
    ours, theirs = pair("losses", row.name, {**row.kwargs, "reduction": reduction})
    y_true, y_pred = labels_of(row)
    weight = data((6,), "positive") if weighted else None
    assert_close(ours(y_true, y_pred, weight), theirs(y_true, y_pred, weight))


@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_values_of_sequences(row):
    """Predictions at each place of a sample, with one weight a place."""
    ours, theirs = pair("losses", row.name, row.kwargs)
    y_true, y_pred = labels_of(row, (3, 5, 4))
    assert_close(ours(y_true, y_pred), theirs(y_true, y_pred))


@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_gradients(row):
    ours, theirs = pair("losses", row.name, row.kwargs)
    y_true, y_pred = labels_of(row)
    got = dl.grad(lambda p: ours(y_true, p))(dl.asarray(y_pred))
    want = jax.grad(lambda p: theirs(y_true, p))(y_pred)
    assert_close(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("row", LOSSES, ids=str)
def test_functions(row):
    """A loss by its function's name, and the function itself, one value a sample."""
    name = dl.utils.naming.to_snake_case(row.name)
    kwargs = {k: v for k, v in row.kwargs.items() if k != "reduction"}
    y_true, y_pred = labels_of(row)
    ours, theirs = getattr(dl.losses, name), getattr(keras.losses, name)
    assert_close(ours(y_true, y_pred, **kwargs), theirs(y_true, y_pred, **kwargs))
    assert dl.losses.get(name) is ours
    assert type(dl.losses.get(row.name)) is getattr(dl.losses, row.name)


@pytest.mark.parametrize("name", ["mse", "MSE", "mae", "mape", "msle", "bce", "kld"])
def test_short_names(name):
    assert dl.losses.get(name).__name__ == keras.losses.get(name).__name__


def test_saturated_probabilities():
    """Probabilities of exactly 0 and 1 are clipped to epsilon as Keras does on JAX."""
    p = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.2, 0.3, 0.5]], "float32")
    labels = np.array([0, 0, 2])
    one_hot = np.eye(3, dtype="float32")[labels]
    for name, y in (
        ("sparse_categorical_crossentropy", labels),
        ("categorical_crossentropy", one_hot),
    ):
        ours, theirs = getattr(dl.losses, name), getattr(keras.losses, name)
        assert_close(ours(y, p), theirs(y, p), name)
        got = dl.grad(lambda q, ours=ours, y=y: dl.sum(ours(y, q)))(dl.asarray(p))
        want = jax.grad(lambda q, theirs=theirs, y=y: theirs(y, q).sum())(p)
        assert_close(got, want, name)


@pytest.mark.parametrize("shapes", [((6,), (6, 1)), ((6, 1), (6,)), ((6, 1), (6, 1))], ids=str)
def test_a_last_axis_of_one_is_free(shapes):
    y_true, y_pred = data(shapes[0], seed=1), data(shapes[1], seed=2)
    for name in ("MeanSquaredError", "MeanAbsoluteError", "Huber"):
        ours, theirs = pair("losses", name)
        assert_close(ours(y_true, y_pred), theirs(y_true, y_pred), name)


def test_a_function_of_the_users():
    def fourth_power(y_true, y_pred):
        return (y_true - y_pred) ** 4

    y_true, y_pred = data((6, 3), seed=1), data((6, 3), seed=2)
    ours = dl.losses.LossFunctionWrapper(fourth_power, name="fourth")
    assert_close(ours(y_true, y_pred), np.mean((y_true - y_pred) ** 4))


def test_weights_of_classes():
    """alpha as a list, which Keras takes and writes into the configuration."""
    y_true, y_pred = np.eye(2, dtype="float32"), data((2, 2), "probabilities")
    kwargs = {"alpha": [0.5, 0.25]}
    ours, theirs = pair("losses", "CategoricalFocalCrossentropy", kwargs)
    assert_close(ours(y_true, y_pred), theirs(y_true, y_pred))
    check_config("losses", "CategoricalFocalCrossentropy", kwargs)


@pytest.mark.parametrize(
    ("shape", "weight"),
    [
        ((4, 5, 3), (4, 1, 1)),
        ((4, 2, 5, 3), (4, 1, 1, 1)),
        ((4, 3), (4, 1)),
        ((4, 5, 3), (4, 5)),
        ((4, 5, 3), (4, 1)),
    ],
)
@pytest.mark.parametrize("reduction", ["none", "sum_over_batch_size"])
def test_weights_with_an_axis_too_many(shape, weight, reduction):
    rng = np.random.default_rng(0)
    y, p, w = (rng.random(s).astype("float32") for s in (shape, shape, weight))
    values = [
        np.asarray(lib.losses.MeanSquaredError(reduction=reduction)(y, p, sample_weight=w))
        for lib in (dl, keras)
    ]
    np.testing.assert_allclose(*values, rtol=1e-5)


def test_weights_of_more_axes_than_the_losses():
    with pytest.raises(ValueError, match="sample_weight of shape"):
        dl.losses.MeanSquaredError()(np.ones((4, 3)), np.zeros((4, 3)), np.ones((2, 4)).T[None])


@pytest.mark.parametrize(
    ("shape", "weight"),
    [((0, 1), None), ((0, 1), (0,)), ((0, 1), (0, 1)), ((0, 3, 2), None), ((0, 3, 2), (0, 1))]
    + [((4, 0, 2), None), ((4, 0, 2), (4, 1))],
)
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "mean_with_sample_weight"])
def test_no_values(shape, weight, reduction):
    y = np.zeros(shape, "float32")
    w = None if weight is None else np.zeros(weight, "float32")
    ours, theirs = (
        np.asarray(lib.losses.MeanSquaredError(reduction=reduction)(y, y, sample_weight=w))
        for lib in (dl, keras)
    )
    np.testing.assert_array_equal(ours, theirs, strict=True)
