"""Initializers: support, moments, seeds and names. Against Keras 3: `tests/keras/`."""

from __future__ import annotations

import math

import numpy as np
import pytest

import danlu as dl

SHAPE = (3, 3, 20, 120)  # fan_in 180, fan_out 1080
FAN = {"in": 180, "out": 1080, "avg": 630}

# name, arguments, distribution, and its standard deviation or limit
SCALED = [
    ("GlorotUniform", {}, "uniform", math.sqrt(3 / FAN["avg"])),
    ("GlorotNormal", {}, "truncated", math.sqrt(1 / FAN["avg"])),
    ("HeUniform", {}, "uniform", math.sqrt(6 / FAN["in"])),
    ("HeNormal", {}, "truncated", math.sqrt(2 / FAN["in"])),
    ("LecunUniform", {}, "uniform", math.sqrt(3 / FAN["in"])),
    ("LecunNormal", {}, "truncated", math.sqrt(1 / FAN["in"])),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out"}, "truncated", math.sqrt(3 / FAN["out"])),
    ("VarianceScaling", {"distribution": "untruncated_normal"}, "normal", math.sqrt(1 / FAN["in"])),
    ("VarianceScaling", {"distribution": "uniform"}, "uniform", math.sqrt(3 / FAN["in"])),
    ("RandomUniform", {"minval": -0.2, "maxval": 0.2}, "uniform", 0.2),
    ("RandomNormal", {"stddev": 0.3}, "normal", 0.3),
    ("TruncatedNormal", {"stddev": 0.3}, "truncated", 0.3 * 0.87962566103423978),
]


@pytest.mark.parametrize(("name", "options", "kind", "size"), SCALED)
def test_distribution(name, options, kind, size):
    w = getattr(dl.initializers, name)(**options, seed=1)(SHAPE).numpy()
    assert w.dtype == "float32" and w.shape == SHAPE
    stddev = size / math.sqrt(3) if kind == "uniform" else size
    fourth = {"uniform": 1.8, "truncated": 2.4, "normal": 3.0}[kind]
    assert abs(w.mean()) < 5 * stddev / math.sqrt(w.size)
    assert abs(w.var() / stddev**2 - 1) < 5 * math.sqrt((fourth - 1) / w.size)
    limit = {"uniform": size, "truncated": 2 * size / 0.87962566103423978, "normal": 6 * size}[kind]
    assert np.abs(w).max() <= limit * (1 + 1e-6)
    if kind != "normal":
        assert np.abs(w).max() > 0.995 * limit


@pytest.mark.parametrize(
    ("shape", "fans"),
    [
        ((), (1, 1)),
        ((7,), (7, 7)),
        ((5, 3), (5, 3)),
        ((3, 2, 5, 7), (30, 42)),
    ],
)
def test_fans(shape, fans):
    assert dl.initializers.compute_fans(shape) == fans


def test_axes_of_the_fans():
    assert dl.initializers.compute_fans((2, 3, 5), input_axes=(0,), output_axes=(1, 2)) == (2, 15)
    w = dl.initializers.GlorotUniform(seed=1, input_axes=(0,), output_axes=(1, 2))((20, 30, 50))
    assert abs(np.abs(w.numpy()).max() / math.sqrt(6 / 1520) - 1) < 1e-3


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("name", ["zeros", "ones", "glorot_uniform", "he_normal", "orthogonal"])
def test_dtypes(name, dtype):
    assert dl.initializers.get(name)((4, 3), dtype=dtype).dtype == dtype


@pytest.mark.parametrize("dtype", ["int32", "float64", "float16"])
def test_the_dtype_of_an_identity(dtype):
    x = dl.initializers.Identity(gain=3.1)((2, 3), dtype)
    assert x.dtype == dtype
    np.testing.assert_array_equal(x.numpy(), (3.1 * np.eye(2, 3)).astype(dtype))


def test_constants():
    get = dl.initializers
    np.testing.assert_array_equal(get.Zeros()((2, 3)).numpy(), np.zeros((2, 3)))
    np.testing.assert_array_equal(get.Ones()(()).numpy(), 1)
    np.testing.assert_array_equal(get.Constant(3)((2, 3)).numpy(), np.full((2, 3), 3))
    np.testing.assert_array_equal(get.Constant([1, 2])((3, 2)).numpy(), [[1, 2]] * 3)
    np.testing.assert_array_equal(get.Identity(2.0)((2, 3)).numpy(), 2 * np.eye(2, 3))
    with pytest.raises(ValueError, match=r"matrices only, got shape \(2,\)"):
        get.Identity()((2,))


