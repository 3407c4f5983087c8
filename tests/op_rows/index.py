"""Reading and writing at positions, and order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from op_harness import Bad, Case

import danlu as dl
from danlu import _core

X = dl.ones((2, 3))
tensor = dl.ops.convert_to_tensor


def picks(axis: int | None) -> Callable[..., Any]:
    """inputs: x of the first shape, then indices of the second into this axis, or into all of x."""

    def draw(rng: np.random.Generator, shapes: Any) -> list[np.ndarray]:
        size = int(np.prod(shapes[0])) if axis is None else shapes[0][axis]
        return [rng.uniform(-2, 2, shapes[0]), rng.integers(-size, max(size, 1), shapes[1])]

    return draw


def distinct(rng: np.random.Generator, shapes: Any) -> list[np.ndarray]:
    """Numbers far enough apart for central differences not to change their order."""
    size = int(np.prod(shapes[0]))
    return [(rng.permutation(size) - 0.25 * size).reshape(shapes[0]) * 0.1]


def case(name: str, function: Any, ref: Any, **options: Any) -> Case:
    return Case(name, function, ref, **options)


def error(call: Callable[[], Any], match: str, kind: type[Exception] = IndexError) -> tuple[Bad]:
    return (Bad(call, kind, match),)


def np_slice_update(x: Any, u: Any) -> Any:
    y = x.copy()
    y[:, 1:5:2, ::-2] = u
    return y


def set_slice(x: Any, u: Any) -> Any:
    y = tensor(x) + 0
    y[:, 1:5:2, ::-2] = u
    return y


def np_set_rows(x: Any, i: Any, u: Any) -> Any:
    y = x.copy()
    y[i] = u
    return y


def set_rows(x: Any, i: Any, u: Any) -> Any:
    y = tensor(x) + 0
    y[i] = u
    return y


def np_scatter(i: Any, u: Any) -> Any:
    y = np.zeros((5, u.shape[1]))
    np.add.at(y, i[..., 0], u)
    return y


def set_mask(x: Any, mask: Any, u: Any) -> Any:
    y = tensor(x) + 0
    y[mask] = u
    return y


def np_set_mask(x: Any, mask: Any, u: Any) -> Any:
    y = x.copy()
    y[mask] = u
    return y


def rows_and_updates(rng: np.random.Generator, shapes: Any) -> list[np.ndarray]:
    """x (n, k), n - 1 of its rows, the first one also at last, an update for each."""
    n, k = shapes[0]
    rows = rng.permutation(n)[: max(n - 1, 1)]
    if n > 2:
        rows[-1] = rows[0] - n
    return [rng.uniform(-2, 2, (n, k)), rows, rng.uniform(-2, 2, (len(rows), k))]


def mask_and_updates(rng: np.random.Generator, shapes: Any) -> list[np.ndarray]:
    mask = rng.uniform(size=shapes[0]) < 0.5
    return [rng.uniform(-2, 2, shapes[0]), mask, rng.uniform(-2, 2, int(mask.sum()))]


CASES: list[Case] = [
    case(
        "getitem_slices",
        lambda x: tensor(x)[..., 1:, None, ::-2],
        lambda x: x[..., 1:, None, ::-2],
        shapes=[(2, 3, 5)],
        empty=[(0, 3, 5)],
        size1=[(1, 1)],
        large=[(30, 42, 67)],
        bad=error(lambda: X[2], "index 2 is out of bounds for axis 0 with size 2")
        + error(lambda: X[0, 0, 0], "3 indices for a tensor of 2 axes")
        + error(lambda: X["a"], "are indices, not 'a'")
        + error(lambda: X[0.5], "are indices, not 0.5")
        + error(lambda: X[..., ...], "only one ..."),
    ),
    case(
        "getitem_integers",
        lambda x: tensor(x)[-1, :, 0],
        lambda x: x[-1, :, 0],
        shapes=[(2, 3, 5)],
        empty=[(1, 0, 1)],
        size1=[(1, 1, 1)],
        large=[(2, 40009, 3)],
    ),
    case(
        "getitem_arrays",
        lambda x, i: tensor(x)[:, i, i[:1]],
        lambda x, i: x[:, i, i[:1]],
        shapes=[(2, 3, 5), (4,)],
        inputs=picks(1),
        empty=[(0, 3, 5), (4,)],
        size1=[(1, 1, 1), (1,)],
        large=[(20, 61, 67), (2003,)],
        bad=error(
            lambda: X[[0, 5]], "index 5 at position 1 is out of bounds for axis 0 with size 2"
        )
        + error(lambda: X[[0.5]], "index arrays hold integers or booleans"),
    ),
    case(
        "getitem_apart",
        lambda x, i: tensor(x)[i, :, i],
        lambda x, i: x[i, :, i],
        shapes=[(3, 2, 3), (2, 2)],
        inputs=picks(0),
        empty=[(3, 0, 3), (2,)],
        size1=[(1, 1, 1), (1, 1)],
        large=[(61, 20, 61), (2003,)],
    ),
    case(
        "getitem_rows",
        lambda x, i: tensor(x)[i],
        lambda x, i: x[i],
        shapes=[(5, 3)],
        inputs=lambda rng, shapes: [
            rng.uniform(-2, 2, shapes[0]),
            rng.integers(0, max(shapes[0][0], 1), (2 * shapes[0][0],)),
        ],
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(301, 257)],
        torch=lambda torch, x, i: x[i],
    ),
    case(
        "getitem_mask",
        lambda x: tensor(x)[tensor(x) > 0],
        lambda x: x[x > 0],
        shapes=[(2, 3, 5)],
        domain=(-3, 2),
        eager_only=True,
        empty=[(0, 3)],
        size1=[(1,)],
        large=[(3, 45007)],
        bad=error(lambda: X[dl.asarray([True])], "a mask of shape"),
    ),
    case(
        "setitem_slices",
        set_slice,
        np_slice_update,
        shapes=[[(2, 4, 5), (2, 2, 3)], [(2, 4, 5), (2, 1)], [(2, 4, 5), ()]],
        empty=[(0, 4, 5), ()],
        size1=[(1, 2, 1), (1, 1, 1)],
        large=[(61, 5, 401), (61, 2, 201)],
        bad=error(lambda: set_slice(X, 1.0), "3 indices"),
    ),
    case(
        "setitem_rows",
        set_rows,
        np_set_rows,
        shapes=[[(4, 3)]],
        inputs=rows_and_updates,
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(1009, 131)],
        bad=error(lambda: set_rows(X, [9], 1.0), "index 9 at position 0"),
    ),
    case(
        "setitem_mask",
        set_mask,
        np_set_mask,
        shapes=[[(2, 3)]],
        inputs=mask_and_updates,
        eager_only=True,
        empty=[(0, 3)],
        size1=[(1,)],
        large=[(301, 257)],
    ),
    case(
        "take",
        lambda x, i: dl.take(x, i, axis=1),
        lambda x, i: np.take(x, i, axis=1),
        shapes=[(2, 3, 5), (2, 4)],
        inputs=picks(1),
        empty=[(2, 3, 5), (0, 4)],
        size1=[(1, 1, 1), (1,)],
        large=[(20, 61, 67), (2003,)],
        bad=error(lambda: dl.take(X, dl.asarray([3]), axis=1), r"\[take\] index 3")
        + error(lambda: dl.take(X, dl.asarray([0.5]), axis=1), "indices must be integers")
        + error(lambda: dl.take(X, dl.asarray([0]), axis=4), "axis 4 is out of bounds"),
    ),
    case(
        "take_flat",
        lambda x, i: dl.take(x, i),
        lambda x, i: np.take(x, i),
        shapes=[(2, 3), (4,)],
        inputs=picks(None),
        empty=[(2, 3), (0,)],
        size1=[(1, 1), (1,)],
        large=[(61, 67), (40009,)],
    ),
    case(
        "take_along_axis",
        lambda x, i: dl.take_along_axis(x, i, axis=1),
        lambda x, i: np.take_along_axis(x, i, 1),
        shapes=[(2, 3, 5), (2, 4, 5)],
        inputs=picks(1),
        empty=[(0, 3), (0, 2)],
        size1=[(1, 1), (1, 1)],
        large=[(20, 61, 67), (20, 45, 67)],
        torch=lambda torch, x, i: torch.take_along_dim(x, i % 3, 1),
        bad=error(
            lambda: dl.take_along_axis(X, dl.asarray([0])), "must have as many axes", ValueError
        ),
    ),
    case(
        "embedding",
        lambda x, i: _core.embedding(x, i),
        lambda x, i: x[i],
        shapes=[(7, 3)],
        inputs=lambda rng, shapes: [
            rng.uniform(-2, 2, shapes[0]),
            rng.integers(0, max(shapes[0][0], 1), (2, 3 * min(shapes[0][0], 100))),
        ],
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(1009, 131)],
        torch=lambda torch, x, i: torch.nn.functional.embedding(i, x),
        bad=error(
            lambda: _core.embedding(X, dl.asarray([[0, 2]])),
            r"\[embedding\] id 2 at position 1 is outside 0 \.\.\. 1",
        )
        + error(lambda: _core.embedding(X, dl.asarray([0, -1])), "id -1 at position 1")
        + error(lambda: _core.embedding(X, [0, 1.5]), "position 1 is no whole number", ValueError)
        + error(lambda: _core.embedding(X, [dl.nan]), "position 0 is no whole number", ValueError)
        + error(lambda: _core.embedding(X, [1.0, dl.inf]), "no whole number", ValueError),
    ),
    case(
        "one_hot",
        lambda i: dl.ops.one_hot(i, 4, axis=0, dtype="int64"),
        lambda i: np.stack([(i == c).astype("int64") for c in range(4)]),
        inputs=lambda rng, shapes: [rng.integers(-1, 5, shapes[0])],
        shapes=[(2, 3)],
        empty=[(0, 3)],
        size1=[(1,)],
        large=[(3, 20011)],
        bad=error(lambda: dl.ops.one_hot(X, 3), "labels must be integers", TypeError)
        + error(lambda: dl.ops.one_hot(dl.asarray([1]), 0), "must be positive", ValueError),
    ),
    case(
        "scatter",
        lambda i, u: dl.ops.scatter(i, u, (5, dl.ops.shape(u)[1])),
        np_scatter,
        inputs=lambda rng, shapes: [
            rng.integers(0, 5, (shapes[0][0], 1)),
            rng.uniform(-2, 2, shapes[0]),
        ],
        shapes=[(7, 3)],
        takes="numbers",
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(701, 67)],
        bad=error(
            lambda: dl.ops.scatter(dl.asarray([[5]]), dl.ones((1, 3)), (5, 3)),
            "index 5 at position 0",
        ),
    ),
    case(
        "scatter_update",
        lambda x, i, u: dl.ops.scatter_update(x, dl.expand_dims(i, axis=-1), u),
        np_set_rows,
        shapes=[[(4, 3)]],
        inputs=rows_and_updates,
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(1009, 131)],
        bad=error(
            lambda: dl.ops.scatter_update(X, dl.asarray([[0, 0, 0]]), 1.0),
            "names 1 to 2 axes",
            ValueError,
        ),
    ),
    case(
        "slice",
        lambda x: dl.ops.slice(x, (0, 1, 2), (2, -1, 2)),
        lambda x: x[0:2, 1:, 2:4],
        shapes=[(2, 3, 5)],
        empty=[(2, 1, 4)],
        size1=[(2, 2, 4)],
        large=[(2, 40009, 5)],
        bad=error(lambda: dl.ops.slice(X, (0, 2), (1, 2)), "do not fit axis 1", ValueError),
    ),
    case(
        "slice_update",
        lambda x, u: dl.ops.slice_update(x, (1, 0), u),
        lambda x, u: np.concatenate([x[:1], np.concatenate([u, x[1:, u.shape[1] :]], 1)]),
        shapes=[(3, 4), (2, 3)],
        empty=[(2, 3), (1, 0)],
        size1=[(2, 1), (1, 1)],
        large=[(2, 40009), (1, 30011)],
        bad=error(lambda: dl.ops.slice_update(X, (1, 0), X), "do not fit axis 0", ValueError),
    ),
    case(
        "nonzero",
        lambda x: dl.nonzero(dl.greater(x, 0)),
        lambda x: np.nonzero(x > 0),
        shapes=[(2, 3, 5)],
        differentiable=(),
        eager_only=True,
        empty=[(0, 3)],
        size1=[(1,)],
        large=[(3, 45007)],
        bad=error(lambda: dl.nonzero(dl.asarray(1.0)), "at least 1 axis", ValueError),
    ),
    case(
        "sort",
        lambda x: dl.sort(x, axis=1),
        lambda x: np.sort(x, axis=1),
        inputs=distinct,
        shapes=[[(2, 7, 3)], [(1, 200)]],
        empty=[(2, 0)],
        size1=[(1, 1)],
        large=[(5, 9001)],
        bad=error(lambda: dl.sort(X, axis=2), "axis 2 is out of bounds"),
        torch=lambda torch, x: torch.sort(x, 1)[0],
    ),
    case(
        "sort_descending",
        lambda x: dl.sort(x, descending=True),
        lambda x: -np.sort(-x),
        inputs=distinct,
        shapes=[[(2, 7)], [(100,)]],
        empty=[(2, 0)],
        size1=[(1,)],
        large=[(9001,)],
    ),
    case(
        "argsort",
        lambda x: dl.argsort(dl.round(x), axis=0),
        lambda x: np.argsort(np.round(x), axis=0, kind="stable"),
        shapes=[[(7, 3)], [(300, 2)]],
        differentiable=(),
        empty=[(0, 3)],
        size1=[(1,)],
        large=[(9001, 5)],
        bad=error(lambda: dl.argsort(X, axis=2), "axis 2 is out of bounds"),
    ),
    case(
        "argsort_descending",
        lambda x: dl.argsort(dl.round(x), descending=True),
        lambda x: np.argsort(-np.round(x), kind="stable"),
        shapes=[[(3, 7)], [(2, 300)]],
        differentiable=(),
        empty=[(3, 0)],
        size1=[(1,)],
        large=[(5, 9001)],
    ),
    case(
        "top_k",
        lambda x: dl.ops.top_k(x, 2),
        lambda x: (-np.sort(-x)[..., :2], np.argsort(-x, kind="stable")[..., :2]),
        inputs=distinct,
        shapes=[(3, 7)],
        empty=[(0, 3)],
        size1=[(1, 2)],
        large=[(301, 257)],
        torch=lambda torch, x: torch.topk(x, 2),
        bad=error(lambda: dl.ops.top_k(X, 4), "k = 4, but the last axis", ValueError),
    ),
    case(
        "searchsorted",
        lambda x, v: dl.searchsorted(dl.sort(x), v, side="right"),
        lambda x, v: np.searchsorted(np.sort(x), v, side="right"),
        shapes=[(9,), (2, 4)],
        differentiable=(),
        empty=[(0,), (3,)],
        size1=[(1,), ()],
        large=[(9001,), (40009,)],
        bad=error(lambda: dl.searchsorted(X, 1.0), "wants a sorted tensor of 1 axis", ValueError)
        + error(lambda: dl.searchsorted(X[0], 1.0, side="up"), "side is", ValueError),
    ),
    case(
        "unique_all",
        lambda x: dl.unique_all(dl.round(x)),
        lambda x: np.unique(
            np.round(x), return_index=True, return_inverse=True, return_counts=True
        ),
        shapes=[(4, 5)],
        differentiable=(),
        eager_only=True,
        empty=[(0, 3)],
        size1=[(1,)],
        large=[(301, 257)],
    ),
    case(
        "isin",
        lambda x: dl.ops.isin(dl.round(x), [0.0, 1.0]),
        lambda x: np.isin(np.round(x), [0.0, 1.0]),
        shapes=[(4, 5)],
        differentiable=(),
        empty=[(0, 3)],
        size1=[(1,)],
        large=[(301, 257)],
    ),
    case(
        "bincount",
        lambda i: dl.ops.bincount(i, minlength=3),
        lambda i: np.bincount(i, minlength=3),
        inputs=lambda rng, shapes: [rng.integers(0, 5, shapes[0])],
        shapes=[(9,)],
        eager_only=True,
        empty=[(0,)],
        size1=[(1,)],
        large=[(40009,)],
        bad=error(lambda: dl.ops.bincount([0, -1]), r"\[bincount\] .* holds -1", ValueError)
        + error(lambda: dl.ops.bincount([0.5]), r"\[bincount\] .* float32")
        + error(lambda: dl.ops.bincount([0, 1], [2]), r"\[bincount\] weights", ValueError),
    ),
    case(
        "segment_sum",
        lambda x, i: dl.ops.segment_sum(x, i, 4),
        lambda x, i: np.stack([x[i == s].sum(0) for s in range(4)]),
        inputs=lambda rng, shapes: [
            rng.uniform(-2, 2, shapes[0]),
            rng.integers(-1, 4, shapes[0][:1]),
        ],
        shapes=[(7, 3)],
        takes="numbers",
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(701, 67)],
        bad=error(lambda: dl.ops.segment_sum([1, 2], [0, 4], 4), r"\[segment_sum\] index 4")
        + error(lambda: dl.ops.segment_sum([1, 2], [0, 1.0]), r"\[segment_sum\] .* float32")
        + error(lambda: dl.ops.segment_sum(1, [0, 1]), r"\[segment_sum\].*one id", ValueError)
        + error(lambda: dl.ops.segment_sum([1, 2], [0]), r"\[segment_sum\].*one id", ValueError),
    ),
    case(
        "get_item",
        lambda x: dl.ops.get_item(x, (slice(None), 0)),
        lambda x: x[:, 0],
        shapes=[(2, 3, 5)],
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(40009, 3)],
        bad=error(lambda: dl.ops.get_item(X, 7), "index 7 is out of bounds"),
    ),
    case(
        "argpartition",
        lambda x: dl.sort(dl.ops.argpartition(x, 3)[..., :3]),
        lambda x: np.sort(np.argpartition(x, 3)[..., :3]),
        inputs=distinct,
        shapes=[[(2, 7)], [(5,)]],
        differentiable=(),
        takes="ties have no order",
        empty=[(0, 5)],
        size1=[(1, 4)],
        large=[(301, 257)],
        bad=error(lambda: dl.ops.argpartition([1, 2], "a"), "kth is an integer", TypeError)
        + error(lambda: dl.ops.argpartition([1, 2], 2), "kth=2 is out of bounds", ValueError),
    ),
    case(
        "argwhere",
        lambda x: dl.ops.argwhere(dl.greater(x, 1)),
        lambda x: np.argwhere(x > 1),
        shapes=[(2, 3, 5)],
        differentiable=(),
        eager_only=True,
        empty=[(0, 3)],
        size1=[(1,)],
        large=[(301, 257)],
    ),
    case(
        "digitize",
        lambda x: dl.ops.digitize(x, dl.asarray([-1.0, 0.0, 1.5])),
        lambda x: np.digitize(x, [-1.0, 0.0, 1.5]),
        shapes=[(2, 3, 5)],
        differentiable=(),
        empty=[(0, 3)],
        size1=[(1,)],
        large=[(301, 257)],
    ),
    case(
        "in_top_k",
        lambda i, x: dl.ops.in_top_k(i, x, 2),
        lambda i, x: (x > x[np.arange(len(i)), i][:, None]).sum(-1) < 2,
        inputs=lambda rng, shapes: [
            rng.integers(0, shapes[0][1], shapes[0][0]),
            rng.uniform(-2, 2, shapes[0]),
        ],
        shapes=[(7, 5)],
        differentiable=(),
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(4001, 37)],
    ),
    case(
        "multi_hot",
        lambda i: dl.ops.multi_hot(i, 5, dtype="int64"),
        lambda i: np.stack([(i == c).any(-1).astype("int64") for c in range(5)], -1),
        inputs=lambda rng, shapes: [rng.integers(0, 5, shapes[0])],
        shapes=[(4, 3)],
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(9001, 3)],
        bad=error(lambda: dl.ops.multi_hot([[1]]), "num_classes is missing", ValueError),
    ),
    *(
        case(
            function.__name__,
            lambda x, function=function: function(dl.round(x)),
            lambda x, more=more: np.unique(np.round(x), **more),
            shapes=[(4, 5)],
            differentiable=(),
            eager_only=True,
            empty=[(0, 3)],
            size1=[(1,)],
            large=[(301, 257)],
        )
        for function, more in (
            (dl.unique_values, {}),
            (dl.unique_counts, {"return_counts": True}),
            (dl.unique_inverse, {"return_inverse": True}),
        )
    ),
    case(
        "unravel_index",
        lambda i: dl.ops.unravel_index(i, (3, 4, 5)),
        lambda i: np.unravel_index(i, (3, 4, 5)),
        inputs=lambda rng, shapes: [rng.integers(0, 60, shapes[0])],
        shapes=[(2, 7)],
        empty=[(0,)],
        size1=[(1,)],
        large=[(301, 257)],
    ),
]
