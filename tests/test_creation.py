"""New tensors: from Python's objects, and by formula."""

from __future__ import annotations

import array
import collections
from typing import Any

import numpy as np
import pytest

import danlu as dl

DTYPES = "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64".split()


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (True, "bool"),
        (3, "int64"),
        (2**63, None),
        (1.5, "float32"),
        ([True, False], "bool"),
        ([1, 2.5], "float32"),
        ([[1, 2], [3, 4]], "int64"),
        ([True, 2], "int64"),
        ([], "float32"),
        ([[], []], "float32"),
        (range(4), "int64"),
        ((1.0, (2)), "float32"),
        ([2**63], "uint64"),
        ([np.float64(1.5), 2], "float64"),
        ([np.int32(1), 2], "int64"),
        (np.float32(2), "float32"),
        (np.float64(2), "float64"),
        (np.array([1, 2], "int16"), "int16"),
        ([np.ones(2), np.zeros(2)], "float64"),
        (array.array("d", [1, 2]), "float64"),
        (memoryview(b"ab"), "uint8"),
        (np.array(["1.5", 2.5], object)[1:], "float32"),
    ],
)
def test_asarray(value: Any, dtype: str | None) -> None:
    if dtype is None:
        with pytest.raises(OverflowError, match="does not fit int64"):
            dl.asarray(value)
        return
    x = dl.asarray(value)
    want = np.asarray(value, dtype=dtype)
    assert x.dtype == dtype
    assert x.shape == want.shape
    np.testing.assert_array_equal(x.numpy(), want)


@pytest.mark.parametrize("dtype", DTYPES)
def test_asarray_copies_every_dtype_and_layout(dtype: str) -> None:
    a = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for view in (a, a.T, a[::-1, :, ::2], np.asfortranarray(a), a[0, 0, 0], a[:0]):
        x = dl.asarray(view)
        np.testing.assert_array_equal(x.numpy(), view)
        assert x.dtype == dtype
    x = dl.asarray(a)
    a[...] = 0
    assert x.numpy().any()
    swapped = a.astype(a.dtype.newbyteorder(">"))
    np.testing.assert_array_equal(dl.asarray(swapped).numpy(), a)


