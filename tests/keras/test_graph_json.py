"""Functions and operators in the graphs of models: JSON that Keras reads, and Keras's own."""

import keras
import numpy as np
import pytest

import danlu as dl

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
Z = np.random.default_rng(1).normal(size=(5, 3, 4)).astype("float32")

GRAPHS = {
    "operators": lambda k, x, z: (1 - x * 2.0) / (x**2 + 1) - abs(-x) % 3,
    "comparisons": lambda k, x, z: (x > 0) & ~(x >= 1),
    "constant": lambda k, x, z: x + np.arange(4, dtype="float32"),
    "matmul": lambda k, x, z: z @ k.ops.transpose(z, (0, 2, 1)),
    "get item": lambda k, x, z: z[:, 0] + z[:, 1:2, ..., 0],
    "named settings": lambda k, x, z: k.ops.sum(z, axis=1, keepdims=True),
    "settings by place": lambda k, x, z: k.ops.mean(k.ops.sum(z, 1), -1, True),
    "all axes": lambda k, x, z: k.ops.max(z, axis=None) + x,
    "lists": lambda k, x, z: k.ops.concatenate([x, k.ops.relu(x)], axis=-1),
    "reshape": lambda k, x, z: k.ops.expand_dims(k.ops.reshape(z, (-1, 12)), 1),
    "einsum": lambda k, x, z: k.ops.einsum("bij,bkj->bik", z, z),
    "where": lambda k, x, z: k.ops.where(x > 0, x, 0.0),
    "clip": lambda k, x, z: k.ops.clip(x, 0, 1),
    "pad": lambda k, x, z: k.ops.pad(z, [[0, 0], [1, 1], [0, 0]], "constant", 3.0),
    "take": lambda k, x, z: k.ops.take(z, [0, 1], axis=1),
    "several outputs": lambda k, x, z: k.ops.split(x, 2, axis=-1)[1],
    "cast": lambda k, x, z: k.ops.one_hot(k.ops.cast(abs(x), "int32"), 3),
    "a layer of that name": lambda k, x, z: k.layers.Multiply()([x, x]) + k.ops.multiply(x, x),
    "an activation": lambda k, x, z: k.activations.relu(x),
}


def model(k, graph):
    x, z = k.Input((4,), name="x"), k.Input((3, 4), name="z")
    return k.Model([x, z], graph(k, x, z))


def outputs(model):
    return np.asarray(model([X, Z]))


@pytest.mark.parametrize("name", GRAPHS)
def test_json_goes_both_ways(name):
    ours, theirs = model(dl, GRAPHS[name]), model(keras, GRAPHS[name])
    text = ours.to_json()
    again = dl.models.model_from_json(text)
    assert again.to_json() == text
    np.testing.assert_array_equal(outputs(again), outputs(ours))
    for copy in (
        keras.models.model_from_json(text),
        dl.models.model_from_json(theirs.to_json()),
        dl.models.model_from_json(keras.models.model_from_json(text).to_json()),
    ):
        np.testing.assert_allclose(outputs(copy), outputs(ours), rtol=1e-5, atol=1e-6)


def test_indices_keep_their_kind():
    for key in ((slice(None), [0, 2]), [0, 1], (0, 1), 0, (..., None)):
        z = dl.Input((3, 4))
        ours = dl.Model(z, z[key])
        again = dl.models.model_from_json(ours.to_json())
        np.testing.assert_array_equal(again(Z).numpy(), Z[key])
        assert again.to_json() == ours.to_json()


def test_functions_that_danlu_lacks_are_named():
    x = keras.Input((4, 4))
    text = keras.Model(x, keras.ops.det(x)).to_json()
    with pytest.raises(ValueError, match=r"\[Operation\] dl.ops has no function 'det'"):
        dl.models.model_from_json(text)


@pytest.mark.parametrize(("module", "name"), [("keras.metrics", "Dense"), ("keras.layers", "Sum")])
def test_a_class_is_looked_for_where_the_configuration_says(module, name):
    config = {"module": module, "class_name": name, "config": {}, "registered_name": None}
    with pytest.raises(ValueError, match=f"unknown class '{name}' of module '{module}'"):
        dl.saving.deserialize_keras_object(config)
