"""What rows of the op table cannot say: special values, integers, promotion, casts, accuracy."""

from __future__ import annotations

import math

import numpy as np
import pytest

import danlu as dl
from danlu import ops

INF, NAN = math.inf, math.nan
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
ALL = ["bool", *INTEGERS, "float16", "float32", "float64"]


def ulps(got: np.ndarray, want: np.ndarray) -> float:
    """The largest error in units of the last place of float32, over finite results."""
    rounded = want.astype("float32")
    finite = np.isfinite(rounded)
    np.testing.assert_array_equal(got[~finite], rounded[~finite])
    spacing = np.spacing(np.abs(rounded[finite]))
    return float(np.max(np.abs(got[finite].astype("float64") - want[finite]) / spacing))


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("exp", -85, 88.7),
        ("exp2", -120, 127.9),
        ("expm1", -20, 88),
        ("log", 1e-30, 1e6),
        ("log2", 1e-3, 1e6),
        ("log1p", -0.99, 1e3),
        ("tanh", -12, 12),
        ("sin", -8000, 8000),
        ("cos", -8000, 8000),
        ("sin", 1e5, 1e9),
        ("sqrt", 0, 1e10),
    ],
)
def test_float32_is_exact_to_4_ulp(name: str, low: float, high: float) -> None:
    x = np.random.default_rng(0).uniform(low, high, 200_003).astype("float32")
    got = getattr(ops, name)(dl.asarray(x)).numpy()
    assert ulps(got, getattr(np, name)(x.astype("float64"))) <= 4


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("exp", [-INF, 0, INF, NAN], [0, 1, INF, NAN]),
        ("exp2", [-INF, 3, -1, INF], [0, 8, 0.5, INF]),
        ("expm1", [-INF, 0, INF], [-1, 0, INF]),
        ("log", [0, 1, INF, -1, NAN], [-INF, 0, INF, NAN, NAN]),
        ("log2", [0, 1, 8, 0.125], [-INF, 0, 3, -3]),
        ("log1p", [-1, 0, INF, -2], [-INF, 0, INF, NAN]),
        ("tanh", [-INF, 0, INF, NAN], [-1, 0, 1, NAN]),
        ("sigmoid", [-INF, 0, INF, NAN], [0, 0.5, 1, NAN]),
        ("erf", [-INF, 0, INF, NAN], [-1, 0, 1, NAN]),
        ("erfinv", [-1, 0, 1, 2], [-INF, 0, INF, NAN]),
        ("sin", [0, INF, NAN], [0, NAN, NAN]),
        ("cos", [0, -INF, NAN], [1, NAN, NAN]),
        ("sign", [-3, 0, 5, NAN], [-1, 0, 1, NAN]),
        ("relu", [-1, 0, 2, NAN, INF], [0, 0, 2, NAN, INF]),
        ("round", [0.5, 1.5, 2.5, -0.5], [0, 2, 2, 0]),
        ("softplus", [-INF, INF, 100], [0, INF, 100]),
        ("gelu", [0, INF], [0, INF]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_special_values(name: str, x: list[float], y: list[float], dtype: str) -> None:
    got = getattr(ops, name)(dl.asarray(x, dtype=dtype))
    assert got.dtype == dtype
    np.testing.assert_array_equal(got.numpy(), np.array(y, dtype))


def test_zero_keeps_its_sign() -> None:
    zero = dl.asarray([-0.0])
    for name in ("sin", "tanh", "erf", "expm1", "log1p", "sqrt", "floor", "negative"):
        y = getattr(ops, name)(zero)
        assert bool(dl.signbit(y)[0]) == (name != "negative"), name


@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "gelu", "log_sigmoid", "sin"])
def test_bits_do_not_depend_on_the_position(name: str) -> None:
    f = getattr(ops, name)
    x = np.random.default_rng(1).normal(size=1003).astype("float32")
    whole = f(dl.asarray(x)).numpy()
    for begin, end in [(0, 1), (1, 18), (500, 517), (1000, 1003), (37, 1003)]:
        np.testing.assert_array_equal(f(dl.asarray(x[begin:end])).numpy(), whole[begin:end])
    np.testing.assert_array_equal(f(dl.asarray(x)[::3]).numpy(), whole[::3])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_arithmetic_is_that_of_numpy(dtype: str) -> None:
    info = np.iinfo(dtype)
    some = np.array([info.min, info.min + 1, 0, 1, 2, 7, info.max - 1, info.max], dtype)
    a, b = (m.ravel() for m in np.meshgrid(some, some))
    with np.errstate(all="ignore"):
        for ours, theirs in [
            (dl.add, np.add),
            (dl.subtract, np.subtract),
            (dl.multiply, np.multiply),
            (dl.floor_divide, np.floor_divide),
            (dl.remainder, np.remainder),
            (dl.maximum, np.maximum),
            (dl.bitwise_xor, np.bitwise_xor),
        ]:
            got = ours(dl.asarray(a), dl.asarray(b))
            assert got.dtype == dtype
            np.testing.assert_array_equal(got.numpy(), theirs(a, b), err_msg=ours.__name__)
        for ours, theirs in [(dl.negative, np.negative), (dl.abs, np.abs), (dl.square, np.square)]:
            np.testing.assert_array_equal(ours(dl.asarray(some)).numpy(), theirs(some))
        powers = np.array([0, 1, 2, 3, 5], dtype)
        np.testing.assert_array_equal(
            (dl.asarray(some)[:, None] ** dl.asarray(powers)).numpy(), some[:, None] ** powers
        )
        shifts = np.array([0, 1, info.bits - 1, info.bits, 99], dtype)
        np.testing.assert_array_equal(
            (dl.asarray(some)[:, None] << dl.asarray(shifts)).numpy(), some[:, None] << shifts
        )
        np.testing.assert_array_equal(
            (dl.asarray(some)[:, None] >> dl.asarray(shifts)).numpy(), some[:, None] >> shifts
        )


