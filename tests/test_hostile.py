"""What a program should never do is answered with an exception: no crash, no silent number."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import danlu as dl


@pytest.mark.parametrize(
    ("value", "dtype", "error"),
    [
        (300, "uint8", OverflowError),
        ([300], "uint8", OverflowError),
        ([[1, 2], [3, -1]], "uint64", OverflowError),
        ([2**63], "int64", OverflowError),
        (-129, "int8", OverflowError),
        (2**64, None, OverflowError),
        ([2.0**31], "int32", OverflowError),
        (float("inf"), "int16", OverflowError),
        ([float("nan")], "int32", ValueError),
    ],
)
def test_numbers_that_do_not_fit(value: Any, dtype: str | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        dl.asarray(value, dtype=dtype)


def test_limits_fit() -> None:
    for name in "uint8 uint16 uint32 uint64 int8 int16 int32 int64".split():
        limits = dl.iinfo(name)
        assert dl.asarray([limits.min, limits.max], dtype=name).tolist() == [limits.min, limits.max]
        assert dl.asarray(limits.max, dtype=name).item() == limits.max
    assert dl.asarray([-0.9, 255.9], dtype="uint8").tolist() == [0, 255]
    assert dl.asarray(300, dtype="bool").item() is True


def test_numbers_beside_a_tensor() -> None:
    x = dl.asarray([0, 255], dtype="uint8")
    for wrong in (lambda: x + 256, lambda: -1 * x, lambda: dl.maximum(x, -1)):
        with pytest.raises(OverflowError, match="does not fit uint8"):
            wrong()
    with pytest.raises(OverflowError):
        x[0] = 256
    assert (x + 1).tolist() == [1, 0]  # the sum wraps, as in NumPy


@pytest.mark.parametrize("number", [-1, 256, 2**63, -(2**63) - 1, 2**70])
def test_comparisons_with_numbers_beyond_the_dtype(number: int) -> None:
    for dtype in ("uint8", "int8", "int64", "uint64"):
        values = [0, 1, 127]
        x = dl.asarray(values, dtype=dtype)
        assert (x < number).tolist() == [v < number for v in values]
        assert (x == number).tolist() == [v == number for v in values]
        assert (number >= x).tolist() == [number >= v for v in values]
        assert dl.not_equal(x, number).tolist() == [v != number for v in values]
        assert dl.less(number, x).tolist() == [number < v for v in values]


def test_bounds_beyond_the_dtype() -> None:
    x = dl.asarray([0, 7, 255], dtype="uint8")
    assert dl.clip(x, -1, 300).tolist() == [0, 7, 255]
    assert dl.clip(x, 300, 2**70).tolist() == [255, 255, 255]
    assert dl.clip(x, -5, -1).tolist() == [0, 0, 0]
    assert dl.clip(x, -5, 9).dtype == "uint8"


class Changes:
    """An integer that empties a list when it is read."""

    def __init__(self, victim: list[Any]) -> None:
        self.victim = victim

    def __index__(self) -> int:
        self.victim.clear()
        return 1


def test_a_list_that_changes_while_it_is_read() -> None:
    values: list[Any] = [0, 1, 2, 3]
    values[1] = Changes(values)
    with pytest.raises(ValueError, match="changed while it was read"):
        dl.asarray(values)
    rows: list[Any] = [[1, 2] for _ in range(1000)]
    rows[3][0] = Changes(rows)
    with pytest.raises(ValueError, match="changed while it was read"):
        dl.asarray(rows)


@pytest.mark.parametrize("from_logits", [False, True])
def test_labels_that_change_between_loss_and_gradient(from_logits: bool) -> None:
    labels = np.array([0, 1, 2, 1])
    x = dl.Variable(dl.ones((4, 3)))
    target = dl.from_dlpack(labels)  # shares the bytes
    loss = dl.sum(dl.ops.sparse_categorical_crossentropy(target, x, from_logits=from_logits))
    labels[1:] = 10**12
    with pytest.raises(ValueError, match="label 1000000000000 at position 1"):
        loss.backward()
    assert x.grad is None


def test_lists_that_hold_themselves() -> None:
    of_arrays: list[Any] = [np.zeros(2)]
    of_arrays.append(of_arrays)
    bare: list[Any] = []
    bare.append(bare)
    objects = np.empty(1, object)
    objects[0] = objects
    for endless in (of_arrays, bare, objects):
        with pytest.raises(ValueError, match="8 (deep|axes)"):
            dl.asarray(endless)
    deep: Any = np.float32(1)
    for _ in range(8):
        deep = [deep]
    assert dl.asarray(deep).shape == (1,) * 8


def test_chains_and_cycles_of_masks() -> None:
    head = x = dl.ones((1,))
    for _ in range(1_000_000):  # each the mask of the one before
        mask = dl.ones((1,))
        x._keras_mask = mask
        x = mask
    assert head._keras_mask._keras_mask is None
    del head, x, mask
    x = dl.ones((1,))
    for _ in range(1_000_000):  # each masked by the one before
        y = dl.ones((1,))
        y._keras_mask = x
        x = y
    del x, y
    before = dl.config.memory_stats()["in_use"]
    for _ in range(10):
        x, y = dl.ones((1000,)), dl.ones((1000,))
        x._keras_mask, y._keras_mask = y, x
    del x, y
    assert dl.config.memory_stats()["in_use"] == before


class Endless:
    """A sequence that is longer than it says."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, i: int) -> int:
        return 1


