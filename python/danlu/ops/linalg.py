"""Products of matrices and tensors, composed of matmul."""

from __future__ import annotations

from .. import _core
from .shapes import _axis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = ["dense", "dot", "einsum", "inner", "outer", "tensordot"]


def activation_of(op: str, name: Any) -> Any:
    """The function that a fused op's `activation` names."""
    function = getattr(_core, name, None) if isinstance(name, str) and name[:1] != "_" else None
    if not callable(function) or isinstance(function, type):
        raise ValueError(f"[{op}] activation is a name such as 'relu' or None, got {name!r}")
    return function


def dense(x: Any, kernel: Any, bias: Any = None, activation: str | None = None) -> Any:
    """activation(x @ kernel + bias), kernel (inputs, units); bias (units,) and relu cost no pass.

    x (..., inputs) -> (..., units). `activation` is the name of a function of danlu.ops or None.
    Raises ValueError when the inputs do not fit or for another activation.

    >>> import danlu as dl
    >>> dl.ops.dense(dl.ones((1, 2)), dl.ones((2, 3)), activation="relu").tolist()
    [[2.0, 2.0, 2.0]]
    """
    if activation is None or activation == "relu":
        return _core._dense(x, kernel, bias, activation is not None)
    function = activation_of("dense", activation)
    return function(_core._dense(x, kernel, bias))


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """Sum products over axes: the last `axes` of x1 with the first of x2, or two lists of axes.

    The result has the other axes of x1, then those of x2. Raises ValueError when their sizes
    differ, IndexError for an axis that is not there. Source: array API 2024.12.

    >>> import danlu as dl
    >>> dl.tensordot(dl.ones((2, 3)), dl.ones((5, 3)), axes=([1], [1])).shape
    (2, 5)
    """
    x1, x2 = _core.asarray(x1), _core.asarray(x2)
    if isinstance(axes, int):
        if not 0 <= axes <= min(x1.ndim, x2.ndim):
            raise ValueError(
                f"[tensordot] axes={axes} does not fit shapes {x1.shape} and {x2.shape}"
            )
        axes = range(x1.ndim - axes, x1.ndim), range(axes)
    first, second = ([a] if isinstance(a, int) else list(a) for a in axes)
    return _core._tensordot(
        x1,
        x2,
        [_axis("tensordot", a, x1.ndim) for a in first],
        [_axis("tensordot", a, x2.ndim) for a in second],
    )


