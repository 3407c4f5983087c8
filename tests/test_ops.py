"""Every row of `tests/op_cases.py` in every mode."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from op_cases import CASES
from op_harness import GRADIENT_TOLERANCE, INTEGERS, TOLERANCE, Case, recorded

import danlu as dl

STEP = 1e-5
WITH_TORCH = os.environ.get("DANLU_TEST_TORCH") != "0"  # the sanitizers do not bear it


def rows(applies: Callable[[Case], Any] = lambda case: True) -> Any:
    """A test for each row to which its mode applies."""
    cases = [case for case in CASES if (WITH_TORCH or case.ref) and applies(case)]
    assert cases
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def has_gradient(case: Case) -> bool:
    return bool(case.differentiated())


@pytest.fixture(autouse=True)
def exact_convolutions() -> Iterator[None]:
    """The table of tolerances is for exact sums; test_conv_precision.py has the fast ones'."""
    dl.config.set_conv_precision("exact")
    yield
    dl.config.set_conv_precision("fast")


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


def assert_results(
    case: Case, got: list[Any], want: list[np.ndarray], dtype: str, what: str
) -> None:
    """All results are near; floating ones are in `dtype`."""
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        if w.dtype.kind == "f" and dl.isdtype(g.dtype, "real floating"):
            assert g.dtype == dtype, f"{dtype} became {g.dtype}"
        assert_close(g, w, TOLERANCE[dtype], f"{case.name} {what} {dtype}")


def same_bits(a: list[Any], b: list[Any]) -> bool:
    return all(to_array(x).tobytes() == to_array(y).tobytes() for x, y in zip(a, b, strict=True))


@rows()
def test_forward(case: Case) -> None:
    for shapes in case.variants():
        arrays = case.arrays(shapes)
        for dtype in case.dtypes if case.floating() else ["float64"]:
            got = case.call(*tensors(arrays, dtype))
            assert_results(case, got, case.reference(*rounded(arrays, dtype)), dtype, str(shapes))


# ---- gradients -----------------------------------------------------------------------------------


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


def gradient_of(case: Case, weights: list[np.ndarray]) -> Any:
    """The gradient of `weighted` with respect to the differentiable arguments."""
    return dl.grad(lambda *a: weighted(case, list(a), weights), argnums=case.differentiated())


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


def check_gradient(case: Case, shapes: Any) -> None:
    arrays = case.arrays(shapes)
    arguments = tensors(arrays)
    weights = weights_for(case, arguments)
    found = gradient_of(case, weights)(*arguments)
    for i, gradient in zip(case.differentiated(), found, strict=True):
        assert gradient.shape == arrays[i].shape
        assert gradient.dtype == arguments[i].dtype
        want = numeric_gradient(number_of(case, weights), arrays, i)
        assert_gradient(gradient, want, f"{case.name} {shapes} argument {i}")


@rows(has_gradient)
def test_gradient(case: Case) -> None:
    for shapes in case.variants():
        check_gradient(case, shapes)


@rows(lambda case: has_gradient(case) and len(case.dtypes) > 1)
def test_gradient_dtypes(case: Case) -> None:
    """In the other floating dtypes the gradient is near that in float64."""
    for shapes in case.variants():
        arrays = case.arrays(shapes)
        weights = weights_for(case, tensors(arrays))
        f = gradient_of(case, weights)
        for dtype in case.dtypes:
            if dtype == "float64":
                continue
            values = rounded(arrays, dtype)
            want = f(*tensors(values))
            for g, w in zip(f(*tensors(values, dtype)), want, strict=True):
                assert g.dtype == dtype
                tolerance = 4 * TOLERANCE[dtype]
                assert_close(g, to_array(w), tolerance, f"{case.name} {shapes} {dtype} gradient")


@rows(has_gradient)
def test_second_gradient(case: Case) -> None:
    shapes = case.variants()[0]
    arrays = case.arrays(shapes)
    which = case.differentiated()
    weights = weights_for(case, tensors(arrays))
    rng = np.random.default_rng(11)
    directions = [rng.uniform(0.5, 1.5, arrays[i].shape) for i in which]

    def slope(*arguments: Any) -> Any:
        """The gradient in the direction of `directions`, a number."""
        first = gradient_of(case, weights)(*arguments)
        terms = [dl.sum(g * dl.asarray(d)) for g, d in zip(first, directions, strict=True)]
        return sum(terms[1:], terms[0])

    found = dl.grad(slope, argnums=which)(*tensors(arrays))
    for i, gradient in zip(which, found, strict=True):
        want = numeric_gradient(lambda moved: slope(*tensors(moved)).item(), arrays, i)
        assert_gradient(gradient, want, f"{case.name} second, argument {i}")