def test_shapes_from_sequences() -> None:
    assert dl.zeros(np.array([2, 3])).shape == (2, 3)
    assert dl.zeros(range(2, 4)).shape == (2, 3)
    assert dl.zeros(dl.asarray([2, 3])).shape == (2, 3)
    assert dl.zeros(Endless()).shape == (1, 1)
    assert dl.stack(np.ones((3, 2))).shape == (3, 2)
    assert dl.stack(dl.ones((3, 2))).shape == (3, 2)
    with pytest.raises(TypeError, match="shape"):
        dl.zeros(np.ones(3))
    with pytest.raises(TypeError):
        dl.sum(dl.ones((2,)), axis=np.array([1], dtype="M8[s]"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: dl.zeros((2**62, 4)),
        lambda: dl.zeros((2**70,)),
        lambda: dl.zeros((0, 2**40, 2**40)),
        lambda: dl.broadcast_to(dl.ones(()), (2**62, 4)),
        lambda: dl.tile(dl.ones((4,)), 2**62),
        lambda: dl.repeat(dl.ones((4,)), 2**62),
        lambda: dl.ops.pad(dl.ones((4,)), [[2**62, 2**62]]),
        lambda: dl.reshape(dl.ones((4,)), (2**62, 4)),
        lambda: dl.reshape(dl.ones((4,)), (2**62 + 1, 4)),
        lambda: dl.reshape(dl.ones((4,)), (2**62 + 1, 4, -1)),
        lambda: dl.reshape(dl.ones((0,)), (0, 2**62, 4)),
        lambda: dl.zeros((2**50,)),
        lambda: dl.arange(2**50),
        lambda: dl.arange(-(2**63), 2**63 - 1),
        lambda: dl.arange(2**63 - 1, -(2**63), -1),
        lambda: dl.asarray(range(2**60)),
        lambda: dl.eye(2**31),
        lambda: dl.ops.array_split(dl.ones(3), 10**9),
        lambda: dl.ops.array_split(dl.ones(3), 2**62),
    ],
)
def test_sizes_that_no_machine_has(make: Callable[[], Any]) -> None:
    with pytest.raises((ValueError, OverflowError, MemoryError)) as error:
        make()
    assert str(error.value) and "std::" not in str(error.value)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: dl.arange("3"), "arange"),  # type: ignore[arg-type]
        (lambda: dl.arange(3, None, dl.ones((2,))), "arange"),
        (lambda: dl.ops.split(dl.ones((4,)), 2.0), "split"),
        (lambda: dl.ops.split(dl.ones((4,)), ["a"]), "split"),
        (lambda: dl.ops.conv_transpose(dl.ones((1, 4, 2)), 3.0), "conv_transpose"),
        (lambda: dl.asarray(np.datetime64("2020-01-01")), "bytes"),
        (lambda: dl.concat(np.array([1, 2], "M8[s]")), "bytes"),
        (lambda: dl.ops.vander(dl.ones((2,)), (3,)), "tuple"),
        (lambda: dl.ops.einsum(dl.ones((2, 2))), "einsum"),
        (lambda: dl.ops.dense(dl.ones((1, 2)), dl.ones((2, 3)), activation="rleu"), "'rleu'"),
        (lambda: dl.ops.dense(dl.ones((1, 2)), dl.ones((2, 3)), activation="Tensor"), "'Tensor'"),
        (lambda: dl.ops.conv(dl.ones((1, 4, 2)), dl.ones((2, 2, 3)), activation="rleu"), "'rleu'"),
        (lambda: dl.ops.conv(dl.ones((1, 4, 2)), dl.ones((2, 2, 3)), padding=[]), r"got \[\]"),
        (lambda: dl.ops.average_pool(dl.ones((1, 4, 2)), 2, padding=[]), '"same", got'),
        (lambda: dl.ops.max_pool(dl.ones((1, 4, 2)), 2, padding=[(1, 1)]), '"same", got'),
        (lambda: dl.argmax([1, 2], axis=dl.asarray(0.0)), "argmax"),
        (lambda: dl.argmax([1, 2], axis=np.float32(0)), "argmax"),
        (lambda: dl.sum([1, 2], axis=dl.asarray(0.0)), "float32"),
        (lambda: dl.concat([[1], [2]], axis=dl.asarray(0.0)), "concat"),
        (lambda: dl.ops.one_hot([1], dl.asarray(2.0)), "one_hot"),
    ],
)
def test_wrong_kinds_of_arguments(call: Callable[[], Any], match: str) -> None:
    with pytest.raises((TypeError, ValueError), match=match) as error:
        call()
    assert "C++" not in str(error.value)


