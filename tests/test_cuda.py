"""The op table on a GPU against the CPU. (Devices without a GPU: `tests/test_devices.py`.)"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from op_harness import TOLERANCE, Case
from test_ops import assert_close, has_gradient, rows, stretched, tensors, to_array

import danlu as dl

ROOT = Path(__file__).parents[1]
MISSING = set(
    re.findall(
        r"^#define DL_CUDA_MISSING_(\w+) ",
        (ROOT / "csrc/danlu/kernels/cuda_missing.h").read_text(),
        re.MULTILINE,
    )
)
if len(dl.config.devices()) == 1:
    pytest.skip("needs a build with CUDA and an NVIDIA GPU", allow_module_level=True)


def on_gpu(x: Any) -> Any:
    return x.to_device("cuda") if isinstance(x, dl.Tensor) else x


def call_on_gpu(function: Any, arguments: list[Any]) -> Any:
    """function(*arguments), or a skip when it comes to a kernel that cuda_missing.h names."""
    try:
        return function(*arguments)
    except NotImplementedError as error:
        kernel = re.match(r"\[(\w+)\] has no CUDA kernel yet", str(error))
        if not kernel or kernel[1] not in MISSING:
            raise
        pytest.skip(str(error))


def assert_same(got: list[Any], want: list[Any], dtype: str, case: Case) -> None:
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        assert g.device == "cuda:0"
        assert g.dtype == w.dtype
        wanted = to_array(w)
        wanted = wanted.astype("float64") if wanted.dtype.kind == "f" else wanted
        # Both sides round: twice the table.
        assert_close(g, wanted, 2 * TOLERANCE[dtype], f"{case.name} {dtype}")


@rows()
def test_forward(case: Case) -> None:
    for shapes in case.variants():
        arrays = case.arrays(shapes)
        for dtype in case.dtypes if case.floating() else ["float64"]:
            arguments = tensors(arrays, dtype)
            got = call_on_gpu(case.call, [on_gpu(x) for x in arguments])
            assert_same(got, case.call(*arguments), dtype, case)


@rows()
def test_strided(case: Case) -> None:
    arguments = tensors(case.arrays(case.variants()[0]))
    got = call_on_gpu(case.call, [stretched(on_gpu(x)) for x in arguments])
    assert_same(got, case.call(*arguments), "float64", case)


@rows(has_gradient)
def test_gradient(case: Case) -> None:
    arrays = case.arrays(case.variants()[0])
    which = case.differentiated()
    arguments = tensors(arrays)

    def loss(*inputs: Any) -> Any:
        results = [r for r in case.call(*inputs) if dl.isdtype(r.dtype, "real floating")]
        terms = [dl.sum(r * r) for r in results]
        return sum(terms[1:], terms[0])

    f = dl.grad(loss, argnums=which)
    got = call_on_gpu(f, [on_gpu(x) for x in arguments])
    for g, w in zip(got, f(*arguments), strict=True):
        assert g.device == "cuda:0"
        assert_close(g, to_array(w), 20 * TOLERANCE["float64"], case.name)


@pytest.mark.parametrize("shape", [(70000,), (5, 40013), (40013, 5), (3, 1001, 7), (300, 300)])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_long_reductions(shape: tuple[int, ...], axis: int | None) -> None:
    """Several chunks, on both sides of the line between rows and columns; the same bits twice."""
    x = np.random.default_rng(3).standard_normal(shape).astype("float32")
    t = dl.asarray(x, device="cuda")
    total = dl.sum(t, axis=axis)
    np.testing.assert_allclose(total.numpy(), x.astype("float64").sum(axis), rtol=1e-5, atol=1e-3)
    assert total.numpy().tobytes() == dl.sum(t, axis=axis).numpy().tobytes()
    np.testing.assert_array_equal(dl.max(t, axis=axis).numpy(), x.max(axis))
    np.testing.assert_array_equal(dl.argmin(t, axis=axis).numpy(), x.argmin(axis))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16", "int32", "uint8"])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (65, 130, 17), (3, 70, 200), (129, 1, 40)])
def test_matmul(dtype: str, sizes: tuple[int, int, int]) -> None:
    m, n, k = sizes
    rng = np.random.default_rng(5)
    a = dl.asarray(rng.integers(0, 3, (2, m, k)), dtype=dtype)  # exact in every dtype
    b = dl.asarray(rng.integers(0, 2, (n, k)), dtype=dtype)
    want = to_array(a).astype("float64") @ to_array(b).astype("float64").T
    got = to_array(a.to_device("cuda") @ b.to_device("cuda").T).astype("float64")
    exact = {"uint8": 2**8, "bfloat16": 2**8, "float16": 2**11}.get(dtype, 2**53)
    if dtype == "uint8":
        want %= exact
    np.testing.assert_allclose(got, want, rtol=0 if want.max() < exact else 2**-8)


def test_a_bad_label_is_raised_at_the_next_synchronisation() -> None:
    logits = dl.zeros((4, 3), device="cuda")
    labels = dl.asarray([0, 7, 2, -1], device="cuda")
    loss = dl.ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    with pytest.raises((ValueError, IndexError), match="7"):
        loss.numpy()
    assert np.isfinite(dl.ops.softmax(logits).numpy()).all()  # the device is as it was


def test_memory() -> None:
    dl.config.empty_cache()
    before = dl.config.memory_stats("cuda")
    x = dl.zeros((1 << 20,), device="cuda")
    assert dl.config.memory_stats("cuda")["in_use"] - before["in_use"] == 4 << 20
    del x
    after = dl.config.memory_stats("cuda")
    assert after["in_use"] == before["in_use"]
    assert after["cached"] >= 4 << 20
    with pytest.raises(MemoryError, match="out of memory on cuda:0"):
        dl.empty((1 << 50,), device="cuda")


def test_moving() -> None:
    x = dl.asarray([[1.5, 2.0], [3.0, 4.0]], device="cuda")
    assert x.device == "cuda:0"
    assert x.T.to_device("cpu").numpy().tolist() == [[1.5, 3.0], [2.0, 4.0]]
    assert x.to_device("cuda:0") is not None
    assert "device=cuda:0" in repr(x)
    assert "1.5" in repr(x)
    assert (2.0 * x + 1)[0, 1].item() == 5.0
    with pytest.raises(ValueError, match="live on"):
        x + dl.ones((2, 2))


def test_gradient_crosses_devices() -> None:
    x = dl.asarray([1.0, 2.0, 3.0])
    gradient = dl.grad(lambda t: dl.sum(dl.square(t.to_device("cuda"))).to_device("cpu"))(x)
    assert gradient.device == "cpu"
    assert gradient.numpy().tolist() == [2.0, 4.0, 6.0]