def dot(x1: Any, x2: Any) -> Any:
    """NumPy's dot: the last axis of x1 with the last but one (or only) axis of x2.

    Numbers scale. Raises ValueError when the sizes differ. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.dot([[1, 2], [3, 4]], [5, 6]).tolist()
    [17, 39]
    """
    x1, x2 = _core.asarray(x1), _core.asarray(x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return x1 * x2
    return _core._tensordot(x1, x2, [x1.ndim - 1], [max(x2.ndim - 2, 0)])


def inner(x1: Any, x2: Any) -> Any:
    """Sum products over the last axis of both: x1 (..., k), x2 (..., k). Numbers scale.

    Raises ValueError when the sizes differ. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.inner([1, 2], [[3, 4], [5, 6]]).tolist()
    [11, 17]
    """
    x1, x2 = _core.asarray(x1), _core.asarray(x2)
    if x1.ndim == 0 or x2.ndim == 0:
        return x1 * x2
    return _core._tensordot(x1, x2, [x1.ndim - 1], [x2.ndim - 1])


def outer(x1: Any, x2: Any) -> Any:
    """x1[i] * x2[j] for all i, j, of flattened inputs.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.outer([1, 2], [3, 4]).tolist()
    [[3, 4], [6, 8]]
    """
    return _core.reshape(x1, (-1, 1)) * _core.reshape(x2, (1, -1))


def einsum(subscripts: str, *operands: Any) -> Any:
    """Sum products by Einstein's notation: "bij,bjk->bik".

    Letters that the result lacks are summed over, "..." stands for further axes; without "->" the
    result has the letters that appear once, in order. Raises ValueError when letters and axes do
    not fit, TypeError unless the subscripts come first. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.einsum("ij,kj->ik", dl.ones((2, 3)), dl.ones((4, 3))).shape
    (2, 4)
    """
    if not isinstance(subscripts, str):
        raise TypeError(f"[einsum] subscripts come first, such as 'ij,jk->ik', got {subscripts!r}")
    tensors = [_core.asarray(x) for x in operands]
    labels, result = _parse(subscripts, [x.ndim for x in tensors])
    sizes: dict[str, int] = {}
    for x, names in zip(tensors, labels, strict=True):
        for name, size in zip(names, x.shape, strict=True):
            if sizes.setdefault(name, size) != size and name.islower() | name.isupper():
                raise ValueError(
                    f"[einsum] axis {name!r} of {subscripts!r} has {sizes[name]} and {size} "
                    f"elements: shapes {[x.shape for x in tensors]}"
                )
    terms = [_diagonal(x, names) for x, names in zip(tensors, labels, strict=True)]
    while len(terms) > 1:
        (a, a_names), (b, b_names), *rest = terms
        keep = set(result).union(*(names for _, names in rest)) if rest else set(result)
        terms = [_contract(a, a_names, b, b_names, keep), *rest]
    x, names = terms[0]
    x, names = _sum_out(x, names, set(result))
    return _core.permute_dims(x, [names.index(name) for name in result])


def _parse(subscripts: str, ndims: list[int]) -> tuple[list[str], str]:
    """One letter for each axis of each operand, and of the result; an ellipsis becomes digits."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ndims):
        raise ValueError(f"[einsum] {subscripts!r} names {len(terms)} operands, got {len(ndims)}")
    batch = 0
    for term, ndim in zip(terms, ndims, strict=True):
        named = len(term.replace("...", ""))
        if named > ndim or (named < ndim and "..." not in term):
            raise ValueError(f"[einsum] {term!r} names {named} axes of an operand with {ndim}")
        batch = max(batch, ndim - named if "..." in term else 0)
    letters = "".join(chr(0x2460 + i) for i in range(batch))  # no letter of the user
    labels = [
        term.replace("...", letters[batch - (ndim - len(term.replace("...", ""))) :])
        for term, ndim in zip(terms, ndims, strict=True)
    ]
    if arrow:
        result = output.replace("...", letters)
    else:  # the letters that appear once, in order
        written = inputs.replace("...", "").replace(",", "")
        result = letters + "".join(sorted(c for c in set(written) if written.count(c) == 1))
    unknown = set(result) - set("".join(labels))
    if unknown or len(set(result)) != len(result):
        raise ValueError(
            f"[einsum] the result {output!r} of {subscripts!r} repeats an axis or names one that "
            "no operand has"
        )
    return labels, result


def _diagonal(x: Any, names: str) -> tuple[Any, str]:
    """Take the diagonal of axes with the same name."""
    for name in dict.fromkeys(names):
        while names.count(name) > 1:
            first = names.index(name)
            second = names.index(name, first + 1)
            x = _core.diagonal(x, 0, first, second)
            names = names[:first] + names[first + 1 : second] + names[second + 1 :] + name
    return x, names


def _sum_out(x: Any, names: str, keep: set[str]) -> tuple[Any, str]:
    axes = tuple(i for i, name in enumerate(names) if name not in keep)
    if axes:
        x = _core.sum(x, axis=axes)
    return x, "".join(name for name in names if name in keep)


def _contract(a: Any, a_names: str, b: Any, b_names: str, keep: set[str]) -> tuple[Any, str]:
    """One pair as a batched matmul; axes that only one of them has are summed first."""
    a, a_names = _sum_out(a, a_names, keep | set(b_names))
    b, b_names = _sum_out(b, b_names, keep | set(a_names))
    shared = [name for name in a_names if name in b_names]
    batch = [name for name in shared if name in keep]
    inner = [name for name in shared if name not in keep]
    left = [name for name in a_names if name not in shared]
    right = [name for name in b_names if name not in shared]

    def arranged(x: Any, names: str, *groups: list[str]) -> tuple[Any, list[tuple[int, ...]]]:
        order = [names.index(name) for group in groups for name in group]
        x = _core.permute_dims(x, order)
        sizes, at = [], 0
        for group in groups:
            sizes.append(tuple(x.shape[at : at + len(group)]))
            at += len(group)
        return x, sizes

    def product(sizes: tuple[int, ...]) -> int:
        total = 1
        for size in sizes:
            total *= size
        return total

    a, (a_batch, a_left, a_inner) = arranged(a, a_names, batch, left, inner)
    b, (b_batch, b_inner, b_right) = arranged(b, b_names, batch, inner, right)
    a = _core.reshape(a, (*a_batch, product(a_left), product(a_inner)))
    b = _core.reshape(b, (*b_batch, product(b_inner), product(b_right)))
    y = _core.matmul(a, b)
    y = _core.reshape(y, (*y.shape[:-2], *a_left, *b_right))
    return y, "".join(batch + left + right)