def test_floor_division_and_remainder_of_floats() -> None:
    a = np.array([7.5, -7.5, 7.5, -7.5, 0.0, -0.0, 1e30, 3.0, INF, 1.0, -1.0])
    b = np.array([2.0, 2.0, -2.0, -2.0, 3.0, 3.0, 7.0, 0.0, 2.0, INF, INF])
    with np.errstate(all="ignore"):
        # With infinities the standard's values, where NumPy has Python's: inf // 2 is NaN there.
        expected = np.where(np.isfinite(a) & np.isfinite(b), a // b, a / b)
        np.testing.assert_array_equal((dl.asarray(a) // dl.asarray(b)).numpy(), expected)
        np.testing.assert_array_equal((dl.asarray(a) % dl.asarray(b)).numpy(), a % b)
    quotients = dl.asarray([INF, -INF, INF, 1.0, -1.0]) // dl.asarray([-2.0, -2.0, INF, -INF, INF])
    assert str(quotients.tolist()) == "[-inf, inf, nan, -0.0, -0.0]"


@pytest.mark.parametrize("source", ALL)
@pytest.mark.parametrize("target", ALL)
def test_casts(source: str, target: str) -> None:
    x = np.array([[0, 1, 2], [3, 100, 1]]).astype(source)
    got = dl.astype(dl.asarray(x), target)
    assert got.dtype == target
    np.testing.assert_array_equal(got.numpy(), x.astype(target))
    np.testing.assert_array_equal(
        dl.astype(dl.asarray(x).T[::-1], target).numpy(), x.T[::-1].astype(target)
    )


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("source", ["float16", "float32", "float64"])
def test_what_does_not_fit_an_integer_becomes_the_nearest(dtype: str, source: str) -> None:
    info = dl.iinfo(dtype)
    x = dl.asarray([INF, -INF, NAN, 1e300 if source == "float64" else INF, 3.9, -0.5], dtype=source)
    assert dl.astype(x, dtype).tolist() == [info.max, info.min, 0, info.max, 3, 0]


def test_bfloat16_rounds_to_even() -> None:
    x = dl.asarray([1.00390625, 1.01171875, 3.4e38, NAN, 1e-40])  # halfway down, halfway up
    y = dl.astype(dl.astype(x, "bfloat16"), "float32").numpy()
    np.testing.assert_array_equal(y[:2], np.float32([1.0, 1.015625]))
    assert np.isinf(y[2]) or y[2] > 3.3e38
    assert np.isnan(y[3])


PROMOTED = {
    ("int8", "int16"): "int16",
    ("uint8", "int8"): "int16",
    ("uint16", "int8"): "int32",
    ("uint32", "int64"): "int64",
    ("uint32", "int8"): "int64",
    ("uint8", "uint64"): "uint64",
    ("float32", "float64"): "float64",
    ("float16", "bfloat16"): "float32",
    ("int64", "float16"): "float16",
    ("bool", "int8"): "int8",
    ("bool", "float32"): "float32",
    ("uint64", "int64"): "float64",
}


@pytest.mark.parametrize(("pair", "result"), PROMOTED.items())
def test_promotion(pair: tuple[str, str], result: str) -> None:
    a, b = (dl.ones((2,), dtype=d) for d in pair)
    assert (a + b).dtype == result
    assert (b * a).dtype == result
    assert dl.result_type(a, b) == result
    assert dl.where(dl.asarray([True, False]), a, b).dtype == result


@pytest.mark.parametrize("dtype", [*INTEGERS, "float16", "float32", "float64"])
def test_python_numbers_are_weak(dtype: str) -> None:
    x = dl.ones((3,), dtype=dtype)
    assert (x + 1).dtype == dtype
    assert (1 - x).dtype == dtype
    assert (x * True).dtype == dtype
    assert (x + 1.5).dtype == (dtype if dtype.startswith("float") else "float32")
    assert (x / 2).dtype == (dtype if dtype.startswith("float") else "float32")
    assert dl.exp(x).dtype == (dtype if dtype.startswith("float") else "float32")


def test_extremes_share_the_gradient_among_equals() -> None:
    x = dl.asarray([1.0, 3.0, 3.0, 1.0])
    np.testing.assert_array_equal(dl.grad(dl.max)(x).numpy(), [0, 0.5, 0.5, 0])
    np.testing.assert_array_equal(dl.grad(dl.min)(x).numpy(), [0.5, 0, 0, 0.5])
    a, b = dl.grad(lambda a, b: dl.sum(dl.maximum(a, b)), argnums=(0, 1))(x, dl.ones((4,)))
    np.testing.assert_array_equal(a.numpy(), [0.5, 1, 1, 0.5])
    np.testing.assert_array_equal(b.numpy(), [0.5, 0, 0, 0.5])


@pytest.mark.parametrize("dtype", ["bool", *INTEGERS])
def test_integer_reductions(dtype: str) -> None:
    x = np.random.default_rng(2).integers(0, 2 if dtype == "bool" else 100, (37, 41)).astype(dtype)
    wide = "uint64" if dtype.startswith("u") else "int64"
    for axis in (None, 0, 1):
        for name in ("sum", "prod"):
            got = getattr(dl, name)(dl.asarray(x), axis=axis)
            assert got.dtype == wide
            with np.errstate(all="ignore"):
                np.testing.assert_array_equal(
                    got.numpy(), getattr(np, name)(x, axis=axis, dtype=wide)
                )
        for name in ("max", "min", "any", "all", "argmax", "argmin", "count_nonzero"):
            got = getattr(dl, name)(dl.asarray(x), axis=axis)
            np.testing.assert_array_equal(got.numpy(), getattr(np, name)(x, axis=axis))


def test_clip_passes_the_gradient_on_at_its_bounds() -> None:
    """As in PyTorch and TensorFlow; the bounds get the rest."""
    x = dl.asarray([-1.0, 0.0, 0.5, 1.0, 2.0])
    low, high = dl.zeros((5,)), dl.ones((5,))
    got = dl.grad(lambda *a: dl.sum(dl.clip(*a)), argnums=(0, 1, 2))(x, low, high)
    assert [g.tolist() for g in got] == [[0, 1, 1, 1, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 1]]
    assert dl.grad(lambda x: dl.sum(dl.clip(x, 0.0, 1.0)))(x).tolist() == [0, 1, 1, 1, 0]
    assert dl.grad(lambda x: dl.sum(dl.clip(x, min=0.0)))(x).tolist() == [0, 1, 1, 1, 1]


def test_nan_in_reductions() -> None:
    x = dl.asarray([[1.0, NAN, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_array_equal(dl.max(x, axis=1).numpy(), [NAN, 6])
    np.testing.assert_array_equal(dl.argmax(x, axis=1).numpy(), [1, 2])
    np.testing.assert_array_equal(ops.nanmax(x, axis=1).numpy(), [3, 6])
    np.testing.assert_array_equal(ops.nansum(x, axis=1).numpy(), [4, 15])
    np.testing.assert_array_equal(ops.nanmean(x, axis=1).numpy(), [2, 5])
    np.testing.assert_array_equal(ops.nanargmax(x, axis=1).numpy(), [2, 2])


def test_empty_reductions() -> None:
    x = dl.zeros((0, 3))
    assert dl.sum(x).item() == 0
    assert dl.prod(x).item() == 1
    assert dl.sum(x, axis=0).tolist() == [0, 0, 0]
    assert dl.sum(x, axis=1).shape == (0,)
    assert not dl.any(x).item() and dl.all(x).item()
    assert dl.sum(dl.ones((2, 3)), axis=()).shape == (2, 3)


@pytest.mark.parametrize("shape", [(100_003,), (7, 100_003), (100_003, 7), (50, 70, 90)])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_long_float32_sums_are_accurate(shape: tuple[int, ...], axis: int | None) -> None:
    x = np.random.default_rng(3).uniform(0, 1, shape).astype("float32")
    got = dl.sum(dl.asarray(x), axis=axis).numpy()
    np.testing.assert_allclose(got, x.astype("float64").sum(axis=axis), rtol=5e-7)


def test_half_sums_are_accumulated_in_float32() -> None:
    for dtype in ("float16", "bfloat16"):
        x = dl.ones((4096,), dtype=dtype) * 0.125
        assert dl.sum(x).item() == 512
        assert dl.mean(dl.ones((70_000,), dtype=dtype)).item() == 1


def test_reductions_over_every_choice_of_axes() -> None:
    from itertools import combinations

    x = np.random.default_rng(4).normal(size=(3, 5, 7, 2))
    for view in (dl.asarray(x), dl.permute_dims(dl.asarray(x), (2, 0, 3, 1))[::-1, :, :, ::2]):
        values = np.array(view.numpy())
        for count in range(5):
            for axes in combinations(range(4), count):
                for name in ("sum", "max", "prod", "mean"):
                    np.testing.assert_allclose(
                        getattr(dl, name)(view, axis=axes).numpy(),
                        getattr(np, name)(values, axis=axes),
                        rtol=1e-12,
                        atol=1e-12,
                    )


def test_elementwise_on_eight_axes_and_broadcasting() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 1, 3, 1, 2, 1, 3, 2)), rng.normal(size=(1, 2, 1, 2, 2, 3, 1, 2))
    np.testing.assert_array_equal((dl.asarray(a) * dl.asarray(b)).numpy(), a * b)


def test_compositions() -> None:
    x = dl.asarray([[1.0, -2.0, 3.0], [0.0, 5.0, -6.0]])
    v = x.numpy()
    np.testing.assert_allclose(ops.round(x * 1.234, 1).numpy(), np.round(v * 1.234, 1), rtol=1e-6)
    np.testing.assert_allclose(
        ops.average(x, axis=1, weights=dl.asarray([1.0, 2.0, 3.0])).numpy(),
        np.average(v, axis=1, weights=[1, 2, 3]),
        rtol=1e-6,
    )
    np.testing.assert_array_equal(ops.ptp(x, axis=0).numpy(), np.ptp(v, axis=0))
    np.testing.assert_allclose(ops.trapezoid(x).numpy(), np.trapezoid(v), rtol=1e-6)
    np.testing.assert_array_equal(
        ops.saturate_cast(x * 100, "uint8").numpy(), [[100, 0, 255], [0, 255, 0]]
    )
    assert ops.isposinf(x / 0.0).tolist() == [[True, False, True], [False, True, False]]
    assert ops.allclose(x, x + 1e-9).item()
    assert dl.diff(x, n=2).tolist() == [[8.0], [-16.0]]


def test_dtype_questions() -> None:
    assert dl.isdtype(dl.int8, "integral") and dl.isdtype("bfloat16", ("bool", "real floating"))
    assert not dl.isdtype(dl.bool, "numeric")
    assert dl.can_cast("int8", "float32") and not dl.can_cast("float64", "float32")
    for name in ("float16", "float32", "float64"):
        ours, theirs = dl.finfo(name), np.finfo(name)
        assert (ours.max, ours.eps, ours.smallest_normal) == (
            float(theirs.max),
            float(theirs.eps),
            float(theirs.smallest_normal),
        )
    for name in INTEGERS:
        assert (dl.iinfo(name).min, dl.iinfo(name).max) == (np.iinfo(name).min, np.iinfo(name).max)
    with pytest.raises(ValueError, match="unknown kind"):
        dl.isdtype("int8", "integers")


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "float32", "float64"])
@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((100, 70), (1, 0)),
        ((64, 32), (1, 0)),
        ((5, 33, 47), (2, 1, 0)),
        ((5, 33, 47), (0, 2, 1)),
        ((40, 17, 50), (1, 2, 0)),
    ],
)
def test_transposed_operands(dtype: str, shape: tuple[int, ...], axes: tuple[int, ...]) -> None:
    """These go by tiles, with strips that fill no tile."""
    x = np.random.default_rng(6).integers(0, 30, shape).astype(dtype)
    for step in (1, -1):
        view = dl.permute_dims(dl.asarray(x), axes)[:, ::step]
        want = x.transpose(axes)[:, ::step]
        np.testing.assert_array_equal(dl.astype(view, dtype).numpy(), want)
        np.testing.assert_array_equal(dl.astype(view, "float64").numpy(), want.astype("float64"))
        dense = dl.asarray(np.ascontiguousarray(want))
        np.testing.assert_array_equal((view + dense).numpy(), want + want)