def test_asarray_of_unaligned_records() -> None:
    records = np.zeros(5, dtype=[("flag", "u1"), ("value", "<f4")])
    records["value"] = np.arange(5)
    assert dl.asarray(records["value"]).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    ("value", "error", "match"),
    [
        ("abc", TypeError, "numbers, not strings such as 'abc'"),
        (["a", "b"], TypeError, "numbers, not strings such as 'a'"),
        (np.array(["a"]), TypeError, "numbers, not strings such as 'a'"),
        ([1.0, None], TypeError, "not None"),
        (None, TypeError, "got None"),
        ([[1, 2], [3]], ValueError, "ragged: lists of 2 and of 1"),
        ([1, [2]], ValueError, "ragged: numbers and lists"),
        ([[1], 2], ValueError, "ragged: numbers and lists"),
        (1j, TypeError, "got 1j"),
        (np.ones(2, "complex64"), TypeError, "no complex dtypes"),
        ({"a": 1}, TypeError, "got {'a': 1}"),
        (object(), TypeError, "expected a tensor"),
        ([10**30], OverflowError, "int"),
        (np.zeros(2, "M8[s]"), TypeError, "dtype 'M'"),
        (np.zeros((1,) * 9), ValueError, "at most 8 axes"),
    ],
)
def test_what_cannot_be_a_tensor(value: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        dl.asarray(value)


def test_asarray_of_tensors() -> None:
    x = dl.asarray([1.0, 2.0])
    assert dl.asarray(x, copy=False).tolist() == x.tolist()
    assert np.shares_memory(np.asarray(dl.asarray(x)), np.asarray(x))
    assert not np.shares_memory(np.asarray(dl.asarray(x, copy=True)), np.asarray(x))
    assert dl.asarray(x, dtype="int32").dtype == "int32"
    assert dl.asarray([x, [3, 4]]).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(ValueError, match="copy=False"):
        dl.asarray([1.0], copy=False)
    with pytest.raises(ValueError, match="copy=False"):
        dl.asarray(x, dtype="int32", copy=False)
    with pytest.raises(ValueError, match="tpu"):
        dl.asarray(x, device="tpu")


def test_a_list_of_tensors_carries_gradients() -> None:
    gradient = dl.grad(lambda x: dl.sum(dl.asarray([x, x * x]) * dl.asarray([2.0, 3.0])))
    assert gradient(dl.asarray(5.0)).item() == 32.0


@pytest.mark.parametrize("dtype", [*DTYPES, "bfloat16"])
def test_constants(dtype: str) -> None:
    for make, value in ((dl.zeros, 0), (dl.ones, 1)):
        x = make((2, 3), dtype=dtype)
        assert x.dtype == dtype
        assert x.tolist() == [[value] * 3] * 2
        assert make((2, 3)).dtype == "float32"
    assert dl.full((2,), 1, dtype=dtype).tolist() == [1, 1]
    assert dl.empty((2, 3), dtype=dtype).shape == (2, 3)
    like = dl.zeros((2, 0, 3), dtype=dtype)
    for make_like in (dl.zeros_like, dl.ones_like, dl.empty_like):
        assert make_like(like).shape == (2, 0, 3)
        assert make_like(like).dtype == dtype
        assert make_like(like, dtype="int8").dtype == "int8"


def test_full_keeps_the_kind_of_the_number() -> None:
    assert dl.full((), True).dtype == "bool"
    assert dl.full((2,), 3).dtype == "int64"
    assert dl.full((2,), 3.5).dtype == "float32"
    assert dl.full(2, 2**62 + 1).tolist() == [2**62 + 1] * 2
    assert dl.full_like(dl.asarray([1, 2]), 7).tolist() == [7, 7]
    assert dl.full((2, 2), dl.asarray([1.0, 2.0])).tolist() == [[1.0, 2.0], [1.0, 2.0]]
    with pytest.raises(ValueError, match="negative size"):
        dl.zeros((2, -1))
    with pytest.raises(MemoryError):
        dl.zeros((1 << 40, 1 << 20))


@pytest.mark.parametrize(
    "arguments",
    [(5,), (2, 7), (7, 2, -2), (0, 1, 0.1), (5, 5), (1.5, -1, -0.5), (3, 1), (-3, 10, 4)],
)
def test_arange(arguments: Any) -> None:
    want = np.arange(*arguments)
    x = dl.arange(*arguments)
    assert x.shape == want.shape
    assert x.dtype == ("int64" if want.dtype.kind == "i" else "float32")
    np.testing.assert_allclose(x.numpy(), want.astype(x.numpy().dtype), rtol=1e-6, atol=1e-7)
    for dtype in ("int32", "float64", "float16"):
        got = dl.arange(*arguments, dtype=dtype)
        assert got.dtype == dtype
        assert got.shape == want.shape


def test_arange_over_all_of_int64() -> None:
    least, most = -(2**63), 2**63 - 1
    assert dl.arange(0, most, 2**62).tolist() == [0, 2**62]
    assert dl.arange(most, least, least).tolist() == [most, -1]
    assert dl.arange(least, most, most).tolist() == [least, -1, most - 1]
    assert dl.arange(most, least, 1).shape == (0,)
    with pytest.raises(ValueError, match="18446744073709551615 elements are too many"):
        dl.arange(least, most)


def test_arange_counts_exactly_in_int64() -> None:
    assert dl.ops.arange(3, step=None).tolist() == [0, 1, 2]
    first = 2**60 + 1
    assert dl.arange(first, first + 3).tolist() == [first, first + 1, first + 2]
    with pytest.raises(ValueError, match="step"):
        dl.arange(0, 1, 0)


@pytest.mark.parametrize("endpoint", [True, False])
@pytest.mark.parametrize("num", [0, 1, 2, 7, 50])
def test_linspace(num: int, endpoint: bool) -> None:
    want = np.linspace(-1.3, 2.7, num, endpoint=endpoint)
    x = dl.linspace(-1.3, 2.7, num, endpoint=endpoint, dtype="float64")
    np.testing.assert_allclose(x.numpy(), want, rtol=1e-14, atol=1e-15)
    if endpoint and num > 1:
        assert x[-1].item() == 2.7
    of_arrays = dl.ops.linspace(dl.asarray([0.0, 1.0]), 3.0, num, endpoint=endpoint, axis=-1)
    wanted = np.linspace([0.0, 1.0], 3.0, num, endpoint=endpoint, axis=-1)
    np.testing.assert_allclose(of_arrays.numpy(), wanted, rtol=1e-6)


def test_matrices() -> None:
    np.testing.assert_array_equal(dl.eye(3, 4, k=1).numpy(), np.eye(3, 4, k=1))
    np.testing.assert_array_equal(dl.eye(3, k=-2, dtype="int32").numpy(), np.eye(3, k=-2))
    for k in (5, 2**70, -(2**63)):
        np.testing.assert_array_equal(dl.eye(2, k=k).numpy(), np.zeros((2, 2)))
    np.testing.assert_array_equal(dl.ops.identity(3).numpy(), np.eye(3))
    np.testing.assert_array_equal(dl.ops.tri(3, 4, k=1).numpy(), np.tri(3, 4, k=1))
    np.testing.assert_array_equal(dl.ops.vander([1, 2, 3]).numpy(), np.vander([1, 2, 3]))
    np.testing.assert_array_equal(dl.ops.diagflat([1, 2], 1).numpy(), np.diagflat([1, 2], 1))


def test_functions_take_what_becomes_a_tensor() -> None:
    assert dl.concat([[1.0], np.array([2.0], "float32"), dl.asarray([3.0])]).tolist() == [1, 2, 3]
    assert dl.stack([1, 2]).tolist() == [1, 2]
    assert dl.reshape([[1, 2], [3, 4]], (-1,)).tolist() == [1, 2, 3, 4]
    assert dl.concat([dl.asarray([1], dtype="int32"), dl.asarray([2.5])]).dtype == "float32"
    assert dl.asarray(collections.deque([1]).copy()[0]).item() == 1


def test_logspace() -> None:
    np.testing.assert_allclose(dl.ops.logspace(0, 3, 7).numpy(), np.logspace(0, 3, 7), rtol=1e-6)
    got = dl.ops.logspace(-1, 2, 4, endpoint=False, base=2)
    np.testing.assert_allclose(
        got.numpy(), np.logspace(-1, 2, 4, endpoint=False, base=2), rtol=1e-6
    )