@pytest.mark.parametrize("shape", [(5, 5), (40, 7), (7, 40), (3, 3, 4, 9), (1, 1)])
def test_orthogonal(shape):
    w = dl.initializers.Orthogonal(gain=2.0, seed=1)(shape).numpy().reshape(-1, shape[-1])
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=2e-6)


def test_orthogonal_is_evenly_spread():
    """The entries of a random orthogonal matrix have mean 0 and variance 1 / n."""
    w = dl.initializers.Orthogonal(seed=2)((300, 300)).numpy()
    assert abs(w.mean()) < 5 / 300 / math.sqrt(300)
    assert (w.diagonal() > 0).any() and (w.diagonal() < 0).any()


def test_orthogonal_on_any_number_of_threads():
    seen = []
    try:
        for threads in (1, 2, 3, 4):
            dl.config.set_num_threads(threads)
            seen.append(dl.initializers.Orthogonal(seed=1)((200, 310)).numpy().tobytes())
    finally:
        dl.config.set_num_threads(0)
    assert len(set(seen)) == 1


def test_seeds():
    make = dl.initializers.GlorotNormal
    a, b = make(seed=3), make(seed=3)
    np.testing.assert_array_equal(a((4, 5)).numpy(), b((4, 5)).numpy())
    np.testing.assert_array_equal(a((4, 5)).numpy(), b((4, 5)).numpy())  # at every call
    assert not np.array_equal(a((4, 5)).numpy(), make(seed=4)((4, 5)).numpy())
    assert not np.array_equal(make()((4, 5)).numpy(), make()((4, 5)).numpy())
    numpy_seed = make(seed=np.int64(3))
    np.testing.assert_array_equal(numpy_seed((4, 5)).numpy(), a((4, 5)).numpy())
    assert type(numpy_seed.get_config()["seed"]) is int  # JSON knows no other
    moving = make(seed=dl.random.SeedGenerator(3))
    first = moving((4, 5)).numpy()
    np.testing.assert_array_equal(first, a((4, 5)).numpy())
    assert not np.array_equal(first, moving((4, 5)).numpy())


def test_config():
    for name, options, *_ in SCALED:
        made = getattr(dl.initializers, name)(**options, seed=5)
        copy = dl.initializers.deserialize(dl.initializers.serialize(made))
        assert type(copy) is type(made) and copy.get_config() == made.get_config()
        np.testing.assert_array_equal(copy((4, 5)).numpy(), made((4, 5)).numpy())
    clone = dl.initializers.HeNormal(seed=dl.random.SeedGenerator(3)).clone()
    want = dl.initializers.HeNormal(seed=3)((4, 5)).numpy()
    np.testing.assert_array_equal(clone((4, 5)).numpy(), want)


def test_get():
    get = dl.initializers.get
    assert get(None) is None
    assert isinstance(get("glorot_uniform"), dl.initializers.GlorotUniform)
    assert isinstance(get("GlorotUniform"), dl.initializers.GlorotUniform)
    assert isinstance(get(dl.initializers.Zeros), dl.initializers.Zeros)
    given = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(get(given)((2, 3)).numpy(), given)
    np.testing.assert_array_equal(get(dl.asarray(given))((2, 3), "float64").numpy(), given)
    with pytest.raises(ValueError, match=r"weight has shape \(3, 2\).*\(2, 3\)"):
        get(given)((3, 2))


MISTAKES = [
    (lambda: dl.initializers.get("glorot_unifrom"), "Did you mean 'glorot_uniform'"),
    (lambda: dl.initializers.get(3), "cannot make a initializer of 3|cannot make an initializer"),
    (lambda: dl.initializers.VarianceScaling(scale=-1.0), "scale must be positive, got -1"),
    (lambda: dl.initializers.VarianceScaling(mode="fan"), "mode is one of .*got 'fan'"),
    (lambda: dl.initializers.VarianceScaling(distribution="x"), "distribution is one of"),
    (lambda: dl.initializers.HeNormal(seed="a"), "seed must be an integer or a SeedGenerator"),
    (
        lambda: dl.initializers.RandomNormal(seed=-1),
        r"\[RandomNormal\] seed.* 0 \.\.\. 2\*\*32 - 1, got -1",
    ),
    (lambda: dl.initializers.Orthogonal()((3,)), r"at least 2 axes, got shape \(3,\)"),
]


@pytest.mark.parametrize(("call", "match"), MISTAKES)
def test_mistakes(call, match):
    with pytest.raises(ValueError, match=match):
        call()
