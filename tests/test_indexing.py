"""x[key] and x[key] = value against NumPy, and what they promise about views and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import danlu as dl
from danlu import ops


@st.composite
def arrays_and_keys(draw: Any) -> tuple[np.ndarray, Any]:
    """An array of up to 4 axes and a key of slices, integers, None, ... and index arrays."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=5))
    x = np.arange(np.prod(shape), dtype="float64").reshape(shape)
    index_shape = draw(st.sampled_from([(), (1,), (3,), (2, 1), (2, 3)]))
    key: list[Any] = []
    axis = 0
    ellipsis = False
    while axis < x.ndim and len(key) < 6:
        size = shape[axis]
        kind = draw(st.sampled_from("slice integer array mask none ellipsis stop".split()))
        if kind == "stop":
            break
        if kind == "none":
            if sum(k is None for k in key) < 2:
                key.append(None)
            continue
        if kind == "ellipsis":
            if not ellipsis:
                ellipsis = True
                skipped = draw(st.integers(0, x.ndim - axis))
                key.append(...)
                # What follows counts from the end: only when it fills the rest is this the axis.
                axis += skipped
                rest = [slice(None)] * (x.ndim - axis)
                return x, tuple(key + rest)
            continue
        if kind == "slice":
            key.append(draw(st.slices(size)))
        elif kind == "integer":
            key.append(draw(st.integers(-size, size - 1)))
        elif kind == "array":
            indices = st.integers(-size, size - 1)
            key.append(draw(hnp.arrays("int64", index_shape, elements=indices)))
        else:
            mask = np.zeros(size, bool)
            # As many as the index arrays have in their last axis, so that they broadcast.
            count = index_shape[-1] if index_shape else 1
            if count > size:
                continue
            mask[draw(st.permutations(range(size)))[:count]] = True
            key.append(mask)
        axis += 1
    return x, tuple(key)


def for_danlu(key: Any) -> Any:
    """The same key with tensors instead of arrays."""
    if isinstance(key, tuple):
        return tuple(for_danlu(k) for k in key)
    return dl.asarray(key) if isinstance(key, np.ndarray) else key


@settings(max_examples=400, deadline=None)
@given(arrays_and_keys())
def test_getitem_is_numpys(pair: Any) -> None:
    x, key = pair
    got = dl.asarray(x)[for_danlu(key)].numpy()
    want = x[key]
    assert got.shape == want.shape, key
    np.testing.assert_array_equal(got, want)


@settings(max_examples=400, deadline=None)
@given(arrays_and_keys())
def test_setitem_is_numpys(pair: Any) -> None:
    x, key = pair
    value = -1.0 - np.arange(x[key].size, dtype="float64").reshape(x[key].shape)
    y = dl.asarray(x)
    view = y[...]
    y[for_danlu(key)] = dl.asarray(value)
    want = x.copy()
    want[key] = value
    np.testing.assert_array_equal(y.numpy(), want)
    np.testing.assert_array_equal(view.numpy(), x, err_msg="another view saw the write")


@settings(max_examples=200, deadline=None)
@given(arrays_and_keys())
def test_gradient_of_getitem_counts_each_element(pair: Any) -> None:
    x, key = pair
    gradient = dl.grad(lambda x: dl.sum(x[for_danlu(key)]))(dl.asarray(x))
    want = np.zeros_like(x)
    np.add.at(want, key, 1.0)
    np.testing.assert_array_equal(gradient.numpy(), want)


@pytest.mark.parametrize(
    "key",
    [True, False, np.True_, ([0, 1], [2, 0]), [True, False], [], ([[1], [0]], [0, 2]), (..., None)],
    ids=str,
)
def test_rare_keys(key: Any) -> None:
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(dl.asarray(x)[key].numpy(), x[key])


def test_masks_of_several_axes() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    mask = (x[:, :, 0] % 8) == 0
    np.testing.assert_array_equal(dl.asarray(x)[dl.asarray(mask)].numpy(), x[mask])
    np.testing.assert_array_equal(dl.asarray(x)[dl.asarray(mask), 1:].numpy(), x[mask, 1:])


def test_an_empty_mask_chooses_nothing() -> None:
    x = dl.ones((3, 4))
    nothing = dl.zeros((0,), dtype="bool")
    assert x[nothing].shape == (0, 4)
    x[nothing] = 7.0
    assert float(dl.sum(x)) == 12.0
    with pytest.raises(IndexError, match=r"mask of shape \(2,\)"):
        x[dl.zeros((2,), dtype="bool")]


def test_index_arrays_that_do_not_broadcast() -> None:
    x = dl.ones((3, 4))
    with pytest.raises(IndexError, match=r"\(2,\) and \(3,\) do not broadcast"):
        x[[0, 1], [0, 1, 2]]
    with pytest.raises(IndexError, match="do not broadcast"):
        x[[0, 1], [0, 1, 2]] = 1.0


