"""Views, joins, cuts and triangles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from op_harness import Bad, Case

import danlu as dl

X = dl.ones((2, 3))


def row(
    name: str, function: Callable[..., Any], ref: Callable[..., Any] | None, **options: Any
) -> Case:
    """A function of one tensor of shape (2, 3, 5) that copies numbers only: results are exact."""
    defaults: dict[str, Any] = {
        "shapes": [(2, 3, 5)],
        "empty": [(2, 0, 5)],
        "size1": [(1, 1, 1)],
        "large": [(30, 42, 67)],
    }
    return Case(name, function, ref, **{**defaults, **options})


def bad(call: Callable[[], Any], match: str, error: type[Exception] = ValueError) -> tuple[Bad]:
    return (Bad(call, error, match),)


def one_axis(call: Callable[[int], Any]) -> tuple[Bad]:
    return bad(lambda: call(7), "axis 7 is out of bounds", IndexError)


def torch_pad(mode: str) -> Callable[..., Any]:
    return lambda torch, x: torch.nn.functional.pad(x, (2, 1), mode=mode)


def widened(shape: Any) -> tuple[int, ...]:
    """The shape (2, 3) that a smaller one broadcasts to; others stay."""
    return (2, 3) if np.prod(shape) in (1, 2, 3) else tuple(shape)


CASES: list[Case] = [
    row(
        "reshape",
        lambda x: dl.reshape(x, (-1, dl.ops.shape(x)[0])),
        lambda x: np.reshape(x, (-1, x.shape[0])),
        bad=bad(lambda: dl.reshape(X, (4,)), "6 elements do not fit 4")
        + bad(lambda: dl.reshape(X, (-1, -1)), "only one size may be -1")
        + bad(lambda: dl.reshape(X, (4, -1)), "do not divide by 4"),
    ),
    row(
        "reshape_of_transposed",
        lambda x: dl.reshape(dl.permute_dims(x, (2, 0, 1)), (x.shape[2] * x.shape[0], x.shape[1])),
        lambda x: (
            x.transpose(2, 0, 1).reshape(-1, x.shape[1])
            if x.size
            else x.reshape(x.shape[2] * x.shape[0], 0)
        ),
    ),
    row("flatten", dl.ops.flatten, np.ravel),
    row(
        "permute_dims",
        lambda x: dl.permute_dims(x, (2, 0, 1)),
        lambda x: x.transpose(2, 0, 1),
        bad=bad(lambda: dl.permute_dims(X, (0, 0)), "axis 0 appears twice")
        + bad(lambda: dl.permute_dims(X, (0,)), "1 axes for a tensor of 2 axes"),
    ),
    row("transpose", dl.ops.transpose, np.transpose),
    row(
        "matrix_transpose",
        dl.matrix_transpose,
        lambda x: np.swapaxes(x, -1, -2),
        bad=bad(lambda: dl.matrix_transpose(dl.ones(3)), "at least 2 axes"),
    ),
    row(
        "swapaxes",
        lambda x: dl.ops.swapaxes(x, 0, -1),
        lambda x: np.swapaxes(x, 0, -1),
        bad=one_axis(lambda axis: dl.ops.swapaxes(X, 0, axis)),
    ),
    row(
        "moveaxis",
        lambda x: dl.moveaxis(x, (0, 1), (-1, 0)),
        lambda x: np.moveaxis(x, (0, 1), (-1, 0)),
        bad=bad(lambda: dl.moveaxis(X, (0, 1), 0), "2 sources for 1 destinations"),
    ),
    row(
        "expand_dims",
        lambda x: dl.expand_dims(x, axis=(0, -1)),
        lambda x: np.expand_dims(x, (0, -1)),
        bad=one_axis(lambda axis: dl.expand_dims(X, axis=axis)),
    ),
    row(
        "squeeze",
        lambda x: dl.squeeze(x, axis=(1, -1)),
        lambda x: np.squeeze(x, (1, -1)),
        shapes=[(2, 1, 3, 1)],
        empty=[(0, 1, 3, 1)],
        size1=[(1, 1, 1, 1)],
        large=[(301, 1, 211, 1)],
        bad=bad(lambda: dl.squeeze(X, axis=0), "only 1 can be dropped"),
    ),
    row("squeeze_all", dl.squeeze, np.squeeze, shapes=[(2, 1, 3, 1)]),
    row(
        "broadcast_to",
        lambda x: dl.broadcast_to(x, (4, *widened(dl.ops.shape(x)))),
        lambda x: np.broadcast_to(x, (4, *widened(x.shape))),
        shapes=[[(2, 1)], [(3,)], [()], [(1, 2, 3)]],
        empty=[(0, 1)],
        size1=[(1, 1)],
        large=[(301, 211)],
        bad=bad(lambda: dl.broadcast_to(X, (2, 4)), r"\(2, 3\) does not broadcast to \(2, 4\)"),
    ),
    row(
        "broadcast_arrays",
        dl.broadcast_arrays,
        np.broadcast_arrays,
        shapes=[(2, 1), (1, 3)],
        empty=[(0, 1), (1, 3)],
        size1=[(1, 1), (1, 1)],
        large=[(301, 1), (1, 211)],
        bad=bad(lambda: dl.broadcast_arrays(dl.ones(2), dl.ones(3)), "do not broadcast"),
    ),
    row(
        "meshgrid",
        lambda x, y: dl.meshgrid(x, y),
        lambda x, y: np.meshgrid(x, y),
        shapes=[(2,), (3,)],
        empty=[(0,), (3,)],
        size1=[(1,), (1,)],
        large=[(301,), (211,)],
        bad=bad(lambda: dl.meshgrid(X), "wants 1-D tensors"),
    ),
    row(
        "meshgrid_ij",
        lambda x, y, z: dl.meshgrid(x, y, z, indexing="ij"),
        lambda x, y, z: np.meshgrid(x, y, z, indexing="ij"),
        shapes=[(2,), (3,), (5,)],
        empty=[(0,), (3,), (2,)],
        size1=[(1,), (1,), (1,)],
        large=[(31,), (61,), (41,)],
    ),
    row(
        "concat",
        lambda x, y: dl.concat([x, y], axis=1),
        lambda x, y: np.concatenate([x, y], axis=1),
        shapes=[(2, 3, 5), (2, 2, 5)],
        empty=[(2, 0, 5), (2, 2, 5)],
        size1=[(1, 1), (1, 1)],
        large=[(3, 20011), (3, 30011)],
        bad=bad(lambda: dl.concat([X, dl.ones((3, 3))], axis=1), "differ on an axis other than 1")
        + bad(lambda: dl.concat([]), "at least one tensor"),
    ),
    row(
        "stack",
        lambda x, y: dl.stack([x, y], axis=-1),
        lambda x, y: np.stack([x, y], axis=-1),
        shapes=[(2, 3), (2, 3)],
        empty=[(0, 3), (0, 3)],
        size1=[(), ()],
        large=[(301, 211), (301, 211)],
        bad=bad(lambda: dl.stack([X, dl.ones(3)]), "all shapes must be the same"),
    ),
    row(
        "unstack",
        lambda x: dl.unstack(x, axis=1),
        lambda x: [x[:, i] for i in range(x.shape[1])],
        empty=[(0, 2, 3)],
        bad=one_axis(lambda axis: dl.unstack(X, axis=axis)),
    ),
    row(
        "split",
        lambda x: dl.ops.split(x, 3, axis=1),
        lambda x: np.split(x, 3, axis=1),
        size1=[(1, 3)],
        bad=bad(lambda: dl.ops.split(X, 2, axis=1), "does not divide into 2 equal parts"),
    ),
    row(
        "split_at",
        lambda x: dl.ops.split(x, [1, 3, 9], axis=2),
        lambda x: np.split(x, [1, 3, 9], axis=2),
    ),
    row(
        "array_split",
        lambda x: dl.ops.array_split(x, 3, axis=2),
        lambda x: np.array_split(x, 3, axis=2),
        bad=bad(lambda: dl.ops.array_split(X, 0), "must be positive"),
    ),
    row("flip", dl.flip, np.flip, bad=one_axis(lambda axis: dl.flip(X, axis=axis))),
    row("flip_axis", lambda x: dl.flip(x, axis=1), lambda x: np.flip(x, 1)),
    row("roll", lambda x: dl.roll(x, 4), lambda x: np.roll(x, 4)),
    row(
        "roll_axes",
        lambda x: dl.roll(x, (1, -7), axis=(0, 2)),
        lambda x: np.roll(x, (1, -7), axis=(0, 2)),
        bad=bad(lambda: dl.roll(X, (1, 2, 3), axis=(0, 1)), "3 shifts for 2 axes"),
    ),
    row(
        "tile",
        lambda x: dl.tile(x, (2, 1, 3)),
        lambda x: np.tile(x, (2, 1, 3)),
        shapes=[[(2, 3, 5)], [(3,)]],
        bad=bad(lambda: dl.tile(X, (2, -1)), "must not be negative"),
    ),
    row("repeat_flat", lambda x: dl.repeat(x, 2), lambda x: np.repeat(x, 2)),
    row(
        "repeat",
        lambda x: dl.repeat(x, 3, axis=1),
        lambda x: np.repeat(x, 3, axis=1),
        bad=bad(lambda: dl.repeat(X, -1), "must not be negative"),
    ),
    row(
        "repeat_each",
        lambda x: dl.repeat(x, [2, 0, 1], axis=1),
        lambda x: np.repeat(x, [2, 0, 1], axis=1),
        empty=[(0, 3)],
        size1=[(1, 3)],
        large=[(30007, 3)],
        bad=bad(lambda: dl.repeat(X, [1, 2], axis=1), "do not fit axis 1"),
    ),
    row(
        "pad",
        lambda x: dl.ops.pad(x, ((1, 2), (0, 3), (2, 0))),
        lambda x: np.pad(x, ((1, 2), (0, 3), (2, 0))),
        bad=bad(lambda: dl.ops.pad(X, ((1, -1), (0, 0))), "must not be negative")
        + bad(lambda: dl.ops.pad(X, 1, mode="mirror"), "mode 'mirror' is none of"),
    ),
    row(
        "pad_value",
        lambda x: dl.ops.pad(x, 1, constant_values=7.0),
        lambda x: np.pad(x, 1, constant_values=7.0),
    ),
    *(
        row(
            f"pad_{mode}",
            lambda x, mode=mode: dl.ops.pad(x, ((0, 0), (2, 1), (4, 7)), mode=mode),
            lambda x, mode=mode: np.pad(x, ((0, 0), (2, 1), (4, 7)), mode=mode),
            empty=[(0, 2, 3)],
            bad=bad(lambda mode=mode: dl.ops.pad(dl.ones((0, 2)), 1, mode=mode), "is empty"),
        )
        for mode in ("reflect", "symmetric", "edge", "wrap")
    ),
    row(
        "diag_matrix",
        lambda x: dl.ops.diag(x, k=1),
        lambda x: np.diag(x, k=1),
        shapes=[(3,)],
        empty=[(0,)],
        size1=[(1,)],
        large=[(301,)],
        bad=bad(lambda: dl.ops.diag(dl.ones((2, 2, 2))), "wants 1 or 2 axes"),
    ),
    row(
        "diag_of",
        lambda x: dl.ops.diag(x, k=-1),
        lambda x: np.diag(x, k=-1),
        shapes=[(3, 4)],
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(301, 401)],
    ),
    row(
        "diagonal",
        lambda x: dl.ops.diagonal(x, offset=1, axis1=2, axis2=0),
        lambda x: np.diagonal(x, offset=1, axis1=2, axis2=0),
        bad=bad(lambda: dl.ops.diagonal(X, axis1=1, axis2=1), "the same axis"),
    ),
    row(
        "trace",
        lambda x: dl.ops.trace(x, axis1=1, axis2=2),
        lambda x: np.trace(x, axis1=1, axis2=2),
    ),
    row(
        "tril",
        lambda x: dl.tril(x, k=-1),
        lambda x: np.tril(x, k=-1),
        large=[(3, 211, 311)],
        torch=lambda torch, x: torch.tril(x, -1),
        bad=bad(lambda: dl.tril(dl.ones(3)), "at least 2 axes"),
    ),
    row(
        "triu",
        lambda x: dl.triu(x, k=1),
        lambda x: np.triu(x, k=1),
        large=[(3, 211, 311)],
        torch=lambda torch, x: torch.triu(x, 1),
    ),
    row("rot90", lambda x: dl.ops.rot90(x, 3, (1, 2)), lambda x: np.rot90(x, 3, (1, 2))),
    row(
        "hstack",
        lambda x, y: dl.ops.hstack([x, y]),
        lambda x, y: np.hstack([x, y]),
        shapes=[[(3,), (2,)], [(2, 3), (2, 1)]],
        empty=[(0,), (2,)],
        size1=[(1,), (1,)],
        large=[(40009,), (30011,)],
    ),
    row(
        "vstack",
        lambda x, y: dl.ops.vstack([x, y]),
        lambda x, y: np.vstack([x, y]),
        shapes=[(3,), (2, 3)],
        empty=[(0,), (2, 0)],
        size1=[(1,), (1,)],
        large=[(30011,), (3, 30011)],
    ),
    row(
        "dstack",
        lambda x, y: dl.ops.dstack([x, y]),
        lambda x, y: np.dstack([x, y]),
        shapes=[(3,), (1, 3)],
        empty=[(0,), (0,)],
        size1=[(1,), (1,)],
        large=[(40009,), (1, 40009)],
    ),
    row(
        "append",
        lambda x, y: dl.ops.append(x, y, axis=1),
        lambda x, y: np.append(x, y, axis=1),
        shapes=[(2, 3), (2, 2)],
        empty=[(0, 3), (0, 2)],
        size1=[(1, 1), (1, 1)],
        large=[(301, 211), (301, 61)],
    ),
    row(
        "append_flat",
        dl.ops.append,
        np.append,
        shapes=[(2, 3), (2, 2)],
        empty=[(0, 3), (0, 2)],
        size1=[(1, 1), ()],
        large=[(301, 211), (301, 61)],
    ),
    row("vsplit", lambda x: dl.ops.vsplit(x, [1]), lambda x: np.vsplit(x, [1])),
    row("hsplit", lambda x: dl.ops.hsplit(x, [1, 2]), lambda x: np.hsplit(x, [1, 2])),
    row("dsplit", lambda x: dl.ops.dsplit(x, [2, 4]), lambda x: np.dsplit(x, [2, 4])),
    row("flipud", dl.ops.flipud, np.flipud),
    row("fliplr", dl.ops.fliplr, np.fliplr),
    row("ravel", dl.ops.ravel, np.ravel),
    row(
        "diagflat",
        dl.ops.diagflat,
        np.diagflat,
        shapes=[[(2, 3)], [(3,)]],
        empty=[(0,)],
        size1=[(1,)],
        large=[(301,)],
    ),
    row("to_device", lambda x: dl.ops.to_device(x, "cpu"), lambda x: x),
    row(
        "vander",
        lambda x: dl.ops.vander(x, 4),
        lambda x: np.vander(x, 4),
        shapes=[(5,)],
        takes="numbers",
        empty=[(0,)],
        size1=[(1,)],
        large=[(20011,)],
    ),
]
