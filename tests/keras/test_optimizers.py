"""Every optimizer over ten steps, and every schedule, against Keras 3."""

import keras
import numpy as np
import pytest
from parity import assert_close, check_arguments, check_config, data, pair, plain
from table import OPTIMIZERS, SCHEDULES

import danlu as dl

SHAPES = [(4, 3), (3,), (2, 3, 2)]
STEPS = 10


def variables():
    values = [data(shape, seed=i) for i, shape in enumerate(SHAPES)]
    ours = [dl.Variable(v, name=f"v{i}") for i, v in enumerate(values)]
    theirs = [keras.Variable(v, name=f"v{i}") for i, v in enumerate(values)]
    return ours, theirs


def gradients(step):
    return [data(shape, seed=100 * step + i) for i, shape in enumerate(SHAPES)]


@pytest.mark.parametrize("row", OPTIMIZERS, ids=str)
def test_arguments(row):
    check_arguments("optimizers", row.name)


@pytest.mark.parametrize("row", OPTIMIZERS, ids=str)
def test_config(row):
    check_config("optimizers", row.name, row.kwargs)


@pytest.mark.parametrize("row", OPTIMIZERS, ids=str)
def test_ten_steps(row):
    ours, theirs = pair("optimizers", row.name, row.kwargs)
    mine, wanted = variables()
    ours.build(mine)
    theirs.build(wanted)
    for step in range(STEPS):
        ours.apply([dl.asarray(g) for g in gradients(step)], mine)
        theirs.apply(gradients(step), wanted)
        for a, b in zip(mine, wanted, strict=True):
            assert_close(a, b, f"{a.name} after step {step + 1}")
    assert int(ours.iterations) == int(theirs.iterations)
    assert_close(ours.learning_rate, theirs.learning_rate, "learning rate")
    assert [tuple(v.shape) for v in ours.variables] == [tuple(v.shape) for v in theirs.variables]
    assert [v.name for v in ours.variables] == [v.name for v in theirs.variables]
    for a, b in zip(ours.variables, theirs.variables, strict=True):
        if "int" not in str(a.dtype):
            assert_close(a, b, f"state {b.path}")


@pytest.mark.parametrize("row", SCHEDULES, ids=str)
def test_schedule(row):
    check_arguments("optimizers.schedules", row.name)
    ours = getattr(dl.optimizers.schedules, row.name)
    theirs = getattr(keras.optimizers.schedules, row.name)
    ours, theirs = ours(**row.kwargs), theirs(**row.kwargs)
    assert plain(ours.get_config()) == plain(theirs.get_config())
    assert plain(type(ours).from_config(ours.get_config()).get_config()) == plain(
        theirs.get_config()
    )
    for step in range(25):
        assert_close(float(ours(step)), np.asarray(theirs(step)), f"step {step}", rtol=1e-6)


@pytest.mark.parametrize("row", SCHEDULES, ids=str)
def test_optimizer_follows_a_schedule(row):
    make_ours = getattr(dl.optimizers.schedules, row.name)
    make_theirs = getattr(keras.optimizers.schedules, row.name)
    ours = dl.optimizers.SGD(make_ours(**row.kwargs))
    theirs = keras.optimizers.SGD(make_theirs(**row.kwargs))
    mine, wanted = variables()
    for step in range(STEPS):
        ours.apply([dl.asarray(g) for g in gradients(step)], mine)
        theirs.apply(gradients(step), wanted)
    for a, b in zip(mine, wanted, strict=True):
        assert_close(a, b, a.name)
    mine, wanted = plain(ours.get_config()), plain(theirs.get_config())
    assert mine["learning_rate"] == wanted["learning_rate"]


@pytest.mark.parametrize("name", ["adam", "SGD", "rmsprop", "adamw", "adagrad"])
def test_by_name(name):
    assert type(dl.optimizers.get(name)).__name__ == type(keras.optimizers.get(name)).__name__