def test_index_dtypes() -> None:
    x = dl.asarray([1.0, 2.0, 3.0])
    for dtype in "int8 int16 int32 int64 uint8 uint16 uint32 uint64".split():
        assert x[dl.asarray([2, 0], dtype=dtype)].tolist() == [3.0, 1.0]
    assert x[np.int32(1)].item() == 2.0


def test_slices_are_views() -> None:
    x = dl.asarray(np.arange(12.0).reshape(3, 4))
    first = np.asarray(x)
    for view in (x[1:], x[:, ::-1], x[..., None], x[1], x.T, dl.reshape(x, (4, 3))):
        assert np.shares_memory(first, np.asarray(view))


def test_write_in_place_only_where_nobody_sees() -> None:
    def address(x: dl.Tensor) -> int:
        capsule_free = np.asarray(x).__array_interface__["data"]
        return capsule_free[0]

    x = dl.zeros((1000,))
    x[0] = 1.0
    before = dl.config.memory_stats()["in_use"]
    for i in range(100):
        x[i] = 1.0
    assert dl.config.memory_stats()["in_use"] == before
    assert x[:100].sum().item() == 100

    y = dl.zeros((4,))
    shared = np.asarray(y)  # from here on somebody may see the bytes
    at = address(y)
    y[1] = 5.0
    assert shared.tolist() == [0.0] * 4
    assert y.tolist() == [0.0, 5.0, 0.0, 0.0]
    assert address(y) != at


def test_write_does_not_reach_what_a_gradient_reads() -> None:
    x = dl.asarray([1.0, 2.0, 3.0])
    x.requires_grad = True
    y = x * x
    loss = dl.sum(y * y)  # the rule reads y
    y[0] = 100.0
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), [4.0, 32.0, 108.0])


def test_gradient_through_a_write() -> None:
    def f(x: Any, u: Any) -> Any:
        y = x * 2
        y[1:] = u
        return dl.sum(y * y)

    x, u = dl.asarray([1.0, 2.0, 3.0]), dl.asarray([4.0, 5.0])
    dx, du = dl.grad(f, argnums=(0, 1))(x, u)
    np.testing.assert_allclose(dx.numpy(), [8.0, 0.0, 0.0])
    np.testing.assert_allclose(du.numpy(), [8.0, 10.0])


def test_of_equal_indices_the_last_write_counts() -> None:
    def f(u: Any) -> Any:
        y = dl.zeros((3,))
        y[[1, 1, 2]] = u
        return dl.sum(y * dl.asarray([1.0, 2.0, 3.0]))

    gradient = dl.grad(f)(dl.asarray([7.0, 8.0, 9.0]))
    assert gradient.tolist() == [0.0, 2.0, 3.0]


def test_failed_write_leaves_the_tensor() -> None:
    x = dl.asarray([1.0, 2.0, 3.0])
    for key, value in (([0, 9], 5.0), (slice(0, 2), [1.0, 2.0, 3.0]), (7, 1.0), ("a", 1.0)):
        with pytest.raises((IndexError, ValueError)):
            x[key] = value
        assert x.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(TypeError, match="cannot be deleted"):
        del x[0]


def test_written_values_take_the_dtype() -> None:
    x = dl.asarray([1, 2, 3])
    x[0] = 2.7
    assert x.tolist() == [2, 2, 3]
    assert x.dtype == "int64"


def test_embedding_gradient_is_the_same_on_any_number_of_threads() -> None:
    rng = np.random.default_rng(3)
    table = dl.asarray(rng.normal(size=(50, 96)).astype("float32"))
    ids = dl.asarray(rng.integers(0, 50, (64, 128)))
    seen = []
    try:
        for threads in (1, 2, 3, 4):
            dl.config.set_num_threads(threads)
            seen.append(dl.grad(lambda t: dl.sum(dl.take(t, ids, axis=0) ** 2))(table).numpy())
    finally:
        dl.config.set_num_threads(0)
    assert all(np.array_equal(seen[0], other) for other in seen[1:])
    counts = np.bincount(ids.numpy().ravel(), minlength=50)
    np.testing.assert_allclose(seen[0], 2 * table.numpy() * counts[:, None], rtol=1e-4)


def test_long_rows_of_equal_indices_keep_their_precision_in_bfloat16() -> None:
    ids = dl.asarray(np.zeros(1000, "int64"))
    table = dl.ones((2, 4), dtype="bfloat16")
    gradient = dl.grad(lambda t: dl.sum(dl.take(t, ids, axis=0).astype("float32")))(table)
    assert gradient.astype("float32").tolist() == [[1000.0] * 4, [0.0] * 4]


def test_where_with_one_argument() -> None:
    mask = np.array([[True, False], [True, True]])
    got = dl.where(dl.asarray(mask))
    assert [axis.tolist() for axis in got] == [axis.tolist() for axis in np.where(mask)]


def test_iteration() -> None:
    x = dl.asarray([[1.0, 2.0], [3.0, 4.0]])
    assert [row.tolist() for row in x] == [[1.0, 2.0], [3.0, 4.0]]
    a, b = x
    assert (a + b).tolist() == [4.0, 6.0]
    with pytest.raises(TypeError, match="without axes"):
        iter(dl.asarray(1.0))
    with pytest.raises(TypeError, match="without axes"):
        len(dl.asarray(1.0))


