"""Matrix products, convolution and pooling: what a row of the op table cannot say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from op_harness import recorded

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
