"""Pooling: the maximum and the mean of sliding windows."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from op_harness import Bad, Case

import danlu as dl

from .conv import each, np_pads


def np_pool(x: Any, pool_size: Any, strides: Any, padding: Any, reduce: Any) -> Any:
    count = x.ndim - 2
    taps = each(pool_size, count)
    steps = each(pool_size if strides is None else strides, count)
    pads = np_pads(x.shape[1:-1], taps, steps, padding, [1] * count)
    x = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=np.nan)
    sizes = [(s - t) // step + 1 for s, t, step in zip(x.shape[1:-1], taps, steps, strict=True)]
    y = np.zeros((x.shape[0], *sizes, x.shape[-1]))
    for at in product(*map(range, sizes)):
        window = tuple(
            slice(o * step, o * step + tap) for o, step, tap in zip(at, steps, taps, strict=True)
        )
        axes = tuple(range(1, x.ndim - 1))
        y[(slice(None), *at)] = reduce(x[(slice(None), *window)], axis=axes)
    return y


def np_max_pool(x: Any, pool_size: Any, strides: Any = None, padding: Any = "valid") -> Any:
    return np_pool(x, pool_size, strides, padding, np.nanmax)


def np_average_pool(x: Any, pool_size: Any, strides: Any = None, padding: Any = "valid") -> Any:
    return np_pool(x, pool_size, strides, padding, np.nanmean)


def torch_pool(name: str, size: Any, strides: Any, padding: int = 0) -> Any:
    def call(torch: Any, x: Any) -> Any:
        y = getattr(torch.nn.functional, name)(x.movedim(-1, 1), size, strides, padding)
        return y.movedim(1, -1)

    return call


def case(name: str, *shapes: Any, torch: Any = None, **options: Any) -> Case:
    function, ref = (
        (dl.ops.max_pool, np_max_pool)
        if name.startswith("max")
        else (dl.ops.average_pool, np_average_pool)
    )
    ndim = len(shapes[0][0])
    defaults: dict[str, Any] = {
        "empty": [(0, *shapes[0][0][1:])],
        "takes": "floating",
        "large": [(5, *{3: (601,), 4: (31, 33), 5: (9, 11, 13)}[ndim], 19)],
    }
    return Case(name, function, ref, shapes=shapes, torch=torch, **{**defaults, **options})


ONE = [(1, 2, 2, 1)]
CASES: list[Case] = [
    case(
        "max_pool",
        [(2, 4, 6, 3)],
        [(1, 5, 7, 19)],
        [(1, 2, 14, 5)],
        [(1, 2, 4, 19)],
        kwargs={"pool_size": 2},
        large=[(31, 32, 34, 6)],
        size1=ONE,
        torch=torch_pool("max_pool2d", 2, 2),
        bad=[
            Bad(lambda: dl.ops.max_pool(dl.ones((4, 4)), 2), ValueError, r"x\[..., None\]"),
            Bad(lambda: dl.ops.max_pool(dl.ones((1, 1, 1, 1)), 2), ValueError, "does not fit"),
            Bad(
                lambda: dl.ops.max_pool(dl.ones((1, 4, 4, 1), dtype="uint8"), 2),
                TypeError,
                "floating",
            ),
        ],
    ),
    case(
        "max_pool_overlapping",
        [(2, 7, 6, 3)],
        kwargs={"pool_size": 3, "strides": 2, "padding": "same"},
        size1=ONE,
    ),
    case(
        "max_pool_everywhere",
        [(2, 5, 7, 3)],
        [(1, 3, 4, 19)],
        kwargs={"pool_size": 3, "strides": 1, "padding": "same"},
        size1=ONE,
        torch=torch_pool("max_pool2d", 3, 1, padding=1),
    ),
    case(
        "max_pool_everywhere_inside",
        [(2, 5, 7, 3)],
        [(1, 3, 4, 19)],
        kwargs={"pool_size": 3, "strides": 1},
        size1=[(1, 3, 3, 1)],
    ),
    case(
        "max_pool_gaps",
        [(2, 7, 8, 2)],
        kwargs={"pool_size": (1, 2), "strides": (2, 3)},
        size1=ONE,
        torch=torch_pool("max_pool2d", (1, 2), (2, 3)),
    ),
    case("max_pool_1d", [(2, 9, 3)], kwargs={"pool_size": 3}, size1=[(1, 3, 1)]),
    case("max_pool_3d", [(1, 4, 4, 6, 2)], kwargs={"pool_size": 2}, size1=[(1, 2, 2, 2, 1)]),
    case(
        "average_pool",
        [(2, 4, 6, 3)],
        [(1, 5, 7, 19)],
        kwargs={"pool_size": 2},
        size1=ONE,
        torch=torch_pool("avg_pool2d", 2, 2),
        bad=[
            Bad(
                lambda: dl.ops.average_pool(dl.ones((1, 4, 4, 1)), (2, 2, 2)),
                ValueError,
                "pool_size",
            )
        ],
    ),
    case(
        "average_pool_same",
        [(2, 7, 6, 3)],
        kwargs={"pool_size": 3, "strides": 2, "padding": "same"},
        size1=ONE,
    ),
    case(
        "max_pool_even_same",
        [(2, 7, 6, 3)],
        [(1, 5, 9, 19)],
        kwargs={"pool_size": (2, 4), "strides": (3, 2), "padding": "same"},
        size1=ONE,
    ),
    case(
        "average_pool_even_same",
        [(2, 7, 6, 3)],
        [(1, 5, 9, 19)],
        kwargs={"pool_size": (2, 4), "strides": (3, 2), "padding": "same"},
        size1=ONE,
    ),
    case(
        "average_pool_3d",
        [(1, 4, 5, 6, 2)],
        kwargs={"pool_size": 2, "strides": 1, "padding": "same"},
        size1=[(1, 2, 2, 2, 1)],
    ),
    case("average_pool_1d", [(2, 9, 3)], kwargs={"pool_size": 3, "strides": 1}, size1=[(1, 3, 1)]),
]