def test_sort_puts_nan_last_and_keeps_equal_elements_in_order() -> None:
    x = dl.asarray([2.0, float("nan"), -0.0, 0.0, -1.0, float("-inf"), 2.0])
    assert dl.argsort(x).tolist() == [5, 4, 2, 3, 0, 6, 1]
    assert dl.argsort(x, descending=True).tolist() == [1, 0, 6, 2, 3, 4, 5]


@pytest.mark.parametrize("dtype", "bool uint8 int8 int16 uint16 int32 uint32 int64 uint64".split())
@pytest.mark.parametrize("size", [5, 500])
def test_sort_of_integers(dtype: str, size: int) -> None:
    rng = np.random.default_rng(5)
    low, high = (0, 2) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    x = rng.integers(low, high, size, dtype="int8" if dtype == "bool" else dtype).astype(dtype)
    np.testing.assert_array_equal(dl.sort(dl.asarray(x)).numpy(), np.sort(x))
    want = np.argsort(-x.astype(object), kind="stable")
    np.testing.assert_array_equal(dl.argsort(dl.asarray(x), descending=True).numpy(), want)


@settings(max_examples=100, deadline=None)
@given(hnp.arrays("float32", hnp.array_shapes(max_dims=3, max_side=9, min_side=0)))
def test_unique_is_numpys(x: np.ndarray) -> None:
    x = np.nan_to_num(x)
    values, indices, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True
    )
    got = dl.unique_all(dl.asarray(x))
    np.testing.assert_array_equal(got.values.numpy(), values)
    np.testing.assert_array_equal(got.indices.numpy(), indices)
    np.testing.assert_array_equal(got.inverse_indices.numpy(), inverse.reshape(x.shape))
    np.testing.assert_array_equal(got.counts.numpy(), counts)


def test_foreign_bools_of_any_byte_are_true() -> None:
    """NumPy makes them by `view`; our kernels rely on 0 and 1."""
    foreign = np.array([2, 1, 0, 255], np.uint8).view(bool)
    want = np.array([True, True, False, True])
    shared = dl.from_dlpack(foreign)
    rebuilt = dl._core.tensor_from_bytes(foreign.tobytes(), (4,), "bool")
    for mask in (dl.asarray(foreign), shared, rebuilt):
        assert dl.asarray(mask, dtype="uint8").tolist() == [1, 1, 0, 1]
        assert dl.where(mask, dl.asarray(10), 3).tolist() == [10, 10, 3, 10]
        assert dl.arange(4)[mask].tolist() == [0, 1, 3]
        np.testing.assert_array_equal(mask.numpy(), want)


@pytest.mark.parametrize("number", [3, np.array(3), dl.asarray(3)], ids=["int", "numpy", "tensor"])
def test_a_number_beside_an_empty_index_is_checked(number: object) -> None:
    none = np.array([], "int64")
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 2 with size 3"):
        dl.ones((2, 5, 3))[..., none, number]
    assert dl.ones((2, 5, 4))[..., none, number].shape == (2, 0)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("zeros", lambda: dl.zeros((-1,))),
        ("ones", lambda: dl.ones((-1,))),
        ("take", lambda: dl.take([1], 5)),
        ("take_along_axis", lambda: dl.take_along_axis([1], [5])),
        ("getitem", lambda: dl.ones(3)[[5]]),
        ("setitem", lambda: dl.ones(3).__setitem__([5], 1)),
        ("scatter", lambda: ops.scatter([[5]], [1], (3,))),
        ("scatter_update", lambda: ops.scatter_update([1], [[5]], [1], reduction="add")),
        ("slice", lambda: ops.slice([1, 2], [1], [2])),
        ("slice_update", lambda: ops.slice_update([1, 2], [1], [3, 4])),
        ("where", lambda: dl.where([True], 1)),
        ("array_split", lambda: ops.array_split([1, 2], 0)),
        ("split", lambda: ops.split([1, 2], 0)),
    ],
)
def test_messages_name_the_function_that_was_called(name: str, call: object) -> None:
    with pytest.raises((IndexError, ValueError, TypeError), match=rf"^\[{name}\]"):
        call()


def test_counts_of_bools_of_nothing_and_of_no_row() -> None:
    assert dl.ops.bincount([True, False, True]).tolist() == [1, 2]
    assert dl.ops.bincount([]).tolist() == [] and dl.ops.bincount([]).dtype == "int32"
    assert dl.ops.bincount([], minlength=2).tolist() == [0, 0]
    assert dl.ops.segment_sum(dl.ones((0, 2)), [], num_segments=1).tolist() == [[0.0, 0.0]]
    for x in (5, [[[1]]]):
        with pytest.raises(ValueError, match=r"^\[bincount\] x has the shape \(n,\) or"):
            dl.ops.bincount(x)
