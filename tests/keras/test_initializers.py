"""Every initializer against Keras 3: equal numbers, or equal distributions where it draws."""

import keras
import numpy as np
import pytest
from parity import assert_close, check_arguments, check_config, pair
from table import INITIALIZERS

import danlu as dl

RANDOM = [row for row in INITIALIZERS if row.kind == "random"]
SHAPES = [(300, 400), (3, 3, 80, 150), (90000,)]


@pytest.mark.parametrize("row", INITIALIZERS, ids=str)
def test_arguments_and_config(row):
    check_arguments("initializers", row.name)
    check_config("initializers", row.name, row.kwargs, forgotten=row.forgotten)


@pytest.mark.parametrize("row", [r for r in INITIALIZERS if r.kind in ("exact", "square")], ids=str)
def test_numbers(row):
    ours, theirs = pair("initializers", row.name, row.kwargs)
    for shape in [(4, 4), (3, 5)] if row.kind == "square" else [(4, 4), (3,), ()]:
        assert_close(ours(shape), theirs(shape), str(shape))
    assert str(ours((4, 4), dtype="float64").dtype) == "float64"


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("row", RANDOM, ids=str)
def test_distribution(row, shape):
    """Mean, spread, extremes and deciles of about 100,000 draws agree to 2% of the spread."""
    ours, theirs = pair("initializers", row.name, {**row.kwargs, "seed": 3})
    got, want = (np.asarray(f(shape)).ravel() for f in (ours, theirs))
    spread = want.std()
    assert abs(got.mean() - want.mean()) < 0.02 * spread
    assert abs(got.std() - spread) < 0.02 * spread
    deciles = np.linspace(0.1, 0.9, 9)
    assert np.abs(np.quantile(got, deciles) - np.quantile(want, deciles)).max() < 0.03 * spread
    bounded = "Uniform" in row.name or "Truncated" in row.name or want.max() < 2.7 * spread
    if bounded:
        assert abs(got.max() - want.max()) < 0.02 * spread
        assert abs(got.min() - want.min()) < 0.02 * spread


@pytest.mark.parametrize("row", RANDOM, ids=str)
def test_a_seed_fixes_the_numbers(row):
    make = getattr(dl.initializers, row.name)
    a, b, c = (make(**row.kwargs, seed=seed)((5, 6)) for seed in (1, 1, 2))
    assert np.array_equal(np.asarray(a), np.asarray(b))
    assert not np.array_equal(np.asarray(a), np.asarray(c))


@pytest.mark.parametrize("shape", [(5, 5), (7, 4), (4, 7), (2, 3, 5)], ids=str)
@pytest.mark.parametrize("row", [r for r in INITIALIZERS if r.kind == "orthogonal"], ids=str)
def test_orthogonal(row, shape):
    ours, _ = pair("initializers", row.name, {**row.kwargs, "seed": 3})
    w = np.asarray(ours(shape)).reshape(-1, shape[-1]) / row.kwargs["gain"]
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-5)


@pytest.mark.parametrize(
    "name", ["zeros", "ones", "uniform", "normal", "glorot_uniform", "he_normal", "orthogonal"]
)
def test_by_name(name):
    ours, theirs = dl.initializers.get(name), keras.initializers.get(name)
    assert type(ours).__name__ == type(theirs).__name__
    assert ours.get_config() == theirs.get_config()
