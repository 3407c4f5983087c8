"""Matrix products, convolution and pooling: what a row of the op table cannot say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_harness import TOLERANCE, recorded

import danlu as dl
from danlu import ops


def recorded_calls(f: Any) -> list[str]:
    with recorded() as recording:
        f()
    return list(recording.lines())


def test_gradient_of_data_is_not_computed() -> None:
    x, kernel = dl.ones((4, 3)), dl.Variable(dl.ones((3, 2)))
    data = [
        line
        for line in recorded_calls(lambda: dl.sum(ops.dense(x, kernel)).backward())
        if "matmul" in line
    ]
    assert len(data) == 1  # x^T dy alone
    images, window = dl.ones((2, 5, 5, 1)), dl.Variable(dl.ones((3, 3, 1, 2)))
    lines = recorded_calls(lambda: dl.sum(ops.conv(images, window)).backward())
    assert any("conv_weight_gradient" in line for line in lines)
    assert not any("conv_data_gradient" in line for line in lines)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5, 12, 13, 49, 97])
@pytest.mark.parametrize("n", [1, 10, 16, 17, 33, 65])
@pytest.mark.parametrize("k", [1, 7, 33, 513])
def test_matmul_of_every_tile(m: int, n: int, k: int) -> None:
    rng = np.random.default_rng([m, n, k])
    a, b = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    want = a @ b
    for dtype, tolerance in (("float32", 1e-5), ("float64", 1e-13)):
        for left in (dl.asarray(a, dtype=dtype), dl.asarray(a.T.copy(), dtype=dtype).T):
            for right in (dl.asarray(b, dtype=dtype), dl.asarray(b.T.copy(), dtype=dtype).T):
                got = dl.matmul(left, right).numpy()
                np.testing.assert_allclose(got, want, atol=tolerance * (1 + k**0.5))


# Large enough for every way of cutting a product, with edges that fit and that do not.
WIDE = [
    (32, 96, 64),
    (65, 97, 33),
    (64, 512, 784),
    (130, 513, 520),
    (70, 1000, 500),
    (1100, 200, 161),
    (1030, 1060, 70),
    (40, 1060, 1100),
    (1, 515, 777),
    (515, 1, 777),
]


def product_arguments(m: int, n: int, k: int, dtype: str) -> Any:
    """Pairs of matrices that hold the same values, of every order in memory."""
    rng = np.random.default_rng([m, n, k])
    a = dl.asarray(rng.standard_normal((m, k)), dtype=dtype)
    b = dl.asarray(rng.standard_normal((k, n)), dtype=dtype)
    for left in (a, dl.asarray(a.T, copy=True).T):
        for right in (b, dl.asarray(b.T, copy=True).T):
            yield left, right


@pytest.mark.parametrize("shape", WIDE, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
def test_wide_products(shape: tuple[int, int, int], dtype: str) -> None:
    """As near to float64 as the table asks, with the same bits on any number of threads."""
    for a, b in product_arguments(*shape, dtype):
        wanted = a.astype("float64").numpy() @ b.astype("float64").numpy()
        bias = dl.asarray(np.linspace(-9, 9, shape[1]), dtype=dtype)
        with_bias = np.maximum(wanted + bias.astype("float64").numpy(), 0)
        first = None
        for threads in (1, 2, 3, 4):
            dl.config.set_num_threads(threads)
            got = dl.matmul(a, b), ops.dense(a, b, bias, activation="relu")
            got = [y.astype("float64").numpy() for y in got]
            first = first or got
            for y, same in zip(got, first, strict=True):
                np.testing.assert_array_equal(y, same)
        dl.config.set_num_threads(0)
        for y, reference in zip(first, (wanted, with_bias), strict=True):
            assert np.abs(y - reference).max() < TOLERANCE[dtype] * np.abs(reference).max()


def test_products_of_what_is_not_finite() -> None:
    """A float32 that is computed in parts must not become another one where it has no parts."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((350, 350)).astype("float32") for _ in range(2))
    a[3, 5], a[7, 250], b[9, 9] = np.inf, np.nan, -np.inf
    a[20, 3], b[3, 50] = 3.4e38, 0.5
    a[40], b[:, 60] = 0, 1
    a[50, 100] = np.uint32(0x7F800001).view("float32")  # a NaN of which only the last bit tells
    with np.errstate(all="ignore"):
        wanted = (a.astype("float64") @ b.astype("float64")).astype("float32")
    got = dl.matmul(dl.asarray(a), dl.asarray(b)).numpy()
    np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
    np.testing.assert_array_equal(np.isinf(got), np.isinf(wanted))
    np.testing.assert_array_equal(np.sign(got[np.isinf(got)]), np.sign(wanted[np.isinf(wanted)]))
    finite = np.isfinite(wanted)
    np.testing.assert_allclose(got[finite], wanted[finite], rtol=1e-5, atol=2e-4)


