"""Activations, regularizers and constraints against Keras 3: values and gradients."""

import inspect

import jax
import keras
import pytest
from parity import assert_close, check_arguments, check_config, data, pair, plain
from table import ACTIVATIONS, CONSTRAINTS, REGULARIZERS

import danlu as dl


@pytest.mark.parametrize("row", ACTIVATIONS, ids=str)
def test_activation(row):
    ours, theirs = getattr(dl.activations, row.name), getattr(keras.activations, row.name)
    mine, wanted = (inspect.signature(f).parameters for f in (ours, theirs))
    assert [(p.name, p.default) for p in mine.values()] == [
        (p.name, p.default) for p in wanted.values()
    ]
    x = data((5, 8)) * 3
    assert_close(ours(x, **row.kwargs), theirs(x, **row.kwargs))
    cotangent = data(theirs(x, **row.kwargs).shape, seed=1)
    got = dl.grad(lambda t: dl.sum(ours(t, **row.kwargs) * cotangent))(dl.asarray(x))
    want = jax.grad(lambda t: (theirs(t, **row.kwargs) * cotangent).sum())(x)
    assert_close(got, want, "gradient", rtol=1e-4)


@pytest.mark.parametrize("row", ACTIVATIONS, ids=str)
def test_activation_by_name(row):
    fn = dl.activations.get(row.name)
    assert fn is getattr(dl.activations, row.name)
    theirs = keras.activations.get(row.name)
    assert dl.activations.serialize(fn) == keras.activations.serialize(theirs)
    assert dl.activations.deserialize(dl.activations.serialize(fn)) is fn


@pytest.mark.parametrize("row", REGULARIZERS, ids=str)
def test_regularizer(row):
    check_arguments("regularizers", row.name)
    check_config("regularizers", row.name, row.kwargs)
    ours, theirs = pair("regularizers", row.name, row.kwargs)
    x = data(row.shape)
    assert_close(ours(dl.asarray(x)), theirs(keras.ops.convert_to_tensor(x)))
    got = dl.grad(ours)(dl.asarray(x))
    assert_close(got, jax.grad(theirs)(keras.ops.convert_to_tensor(x)), "gradient")
    assert plain(dl.regularizers.serialize(ours)) == plain(keras.regularizers.serialize(theirs))


@pytest.mark.parametrize("row", CONSTRAINTS, ids=str)
def test_constraint(row):
    if row.name != "NonNeg":
        check_arguments("constraints", row.name)
    check_config("constraints", row.name, row.kwargs)
    ours, theirs = pair("constraints", row.name, row.kwargs)
    x = data(row.shape)
    assert_close(ours(dl.asarray(x)), theirs(x))
    assert plain(dl.constraints.serialize(ours)) == plain(keras.constraints.serialize(theirs))


@pytest.mark.parametrize("name", ["l1", "l2", "L1L2"])
def test_regularizer_by_name(name):
    got, want = dl.regularizers.get(name), keras.regularizers.get(name)
    assert plain(got.get_config()) == plain(want.get_config())


@pytest.mark.parametrize("name", ["max_norm", "non_neg", "unit_norm", "min_max_norm"])
def test_constraint_by_name(name):
    got, want = dl.constraints.get(name), keras.constraints.get(name)
    assert plain(got.get_config()) == plain(want.get_config())


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("axis", [-1, 0])
def test_normalize(order, axis):
    x = data((4, 5))
    x[:, 1] = x[2] = 0
    if axis != 0:  # which Keras 3.15 takes for -1, in arrays
        want = keras.utils.normalize(x, axis, order)
        assert type(dl.utils.normalize(x, axis, order)) is type(want)
        assert_close(dl.utils.normalize(x, axis, order), want)
    tensor = dl.asarray(x)
    ours = dl.utils.normalize(tensor, axis, order)
    assert type(ours) is dl.Tensor
    assert_close(ours, keras.utils.normalize(keras.ops.convert_to_tensor(x), axis, order))
    gradient = dl.grad(lambda t: dl.sum(dl.utils.normalize(t, axis, order) ** 3))(tensor)
    assert dl.all(dl.isfinite(gradient)).item()


def test_normalize_by_the_largest():
    ours = dl.utils.normalize(dl.asarray([[-4, 2], [0, 0]]), order=float("inf"))
    assert ours.tolist() == [[-1.0, 0.5], [0.0, 0.0]]


@pytest.mark.parametrize("data", [(1,), (1, 2), (1, 2, 3), [1, 2], 1])
def test_data_of_a_step(data):
    parts = dl.utils.unpack_x_y_sample_weight(data)
    assert parts == keras.utils.unpack_x_y_sample_weight(data)
    packed = dl.utils.pack_x_y_sample_weight(*parts)
    assert packed == keras.utils.pack_x_y_sample_weight(*parts)