@pytest.mark.parametrize(
    "x", [[[1, 2, 3]], np.ones((1, 3), "int64"), dl.ones((1, 3), dtype="int64")]
)
def test_questions_about_arrays_and_lists(x: object) -> None:
    assert ops.shape(x) == (1, 3)
    assert ops.ndim(x) == 2
    assert ops.size(x) == 3
    assert ops.dtype(x) == "int64"


def test_fmod_of_the_least_integer() -> None:
    x = np.array([-128, -128, 127, -7], "int8")
    y = np.array([3, -1, -128, -128], "int8")
    np.testing.assert_array_equal(ops.fmod(x, y).numpy(), np.fmod(x, y))


def test_nextafter_steps_in_float32_and_float64_only() -> None:
    x, y = np.float32([1.0, -0.0, np.inf]), np.float32([2.0, 1.0, 0.0])
    np.testing.assert_array_equal(dl.nextafter(x, y).numpy(), np.nextafter(x, y))
    with pytest.raises(TypeError, match=r"\[nextafter\].*float16"):
        dl.nextafter(dl.ones(1, dtype="float16"), dl.zeros(1, dtype="float16"))


def test_ldexp_beyond_the_powers_of_two() -> None:
    x, n = np.float32([2.0**100, 2.0**-100, 1.5]), np.array([-200, 200, 127])
    np.testing.assert_array_equal(ops.ldexp(x, n).numpy(), np.ldexp(x, n))


