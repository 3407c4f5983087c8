"""Softmax and cross-entropies. (Dropout and draws: `tests/test_random.py`.)"""

from __future__ import annotations

from typing import Any

import numpy as np
from op_harness import Bad, Case, elementwise

import danlu as dl
from danlu import _core

CLASSES = 7


def np_log_softmax(x: Any, axis: Any = -1) -> Any:
    x = x - x.max(axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def np_softmax(x: Any, axis: Any = -1) -> Any:
    return np.exp(np_log_softmax(x, axis))


def np_sparsemax(x: Any, axis: Any = -1) -> Any:
    """The projection on the simplex by bisection of sum max(x - tau, 0) = 1."""
    low, high = x.max(axis, keepdims=True) - 1, x.max(axis, keepdims=True)
    for _ in range(60):
        middle = (low + high) / 2
        above = np.maximum(x - middle, 0).sum(axis, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.maximum(x - low, 0)


def np_glu(x: Any, axis: Any = -1) -> Any:
    a, b = np.split(x, 2, axis)
    return a / (1 + np.exp(-b))


def picked(log_p: Any, labels: Any) -> Any:
    index = labels.astype("int64")[..., None]
    return -np.take_along_axis(log_p, index, axis=-1)[..., 0]


def log_clipped(p: Any) -> Any:
    return np.log(np.clip(p / p.sum(-1, keepdims=True), 1e-7, 1 - 1e-7))


def logits_and_labels(rng: Any, shapes: Any) -> list[Any]:
    x = rng.uniform(-3, 3, shapes[0])
    return [x, rng.integers(0, max(1, shapes[0][-1]), shapes[0][:-1])]


def probabilities_and_labels(rng: Any, shapes: Any) -> list[Any]:
    x, labels = logits_and_labels(rng, shapes)
    return [np.exp(x), labels.astype("int32")]


def softmax_cross_entropy(x: Any, labels: Any) -> Any:
    return _core.softmax_cross_entropy(x, labels)


def sparse(x: Any, labels: Any) -> Any:
    return dl.ops.sparse_categorical_crossentropy(labels, x)


def dense(x: Any, target: Any, from_logits: bool) -> Any:
    return dl.ops.categorical_crossentropy(target, x, from_logits=from_logits)


def np_dense(x: Any, target: Any, from_logits: bool) -> Any:
    return -(target * (np_log_softmax(x) if from_logits else log_clipped(x))).sum(-1)


def binary(x: Any, target: Any, from_logits: bool) -> Any:
    return dl.ops.binary_crossentropy(target, x, from_logits=from_logits)


def np_binary(x: Any, target: Any, from_logits: bool) -> Any:
    if from_logits:
        return target * np.logaddexp(0, -x) + (1 - target) * np.logaddexp(0, x)
    x = np.clip(x, 1e-7, 1 - 1e-7)
    return -target * np.log(x) - (1 - target) * np.log(1 - x)


def bad_labels(labels: Any, match: str) -> Bad:
    return Bad(
        lambda: dl.ops.sparse_categorical_crossentropy(labels, dl.ones((3, 5)), from_logits=True),
        ValueError,
        match,
    )


CASES = [
    Case(
        "softmax",
        dl.ops.softmax,
        ref=np_softmax,
        shapes=[[(2, 3, 5)], [(4, 67)], [(3,)]],
        domain=(-4, 4),
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(601, 129)],
        torch=lambda torch, x: torch.softmax(x, -1),
        bad=(Bad(lambda: dl.ops.softmax(dl.asarray(1.0)), ValueError, "at least 1 axis"),),
    ),
    Case(
        "softmax_first_axis",
        dl.ops.softmax,
        ref=np_softmax,
        shapes=[(3, 2, 5)],
        kwargs={"axis": 0},
        empty=[(2, 0)],
        size1=[(1, 1)],
        large=[(129, 601)],
    ),
    Case(
        "softmax_axes",
        dl.ops.softmax,
        ref=np_softmax,
        shapes=[(3, 2, 5)],
        kwargs={"axis": (0, 2)},
        empty=[(2, 0, 3)],
        size1=[(1, 1, 1)],
        large=[(41, 43, 47)],
    ),
    Case(
        "sparsemax",
        dl.ops.sparsemax,
        ref=np_sparsemax,
        shapes=[[(3, 5)], [(4, 7)]],
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(601, 129)],
        bad=(
            Bad(
                lambda: dl.ops.sparsemax(dl.ones((2, 3)), axis=2), IndexError, r"\[sparsemax\] axis"
            ),
            Bad(lambda: dl.ops.sparsemax(3.0), ValueError, r"\[sparsemax\] needs at least 1 axis"),
        ),
    ),
    Case(
        "glu",
        dl.ops.glu,
        ref=np_glu,
        shapes=[[(2, 3, 4)], [(6,)]],
        empty=[(0, 4)],
        size1=[(1, 2)],
        large=[(601, 130)],
        torch=lambda torch, x: torch.nn.functional.glu(x, -1),
        bad=(Bad(lambda: dl.ops.glu(dl.ones((2, 3))), ValueError, r"half, got shape \(2, 3\)"),),
    ),
    elementwise("sparse_sigmoid", dl.ops.sparse_sigmoid, lambda x: np.clip((x + 1) / 2, 0, 1)),
    elementwise(
        "tanh_shrink",
        dl.ops.tanh_shrink,
        lambda x: x - np.tanh(x),
        torch=lambda torch, x: torch.nn.functional.tanhshrink(x),
    ),
    elementwise(
        "threshold",
        dl.ops.threshold,
        lambda x, threshold, default_value: np.where(x > threshold, x, default_value),
        kwargs={"threshold": 0.3, "default_value": -0.5},
        torch=lambda torch, x: torch.nn.functional.threshold(x, 0.3, -0.5),
    ),
    Case(
        "log_softmax",
        dl.ops.log_softmax,
        ref=np_log_softmax,
        shapes=[[(2, 3, 5)], [(4, 67)], [(3,)]],
        domain=(-4, 4),
        empty=[(0, 3)],
        size1=[(1, 1)],
        large=[(601, 129)],
        torch=lambda torch, x: torch.log_softmax(x, -1),
        bad=(Bad(lambda: dl.ops.log_softmax(dl.asarray(1.0)), ValueError, "at least 1 axis"),),
    ),
    Case(
        "softmax_cross_entropy",
        softmax_cross_entropy,
        ref=lambda x, labels: picked(np_log_softmax(x), labels),
        shapes=[[(5, CLASSES)], [(2, 3, 67)]],
        inputs=logits_and_labels,
        empty=[(0, CLASSES)],
        size1=[(1, 1)],
        large=[(4001, 37)],
        torch=lambda torch, x, labels: torch.nn.functional.cross_entropy(
            x.reshape(-1, x.shape[-1]), labels.reshape(-1), reduction="none"
        ).reshape(labels.shape),
        bad=(
            bad_labels(
                [0, 5, 1], r"labels out of range: label 5 at position 1.*\(3, 5\).*5 classes"
            ),
            bad_labels([0, 1, -1], "labels out of range: label -1 at position 2"),
            bad_labels([0.0, 1.5, 2.0], "non-integer labels: 1.5 at position 1"),
            bad_labels([0.0, 1.0, 9.0], "labels out of range: label 9 at position 2"),
            bad_labels(dl.ones((3, 5)), "one-hot.*categorical_crossentropy"),
            bad_labels([0, 1], r"shape \(2,\).*\(3, 5\).*expected labels of shape \(3,\)"),
        ),
    ),
    Case(
        "sparse_categorical_crossentropy",
        sparse,
        ref=lambda p, labels: picked(log_clipped(p), labels),
        shapes=[[(5, CLASSES)], [(2, 3, 67)]],
        inputs=probabilities_and_labels,
        empty=[(0, CLASSES)],
        size1=[(1, 1)],
        large=[(4001, 37)],
        bad=(
            Bad(
                lambda: dl.ops.sparse_categorical_crossentropy([0, 3], dl.ones((2, 3))),
                ValueError,
                "labels out of range: label 3 at position 1.*units",
            ),
        ),
    ),
    Case(
        "categorical_crossentropy",
        dense,
        ref=np_dense,
        shapes=[(2, 3, 5), (2, 3, 5)],
        domain=(0.1, 0.9),
        kwargs={"from_logits": False},
        empty=[(0, 3), (0, 3)],
        size1=[(1, 2), (1, 2)],
        large=[(701, 129), (701, 129)],
        bad=(
            Bad(
                lambda: dense(dl.ones((3, 5)), dl.asarray([0, 1, 2]), True),
                ValueError,
                "class numbers.*sparse_categorical_crossentropy",
            ),
            Bad(
                lambda: dense(dl.ones((3, 5)), dl.ones((3, 4)), True),
                ValueError,
                r"\(3, 4\).*\(3, 5\).*must be the same",
            ),
        ),
    ),
    Case(
        "categorical_crossentropy_of_logits",
        dense,
        ref=np_dense,
        shapes=[(2, 3, 5), (2, 3, 5)],
        kwargs={"from_logits": True},
        empty=[(0, 3), (0, 3)],
        size1=[(1, 2), (1, 2)],
        large=[(701, 129), (701, 129)],
    ),
    Case(
        "binary_crossentropy",
        binary,
        ref=np_binary,
        shapes=[(2, 3, 5), (2, 3, 5)],
        domain=(0.1, 0.9),
        kwargs={"from_logits": False},
        takes="no integers between 0 and 1",
        empty=[(0, 3), (0, 3)],
        size1=[(1, 1), (1, 1)],
        large=[(701, 129), (701, 129)],
        bad=(
            Bad(
                lambda: binary(dl.ones((3, 5)), dl.ones(3), True),
                ValueError,
                r"\(3,\).*\(3, 5\).*must be the same",
            ),
        ),
    ),
    Case(
        "binary_crossentropy_of_logits",
        binary,
        ref=np_binary,
        shapes=[(2, 3, 5), (2, 3, 5)],
        kwargs={"from_logits": True},
        empty=[(0, 3), (0, 3)],
        size1=[(1, 1), (1, 1)],
        large=[(701, 129), (701, 129)],
    ),
]
