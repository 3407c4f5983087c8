"""Matrix products: matmul, dense, and what is composed of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from op_harness import Bad, Case

import danlu as dl


def np_dense(x: Any, kernel: Any, bias: Any = None, activation: Any = None) -> Any:
    y = x @ kernel + (0 if bias is None else bias)
    return np.maximum(y, 0) if activation == "relu" else y


def transposed_product(a: Any, b: Any) -> Any:
    """Both operands as transposed views, which no kernel copies first."""
    return dl.matmul(dl.matrix_transpose(a), dl.matrix_transpose(b))


def einsum_case(
    name: str, subscripts: str, *shapes: Any, empty: Any, size1: Any, large: Any
) -> Case:
    return Case(
        f"einsum_{name}",
        lambda *x: dl.ops.einsum(subscripts, *x),
        lambda *x: np.einsum(subscripts, *x),
        shapes=shapes,
        empty=empty,
        size1=size1,
        large=large,
        takes="numbers" if "," in subscripts else "all",
        torch=lambda torch, *x: torch.einsum(subscripts, *x),
    )


CASES: list[Case] = [
    Case(
        "matmul",
        dl.matmul,
        np.matmul,
        shapes=[
            [(2, 3), (3, 5)],
            [(7,), (7,)],
            [(7,), (7, 3)],
            [(3, 7), (7,)],
            [(5, 2, 3), (3, 7)],
            [(2, 3), (5, 3, 7)],
            [(2, 1, 3, 5), (3, 5, 2)],
            [(13, 67), (67, 35)],
        ],
        takes="numbers",
        empty=[(0, 3), (3, 5)],
        size1=[(1, 1), (1, 1)],
        large=[(131, 257), (257, 301)],
        torch=lambda torch, a, b: torch.matmul(a, b),
        bad=[
            Bad(lambda: dl.matmul(dl.ones((2, 3)), dl.ones((2, 3))), ValueError, r"\(2, 3\) times"),
            Bad(lambda: dl.matmul(dl.ones(()), dl.ones((2, 3))), ValueError, "vectors and"),
            Bad(lambda: dl.matmul(dl.ones((2, 2, 3)), dl.ones((3, 3, 2))), ValueError, "broadcast"),
        ],
    ),
    Case(
        "matmul_no_inner",
        dl.matmul,
        np.matmul,
        shapes=[(2, 0), (0, 3)],
        takes="numbers",
        empty=[(0, 0), (0, 0)],
        size1="the row is about an empty inner axis",
        large=[(301, 0), (0, 211)],
    ),
    Case(
        "matmul_transposed",
        transposed_product,
        lambda a, b: a.T @ b.T,
        shapes=[[(5, 3), (7, 5)], [(67, 13), (35, 67)]],
        takes="numbers",
        empty=[(3, 0), (5, 3)],
        size1=[(1, 1), (1, 1)],
        large=[(300, 300), (257, 300)],
        torch=lambda torch, a, b: a.T @ b.T,
    ),
    Case(
        "matmul_long_inner",
        dl.matmul,
        np.matmul,
        shapes=[(2, 1103), (1103, 1)],
        takes="numbers",
        empty=[(3, 1103), (1103, 0)],
        size1=[(1, 1103), (1103, 1)],
        large=[(1, 5003), (5003, 301)],
    ),
    Case(
        "matmul_integers",
        dl.matmul,
        np.matmul,
        shapes=[[(2, 3), (3, 5)], [(2, 2, 3), (3,)]],
        inputs=lambda rng, shapes: [rng.integers(-9, 9, s) for s in shapes],
        empty=[(0, 3), (3, 5)],
        size1=[(1, 1), (1, 1)],
        large=[(67, 41), (41, 300)],
        bad=[
            Bad(
                lambda: dl.matmul(dl.ones((2, 2), dtype="bool"), dl.ones((2, 2), dtype="bool")),
                TypeError,
                "takes numbers, got bool",
            )
        ],
    ),
    Case(
        "dense",
        dl.ops.dense,
        np_dense,
        shapes=[[(2, 3), (3, 5), (5,)], [(2, 7, 3), (3, 2), (2,)], [(3,), (3, 17), (17,)]],
        takes="floating",
        empty=[(0, 3), (3, 5), (5,)],
        size1=[(1, 1), (1, 1), (1,)],
        large=[(257, 131), (131, 67), (67,)],
        torch=lambda torch, x, kernel, bias: x @ kernel + bias,
        bad=[
            Bad(
                lambda: dl.ops.dense(dl.ones((2, 28, 28)), dl.ones((784, 10))),
                ValueError,
                "wants 784 features.*Flatten",
            ),
            Bad(
                lambda: dl.ops.dense(dl.ones((2, 3)), dl.ones((3, 4)), dl.ones((3,))),
                ValueError,
                "bias",
            ),
        ],
    ),
    Case(
        "dense_relu",
        dl.ops.dense,
        np_dense,
        shapes=[(5, 3), (3, 7), (7,)],
        kwargs={"activation": "relu"},
        takes="floating",
        empty=[(2, 3), (3, 0), (0,)],
        size1=[(1, 1), (1, 1), (1,)],
        large=[(257, 131), (131, 67), (67,)],
        torch=lambda torch, x, kernel, bias: torch.relu(x @ kernel + bias),
    ),
    Case(
        "dense_without_bias",
        dl.ops.dense,
        np_dense,
        shapes=[(5, 3), (3, 2)],
        takes="floating",
        empty=[(0, 3), (3, 2)],
        size1=[(1, 1), (1, 1)],
        large=[(257, 131), (131, 67)],
    ),
    Case(
        "vecdot",
        dl.vecdot,
        lambda a, b: (a * b).sum(-1),
        shapes=[[(2, 3, 5), (3, 5)], [(7,), (7,)], [(2, 1, 5), (3, 5)]],
        takes="numbers",
        empty=[(2, 0), (2, 0)],
        size1=[(1,), (1,)],
        large=[(701, 129), (701, 129)],
        torch=lambda torch, a, b: (a * b).sum(-1),
        bad=[
            Bad(lambda: dl.vecdot(dl.ones((2, 3)), dl.ones((2, 4))), ValueError, "vectors of 3"),
            Bad(lambda: dl.vecdot(dl.ones((2, 3)), dl.ones((3,)), axis=-2), IndexError, "axis -2"),
        ],
    ),
    Case(
        "tensordot",
        dl.tensordot,
        np.tensordot,
        shapes=[(2, 3, 5), (5, 3, 7)],
        kwargs={"axes": ([1, 2], [1, 0])},
        takes="numbers",
        empty=[(0, 3, 5), (5, 3, 7)],
        size1=[(1, 1, 1), (1, 1, 1)],
        large=[(41, 43, 47), (47, 43, 37)],
        torch=lambda torch, a, b: torch.tensordot(a, b, dims=([1, 2], [1, 0])),
        bad=[
            Bad(
                lambda: dl.tensordot(dl.ones((2, 3)), dl.ones((2, 3)), axes=1),
                ValueError,
                "has 3 elements, axis 0 .* has 2",
            ),
            Bad(lambda: dl.tensordot(dl.ones((2,)), dl.ones((2,)), axes=2), ValueError, "axes=2"),
        ],
    ),
    Case(
        "tensordot_outer",
        dl.tensordot,
        np.tensordot,
        shapes=[(2, 3), (5,)],
        kwargs={"axes": 0},
        takes="numbers",
        empty=[(0, 3), (5,)],
        size1=[(1,), (1,)],
        large=[(31, 61), (41,)],
    ),
    Case(
        "outer",
        dl.ops.outer,
        np.outer,
        shapes=[(3,), (5,)],
        empty=[(0,), (5,)],
        size1=[(1,), (1,)],
        large=[(301,), (211,)],
    ),
    Case(
        "inner",
        dl.ops.inner,
        np.inner,
        shapes=[(2, 3), (5, 3)],
        takes="numbers",
        empty=[(0, 3), (5, 3)],
        size1=[(1,), (1,)],
        large=[(301, 129), (211, 129)],
    ),
    Case(
        "dot",
        dl.ops.dot,
        np.dot,
        shapes=[[(2, 3), (7, 3, 5)], [(3,), (3,)], [(), (3,)]],
        takes="numbers",
        empty=[(0, 3), (3,)],
        size1=[(1,), (1,)],
        large=[(301, 129), (129, 67)],
    ),
    einsum_case(
        "batched",
        "bij,bjk->bik",
        (2, 3, 5),
        (2, 5, 7),
        empty=[(0, 3, 5), (0, 5, 7)],
        size1=[(1, 1, 1), (1, 1, 1)],
        large=[(7, 61, 67), (7, 67, 71)],
    ),
    einsum_case(
        "heads",
        "bthd,bshd->bhts",
        (2, 3, 5, 7),
        (2, 2, 5, 7),
        empty=[(0, 3, 5, 7), (0, 2, 5, 7)],
        size1=[(1, 1, 1, 1), (1, 1, 1, 1)],
        large=[(3, 37, 4, 67), (3, 41, 4, 67)],
    ),
    einsum_case("trace", "ii->", (3, 3), empty=[(0, 0)], size1=[(1, 1)], large=[(401, 401)]),
    einsum_case(
        "implicit",
        "ij,jk",
        (2, 3),
        (3, 5),
        empty=[(0, 3), (3, 5)],
        size1=[(1, 1), (1, 1)],
        large=[(131, 257), (257, 61)],
    ),
    einsum_case(
        "ellipsis",
        "...ij,jk->...ik",
        (2, 5, 3, 7),
        (7, 2),
        empty=[(0, 3, 7), (7, 2)],
        size1=[(1, 1), (1, 1)],
        large=[(7, 61, 67), (67, 71)],
    ),
    einsum_case(
        "three",
        "ij,jk,kl->il",
        (2, 3),
        (3, 5),
        (5, 2),
        empty=[(0, 3), (3, 5), (5, 2)],
        size1=[(1, 1), (1, 1), (1, 1)],
        large=[(61, 67), (67, 71), (71, 73)],
    ),
]
