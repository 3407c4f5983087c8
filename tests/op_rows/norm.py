"""Batch, layer and RMS normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
from op_harness import Bad, Case

import danlu as dl
from danlu import _core


def scaled(x: Any, axes: Any, gamma: Any, beta: Any, epsilon: float) -> Any:
    y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)
    y = y if gamma is None else y * gamma
    return y if beta is None else y + beta


def np_batch_norm(x: Any, gamma: Any = None, beta: Any = None, epsilon: float = 1e-3) -> Any:
    axes = tuple(range(x.ndim - 1))
    return scaled(x, axes, gamma, beta, epsilon), x.mean(axes), x.var(axes)


def batch_norm(x: Any, gamma: Any = None, beta: Any = None, epsilon: float = 1e-3) -> Any:
    return _core.batch_norm_training(x, gamma, beta, epsilon)


def np_batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, axis: int = -1
) -> Any:
    shape = [1] * x.ndim
    shape[axis] = -1
    mean, variance, offset, scale = (w.reshape(shape) for w in (mean, variance, offset, scale))
    return (x - mean) / np.sqrt(variance + 1e-3) * scale + offset


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, axis: int = -1
) -> Any:
    return dl.ops.batch_normalization(x, mean, variance, axis, offset, scale)


def np_layer_norm(x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1) -> Any:
    return scaled(x, axis, gamma, beta, 1e-3)


def layer_norm(x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1) -> Any:
    return dl.ops.layer_normalization(x, gamma, beta, axis, epsilon=1e-3)


def np_rms_norm(x: Any, scale: Any) -> Any:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-3) * scale


def rms_norm(x: Any, scale: Any) -> Any:
    return dl.ops.rms_normalization(x, scale, epsilon=1e-3)


def np_moments(x: Any, axes: Any, keepdims: bool = False) -> Any:
    return x.mean(axes, keepdims=keepdims), x.var(axes, keepdims=keepdims)


def torch_layer_norm(torch: Any, x: Any, gamma: Any, beta: Any) -> Any:
    return torch.nn.functional.layer_norm(x, gamma.shape, gamma, beta, eps=1e-3)


CASES = [
    Case(
        "batch_norm_training",
        batch_norm,
        dtypes=("float32", "float64"),  # the moments stay in float32
        ref=np_batch_norm,
        shapes=[[(2, 3, 5), (5,), (5,)], [(7, 3), (3,), (3,)], [(3, 2, 2, 5), (5,), (5,)]],
        empty=[(4, 0), (0,), (0,)],
        size1=[(1, 1), (1,), (1,)],
        large=[(5003, 37), (37,), (37,)],
        bad=(
            Bad(lambda: batch_norm(dl.ones(3)), ValueError, r"batch axis.*\(3,\)"),
            Bad(lambda: batch_norm(dl.ones((2, 3)), dl.ones(4)), ValueError, r"gamma.*\(4,\).*3"),
        ),
    ),
    Case(
        "batch_norm_training_16_bits",
        lambda *x: batch_norm(*x)[0],
        ref=lambda *x: np_batch_norm(*x)[0],
        shapes=[[(7, 3, 5), (5,), (5,)], [(13, 17), (17,), (17,)]],
        dtypes=("float16", "bfloat16"),
        empty=[(4, 0), (0,), (0,)],
        size1=[(1, 1), (1,), (1,)],
        large=[(5003, 37), (37,), (37,)],
    ),
    Case(
        "batch_norm_training_plain",
        batch_norm,
        dtypes=("float32", "float64"),
        ref=np_batch_norm,
        shapes=[(4, 3, 5)],
        empty=[(2, 0)],
        size1=[(1, 1)],
        large=[(40, 4001)],
    ),
    Case(
        "batch_normalization",
        batch_normalization,
        ref=np_batch_normalization,
        shapes=[[(2, 3, 5), (5,), (5,), (5,), (5,)], [(3, 2), (2,), (2,), (2,), (2,)]],
        domain=[(-2.0, 2.0), (-1.0, 1.0), (0.5, 2.0), (-1.0, 1.0), (0.5, 2.0)],
        empty=[(0, 3), (3,), (3,), (3,), (3,)],
        size1=[(1, 1), (1,), (1,), (1,), (1,)],
        large=[(3001, 37), (37,), (37,), (37,), (37,)],
        bad=(
            Bad(
                lambda: dl.ops.batch_normalization(dl.ones((2, 3)), dl.ones(2), dl.ones(3), -1),
                ValueError,
                r"mean has shape \(2,\).*3 channels",
            ),
        ),
    ),
    Case(
        "batch_normalization_channels_first",
        batch_normalization,
        ref=np_batch_normalization,
        shapes=[(2, 3, 5), (3,), (3,), (3,), (3,)],
        domain=[(-2.0, 2.0), (-1.0, 1.0), (0.5, 2.0), (-1.0, 1.0), (0.5, 2.0)],
        kwargs={"axis": 1},
        empty=[(0, 3, 2), (3,), (3,), (3,), (3,)],
        size1=[(1, 1), (1,), (1,), (1,), (1,)],
        large=[(701, 37, 3), (37,), (37,), (37,), (37,)],
    ),
    Case(
        "layer_normalization",
        layer_norm,
        ref=np_layer_norm,
        shapes=[[(2, 3, 5), (5,), (5,)], [(3, 67), (67,), (67,)]],
        empty=[(0, 3), (3,), (3,)],
        size1=[(1, 1), (1,), (1,)],
        large=[(701, 129), (129,), (129,)],
        torch=torch_layer_norm,
        bad=(
            Bad(
                lambda: layer_norm(dl.ones((2, 3)), dl.ones(2)),
                ValueError,
                r"gamma has shape \(2,\).*3 numbers",
            ),
        ),
    ),
    Case(
        "layer_normalization_axes",
        layer_norm,
        ref=lambda x, axis: np_layer_norm(x, axis=axis),
        shapes=[(2, 3, 5)],
        kwargs={"axis": (0, 2)},
        empty=[(2, 0, 3)],
        size1=[(1, 1, 1)],
        large=[(41, 43, 47)],
    ),
    Case(
        "rms_normalization",
        rms_norm,
        ref=np_rms_norm,
        shapes=[(2, 3, 5), (5,)],
        empty=[(0, 3), (3,)],
        size1=[(1, 1), (1,)],
        large=[(701, 129), (129,)],
    ),
    Case(
        "moments",
        dl.ops.moments,
        ref=np_moments,
        shapes=[(2, 3, 5)],
        kwargs={"axes": (0, 2), "keepdims": True},
        empty=[(2, 0, 3)],
        size1=[(1, 1, 1)],
        large=[(41, 7, 301)],
        bad=(Bad(lambda: dl.ops.moments(dl.ones((2, 3)), 2), (ValueError, IndexError), "axis"),),
    ),
]