def test_eight_axes_are_the_most() -> None:
    x = dl.ones((1, 2, 1, 2, 1, 2, 1, 2))
    table, ids = dl.ones((3, 2)), dl.zeros(x.shape, dtype="int64")
    for call in (
        lambda: dl.ops.take(table, ids, axis=0),
        lambda: dl._core.embedding(table, ids),
        lambda: dl.ops.one_hot(ids, 2),
        lambda: table[ids],
        lambda: x[None],
    ):
        with pytest.raises(ValueError, match="at most 8 axes, this one would have 9"):
            call()
    assert x[0, None].shape == x.shape  # one goes, one comes


@pytest.mark.parametrize(
    "f",
    [
        lambda x: dl.prod(x, axis=()) ** 2,
        lambda x: dl.ops.softmax(x, axis=()) * x * 2.0,
        lambda x: dl.ops.log_softmax(x, axis=()) + x * 2.0,
        lambda x: dl.ops.layer_normalization(x, axis=()) + x * 2.0,
        lambda x: dl.ops.rms_normalization(x, axis=(), epsilon=0.0) + x * 2.0,
    ],
)
def test_no_axis_of_eight(f: Callable[[Any], Any]) -> None:
    gradient = dl.grad(lambda x: dl.sum(f(x)))(dl.ones((1, 2, 1, 2, 1, 2, 1, 2)))
    np.testing.assert_allclose(gradient.numpy(), 2.0, rtol=1e-6)


def test_diff_checks_its_axis() -> None:
    for x, axis in ((dl.ones(()), -1), (dl.ones((2, 2)), 2), (dl.ones((2, 2)), -3)):
        with pytest.raises(IndexError, match="diff"):
            dl.diff(x, axis=axis)
    assert dl.diff(dl.arange(5), n=2**62).shape == (0,)


def test_diagonals_far_outside() -> None:
    for offset in (-(2**63), -3, 3, 2**63 - 1):
        assert dl.ops.diagonal(dl.ones((2, 3)), offset).shape == (0,)
        assert dl.ops.trace(dl.ones((2, 3)), offset).item() == 0.0
    with pytest.raises(MemoryError):
        dl.ops.diag(dl.ones((2,)), -(2**63))


def test_configurations_that_are_none() -> None:
    for module in (dl.losses, dl.metrics, dl.activations, dl.initializers, dl.regularizers):
        with pytest.raises(TypeError, match=r"deserialize\] expected a name"):
            module.deserialize(3)
    for module in (dl.losses, dl.optimizers, dl.activations, dl.initializers, dl.regularizers):
        with pytest.raises(TypeError, match=r"deserialize\] expected .* its class_name"):
            module.deserialize({"config": {}})
        with pytest.raises(ValueError, match="unknown class 'foo'"):
            module.deserialize({"class_name": "foo"})
        with pytest.raises(ValueError, match=r"s\.deserialize\] unknown .* 'foo'"):
            module.deserialize("foo")
    with pytest.raises(ValueError, match=r"an initializer of 3 \(an int\).*an initializer object"):
        dl.initializers.get(3)
    with pytest.raises(
        ValueError, match=r"a loss of \(\) \(a tuple\); expected a name, a loss obj"
    ):
        dl.losses.get(())
    with pytest.raises(ValueError, match="distribution"):
        dl.initializers.VarianceScaling(distribution=3)  # type: ignore[arg-type]


def test_structures_of_another_size() -> None:
    for flat in ([1], [1, 2, 3]):
        with pytest.raises(ValueError, match="pack_sequence_as"):
            dl.tree.pack_sequence_as({"a": 0, "b": (0,)}, flat)


class Bare(dl.Variable):
    """Forgets its base class."""

    def __init__(self) -> None:
        pass


def test_a_variable_that_was_never_made() -> None:
    v = Bare()
    for use in (
        lambda: v + 1,
        lambda: v.shape,
        lambda: dl.sum(v),
        lambda: v.assign(1),
        lambda: v.grad,
        lambda: repr(v),
        lambda: pickle.dumps(v),
        lambda: dl.random.normal((2,), seed=v),
        lambda: dl.value_and_grad(lambda x: dl.sum(x * 1.0))(v),
    ):
        with pytest.raises((ValueError, TypeError)):
            use()


