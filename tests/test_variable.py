"""State: assignment, what others keep seeing, versions, attributes."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import danlu as dl


def test_keras_signature() -> None:
    v = dl.Variable(lambda shape, dtype: dl.ones(shape, dtype=dtype), shape=(2, 3), name="kernel")
    assert v.shape == (2, 3) and v.dtype == "float32" and v.ndim == 2
    assert v.name == "kernel" and v.path == "kernel" and v.trainable
    assert dl.Variable([1, 2]).dtype == "float32"
    assert dl.Variable([1, 2], dtype="int64").dtype == "int64"
    assert dl.Variable(np.array([1, 2])).dtype == "int64"


def test_assign_casts_and_broadcasts() -> None:
    v = dl.Variable([1.0, 2.0])
    v.assign(np.array([3, 4]))
    assert v.dtype == "float32" and v.numpy().tolist() == [3.0, 4.0]
    v.assign(7)
    assert v.numpy().tolist() == [7.0, 7.0]
    v.assign_add([1.0, 2.0])
    v.assign_sub(1)
    assert v.numpy().tolist() == [7.0, 8.0]
    with pytest.raises(ValueError, match=r"\[assign\].*\(2,\).*\(3,\)"):
        v.assign([1.0, 2.0, 3.0])


def test_whoever_holds_the_old_value_keeps_it() -> None:
    v = dl.Variable([1.0, 2.0])
    value, array, view = v.value, v.numpy(), v[0:1]
    v.assign([5.0, 6.0])
    assert value.tolist() == [1.0, 2.0] and view.tolist() == [1.0]
    assert array.tolist() == [1.0, 2.0]
    assert v.numpy().tolist() == [5.0, 6.0]


def test_assigning_a_value_to_itself() -> None:
    v = dl.Variable([1.0, 2.0, 3.0])
    v.assign(v[::-1])
    assert v.numpy().tolist() == [3.0, 2.0, 1.0]
    v.assign(v)
    assert v.numpy().tolist() == [3.0, 2.0, 1.0]


def test_initial_value_is_copied() -> None:
    x = dl.asarray([1.0, 2.0])
    v = dl.Variable(x)
    v.assign([9.0, 9.0])
    assert x.tolist() == [1.0, 2.0]


def test_the_graph_sees_the_value_at_its_time() -> None:
    v = dl.Variable(3.0)
    y = v * v
    v.assign(10.0)
    y.backward()
    assert v.grad.item() == 6.0


def test_version_grows_with_every_write() -> None:
    v = dl.Variable(1.0)
    versions = [v.version]
    for write in (lambda: v.assign(2.0), lambda: v.assign_add(1.0)):
        write()
        versions.append(v.version)
    assert versions[0] < versions[1] < versions[2]


def test_operators_and_functions_take_variables() -> None:
    v = dl.Variable([[1.0, 2.0], [3.0, 4.0]])
    assert (v + 1).tolist() == [[2.0, 3.0], [4.0, 5.0]]
    assert (2 * v).tolist() == [[2.0, 4.0], [6.0, 8.0]]
    assert (np.ones((2, 2), "float32") - v).tolist() == [[0.0, -1.0], [-2.0, -3.0]]
    assert (v @ v).shape == (2, 2) and dl.sum(v).item() == 10.0 and v[1].tolist() == [3.0, 4.0]
    assert v.T.tolist() == [[1.0, 3.0], [2.0, 4.0]] and len(v) == 2
    assert np.asarray(v).shape == (2, 2)


def test_arbitrary_attributes_and_no_cycle_left() -> None:
    v = dl.Variable(1.0)
    v.regularizer = "l2"
    assert v.regularizer == "l2"
    v.me = v
    dead = weakref.ref(v)
    del v
    gc.collect()
    assert dead() is None


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))]
)
def test_copies_are_apart(copied) -> None:
    v = dl.Variable([1.0, 2.0], dtype="float64", trainable=False, name="w")
    v.path = "dense/w"
    v.note = ["kept"]
    w = copied(v)
    assert (w.name, w.path, w.trainable, w.dtype) == ("w", "dense/w", False, "float64")
    assert w.note == ["kept"]
    w.assign_add([1.0, 1.0])
    assert w.tolist() == [2.0, 3.0] and v.tolist() == [1.0, 2.0]


def test_a_built_layer_is_copied_with_its_weights() -> None:
    layer = dl.layers.Dense(2)
    x = dl.ones((1, 3))
    before = layer(x).tolist()
    twin = copy.deepcopy(layer)
    twin.kernel.assign(dl.zeros((3, 2)))
    assert twin.weights[0] is twin.kernel
    assert layer(x).tolist() == before and twin(x).tolist() == [[0.0, 0.0]]


def test_grad_is_checked() -> None:
    v = dl.Variable([1.0, 2.0])
    v.grad = [0.5, 0.5]
    assert v.grad.tolist() == [0.5, 0.5]
    with pytest.raises(ValueError, match=r"\[grad\].*\(2,\).*\(3,\)"):
        v.grad = [1.0, 2.0, 3.0]


def test_initializer_function_needs_a_shape() -> None:
    with pytest.raises(ValueError, match=r"\[Variable\].*shape="):
        dl.Variable(lambda shape, dtype: dl.zeros(shape))


def test_the_name_of_an_initializer() -> None:
    v = dl.Variable("ones", shape=(2, 3), dtype="int32", name="scale")
    assert v.shape == (2, 3) and v.dtype == dl.int32 and v.numpy().min() == 1
    assert dl.Variable("glorot_uniform", shape=(2, 3)).dtype == dl.float32
    with pytest.raises(ValueError, match=r"\[Variable\].*shape="):
        dl.Variable("ones")
    with pytest.raises(ValueError, match=r"unknown initializer 'onse'.*Did you mean"):
        dl.Variable("onse", shape=(2,))
