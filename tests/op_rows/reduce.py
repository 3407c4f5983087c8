"""Reductions over axes, running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np
from op_harness import Bad, Case

import danlu as dl
from danlu import ops

SHAPES = [[(2, 3, 5)], [(7,)], [(3, 1, 2)]]
FLOATS = ("float32", "float64", "float16", "bfloat16")


def distinct(rng: Any, shapes: Any) -> list[Any]:
    """Numbers that differ by at least 0.1, so that the greatest stays the greatest."""
    return [rng.permutation(int(np.prod(s))).reshape(s) * 0.1 - 1.0 for s in shapes]


def reduction(name: str, function: Any, ref: Any, **options: Any) -> list[Case]:
    """Over all axes, the last, the first, two of them, with and without keepdims."""
    cases = []
    for suffix, kwargs in {
        "": {},
        "_last": {"axis": -1},
        "_first": {"axis": 0, "keepdims": True},
        "_outer": {"axis": (0, -1)},
    }.items():
        defaults: dict[str, Any] = {
            "shapes": [[(2, 3, 5)], [(3, 1, 2)]] if suffix else SHAPES,
            "dtypes": FLOATS,
            "empty": [(0, 3)],
            "size1": [(1, 1)],
            "large": [(70001,)] if not suffix else [(300, 1001)],
            "kwargs": kwargs,
        }
        if suffix == "_outer":
            defaults["shapes"] = [[(2, 3, 5)], [(2, 1, 3, 2)]]
        cases.append(Case(name + suffix, function, ref, **{**defaults, **options}))
    return cases


def along(name: str, function: Any, ref: Any, **options: Any) -> list[Case]:
    cases = []
    for suffix, axis in {"_last": -1, "_first": 0}.items():
        defaults: dict[str, Any] = {
            "shapes": [[(2, 3, 5)], [(7,)]],
            "empty": [(3, 0)],
            "size1": [(1, 1)],
            "large": [(300, 1001)],
            "kwargs": {"axis": axis},
        }
        cases.append(Case(name + suffix, function, ref, **{**defaults, **options}))
    return cases


def np_logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def integers(rng: Any, shapes: Any) -> list[Any]:
    return [rng.integers(-3, 4, s) for s in shapes]


def with_zeros(rng: Any, shapes: Any) -> list[Any]:
    """Every fifth number is zero."""
    return [rng.uniform(0.5, 1.5, s) * (np.arange(np.prod(s)) % 5 > 0).reshape(s) for s in shapes]


NO_EXTREME = "the greatest of no elements is an error (see bad)"
NO_MEAN = "the mean of no elements is NaN, which NumPy warns about"
SUMMED = {"tolerance": 4.0, "why": "a float16 sum of numbers of both signs loses leading digits"}

CASES: list[Case] = [
    *reduction("sum", dl.sum, np.sum, **SUMMED),
    *reduction("mean", dl.mean, np.mean, empty=NO_MEAN, **SUMMED),
    *reduction("prod", dl.prod, np.prod, domain=(0.5, 1.5), large=None, **SUMMED),
    *reduction("max", dl.max, np.max, inputs=distinct, empty=NO_EXTREME),
    *reduction("min", dl.min, np.min, inputs=distinct, empty=NO_EXTREME),
    *reduction("var", dl.var, np.var, empty=NO_MEAN, **SUMMED),
    *reduction(
        "std",
        dl.std,
        np.std,
        empty=NO_MEAN,
        size1="the root has no slope where the variance is 0",
        shapes=[[(2, 3, 5)]],
        **SUMMED,
    ),
    *reduction("logsumexp", ops.logsumexp, np_logsumexp, empty=[(0, 3)], **SUMMED),
    *reduction("any", dl.any, np.any, inputs=integers, differentiable=()),
    *reduction("all", dl.all, np.all, inputs=integers, differentiable=()),
    *reduction(
        "count_nonzero", dl.count_nonzero, np.count_nonzero, inputs=integers, differentiable=()
    ),
    *along("argmax", dl.argmax, np.argmax, differentiable=(), empty=NO_EXTREME),
    *along("argmin", dl.argmin, np.argmin, differentiable=(), empty=NO_EXTREME),
    *along("cumulative_sum", dl.cumulative_sum, np.cumsum, **SUMMED),
    *along("cumulative_prod", dl.cumulative_prod, np.cumprod, domain=(0.5, 1.5), **SUMMED),
    *along("diff", dl.diff, np.diff, empty="NumPy's diff of no elements", large=None),
    Case(
        "prod_zeros",
        lambda x: dl.prod(x, axis=-1),
        lambda x: np.prod(x, axis=-1),
        shapes=[(3, 4)],
        inputs=with_zeros,
        empty="as prod",
        size1="as prod",
        bad=[
            Bad(lambda: dl.sum(dl.zeros((2, 3)), axis=2), IndexError, r"\[sum\] axis 2"),
            Bad(lambda: dl.max(dl.zeros((0, 3)), axis=0), ValueError, r"\[max\] of no elements"),
            Bad(lambda: dl.argmax(dl.zeros((0,))), ValueError, r"\[argmax\] of no elements"),
        ],
        torch=lambda torch, x: torch.prod(x, -1),
    ),
    Case(
        "cumulative_prod_zeros",
        lambda x: dl.cumulative_prod(x, axis=0, include_initial=True),
        lambda x: np.concatenate([np.ones((1, *x.shape[1:])), np.cumprod(x, axis=0)]),
        shapes=[(5, 2)],
        inputs=with_zeros,
        empty=[(0, 2)],
        size1=[(1, 1)],
    ),
]
