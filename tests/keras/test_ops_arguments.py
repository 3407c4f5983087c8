"""Functions of `dl.ops` take the arguments of `keras.ops`: names, order and defaults."""

import ast
import inspect
from pathlib import Path

import jax
import keras
import numpy as np
import pytest
from parity import assert_close

import danlu as dl
from danlu import _core

# Arguments whose default is written in another way and means the same.
DEFAULTS = {("arange", "step")}

SHARED = sorted(
    name
    for name in dir(dl.ops)
    if inspect.isfunction(getattr(keras.ops, name, None)) and callable(getattr(dl.ops, name))
)


def stub_signatures():
    """{name: ast.arguments} of the core, whose functions have no signature at run time."""
    stub = ast.parse(Path(_core.__file__).with_name("_core.pyi").read_text())
    return {node.name: node.args for node in stub.body if isinstance(node, ast.FunctionDef)}


CORE = stub_signatures()


def constant(node):
    try:
        return ast.literal_eval(node)
    except ValueError:
        return inspect.Parameter.empty


def positional(function):
    """[(name, default)] of what may be given by place and by name alike, in order."""
    function = inspect.unwrap(function)
    if inspect.isfunction(function):
        return [
            (p.name, p.default)
            for p in inspect.signature(function).parameters.values()
            if p.kind is p.POSITIONAL_OR_KEYWORD
        ]
    arguments = CORE[function.__name__]
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    defaults = [inspect.Parameter.empty] * required + [constant(d) for d in arguments.defaults]
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    return list(zip(names, defaults, strict=True))[len(arguments.posonlyargs) :]


@pytest.mark.parametrize("name", SHARED)
def test_arguments(name):
    wanted = positional(getattr(keras.ops, name))
    ours = positional(getattr(dl.ops, name))
    assert [n for n, _ in ours[: len(wanted)]] == [n for n, _ in wanted]
    for (argument, mine), (_, theirs) in zip(ours, wanted, strict=False):
        if theirs is not inspect.Parameter.empty and (name, argument) not in DEFAULTS:
            assert mine == theirs, f"default of {argument}"
    assert all(default is not inspect.Parameter.empty for _, default in ours[len(wanted) :])


def test_most_functions_are_compared():
    assert len(SHARED) > 250


X = np.array([[3.0, 1.0, 2.0], [6.0, 5.0, 9.0]], "float32")
CALLS = {
    "array": {"x": [[1.0, 2.0]], "dtype": "float32"},
    "bitwise_and": {"x": [6, 3], "y": [3, 5]},
    "bitwise_left_shift": {"x": [6, 3], "y": [1, 2]},
    "bitwise_or": {"x": [6, 3], "y": [3, 5]},
    "bitwise_right_shift": {"x": [6, 3], "y": [1, 2]},
    "bitwise_xor": {"x": [6, 3], "y": [3, 5]},
    "clip": {"x": X, "x_min": 2.0, "x_max": 5.0},
    "concatenate": {"xs": [X, X], "axis": 1},
    "cumprod": {"x": X},
    "cumsum": {"x": X, "axis": 1, "dtype": "float32"},
    "diff": {"a": X, "n": 2},
    "eye": {"N": 3, "M": 4, "k": 1},
    "left_shift": {"x": [6, 3], "y": [1, 2]},
    "matmul": {"x1": X, "x2": X.T},
    "max": {"x": X, "axis": 1, "initial": 4.0},
    "min": {"x": X, "axis": 0, "keepdims": True, "initial": 2.0},
    "reshape": {"x": X, "newshape": (3, -1)},
    "right_shift": {"x": [6, 3], "y": [1, 2]},
    "searchsorted": {"sorted_sequence": [1.0, 2.0, 4.0], "values": [2.0, 3.0], "side": "right"},
    "stack": {"x": [X, X], "axis": 1},
    "stop_gradient": {"variable": X},
    "take_along_axis": {"x": X, "indices": [5, 0]},
    "tensordot": {"x1": X, "x2": X, "axes": [[0], [0]]},
    "tile": {"x": X, "repeats": (2, 1)},
}


def test_every_function_with_keras_arguments_is_called():
    from danlu.ops import keras_arguments

    assert set(CALLS) == set(keras_arguments.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_the_call_by_name(name):
    """The call by name, and the same by place."""
    ours, theirs = getattr(dl.ops, name), getattr(keras.ops, name)
    arguments = {
        k: [np.asarray(one) for one in v] if name in ("concatenate", "stack") and k[0] == "x"
        else np.asarray(v) if isinstance(v, list) and k != "axes" else v
        for k, v in CALLS[name].items()
    }  # fmt: skip
    want = theirs(**arguments)
    assert_close(ours(**arguments), want)
    names = [n for n, _ in positional(theirs)][: len(arguments)]
    if list(arguments) == names:
        assert_close(ours(*arguments.values()), want)


@pytest.mark.parametrize("name", ["max", "min"])
def test_the_initial_value(name):
    ours, theirs = getattr(dl.ops, name), getattr(keras.ops, name)
    empty = np.zeros((0, 3), "float32")
    assert_close(ours(empty, axis=0, initial=2.0), theirs(empty, axis=0, initial=2.0))
    assert_close(ours(X, None, False, 4.0), theirs(X, None, False, 4.0))
    got = dl.grad(lambda t: dl.sum(ours(t, axis=1, initial=4.0)))(dl.asarray(X))
    assert_close(got, jax.grad(lambda t: theirs(t, axis=1, initial=4.0).sum())(X))