def test_small_values_count() -> None:
    a, b = dl.full((350, 350), 1e-30), dl.full((350, 350), 1e20)
    np.testing.assert_allclose(dl.matmul(a, b).numpy(), 350e-10, rtol=2e-5)


def test_matmul_broadcasts_views() -> None:
    a = np.random.default_rng(0).standard_normal((3, 1, 4, 5))
    b = np.random.default_rng(1).standard_normal((2, 5, 6))
    wide = dl.broadcast_to(dl.asarray(b), (3, 2, 5, 6))
    np.testing.assert_allclose(dl.matmul(dl.asarray(a), wide).numpy(), a @ b, rtol=1e-12)
    flipped = dl.flip(dl.asarray(b), axis=-1)
    np.testing.assert_allclose(
        dl.matmul(dl.asarray(a), flipped).numpy(), a @ b[..., ::-1], rtol=1e-12
    )


def test_nan_and_infinity_pass() -> None:
    x = dl.asarray([[np.nan, 1.0], [np.inf, -1.0]], dtype="float32")
    y = ops.dense(x, dl.asarray([[1.0], [1.0]]), activation="relu").numpy()
    assert np.isnan(y[0, 0])
    assert y[1, 0] == np.inf
    image = dl.reshape(dl.asarray([1.0, np.nan, 2.0, -np.inf]), (1, 2, 2, 1))
    assert np.isnan(ops.max_pool(image, 2).item())


def test_largest_of_minus_infinities() -> None:
    image = dl.full((1, 2, 2, 3), -float("inf"))
    assert (ops.max_pool(image, 2).numpy() == -np.inf).all()


def test_first_of_equal_maxima_gets_the_gradient() -> None:
    gradient = dl.grad(lambda x: dl.sum(ops.max_pool(x, 2)))(dl.ones((1, 2, 2, 1)))
    np.testing.assert_array_equal(gradient.numpy().ravel(), [1, 0, 0, 0])


@pytest.mark.parametrize(
    "size, strides, padding", [(4, 2, "valid"), (5, 3, "valid"), (4, 4, "same"), (6, 1, "same")]
)
def test_pixels_that_no_window_sees_have_gradient_zero(
    size: int, strides: int, padding: str
) -> None:
    x = dl.random.normal((1, size, size, 2), seed=0)
    y = ops.max_pool(x, 3, strides, padding)
    stale = x * np.nan  # what a pixel that is not written would keep
    del stale
    gradient = dl.grad(lambda x: dl.sum(ops.max_pool(x, 3, strides, padding)))(x)
    assert dl.sum(gradient).item() == y.size


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types_accumulate_in_float32(dtype: str) -> None:
    ones = dl.ones((1, 4096), dtype=dtype)
    assert dl.matmul(ones, ones.T).astype("float32").item() == 4096.0
    image = dl.ones((1, 64, 64, 1), dtype=dtype)
    kernel = dl.ones((64, 64, 1, 1), dtype=dtype)
    assert ops.conv(image, kernel).astype("float32").item() == 4096.0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_views_beside_broadcast_ones(dtype: str) -> None:
    """A copy is dense where it is no broadcast: the room is for the strides of the copies."""
    one = dl.ones((1, 1), dtype=dtype)
    for m, k, n in ((300, 64, 1), (64, 300, 5), (1, 129, 65), (2000, 2000, 1)):
        for a in (dl.permute_dims(dl.ones((k, m), dtype=dtype), (1, 0)), dl.ones((m, k), dtype)):
            for b in (dl.broadcast_to(one, (k, n)), dl.permute_dims(dl.broadcast_to(one, (n, k)))):
                for y in (dl.matmul(a, b), ops.dense(a, b), ops.dense(a, b, dl.zeros(n, dtype))):
                    assert (y.astype("float32").numpy() == k).all()


def test_einsum_names_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="names 2 operands, got 1"):
        ops.einsum("ij,jk->ik", dl.ones((2, 3)))
    with pytest.raises(ValueError, match="axis 'j'.* 3 and 4"):
        ops.einsum("ij,jk->ik", dl.ones((2, 3)), dl.ones((4, 5)))
    with pytest.raises(ValueError, match="repeats an axis or names one"):
        ops.einsum("ij->k", dl.ones((2, 3)))
    with pytest.raises(ValueError, match="names 3 axes"):
        ops.einsum("ijk->i", dl.ones((2, 3)))