SMALL = 1e-40  # a float32 below the normal ones


@pytest.mark.parametrize("size", [1, 1000, 200_000])
def test_a_number_below_the_normal_ones_is_not_zero_in_an_array_of_any_size(size: int) -> None:
    x = dl.full((size,), SMALL)
    assert dl.all(x != 0) and dl.all(x > 0)
    assert dl.all(dl.log(x) < -92)
    assert dl.all(dl.sqrt(x) > 9e-21)
    assert dl.count_nonzero(x).item() == size == dl.nonzero(x)[0].size
    assert dl.max(x).item() > 0 and dl.min(-x).item() < 0
    assert dl.all(dl.sort(dl.concat([x, 0.5 * SMALL * dl.ones(1)]))[1:] == x)


def test_what_is_not_zero_is_found_wherever_it_is() -> None:
    x = np.zeros(200_000, "float32")
    x[0], x[-1] = SMALL, 5
    assert dl.nonzero(dl.asarray(x))[0].tolist() == [0, 199_999]


def test_small_float16_numbers_count_in_arrays_of_any_size() -> None:
    for size in (1000, 200_000):
        x = dl.full((size,), 3e-5, dtype="float16")
        np.testing.assert_allclose(dl.sum(x).item(), size * 3e-5, rtol=2e-3)
        assert dl.all(dl.astype(x, "float32") > 2.9e-5)
        np.testing.assert_array_equal((x * 2).numpy(), x.numpy() * 2)


