"""Every layer against Keras 3: arguments, configuration, weights, outputs and gradients."""

import inspect

import jax
import keras
import numpy as np
import pytest
from parity import assert_close, check_arguments, check_config, data, pair
from table import INPUTS, LAYERS

import danlu as dl

# In training, only layers that draw no random numbers are the same in both.
in_each_phase = pytest.mark.parametrize(
    ("row", "training"),
    [(row, training) for row in LAYERS for training in (False, True)[: 1 + row.training]],
    ids=lambda x: ("training" if x else "inference") if isinstance(x, bool) else str(x),
)

# The second loss that keras_grads and ours differentiate: a fixed random combination of outputs.
SEED_OF_COTANGENT = 3


def shapes_of(row):
    return row.shape if isinstance(row.shape, list) else [row.shape]


def inputs_of(row):
    arrays = [data(shape, row.kind, seed=i) for i, shape in enumerate(shapes_of(row))]
    return arrays if isinstance(row.shape, list) else arrays[0]


def built_pair(row):
    """Both layers, built, with the same random weights."""
    ours, theirs = pair("layers", row.name, row.kwargs)
    x = inputs_of(row)
    ours(x)
    theirs(x)
    values = [data(w.shape, "positive", seed=10 + i) for i, w in enumerate(theirs.weights)]
    theirs.set_weights(values)
    ours.set_weights(values)
    return ours, theirs, x


def tensors(x):
    return [dl.asarray(a) for a in x] if isinstance(x, list) else dl.asarray(x)


@pytest.mark.parametrize("row", LAYERS + INPUTS, ids=str)
def test_arguments(row):
    check_arguments("layers", row.name, row.without)


@pytest.mark.parametrize("row", LAYERS + INPUTS, ids=str)
def test_config(row):
    without = set(row.without) - {"quantization_config"}
    check_config("layers", row.name, row.kwargs, without)


@pytest.mark.parametrize("row", INPUTS, ids=str)
def test_input(row):
    ours, theirs = (k.layers.Input(**row.kwargs) for k in (dl, keras))
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    mine, wanted = (t._keras_history.operation.get_config() for t in (ours, theirs))
    assert {**mine, "name": ""} == {**wanted, "name": ""}


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_weights(row):
    ours, theirs, _ = built_pair(row)
    for kind in ("weights", "trainable_weights", "non_trainable_weights"):
        mine = [(w.name, tuple(w.shape), str(w.dtype), w.trainable) for w in getattr(ours, kind)]
        wanted = [
            (w.name, tuple(w.shape), str(w.dtype), w.trainable) for w in getattr(theirs, kind)
        ]
        assert mine == wanted, kind
    assert ours.count_params() == theirs.count_params()


@in_each_phase
def test_outputs(row, training):
    ours, theirs, x = built_pair(row)
    got, want = ours(x, training=training), theirs(x, training=training)
    assert str(got.dtype) == str(want.dtype)
    assert_close(got, want, "outputs")
    for mine, wanted in zip(ours.weights, theirs.weights, strict=True):
        assert_close(mine, wanted, f"{mine.name} after the call")
    assert_close(sum(ours.losses, 0.0), sum(theirs.losses, 0.0), "added losses")


@pytest.mark.parametrize("row", LAYERS, ids=str)
def test_output_shape(row):
    ours, theirs, _ = built_pair(row)
    shapes = [(None, *shape[1:]) for shape in shapes_of(row)]
    shape = shapes if isinstance(row.shape, list) else shapes[0]
    assert tuple(ours.compute_output_shape(shape)) == tuple(theirs.compute_output_shape(shape))


@in_each_phase
def test_gradients(row, training):
    ours, theirs, x = built_pair(row)
    wanted = theirs_gradients(theirs, x, training)
    x = tensors(x)
    cotangent = data(ours(x).shape, seed=SEED_OF_COTANGENT)

    def loss(weights, x):
        return dl.sum(ours(x, training=training) * cotangent)

    floating = row.kind not in ("ids", "bytes")
    argnums = (0, 1) if floating else (0,)
    got = dl.grad(loss, argnums=argnums)(ours.trainable_variables, x)
    for mine, wanted_one in zip(got[0], wanted[0], strict=True):
        assert_close(mine, wanted_one, "gradient of a weight", rtol=1e-4, atol=1e-4)
    if floating:
        mine, theirs_x = (v if isinstance(v, list) else [v] for v in (got[1], wanted[1]))
        for a, b in zip(mine, theirs_x, strict=True):
            assert_close(a, b, "gradient of an input", rtol=1e-4, atol=1e-4)


def theirs_gradients(layer, x, training):
    state = [v.value for v in layer.non_trainable_variables]
    takes_training = "training" in inspect.signature(layer.call).parameters
    mode = {"training": training} if takes_training else {}
    cotangent = data(np.asarray(layer(x)).shape, seed=SEED_OF_COTANGENT)

    def loss(weights, x):
        outputs, _ = layer.stateless_call(weights, state, x, **mode)
        return keras.ops.sum(outputs * cotangent)

    weights = [v.value for v in layer.trainable_variables]
    first = x[0] if isinstance(x, list) else x
    if np.issubdtype(first.dtype, np.floating):
        return jax.grad(loss, argnums=(0, 1))(weights, x)
    return (jax.grad(loss)(weights, x),)


RANDOM = {
    "Dropout": {"rate": 0.3},
    "SpatialDropout2D": {"rate": 0.3},
    "GaussianNoise": {"stddev": 0.3},
    "GaussianDropout": {"rate": 0.3},
}


@pytest.mark.parametrize("name", RANDOM)
def test_noise_has_the_same_moments(name):
    """Random layers keep the mean and spread of ones as Keras's do, to 1% of 200,000 draws."""
    ours, theirs = pair("layers", name, RANDOM[name])
    ones = np.ones((200, 5, 5, 40), "float32") if "2D" in name else np.ones((200, 1000), "float32")
    got, want = (np.asarray(layer(ones, training=True)) for layer in (ours, theirs))
    tolerance = 0.02 if "2D" in name else 0.01
    assert abs(got.mean() - want.mean()) < tolerance
    assert abs(got.std() - want.std()) < tolerance
    if "Gaussian" not in name:
        np.testing.assert_allclose(np.unique(got), np.unique(want), rtol=1e-6)


def test_lambda():
    ours = dl.layers.Lambda(lambda x, scale: x * scale, arguments={"scale": 3.0})
    theirs = keras.layers.Lambda(lambda x, scale: x * scale, arguments={"scale": 3.0})
    x = data((2, 5))
    assert_close(ours(x), theirs(x))
    assert tuple(ours.compute_output_shape((None, 5))) == (None, 5)
