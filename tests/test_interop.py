"""Tensors and the rest of Python: NumPy, DLPack, buffers, text, numbers, pickles, dtypes."""

from __future__ import annotations

import copy
import ctypes
import gc
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import danlu as dl
from danlu import _core

DTYPES = "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64".split()


def address(x: Any) -> int:
    return np.asarray(x).__array_interface__["data"][0]


# ---- NumPy and buffers -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_round_trip(dtype: str) -> None:
    a = np.arange(24).reshape(2, 3, 4).astype(dtype)
    x = dl.asarray(a)
    for view, want in ((x, a), (x.T, a.T), (x[:, ::-2], a[:, ::-2]), (x[0, 0, 0], a[0, 0, 0])):
        got = view.numpy()
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(np.asarray(view), want)


def test_numpy_is_a_copy_and_asarray_a_read_only_view() -> None:
    x = dl.asarray([1.0, 2.0])
    own = x.numpy()
    own[0] = 7.0
    assert x.tolist() == [1.0, 2.0]
    shared = np.asarray(x)
    assert address(x) == shared.__array_interface__["data"][0]
    assert not shared.flags.writeable
    assert np.array(x).flags.writeable
    assert np.asarray(x, dtype="int64").tolist() == [1, 2]


def test_array_method() -> None:
    x = dl.asarray([1.0, 2.0])
    assert x.__array__().dtype == "float32"
    assert x.__array__("float64").dtype == "float64"
    assert x.__array__(copy=True).flags.writeable
    with pytest.raises(ValueError, match="another dtype needs a copy"):
        x.__array__("float64", copy=False)


def test_a_view_keeps_the_bytes_alive() -> None:
    view = np.asarray(dl.arange(1000, dtype="float64"))[::2]
    gc.collect()
    dl.zeros((1000,), dtype="float64")
    assert view[499] == 998.0


def test_arrays_have_numpys_own_types() -> None:
    for dtype in ("int8", "int16", "int32", "int64", "uint64", "float32", "float64", "bool"):
        x = dl.ones(2, dtype=dtype)
        assert x.numpy().dtype.char == np.asarray(x).dtype.char == np.dtype(dtype).char


def test_buffer_protocol() -> None:
    x = dl.asarray([[1, 2], [3, 4]], dtype="int32")
    with memoryview(x) as view:
        assert view.readonly
        assert view.format == "i"
        assert view.shape == (2, 2)
        assert view.tolist() == [[1, 2], [3, 4]]
        assert bytes(view) == np.asarray(x).tobytes()
    assert memoryview(x.T).strides == (4, 8)
    assert not memoryview(x.T).c_contiguous
    with pytest.raises(BufferError, match="bfloat16"):
        memoryview(dl.ones(2, dtype="bfloat16"))


class Buffer(ctypes.Structure):  # Py_buffer
    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.py_object),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


def exports(x: object, flags: int) -> bool:
    buffer = Buffer()
    get, release = ctypes.pythonapi.PyObject_GetBuffer, ctypes.pythonapi.PyBuffer_Release
    try:
        get(ctypes.py_object(x), ctypes.byref(buffer), flags)
    except (BufferError, ValueError):  # the latter is NumPy's
        return False
    release(ctypes.byref(buffer))
    return True


def test_buffers_in_the_order_that_is_asked_for() -> None:
    strides, rows, columns, either, shape = 0x18, 0x38, 0x58, 0x98, 0x08
    a = np.arange(24.0).reshape(2, 3, 4)
    for array in (a, a.T, a[:, ::2], a[:, 1], a[0], a[..., :1], a[:, :0], a[0, 0, 0, ...]):
        x = dl.from_dlpack(array)
        for flags in (0, shape, strides, rows, columns, either):
            assert exports(x, flags) == exports(array, flags), (array.strides, flags)


def test_numpy_arithmetic_reaches_the_tensor() -> None:
    a, x = np.ones(3, "float32"), dl.ones(3)
    for result in (a + x, a * x, a @ x, a < x, np.float32(2) * x):
        assert isinstance(result, dl.Tensor)


def test_numpys_functions_take_tensors() -> None:
    x, array = dl.asarray([1.0, 4.0, 9.0]), np.array([1.0, 4.0, 9.0], "float32")
    for function in (np.mean, np.sum, np.std, np.max, np.argmax, np.median, np.add.reduce):
        assert function(x) == function(array)
    assert np.mean(dl.asarray([1, 2, 3]) == np.array([1, 0, 3])) == 2 / 3
    np.testing.assert_array_equal(np.concatenate([x, array]), np.concatenate([array, array]))
    np.testing.assert_array_equal(np.frexp(x)[0], np.frexp(array)[0])
    y = np.ones(3, "float32")
    y += x
    assert isinstance(y, np.ndarray) and y.tolist() == [2, 5, 10]