def test_float64_is_rounded_once_to_float16() -> None:
    rng = np.random.default_rng(0)
    halves = rng.uniform(-4, 4, 2000).astype("float16")
    between = (halves.astype("float64") + np.nextafter(halves, np.float16(9)).astype("float64")) / 2
    special = [np.inf, -np.inf, np.nan, 0.0, -0.0, 1e300, -1e300, 65519.99, 65520.0, 6e-8, 2e-8]
    x = np.concatenate([between, between + 2.0**-45, between - 2.0**-45, special])
    with np.errstate(over="ignore"):
        want = x.astype("float16")
    np.testing.assert_array_equal(dl.astype(dl.asarray(x), "float16").numpy(), want)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_ldexp_is_that_of_numpy_to_the_ends_of_the_dtype(dtype: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000) * 10.0 ** rng.integers(-40, 40, 1000)
    with np.errstate(all="ignore"):
        x = np.concatenate([x, [0.0, -0.0, INF, -INF, NAN]]).astype(dtype)
        n = rng.integers(-3000, 3000, x.size)
        n[::2] //= 10
        np.testing.assert_array_equal(ops.ldexp(x, n).numpy(), np.ldexp(x, n))


def test_fmod_promotes_before_it_computes() -> None:
    least = dl.asarray(-128, dtype="int8")
    assert ops.fmod([1.0], least).tolist() == [1.0]
    assert ops.fmod(dl.asarray(5, dtype="int8"), least).item() == 5
    x, y = np.array([-3.0, 0.0, -0.0, INF, 1.0, 3.0]), np.array([3.0, 2.0, 2.0, 2.0, 0.0, -INF])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ops.fmod(x, y).numpy(), np.fmod(x, y))
    assert np.signbit(ops.fmod(x, y).numpy()[:3]).tolist() == [True, False, True]


@pytest.mark.parametrize("other", ["int8", "int32", "int64", "float32"])
def test_mixed_dtypes_are_computed_in_the_wider_one(other: str) -> None:
    x = np.array([0.1, 2.0**24 + 1, -3.0])
    y = np.array([3, 2, 1], other)
    for ours, theirs in (
        (ops.logaddexp2, np.logaddexp2),
        (ops.heaviside, np.heaviside),
        (ops.fmod, np.fmod),
        (ops.isclose, np.isclose),
        (lambda a, b: ops.average(a, weights=b), lambda a, b: np.average(a, weights=b)),
        (lambda a, b: ops.trapezoid(a, x=b), lambda a, b: np.trapezoid(a, x=b)),
    ):
        for pair in ((x, y), (y, x)):
            got, want = ours(*pair), theirs(*pair)
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got.numpy(), want, rtol=1e-15)


def test_isclose_of_large_integers() -> None:
    x = dl.asarray([2**24 + 1, 2**24])
    assert ops.isclose(x, 2**24, rtol=0, atol=0).tolist() == [False, True]


def test_what_is_joined_to_a_difference_keeps_its_fraction() -> None:
    assert dl.diff([1, 2], prepend=[0.5], append=[2.5]).tolist() == [0.5, 1.0, 0.5]


def test_derivatives_at_zero() -> None:
    zero = dl.asarray(0.0, dtype="float64")
    slopes = dl.grad(lambda x: dl.sum(ops.fmod(x, 1.0)))(dl.asarray([-0.5, 0.0, 2.0]))
    assert slopes.tolist() == [1.0, 1.0, 1.0]
    assert dl.grad(dl.grad(ops.sinc))(zero).item() == pytest.approx(-(math.pi**2) / 3)
    for power, slope, curvature in ((0, 0, 0), (1, 1, 0), (2, 0, 2), (3, 0, 0)):
        f = dl.grad(lambda x, p=power: x**p)
        assert f(zero).item() == slope and dl.grad(f)(zero).item() == curvature


@pytest.mark.parametrize("spread", [dl.std, ops.nanstd])
def test_the_deviation_of_equals_has_no_slope(spread: object) -> None:
    # As in PyTorch; without degrees of freedom there is no number.
    for size in (1, 3):
        assert dl.grad(spread)(dl.ones(size)).tolist() == [0.0] * size
    assert np.isnan(dl.grad(lambda x: dl.std(x, correction=1))(dl.ones(1)).item())
    x = dl.asarray([[1.0, 1.0], [1.0, 3.0]])
    slopes = dl.grad(lambda x: dl.sum(spread(x, axis=1)))(x)
    assert slopes.tolist() == [[0.0, 0.0], [-0.5, 0.5]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_power_has_the_same_bits_beside_other_powers(dtype: str) -> None:
    rng = np.random.default_rng(0)
    x, powers = rng.standard_normal(1000).astype(dtype), rng.integers(0, 5, 1000).astype(dtype)
    mixed = np.asarray(dl.pow(dl.asarray(x), dl.asarray(powers)))
    for power in range(5):
        alone = np.asarray(dl.pow(dl.asarray(x), dl.asarray(power, dtype=dtype)))
        np.testing.assert_array_equal(mixed[powers == power], alone[powers == power])
        np.testing.assert_allclose(alone, x.astype("float64") ** power, rtol=3e-7)