class Named(dl.Variable):
    """A variable with an `__init__` of its own."""

    def __init__(self, units: int) -> None:
        super().__init__(dl.ones((units,)), name="kernel")
        self.units = units


@pytest.mark.parametrize(
    "duplicate",
    [
        copy.copy,
        copy.deepcopy,
        lambda v: pickle.loads(pickle.dumps(v)),
        lambda v: pickle.loads(pickle.dumps(v, protocol=2)),
    ],
)
def test_variables_are_copied_and_pickled(duplicate: Callable[[Any], Any]) -> None:
    v = Named(3)
    v.trainable = False
    v.path = "dense/kernel"
    v.tags = ["a"]  # type: ignore[attr-defined]
    w = duplicate(v)
    assert type(w) is Named and w.units == 3 and w.tags == ["a"]
    assert (w.name, w.path, w.trainable, w.dtype) == ("kernel", "dense/kernel", False, "float32")
    w.assign([4.0, 5.0, 6.0])
    assert v.numpy().tolist() == [1.0, 1.0, 1.0] and w.numpy().tolist() == [4.0, 5.0, 6.0]
    v.assign([7.0, 8.0, 9.0])
    assert w.numpy().tolist() == [4.0, 5.0, 6.0]


def test_the_same_tensor_among_the_arguments_twice() -> None:
    x, w = dl.asarray([1.0, 2.0]), dl.Variable([3.0], trainable=False)
    gx, gw = dl.grad(lambda a, b: dl.sum(a[0] * a[1] * b[0] * b[1]), argnums=(0, 1))([x, x], [w, w])
    assert [g.tolist() for g in gx] == [[9.0, 18.0]] * 2  # two values, as in JAX
    assert [g.tolist() for g in gw] == [[30.0]] * 2  # one state
    assert not x.requires_grad and not w.trainable


def test_differentiating_an_integer_leaves_the_others_alone() -> None:
    x, w = dl.asarray([1.0]), dl.Variable([3.0], trainable=False)
    with pytest.raises(TypeError, match="floating-point"):
        dl.grad(lambda a: dl.sum(a[0]))([x, w, dl.asarray([1])])
    assert not x.requires_grad and not w.trainable


def test_gradients_have_the_dtype_of_their_tensor() -> None:
    w = dl.Variable([1.0, 2.0])
    (w * 2.0).backward(dl.asarray([1.0, 10.0], dtype="float64"))
    assert w.grad.dtype == "float32" and w.grad.tolist() == [2.0, 20.0]
    w.grad = dl.asarray([1, 2])
    assert w.grad.dtype == "float32"
    x = dl.asarray([1.0, 2.0])
    x.requires_grad = True
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        x.grad = dl.ones((3,))


def run_in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_go_backward_into_one_variable() -> None:
    w = dl.Variable(dl.ones((20_000,)))
    run_in_threads(4, lambda i: [dl.sum(w * float(i + 1)).backward() for _ in range(25)])
    assert w.grad.tolist() == [250.0] * 20_000


def test_threads_go_backward_through_one_graph() -> None:
    w = dl.Variable(dl.ones((1000,)))
    failures = []

    def go(loss: Any) -> None:
        try:
            loss.backward()
        except ValueError as error:
            failures.append(str(error))

    for _ in range(30):
        y: Any = w
        for _ in range(20):
            y = y * 1.0 + dl.exp(y * 0.0)
        loss = dl.sum(y)
        run_in_threads(3, lambda i, loss=loss: go(loss))  # type: ignore[misc]
    assert all("freed by an earlier backward" in failure for failure in failures)


def test_a_thread_reads_what_another_trains() -> None:
    model = dl.Sequential([dl.layers.Dense(64, activation="relu"), dl.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    x = dl.random.normal((512, 200), seed=0)
    y = dl.sum(x, axis=1, keepdims=True)
    model.fit(x, y, epochs=1, verbose=0)
    done = threading.Event()
    sums = []

    def read() -> None:
        while not done.is_set():
            sums.append(sum(float(dl.sum(v.value)) for v in model.trainable_variables))

    reader = threading.Thread(target=read)
    reader.start()
    model.fit(x, y, epochs=20, batch_size=32, verbose=0)
    done.set()
    reader.join()
    assert sums and np.isfinite(sums).all()


def test_storages_of_every_size_next_to_each_other() -> None:
    """Small blocks are cut one behind the other; each is given back as what it was."""
    code = """
import random
import danlu as dl
rng = random.Random(0)
kept = []
for step in range(20000):
    size = rng.choice([0, 1, 4, 1000, 1008, 1009, 1016, 1020, 1024, 1025, 3000])
    kept.append(dl.full((size,), 1.0))
    if len(kept) > 50:
        kept.pop(rng.randrange(50))
print(sum(x.size for x in kept) == sum(float(dl.sum(x)) for x in kept))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr
