"""Every row of `tests/op_cases.py` in every mode."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from op_cases import CASES
from op_harness import GRADIENT_TOLERANCE, TOLERANCE, Case

import danlu as dl
from danlu import _core

STEP = 1e-5

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def differentiable_cases() -> list[Case]:
    return [case for case in CASES if case.differentiated(case.arrays(case.variants()[0]))]


every_gradient = pytest.mark.parametrize("case", differentiable_cases(), ids=lambda case: case.name)


def to_array(x: Any) -> np.ndarray:
    if isinstance(x, dl.Tensor):
        return x.astype("float32").numpy() if x.dtype == "bfloat16" else x.numpy()
    return np.asarray(x)


def tensors(arrays: list[np.ndarray], dtype: str = "float64") -> list[dl.Tensor]:
    """Floating arrays in `dtype`; indices, labels and masks as they are."""
    return [dl.asarray(a, dtype=dtype) if a.dtype.kind == "f" else dl.asarray(a) for a in arrays]


def rounded(arrays: list[np.ndarray], dtype: str) -> list[np.ndarray]:
    """The values that `dtype` can hold, in float64: what the reference is given."""
    return [
        to_array(dl.asarray(a, dtype=dtype)).astype("float64") if a.dtype.kind == "f" else a
        for a in arrays
    ]


def assert_close(got: Any, want: np.ndarray, tolerance: float, what: str) -> None:
    got = to_array(got)
    assert got.shape == want.shape, f"{what}: shape {got.shape}, expected {want.shape}"
    if want.size == 0:
        return
    if want.dtype.kind not in "fc":
        np.testing.assert_array_equal(got, want, err_msg=what)
        return
    got = got.astype("float64")
    finite = np.isfinite(want)
    np.testing.assert_array_equal(np.isfinite(got), finite, err_msg=what)
    np.testing.assert_array_equal(got[~finite], want[~finite], err_msg=what)
    scale = max(1.0, float(np.abs(want[finite]).max(initial=0.0)))
    np.testing.assert_allclose(
        got[finite], want[finite], rtol=tolerance, atol=tolerance * scale, err_msg=what
    )


def same_bits(a: list[Any], b: list[Any]) -> bool:
    return all(to_array(x).tobytes() == to_array(y).tobytes() for x, y in zip(a, b, strict=True))


@every_case
def test_forward(case: Case) -> None:
    for shapes in case.variants():
        arrays = case.arrays(shapes)
        for dtype in case.dtypes if any(a.dtype.kind == "f" for a in arrays) else ["float64"]:
            if case.ref is None:
                continue
            got = case.call(*tensors(arrays, dtype))
            want = case.reference(*rounded(arrays, dtype))
            assert len(got) == len(want)
            for g, w in zip(got, want, strict=True):
                if w.dtype.kind == "f" and dl.isdtype(g.dtype, "real floating"):
                    assert g.dtype == dtype, f"{dtype} became {g.dtype}"
                assert_close(
                    g, w, TOLERANCE[dtype] * case.tolerance, f"{case.name} {shapes} {dtype}"
                )


def weighted(case: Case, arguments: list[Any], weights: list[np.ndarray]) -> Any:
    """A number that depends on every floating result: sum of weight * result."""
    results = [r for r in case.call(*arguments) if dl.isdtype(r.dtype, "real floating")]
    terms = [dl.sum(r * dl.asarray(w)) for r, w in zip(results, weights, strict=True)]
    return sum(terms[1:], terms[0])


def weights_for(case: Case, arguments: list[Any]) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    return [
        rng.uniform(0.5, 1.5, r.shape)
        for r in case.call(*arguments)
        if dl.isdtype(r.dtype, "real floating")
    ]


def gradient_of(case: Case, which: list[int], weights: list[np.ndarray]) -> Any:
    """The gradient of `weighted` with respect to the arguments `which`."""
    return dl.grad(lambda *a: weighted(case, list(a), weights), argnums=which)


def number_of(case: Case, weights: list[np.ndarray]) -> Any:
    """`weighted` as a function of float64 arrays, for central differences."""
    return lambda arrays: weighted(case, tensors(arrays), weights).item()


def numeric_gradient(f: Any, arrays: list[np.ndarray], which: int) -> np.ndarray:
    """Central differences of the number f(arrays) with respect to arrays[which]."""
    gradient = np.zeros_like(arrays[which])
    for index in np.ndindex(gradient.shape):
        values = []
        for sign in (1, -1):
            moved = [a.copy() for a in arrays]
            moved[which][index] += sign * STEP
            values.append(f(moved))
        gradient[index] = (values[0] - values[1]) / (2 * STEP)
    return gradient


def assert_gradient(got: Any, want: np.ndarray, what: str) -> None:
    scale = max(1.0, float(np.abs(want).max(initial=0.0)))
    np.testing.assert_allclose(
        to_array(got), want, rtol=GRADIENT_TOLERANCE, atol=GRADIENT_TOLERANCE * scale, err_msg=what
    )


@every_gradient
def test_gradient(case: Case) -> None:
    for shapes in case.variants():
        arrays = case.arrays(shapes)
        which = case.differentiated(arrays)
        arguments = tensors(arrays)
        weights = weights_for(case, arguments)
        found = gradient_of(case, which, weights)(*arguments)
        for i, gradient in zip(which, found, strict=True):
            want = numeric_gradient(number_of(case, weights), arrays, i)
            assert_gradient(gradient, want, f"{case.name} {shapes} argument {i}")


@every_gradient
def test_second_gradient(case: Case) -> None:
    if not case.second:
        pytest.skip("the mathematics has no second derivative here")
    shapes = case.variants()[0]
    arrays = case.arrays(shapes)
    which = case.differentiated(arrays)
    weights = weights_for(case, tensors(arrays))
    rng = np.random.default_rng(11)
    directions = [rng.uniform(0.5, 1.5, arrays[i].shape) for i in which]

    def slope(*arguments: Any) -> Any:
        """The gradient in the direction of `directions`, a number."""
        first = gradient_of(case, which, weights)(*arguments)
        terms = [dl.sum(g * dl.asarray(d)) for g, d in zip(first, directions, strict=True)]
        return sum(terms[1:], terms[0])

    found = dl.grad(slope, argnums=which)(*tensors(arrays))
    for i, gradient in zip(which, found, strict=True):
        want = numeric_gradient(lambda moved: slope(*tensors(moved)).item(), arrays, i)
        assert_gradient(gradient, want, f"{case.name} second, argument {i}")


def stretched(x: dl.Tensor) -> dl.Tensor:
    """The same values behind other strides: half of a reversed, transposed array."""
    values = to_array(x)
    if values.ndim == 0:
        return x
    wide = np.repeat(values, 2, axis=-1)
    y = dl.asarray(np.ascontiguousarray(np.flip(wide, axis=0).T), dtype=x.dtype, device=x.device)
    return y.T[::-1, ...][..., ::2]


@every_case
def test_strided(case: Case) -> None:
    arrays = case.arrays(case.variants()[0])
    arguments = tensors(arrays)
    want = case.call(*arguments)
    got = case.call(*[stretched(x) for x in arguments])
    for g, w in zip(got, want, strict=True):
        assert_close(g, to_array(w), TOLERANCE["float64"] * case.tolerance, f"{case.name} strided")
    which = case.differentiated(arrays)
    if which:
        weights = weights_for(case, arguments)
        f = gradient_of(case, which, weights)
        for g, w in zip(f(*[stretched(x) for x in arguments]), f(*arguments), strict=True):
            assert_close(
                g, to_array(w), 10 * TOLERANCE["float64"] * case.tolerance, f"{case.name} strided"
            )


@pytest.mark.parametrize("size", ["empty", "size1"])
@every_case
def test_small(case: Case, size: str) -> None:
    shapes = getattr(case, size)
    assert shapes is not None, f"{case.name} has neither a {size} call nor a reason for none"
    if isinstance(shapes, str):
        pytest.skip(shapes)
    arrays = case.arrays(shapes)
    got = case.call(*tensors(arrays))
    if case.ref is not None:
        for g, w in zip(got, case.reference(*arrays), strict=True):
            assert_close(g, w, TOLERANCE["float64"] * case.tolerance, f"{case.name} {size}")
    which = case.differentiated(arrays)
    if which:
        arguments = tensors(arrays)
        weights = weights_for(case, arguments)
        found = gradient_of(case, which, weights)(*arguments)
        for i, gradient in zip(which, found, strict=True):
            assert gradient.shape == arguments[i].shape


@every_case
def test_replay(case: Case) -> None:
    """The recorded calls, run again on the same buffers, give the same bits."""
    arguments = tensors(case.arrays(case.variants()[0]))
    recording = _core.Recording()
    recording.start()
    try:
        results = case.call(*arguments)
    finally:
        recording.stop()
    before = [np.array(to_array(r)) for r in results]
    recording.replay()
    assert same_bits(before, results)


@every_case
def test_threads(case: Case) -> None:
    """The same bits, forward and gradient, on 1, 2, 3 and 4 threads."""
    if case.large is None or isinstance(case.large, str):
        pytest.skip(case.large or "no kernel of its own above a thread's grain")
    arrays = case.arrays(case.large)
    which = case.differentiated(arrays)
    arguments = tensors(arrays, "float32")
    seen = []
    try:
        for threads in (1, 2, 3, 4):
            dl.config.set_num_threads(threads)
            results = case.call(*arguments)
            if which:
                f = dl.grad(
                    lambda *a: sum(
                        (
                            dl.sum(r * r)
                            for r in case.call(*a)
                            if dl.isdtype(r.dtype, "real floating")
                        ),
                        dl.asarray(0.0),
                    ),
                    argnums=which,
                )
                results += list(f(*arguments))
            seen.append(results)
    finally:
        dl.config.set_num_threads(0)
    for other in seen[1:]:
        assert same_bits(seen[0], other)


@every_case
def test_bad_input(case: Case) -> None:
    if not case.bad:
        pytest.skip("every input of these types is good")
    for bad in case.bad:
        with pytest.raises(bad.error, match=bad.match):
            bad.call()


@pytest.mark.parametrize("case", [case for case in CASES if case.torch], ids=lambda case: case.name)
def test_torch(case: Case) -> None:
    if os.environ.get("DANLU_TEST_TORCH") == "0":
        pytest.skip("without PyTorch: the sanitizers do not bear it")
    torch = pytest.importorskip("torch")
    for shapes in case.variants():
        arrays = case.arrays(shapes)
        which = case.differentiated(arrays)
        arguments = tensors(arrays)
        others = [torch.tensor(a) for a in arrays]
        for i in which:
            others[i].requires_grad_(True)
        assert case.torch is not None
        want = case.torch(torch, *others)
        want = list(want) if isinstance(want, (list, tuple)) else [want]
        got = case.call(*arguments)
        for g, w in zip(got, want, strict=True):
            assert_close(
                g,
                w.detach().numpy(),
                100 * TOLERANCE["float64"] * case.tolerance,
                f"{case.name} {shapes}",
            )
        if which:
            weights = weights_for(case, arguments)
            floating = [w for w in want if w.is_floating_point()]
            loss = sum((torch.tensor(w) * r).sum() for w, r in zip(weights, floating, strict=True))
            loss.backward()
            found = gradient_of(case, which, weights)(*arguments)
            for i, gradient in zip(which, found, strict=True):
                want_gradient = others[i].grad
                expected = (
                    np.zeros(arrays[i].shape) if want_gradient is None else want_gradient.numpy()
                )
                assert_close(
                    gradient,
                    expected,
                    1000 * TOLERANCE["float64"] * case.tolerance,
                    f"{case.name} gradient {i}",
                )


def test_every_row_has_its_own_name() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
