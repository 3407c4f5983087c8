"""What the parity tests share: tolerances, data, and configurations brought to one form."""

import inspect
import os
from operator import attrgetter

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np

import danlu as dl

# Relative and absolute tolerance for float32 results of a few hundred operations.
TOLERANCE = {"rtol": 2e-5, "atol": 2e-5}


def assert_close(got, want, what="", **tolerance):
    """The numbers of danlu and of Keras agree, and so do their shapes."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, f"{what}: shape {got.shape}, Keras has {want.shape}"
    np.testing.assert_allclose(got, want, err_msg=what, **{**TOLERANCE, **tolerance})


def data(shape, kind="normal", seed=0):
    """Fixed random data: float32 `normal`, `positive`, `probabilities`; `ids` below 5; `bytes`."""
    rng = np.random.default_rng([seed, *shape])
    if kind == "ids":
        return rng.integers(0, 5, shape).astype("int32")
    if kind == "bytes":
        return rng.integers(0, 256, shape).astype("uint8")
    x = rng.normal(size=shape)
    if kind == "positive":
        x = np.abs(x) + 0.1
    if kind == "probabilities":
        x = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
    return x.astype("float32")


def plain(value):
    """A configuration with tuples as lists and numbers rounded, so that equal means equal."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.6g}")  # Keras keeps some arguments in float32
    return value


def pair(module, name, kwargs=None):
    """The object of danlu and the one of Keras, made with the same arguments."""
    kwargs = kwargs or {}
    ours = attrgetter(f"{module}.{name}")(dl)(**kwargs)
    theirs = attrgetter(f"{module}.{name}")(keras)(**kwargs)
    return ours, theirs


def arguments(cls):
    """Names and defaults of a constructor, in order, without `**kwargs`."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return {p.name: p.default for p in named}


def check_arguments(module, name, without=()):
    """The constructors take the same arguments in the same order with the same defaults."""
    ours = arguments(attrgetter(f"{module}.{name}")(dl))
    theirs = arguments(attrgetter(f"{module}.{name}")(keras))
    theirs = {k: v for k, v in theirs.items() if k not in without}
    assert list(ours) == list(theirs)
    for argument, default in theirs.items():
        assert ours[argument] == default, f"default of {argument}"


def check_config(module, name, kwargs, without=(), forgotten=()):
    """Both configurations are equal, and each library builds an equal object from it.

    Keras's one lacks the arguments `forgotten`; it takes them from ours."""
    ours, theirs = pair(module, name, kwargs)
    mine, wanted = plain(ours.get_config()), plain(theirs.get_config())
    for key in without:
        wanted.pop(key, None)
    for key in forgotten:
        assert key not in wanted, f"Keras's configuration has {key} now"
        wanted[key] = plain(kwargs[key])
    for config in (mine, wanted):
        if "name" in config and "name" not in kwargs:
            config["name"] = config["name"].rstrip("0123456789").rstrip("_")
    assert mine == wanted
    again = type(ours).from_config(ours.get_config())
    assert plain(again.get_config()) == plain(ours.get_config())
    type(theirs).from_config(ours.get_config())