# ---- inputs of other kinds -----------------------------------------------------------------------


def takes(case: Case, dtype: str) -> bool:
    return case.takes == "all" or (case.takes == "numbers" and dtype != "bool")


@rows(lambda case: case.floating() and case.takes in ("all", "numbers", "floating"))
def test_integers(case: Case) -> None:
    """Integers and booleans in place of floating numbers give the same values, or TypeError."""
    arrays = case.arrays(case.variants()[0])
    rng = np.random.default_rng(3)
    for dtype in (*INTEGERS, "bool"):
        values = list(arrays)
        arguments = tensors(arrays)
        for i in case.floating():
            values[i] = np.ones(arrays[i].shape)
            if dtype != "bool":
                values[i] = rng.integers(1, 4, arrays[i].shape).astype("float64")
            arguments[i] = dl.asarray(values[i].astype(dtype))
        if not takes(case, dtype):
            with pytest.raises(TypeError, match=r"\["):
                case.call(*arguments)
            continue
        for g, w in zip(case.call(*arguments), case.reference(*values), strict=True):
            what = f"{case.name} {dtype} became {g.dtype}"
            if dl.isdtype(g.dtype, "real floating"):
                assert_close(g, w.astype("float64"), 4 * TOLERANCE[str(g.dtype)], what)
            else:  # integers wrap around
                whole = w.astype("bool" if g.dtype == "bool" else "int64")
                assert_close(g, whole.astype(str(g.dtype)), 0, what)


@rows()
def test_numpy_arrays(case: Case) -> None:
    """NumPy arrays in place of tensors."""
    arrays = case.arrays(case.variants()[0])
    want = case.call(*tensors(arrays))
    for g, w in zip(case.call(*arrays), want, strict=True):
        assert_close(g, to_array(w), TOLERANCE["float64"], f"{case.name} of NumPy arrays")


def stretched(x: dl.Tensor) -> dl.Tensor:
    """The same values behind other strides: half of a reversed, transposed array."""
    values = to_array(x)
    if values.ndim == 0:
        return x
    wide = np.repeat(values, 2, axis=-1)
    y = dl.asarray(np.ascontiguousarray(np.flip(wide, axis=0).T), dtype=x.dtype, device=x.device)
    return y.T[::-1, ...][..., ::2]


def check_strided(case: Case, strided: list[Any], dense: list[Any]) -> None:
    tolerance = TOLERANCE["float64"]
    for g, w in zip(case.call(*strided), case.call(*dense), strict=True):
        assert_close(g, to_array(w), tolerance, f"{case.name} strided")
    if has_gradient(case):
        f = gradient_of(case, weights_for(case, dense))
        for g, w in zip(f(*strided), f(*dense), strict=True):
            assert_close(g, to_array(w), 10 * tolerance, f"{case.name} strided")


@rows()
def test_strided(case: Case) -> None:
    for shapes in case.variants():
        dense = tensors(case.arrays(shapes))
        check_strided(case, [stretched(x) for x in dense], dense)


@rows(lambda case: case.floating())
def test_broadcast_views(case: Case) -> None:
    """Floating arguments whose last axis has stride 0."""
    dense = tensors(case.arrays(case.variants()[0]))
    views = list(dense)
    for i in case.floating():
        if dense[i].ndim > 0 and dense[i].size > 0:
            views[i] = dl.broadcast_to(dense[i][..., :1], dense[i].shape)
            dense[i] = dl.asarray(to_array(views[i]))
    check_strided(case, views, dense)


@rows(lambda case: case.has("empty"))
def test_empty(case: Case) -> None:
    arrays = case.arrays(case.empty)
    for dtype in dict.fromkeys(("float64", *case.dtypes)) if case.floating() else ["float64"]:
        arguments = tensors(arrays, dtype)
        got = case.call(*arguments)
        assert any(x.size == 0 for x in [*arguments, *got])
        assert_results(case, got, case.reference(*arrays), dtype, "empty")
        if has_gradient(case):
            found = gradient_of(case, weights_for(case, arguments))(*arguments)
            for i, gradient in zip(case.differentiated(), found, strict=True):
                assert gradient.shape == arguments[i].shape
                assert np.isfinite(to_array(gradient)).all()


@rows(lambda case: case.has("size1"))
def test_size1(case: Case) -> None:
    arrays = case.arrays(case.size1)
    assert_results(case, case.call(*tensors(arrays)), case.reference(*arrays), "float64", "size 1")
    if has_gradient(case):
        check_gradient(case, case.size1)


