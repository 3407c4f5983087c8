"""What rows of the op table cannot say of reductions: special values, 16-bit floats, long axes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import danlu as dl
from danlu import ops

INF, NAN = math.inf, math.nan
SPECIAL = np.array(
    [
        [1, NAN, 3],
        [INF, 2, -INF],
        [-1, -2, -3],
        [NAN, NAN, NAN],
        [-INF, -INF, -INF],
        [INF, INF, INF],
    ]
)
FLOATS = ["float16", "float32", "float64"]


@pytest.mark.parametrize("axis", [0, 1, None])
@pytest.mark.parametrize("name", "sum mean prod max min var std any all argmax argmin".split())
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_special_values_as_in_numpy(name: str, dtype: str, axis: int | None) -> None:
    x = SPECIAL.astype(dtype)
    want = getattr(np, name)(x, axis=axis)
    got = getattr(dl, name)(dl.asarray(x), axis=axis).numpy()
    np.testing.assert_allclose(got, want, rtol=1e-3)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", ["sort", "argsort"])
def test_nan_is_sorted_last(name: str, axis: int) -> None:
    want = getattr(np, name)(SPECIAL, axis=axis, kind="stable")
    np.testing.assert_array_equal(getattr(dl, name)(SPECIAL, axis=axis).numpy(), want)


def test_softmax_and_logsumexp_of_infinities() -> None:
    x = dl.asarray([[INF, 0.0], [-INF, 0.0], [-INF, -INF], [NAN, 0.0]])
    np.testing.assert_array_equal(ops.logsumexp(x, axis=1).numpy(), [INF, 0.0, -INF, NAN])
    got = ops.softmax(x).numpy()
    np.testing.assert_array_equal(got, [[NAN, NAN], [0, 1], [NAN, NAN], [NAN, NAN]])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_intermediate_results_of_16_bit_floats_are_wide(dtype: str) -> None:
    def number(x: dl.Tensor) -> float:
        assert x.dtype == dtype
        return float(x.astype("float64").item())

    many = dl.zeros((100_000,), dtype=dtype)
    assert number(ops.logsumexp(many)) == pytest.approx(math.log(100_000), rel=4e-3)
    far = dl.asarray([60_000.0, -60_000.0], dtype=dtype)
    assert number(dl.std(far)) == pytest.approx(60_000, rel=4e-3)
    assert number(ops.nanstd(far)) == pytest.approx(60_000, rel=4e-3)
    level = dl.full((100_000,), 3.0, dtype=dtype)
    for mean in (dl.mean, ops.nanmean, ops.average):
        assert number(mean(level)) == 3.0


def test_long_sums_are_exact_to_a_few_units() -> None:
    x = np.random.default_rng(0).uniform(0, 1, (5, 400_003)).astype("float32")
    for axis in (0, 1, None):
        want = x.astype("float64").sum(axis)
        np.testing.assert_allclose(dl.sum(x, axis=axis).numpy(), want, rtol=4e-7)
    np.testing.assert_allclose(dl.sum(x.T, axis=0).numpy(), x.astype("float64").sum(1), rtol=4e-7)


@pytest.mark.parametrize(
    ("shape", "axis"), [((0, 3), 0), ((0, 3), 1), ((0, 3), None), ((3, 0), 1), ((0,), None)]
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_elements_as_in_numpy(shape: tuple[int, ...], axis: int | None) -> None:
    x = np.zeros(shape)
    for name in "sum prod mean var any all max min argmax argmin".split():
        try:
            want = getattr(np, name)(x, axis=axis)
        except ValueError:
            with pytest.raises(ValueError, match=rf"\[{name}\] of no elements"):
                getattr(dl, name)(dl.asarray(x), axis=axis)
            continue
        np.testing.assert_array_equal(getattr(dl, name)(dl.asarray(x), axis=axis).numpy(), want)


def test_gradients_pass_by_nan() -> None:
    x = dl.asarray([1.0, NAN, 3.0, 4.0])
    for function in (ops.nansum, ops.nanmean, ops.nanvar, ops.nanstd, ops.nanmax):
        gradient = dl.grad(function)(x).numpy()
        assert np.isfinite(gradient).all(), function
        assert gradient[1] == 0


def test_float16_extremes_that_more_elements_share_than_it_can_count() -> None:
    x = dl.zeros((100_000,), dtype="float16")
    x.requires_grad = True
    dl.max(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), 1e-5, rtol=1e-2)


@pytest.mark.parametrize("name", ["cumsum", "cumprod", "nancumsum", "nancumprod"])
def test_axes_that_no_running_sum_has(name):
    function = getattr(ops, name)
    with pytest.raises(IndexError, match=rf"^\[{name}\] axis 3 is out of bounds for 1 axes"):
        function([1.0], axis=3)
    with pytest.raises(TypeError, match=rf"^\[{name}\] axis is a whole number, got 'x'"):
        function([1.0], axis="x")


@pytest.mark.parametrize("weights", [None, np.ones((2, 2)), np.ones((2, 3))])
def test_an_average_over_one_axis_twice(weights):
    with pytest.raises(ValueError, match=r"^\[average\] an axis appears twice in \(0, -2\)"):
        ops.average(dl.ones((2, 3)), axis=(0, -2), weights=weights)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint64", "bool"])
@pytest.mark.parametrize(("shape", "axis"), [((9, 300), 0), ((3, 50, 131), 1), ((9, 129, 2), 1)])
def test_the_position_is_that_of_the_first_of_equals(dtype: str, shape: tuple, axis: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 4, shape).astype(dtype)
    arrays = [x]
    if dtype.startswith("float"):
        holes = np.where(rng.random(shape) < 0.1, np.nan, x)
        arrays += [holes.astype(dtype), np.full(shape, -np.inf, dtype)]
    for array in arrays:
        np.testing.assert_array_equal(dl.argmax(array, axis=axis), np.argmax(array, axis))
        np.testing.assert_array_equal(dl.argmin(array, axis=axis), np.argmin(array, axis))