@pytest.mark.parametrize("make", [dl.asarray, dl.Variable], ids=["Tensor", "Variable"])
def test_numpys_elementwise_functions_are_ours(make: Any) -> None:
    x = make(np.array([0.25, 0.5], "float32"))
    for function in (np.sqrt, np.exp, np.arcsin, np.absolute, np.cbrt, np.isnan):
        y = function(x)
        assert isinstance(y, dl.Tensor)
        np.testing.assert_allclose(y.numpy(), function(x.numpy()), rtol=1e-6)
    assert np.maximum(x, 0.3).tolist() == pytest.approx([0.3, 0.5])
    if make is dl.asarray:
        x.requires_grad = True
    dl.sum(np.exp(x) * np.array([1.0, 2.0], "float32")).backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp([0.25, 0.5]) * [1, 2], rtol=1e-6)


def test_numpys_functions_without_a_gradient_say_so() -> None:
    x = dl.asarray([1.0])
    x.requires_grad = True
    with pytest.raises(TypeError, match=r"\[numpy.frexp\] has no gradient"):
        np.frexp(x)
    with pytest.raises(TypeError, match=r"\[numpy.clip\] has no gradient"):
        dl.grad(lambda x: dl.sum(x * np.clip(x, 0, 1)))(dl.asarray([0.2, 0.5]))


def test_bfloat16_goes_through_ml_dtypes(monkeypatch: pytest.MonkeyPatch) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = dl.asarray([1.0, 2.5], dtype="bfloat16")
    for array in (x.numpy(), np.asarray(x)):
        assert array.dtype == ml_dtypes.bfloat16
        assert array.astype("float32").tolist() == [1.0, 2.5]
        assert dl.asarray(array).dtype == "bfloat16"
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(TypeError, match=r"install ml_dtypes .* or use x.astype\('float32'\)"):
        x.numpy()


def test_numpy_is_loaded_on_first_use() -> None:
    code = (
        "import sys, danlu as dl\n"
        "x = dl.asarray([[1.0, 2.0]]); y = (x * 2)[0, ::-1]; y[0] = 3; repr(y), y.tolist()\n"
        "memoryview(y); y.__dlpack__(); hash(y), float(y[0]), f'{y[0]:.2f}'\n"
        "assert 'numpy' not in sys.modules\n"
        "y.numpy(); assert 'numpy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- DLPack ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_dlpack_with_numpy(dtype: str) -> None:
    a = np.arange(12).reshape(3, 4).astype(dtype)
    for view in (a, a.T, a[::-1, ::2], a[:0]):
        x = dl.from_dlpack(view)
        np.testing.assert_array_equal(x.numpy(), view)
        np.testing.assert_array_equal(np.from_dlpack(x), view)
        if view.size:
            assert address(x) == view.__array_interface__["data"][0]
            assert np.shares_memory(np.from_dlpack(x), view)


def test_dlpack_shares_and_releases() -> None:
    a = np.zeros(3, "float32")
    references = sys.getrefcount(a)
    x = dl.from_dlpack(a)
    a[1] = 5.0
    assert x.tolist() == [0.0, 5.0, 0.0]
    x[0] = 1.0  # a tensor is a value: the array does not see it
    assert a.tolist() == [0.0, 5.0, 0.0]
    del x
    gc.collect()
    assert sys.getrefcount(a) == references


def test_dlpack_read_only() -> None:
    a = np.arange(3.0)
    a.flags.writeable = False
    x = dl.from_dlpack(a)
    assert not np.from_dlpack(x).flags.writeable
    with pytest.raises(BufferError, match="read-only"):
        x.__dlpack__()
    assert np.from_dlpack(dl.ones(3)).flags.writeable


def test_dlpack_protocol() -> None:
    x = dl.ones((2, 3))
    assert x.__dlpack_device__() == (1, 0)
    assert "dltensor_versioned" in repr(x.__dlpack__(max_version=(1, 0)))
    assert "dltensor_versioned" in repr(x.__dlpack__(max_version=(2, 3)))
    assert '"dltensor"' in repr(x.__dlpack__())
    assert '"dltensor"' in repr(x.__dlpack__(max_version=(0, 8)))
    with pytest.raises(BufferError, match="lives on cpu"):
        x.__dlpack__(dl_device=(2, 0))
    with pytest.raises(ValueError, match="stream"):
        x.__dlpack__(stream=1)
    copied = dl.from_dlpack(x.__dlpack__(max_version=(1, 0), copy=True))
    assert address(copied) != address(x)
    capsule = x.__dlpack__()
    assert dl.from_dlpack(capsule).shape == (2, 3)
    with pytest.raises(BufferError, match="used already"):
        dl.from_dlpack(capsule)
    with pytest.raises(TypeError, match="no __dlpack__"):
        dl.from_dlpack([1.0])
    with pytest.raises(BufferError, match="no dtype with DLPack code 5"):
        dl.from_dlpack(np.ones(2, "complex64"))
    with pytest.raises(ValueError, match="tpu"):
        dl.from_dlpack(x, device="tpu")


def test_dlpack_of_old_producers() -> None:
    class Old:
        def __dlpack__(self) -> Any:
            return np.arange(3.0).__dlpack__()

    assert dl.from_dlpack(Old()).tolist() == [0.0, 1.0, 2.0]


def test_dlpack_with_torch() -> None:
    torch = pytest.importorskip("torch")
    for dtype in (*DTYPES, "bfloat16"):
        if dtype in ("uint16", "uint32", "uint64"):
            continue
        t = torch.arange(6).reshape(2, 3).to(getattr(torch, dtype))
        x = dl.from_dlpack(t)
        assert x.dtype == dtype
        assert x.astype("float32").tolist() == t.float().tolist()
        back = torch.from_dlpack(x)
        assert back.data_ptr() == t.data_ptr()
        assert torch.from_dlpack(x.T).stride() == (1, 3)
        assert dl.asarray(t).astype("float32").tolist() == t.float().tolist()
    x = dl.asarray([1.0, 2.0])
    t = torch.from_dlpack(x)
    assert t.data_ptr() == address(x)
    t[0] = 9.0
    assert x.tolist() == [9.0, 2.0]


def test_dlpack_many_times_leaks_nothing() -> None:
    a = np.zeros((64, 64), "float32")
    for _ in range(10):
        np.from_dlpack(dl.from_dlpack(a) + 1)
    before = dl.config.memory_stats()["in_use"]
    for _ in range(200):
        np.from_dlpack(dl.from_dlpack(a) + 1)
        (dl.from_dlpack(a) + 1).__dlpack__()
    gc.collect()
    assert dl.config.memory_stats()["in_use"] == before


# ---- numbers and text --------------------------------------------------------------------------


def test_numbers() -> None:
    assert float(dl.asarray(2.5)) == 2.5
    assert int(dl.asarray(3)) == 3
    assert int(dl.asarray([2**64 - 1], dtype="uint64")) == 2**64 - 1
    assert bool(dl.asarray([[True]])) is True
    assert complex(dl.asarray(2.5)) == 2.5 + 0j
    assert [10, 20, 30][dl.asarray(1)] == 20
    assert f"{dl.asarray(2.71828):.2f}" == "2.72"
    assert type(dl.asarray(True).item()) is bool
    assert type(dl.asarray(1).item()) is int
    assert type(dl.asarray(1.0).item()) is float
    assert dl.asarray([[1, 2], [3, 4]]).item(1, 0) == 3
    for convert in (float, int, bool, complex):
        with pytest.raises((ValueError, TypeError)):
            convert(dl.ones(2))
    with pytest.raises(TypeError, match="one integer"):
        [1, 2][dl.asarray(1.0)]


def test_tolist() -> None:
    assert dl.asarray(1.5).tolist() == 1.5
    assert dl.zeros((2, 0)).tolist() == [[], []]
    assert dl.asarray([[1, 2], [3, 4]]).T.tolist() == [[1, 3], [2, 4]]
    assert dl.asarray([1.5], dtype="bfloat16").tolist() == [1.5]


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0],
        [1.5, -2.25, 3.0],
        [[1.0, 2.0], [3.0, 4.5]],
        [1, -20, 300],
        [True, False],
        [0.1, 0.2],
        [1e-8, 1.0],
        [1e10, 1.0],
        [float("nan"), 1.5, float("inf")],
        list(range(40)),
        [[[1.0], [2.0]], [[3.0], [4.0]]],
    ],
    ids=str,
)
def test_repr_is_numpys(values: Any) -> None:
    a = np.asarray(values, dtype="float32" if isinstance(np.ravel(values)[0], float) else None)
    with np.printoptions(linewidth=75):
        want = np.array2string(a, separator=", ", prefix="Tensor(")
    text = repr(dl.asarray(a))
    assert text.startswith("Tensor(" + want), f"\n{text}\n{want}"
    assert text.endswith(f", shape={a.shape}, dtype={dl.asarray(a).dtype})")


def test_repr() -> None:
    assert repr(dl.asarray([[1.0, 2.0]])) == "Tensor([[1., 2.]], shape=(1, 2), dtype=float32)"
    assert repr(dl.asarray(1.5)) == "Tensor(1.5, shape=(), dtype=float32)"
    assert repr(dl.zeros((0, 3))) == "Tensor([], shape=(0, 3), dtype=float32)"
    large = repr(dl.arange(100000))
    assert (
        large
        == "Tensor([    0,     1,     2, ..., 99997, 99998, 99999], shape=(100000,), dtype=int64)"
    )
    assert len(repr(dl.zeros((200, 200)))) < 700
    x = dl.ones(2)
    x.requires_grad = True
    assert repr(x).endswith("dtype=float32, requires_grad=True)")


# ---- copies and pickles ------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*DTYPES, "bfloat16"])
def test_pickle(dtype: str) -> None:
    x = dl.asarray(np.arange(6).reshape(2, 3)).astype(dtype)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        y = pickle.loads(pickle.dumps(x.T, protocol=protocol))
        assert y.dtype == dtype
        assert y.tolist() == x.T.tolist()


def test_pickle_keeps_the_mark_and_checks_the_bytes() -> None:
    x = dl.ones(2)
    x.requires_grad = True
    assert pickle.loads(pickle.dumps(x)).requires_grad
    assert not pickle.loads(pickle.dumps(x * 2)).requires_grad
    with pytest.raises(ValueError, match="7 bytes do not make"):
        _core.tensor_from_bytes(b"1234567", (2,), "float32")
    with pytest.raises(ValueError, match="negative size"):
        _core.tensor_from_bytes(b"", (-1,), "float32")


def test_copy() -> None:
    x = dl.asarray([1.0, 2.0])
    shallow, deep = copy.copy(x), copy.deepcopy(x)
    assert address(deep) != address(x)
    shallow[0] = 5.0
    deep[1] = 6.0
    assert x.tolist() == [1.0, 2.0]
    assert shallow.tolist() == [5.0, 2.0]
    assert deep.tolist() == [1.0, 6.0]


def test_hash_is_of_the_object() -> None:
    x, y = dl.ones(2), dl.ones(2)
    assert hash(x) == hash(x)
    assert len({x, y, x}) == 2


# ---- dtypes and the namespace ------------------------------------------------------------------


def test_dtype_objects() -> None:
    assert dl.float32 == "float32"
    assert dl.float32 != "float64"
    assert dl.float32 == np.float32
    assert str(dl.bfloat16) == "bfloat16"
    assert dl.int16.itemsize == 2
    assert {dl.float32: 1}["float32"] == 1
    assert pickle.loads(pickle.dumps(dl.float32)) is dl.float32
    assert copy.deepcopy(dl.bool) is dl.bool
    assert np.zeros(2, dtype=dl.int16.dtype).dtype == "int16"
    with pytest.raises(TypeError, match="danlu has bool, uint8"):
        dl.zeros(2, dtype="float128")


def test_namespace() -> None:
    x = dl.ones(2)
    assert x.__array_namespace__() is dl
    assert x.__array_namespace__(api_version="2024.12") is dl
    with pytest.raises(ValueError, match="up to 2024.12"):
        x.__array_namespace__(api_version="2031.01")
    info = dl.__array_namespace_info__()
    assert info.devices()[0] == "cpu"
    assert info.default_device() == "cpu"
    assert info.default_dtypes()["real floating"] == "float32"
    assert set(info.dtypes(kind="signed integer")) == {"int8", "int16", "int32", "int64"}
    assert info.capabilities()["boolean indexing"]
    assert x.to_device("cpu").tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="tpu"):
        x.to_device("tpu")


def test_saturate_cast() -> None:
    x = dl.asarray([-1.0, 0.5, 300.0])
    assert dl.ops.saturate_cast(x, "uint8").tolist() == [0, 0, 255]
    assert dl.ops.saturate_cast(dl.asarray([-1, 70000]), "uint16").tolist() == [0, 65535]
    assert dl.ops.saturate_cast(dl.asarray([1e300], dtype="float64"), "float32").item() > 3.4e38


def test_control_flow() -> None:
    assert dl.ops.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), (0, 0)) == (5, 10)
    assert dl.ops.fori_loop(0, 4, lambda i, s: s + i, 0) == 6
    assert dl.ops.cond(dl.asarray(True), lambda: 1, lambda: 2) == 1


def test_is_tensor_and_convert_to_numpy() -> None:
    assert dl.ops.is_tensor(dl.ones(2))
    assert not dl.ops.is_tensor([1.0, 2.0])
    for x in ([1.0, 2.0], dl.asarray([1.0, 2.0]), dl.Variable([1.0, 2.0])):
        got = dl.ops.convert_to_numpy(x)
        assert type(got) is np.ndarray
        np.testing.assert_array_equal(got, [1.0, 2.0])
