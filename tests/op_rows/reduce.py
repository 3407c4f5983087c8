"""Reductions over axes, running sums and products."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from op_harness import Bad, Case

import danlu as dl
from danlu import ops

SHAPES = [[(2, 3, 5)], [(7,)], [(3, 1, 2)]]


def factors(rng: Any, shapes: Any) -> list[Any]:
    """Numbers whose product is of a moderate size; powers of two where there are many."""
    return [
        rng.uniform(0.5, 1.5, s)
        if np.prod(s) < 1000
        else rng.choice([0.5, 1.0, 2.0], s, p=[0.01, 0.98, 0.01])
        for s in shapes
    ]


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
            "empty": {"": [(0, 3)], "_outer": [(2, 0, 3)]}.get(suffix, [(3, 0)]),
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
            "empty": [(3, 0)] if axis == 0 else [(0, 3)],
            "size1": [(1, 1)],
            "large": [(300, 1001)],
            "kwargs": {"axis": axis},
        }
        cases.append(Case(name + suffix, function, ref, **{**defaults, **options}))
    return cases


def extreme(name: str, function: Any, ref: Any, **options: Any) -> list[Case]:
    """Reductions that are errors where no element is left."""
    along_none = {"": NO_EXTREME, "_last": [(0, 3)], "_first": [(3, 0)], "_outer": [(2, 0, 3)]}
    return [
        replace(case, empty=along_none[case.name.removeprefix(name)])
        for case in reduction(name, function, ref, **{"inputs": distinct, **options})
    ]


def with_nans(rng: Any, shapes: Any) -> list[Any]:
    """Distinct numbers, every fourth of them NaN; the last is a number."""
    arrays = []
    for x in distinct(rng, shapes):
        flat = x.ravel()
        flat[0:-1:4] = np.nan
        arrays.append(flat.reshape(x.shape))
    return arrays


def factors_with_nans(rng: Any, shapes: Any) -> list[Any]:
    return [np.where(rng.uniform(size=x.shape) < 0.2, np.nan, x) for x in factors(rng, shapes)]


def few_nans(rng: Any, shapes: Any) -> list[Any]:
    """At least two numbers in every row and column of more than three."""
    arrays = distinct(rng, shapes)
    for x in arrays:
        x.ravel()[7::11] = np.nan
    return arrays


def np_trapezoid(y: Any, x: Any = None, axis: int = -1) -> Any:
    y = np.moveaxis(y, axis, -1)
    return ((1.0 if x is None else np.diff(x)) * (y[..., 1:] + y[..., :-1]) / 2).sum(-1)


def np_logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def integers(rng: Any, shapes: Any) -> list[Any]:
    return [rng.integers(-3, 4, s) for s in shapes]


def with_zeros(rng: Any, shapes: Any) -> list[Any]:
    """Every fifth number is zero."""
    return [rng.uniform(0.5, 1.5, s) * (np.arange(np.prod(s)) % 5 > 0).reshape(s) for s in shapes]


NO_EXTREME = "the greatest of no elements is an error (see prod_zeros)"

CASES: list[Case] = [
    *reduction("sum", dl.sum, np.sum),
    *reduction("mean", dl.mean, np.mean),
    *reduction("prod", dl.prod, np.prod, inputs=factors),
    *extreme("max", dl.max, np.max),
    *extreme("min", dl.min, np.min),
    *extreme("ptp", ops.ptp, np.ptp, takes="numbers"),
    *reduction("var", dl.var, np.var),
    *reduction(
        "std",
        dl.std,
        np.std,
        size1=[(2, 1, 2)],  # of one number the variance is 0, where central differences are not
        shapes=[[(2, 3, 5)]],
    ),
    *reduction("nansum", ops.nansum, np.nansum, inputs=with_nans),
    *reduction("nanprod", ops.nanprod, np.nanprod, inputs=factors_with_nans),
    *reduction("nanmean", ops.nanmean, np.nanmean, inputs=with_nans),
    *reduction("nanvar", ops.nanvar, np.nanvar, inputs=with_nans),
    *reduction(
        "nanstd",
        ops.nanstd,
        np.nanstd,
        inputs=few_nans,
        shapes=[[(5, 4, 6)]],
        size1=[(2, 1, 2)],
    ),
    *extreme("nanmax", ops.nanmax, np.nanmax, inputs=with_nans),
    *extreme("nanmin", ops.nanmin, np.nanmin, inputs=with_nans),
    *reduction("logsumexp", ops.logsumexp, np_logsumexp, empty=[(0, 3)]),
    *reduction("any", dl.any, np.any, inputs=integers, differentiable=()),
    *reduction("all", dl.all, np.all, inputs=integers, differentiable=()),
    *reduction(
        "count_nonzero", dl.count_nonzero, np.count_nonzero, inputs=integers, differentiable=()
    ),
    *along("argmax", dl.argmax, np.argmax, differentiable=()),
    *along("argmin", dl.argmin, np.argmin, differentiable=()),
    *along("nanargmax", ops.nanargmax, np.nanargmax, inputs=with_nans, differentiable=()),
    *along("nanargmin", ops.nanargmin, np.nanargmin, inputs=with_nans, differentiable=()),
    *along("nancumsum", ops.nancumsum, np.nancumsum, inputs=with_nans),
    *along("nancumprod", ops.nancumprod, np.nancumprod, inputs=factors_with_nans),
    *along("trapezoid", ops.trapezoid, np_trapezoid),
    *along("cumulative_sum", dl.cumulative_sum, np.cumsum),
    *along("cumulative_prod", dl.cumulative_prod, np.cumprod, inputs=factors),
    *along("diff", dl.diff, np.diff, empty=[(3, 2, 0)]),
    Case(
        "average",
        ops.average,
        np.average,
        shapes=[(2, 3, 5)],
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(300, 1001)],
    ),
    Case(
        "average_weighted",
        lambda x, w: ops.average(x, axis=1, weights=w),
        lambda x, w: np.average(x, axis=1, weights=w),
        shapes=[[(2, 3, 5), (3,)], [(2, 3, 5), (2, 3, 5)]],
        domain=[(-2, 2), (0.5, 1.5)],
        empty=[(0, 3), (3,)],
        size1=[(1, 1), (1,)],
        large=[(300, 301), (300, 301)],
        bad=[
            Bad(
                lambda: ops.average(dl.ones((2, 3)), weights=dl.ones(3)),
                ValueError,
                "say along which axis",
            ),
            Bad(
                lambda: ops.average(dl.ones((2, 3)), axis=1, weights=dl.ones(1)),
                ValueError,
                r"\[average\] weights have shape \(1,\), axes \(1,\) of x \(2, 3\) have \(3,\)",
            ),
        ],
    ),
    Case(
        "average_weighted_over_axes",
        lambda x, w: ops.average(x, axis=(2, 0), weights=w),
        lambda x, w: np.average(x, axis=(2, 0), weights=w),
        shapes=[(2, 3, 5), (5, 2)],
        domain=[(-2, 2), (0.5, 1.5)],
        empty=[(1, 0, 2), (2, 1)],
        size1=[(1, 1, 1), (1, 1)],
        large=[(30, 71, 31), (31, 30)],
    ),
    Case(
        "cumsum",
        ops.cumsum,
        np.cumsum,
        shapes=[[(2, 3, 5)], [()]],
        empty=[(0, 3)],
        size1=[(1, 1)],
        large="cumulative_sum and cumulative_prod have one",
    ),
    Case(
        "cumprod",
        ops.cumprod,
        np.cumprod,
        inputs=factors,
        shapes=[[(2, 3, 5)], [()]],
        empty=[(0, 3)],
        size1=[(1, 1)],
        large="cumulative_sum and cumulative_prod have one",
    ),
    Case(
        "trapezoid_at",
        lambda y, x: ops.trapezoid(y, x, axis=0),
        lambda y, x: np_trapezoid(y, x, axis=0),
        shapes=[[(5, 3), (5,)], [(7,), (7,)]],
        empty=[(3, 0), (3,)],
        size1=[(1, 1), (1,)],
        large=[(301, 211), (301,)],
    ),
    Case(
        "var_correction",
        dl.var,
        lambda x, axis, correction: np.var(x, axis=axis, ddof=correction),
        shapes=[(2, 3, 5)],
        kwargs={"axis": 1, "correction": 1.0},
        empty=[(0, 3)],
        size1=[(1, 2, 1)],
        large=[(300, 301)],
        torch=lambda torch, x: torch.var(x, 1),
    ),
    Case(
        "prod_zeros",
        lambda x: dl.prod(x, axis=-1),
        lambda x: np.prod(x, axis=-1),
        shapes=[(3, 4)],
        inputs=with_zeros,
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(20011, 4)],
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
        large=[(4, 20011)],
    ),
]