@rows()
def test_bad_input(case: Case) -> None:
    arrays = case.arrays(case.variants()[0])
    for i in range(len(arrays)):
        arguments: list[Any] = tensors(arrays)
        arguments[i] = "text"
        with pytest.raises((TypeError, IndexError), match=r"\[|expected a tensor"):
            case.call(*arguments)
    for bad in case.bad:
        with pytest.raises(bad.error, match=bad.match):
            bad.call()


# ---- how the work is done ------------------------------------------------------------------------


@rows(lambda case: case.eager_only)
def test_refused_by_recordings(case: Case) -> None:
    arguments = tensors(case.arrays(case.variants()[0]))
    with recorded():
        with pytest.raises(
            ValueError, match=r"^\[\w+\] the shape .* depends on .*: .*(shape|counts)"
        ):
            case.call(*arguments)


@rows(lambda case: not case.eager_only)
def test_replay(case: Case) -> None:
    """The recorded calls, run again on the same buffers, give the same bits."""
    arguments = tensors(case.arrays(case.variants()[0]))
    with recorded() as recording:
        results = case.call(*arguments)
    before = [np.array(to_array(r)) for r in results]
    recording.replay()
    assert same_bits(before, results)


# Ops with kernels of their own for what basic ops would give: `composite()` in C++.
COMPOSITE = {
    "batch_norm_training",
    "cross_entropy",
    "layer_normalization",
    "rms_normalization",
    "sparse_cross_entropy",
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_fused_ops_are_their_composition(dtype: str) -> None:
    seen = set()
    for case in CASES:
        if case.eager_only or dtype not in case.dtypes or not (WITH_TORCH or case.ref):
            continue
        for shapes in case.variants():
            arguments = tensors(case.arrays(shapes), dtype)
            with recorded() as recording:
                case.call(*arguments)
            for name, outputs, composed in recording.composed():
                seen.add(name)
                for y, want in zip(outputs, composed, strict=False):  # what only a gradient reads
                    assert y.dtype == want.dtype
                    assert_close(y, to_array(want), 4 * TOLERANCE[dtype], f"{case.name} {name}")
    assert seen == COMPOSITE


@rows(lambda case: case.has("large"))
def test_large(case: Case) -> None:
    """Large inputs: near the reference, and the same bits on 1, 2, 3 and 4 threads."""
    arrays = rounded(case.arrays(case.large), "float32")
    arguments = tensors(arrays, "float32")
    weights = weights_for(case, arguments)
    f = gradient_of(case, weights) if has_gradient(case) else None
    seen = []
    try:
        for threads in (1, 2, 3, 4):
            dl.config.set_num_threads(threads)
            gradients = list(f(*arguments)) if f else []
            seen.append((case.call(*arguments), gradients))
    finally:
        dl.config.set_num_threads(0)
    for results, gradients in seen[1:]:
        assert same_bits(seen[0][0], results)
        assert same_bits(seen[0][1], gradients)
    if "float32" in case.dtypes:
        assert_results(case, seen[0][0], case.reference(*arrays), "float32", "large")
    tolerance = 4 * TOLERANCE["float32"]
    for g, w in zip(seen[0][1], f(*tensors(arrays)) if f else [], strict=True):
        assert_close(g, to_array(w), tolerance, f"{case.name} large gradient")


if WITH_TORCH:

    @rows(lambda case: case.torch)
    def test_torch(case: Case) -> None:
        torch = pytest.importorskip("torch")
        for shapes in case.variants():
            arrays = case.arrays(shapes)
            which = case.differentiated()
            arguments = tensors(arrays)
            others = [torch.tensor(a) for a in arrays]
            for i in which:
                others[i].requires_grad_(True)
            assert case.torch is not None
            want = case.torch(torch, *others)
            want = list(want) if isinstance(want, (list, tuple)) else [want]
            tolerance = 100 * TOLERANCE["float64"]
            for g, w in zip(case.call(*arguments), want, strict=True):
                assert_close(g, w.detach().numpy(), tolerance, f"{case.name} {shapes}")
            if not which:
                continue
            weights = weights_for(case, arguments)
            floating = [w for w in want if w.is_floating_point()]
            loss = sum((torch.tensor(w) * r).sum() for w, r in zip(weights, floating, strict=True))
            loss.backward()
            for i, gradient in zip(which, gradient_of(case, weights)(*arguments), strict=True):
                expected = others[i].grad
                expected = np.zeros(arrays[i].shape) if expected is None else expected.numpy()
                assert_close(gradient, expected, 10 * tolerance, f"{case.name} gradient {i}")
