"""Neural-network functions: arguments as in keras.ops, work in the core."""

from __future__ import annotations

from .. import _core, config
from .core import convert_to_tensor
from .elementwise import _floating, _wide
from .shapes import _axis

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "glu",
    "layer_normalization",
    "moments",
    "rms_normalization",
    "sparse_categorical_crossentropy",
    "sparse_sigmoid",
    "sparsemax",
    "tanh_shrink",
    "threshold",
]


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-log(output[target]): output holds a probability or a logit for each class along `axis`.

    target (...) of integers, output (..., classes) -> (...). Probabilities are divided by their
    sum and clipped to [epsilon, 1 - epsilon], with `dl.config.epsilon()`. Raises ValueError for a
    target that is no class and when the shapes do not fit. Source: keras.ops.

    >>> import danlu as dl
    >>> round(dl.ops.sparse_categorical_crossentropy([1], [[0.5, 0.5]]).item(), 4)
    0.6931
    """
    return _core.sparse_categorical_crossentropy(
        target, output, from_logits, axis, config.epsilon()
    )


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum target * log(output) along `axis`: one-hot or soft targets.

    target, output (..., classes) -> (...). Probabilities are divided by their sum and clipped to
    [epsilon, 1 - epsilon]; with `from_logits` the output goes through a log_softmax. Raises
    ValueError when the shapes differ. Source: keras.ops.

    >>> import danlu as dl
    >>> round(dl.ops.categorical_crossentropy([[0, 1]], [[0.5, 0.5]]).item(), 4)
    0.6931
    """
    return _core.categorical_crossentropy(target, output, from_logits, axis, config.epsilon())


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-target * log(output) - (1 - target) * log(1 - output), element by element.

    Probabilities are clipped to [epsilon, 1 - epsilon]; with `from_logits` the output goes through
    a sigmoid. Raises ValueError when the shapes differ. Source: keras.ops.

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.ops.binary_crossentropy([1, 0], [0.5, 0.5]).tolist()]
    [0.6931, 0.6931]
    """
    return _core.binary_crossentropy(target, output, from_logits, config.epsilon())


def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta with the moments of x along `axis`.

    `axis` is one or several; gamma and beta have its shape, or are None. `epsilon` is
    `dl.config.epsilon()` unless given. Raises ValueError when gamma or beta does not fit. Source:
    Ba et al., 2016, arXiv:1607.06450; keras.ops.

    >>> import danlu as dl
    >>> dl.ops.layer_normalization([[1.0, 3.0]], epsilon=0).tolist()
    [[-1.0, 1.0]]
    """
    epsilon = config.epsilon() if epsilon is None else epsilon
    return _core.layer_normalization(x, gamma, beta, axis, epsilon)


def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """x / sqrt(mean(x^2) + epsilon) * scale with the mean along `axis`.

    `axis` is one or several; scale has its shape, or is None. `epsilon` is `dl.config.epsilon()`
    unless given. Raises ValueError when scale does not fit. Source: Zhang and Sennrich, 2019,
    arXiv:1910.07467; keras.ops.

    >>> import danlu as dl
    >>> dl.ops.rms_normalization([[-3.0, 3.0]], epsilon=0).tolist()
    [[-1.0, 1.0]]
    """
    epsilon = config.epsilon() if epsilon is None else epsilon
    return _core.rms_normalization(x, scale, axis, epsilon)


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> Any:
    """(mean, variance) over the axes: the variance is the biased one, sum((x - mean)^2) / n.

    16-bit floats are summed in float32. Raises NotImplementedError for synchronized=True. Source:
    keras.ops.

    >>> import danlu as dl
    >>> mean, variance = dl.ops.moments([1.0, 3.0], axes=0)
    >>> mean.item(), variance.item()
    (2.0, 1.0)
    """
    if synchronized:
        raise NotImplementedError(
            "[moments] synchronized=True is for several devices; danlu trains on one"
        )
    return _core.moments(x, axes, keepdims)


def glu(x: Any, axis: int = -1) -> Any:
    """a * sigmoid(b), with x split into halves a and b along `axis`, which becomes half as long.

    Raises ValueError when the axis is odd. Source: Dauphin et al., 2016, arXiv:1612.08083;
    keras.ops.

    >>> import danlu as dl
    >>> dl.ops.glu([1.0, 2.0, 0.0, 0.0]).tolist()
    [0.5, 1.0]
    """
    x = convert_to_tensor(x)
    if x.ndim == 0 or x.shape[axis] % 2:
        raise ValueError(f"[glu] splits axis {axis} of x in half, got shape {tuple(x.shape)}")
    a, b = _core.split(x, 2, axis)
    return a * _core.sigmoid(b)


def sparse_sigmoid(x: Any) -> Any:
    """min(max((x + 1) / 2, 0), 1).

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.sparse_sigmoid([-2.0, 0.0, 2.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return _core.clip(0.5 * (convert_to_tensor(x) + 1.0), 0.0, 1.0)


def tanh_shrink(x: Any) -> Any:
    """x - tanh(x).

    Source: keras.ops.

    >>> import danlu as dl
    >>> round(dl.ops.tanh_shrink(1.0).item(), 4)
    0.2384
    """
    x = convert_to_tensor(x)
    return x - _core.tanh(x)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where x > threshold, else `default_value`.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.threshold([1.0, 3.0], 2.0, -1.0).tolist()
    [-1.0, 3.0]
    """
    x = convert_to_tensor(x)
    return _core.where(_core.greater(x, threshold), x, default_value)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to x along `axis`.

    It is max(x - tau, 0), with tau such that the sum is 1: the k largest values, those with 1 + k
    x_k > x_1 + ... + x_k, are above it. Integers give float32. Raises ValueError for a single
    number, IndexError for an axis that x lacks. Source: Martins and Astudillo, 2016,
    arXiv:1602.02068; keras.ops.

    >>> import danlu as dl
    >>> dl.ops.sparsemax([1.0, 0.5, -1.0]).tolist()
    [0.75, 0.25, 0.0]
    """
    dtype, x = _floating(x).dtype, _wide(x)
    if x.ndim == 0:
        raise ValueError("[sparsemax] needs at least 1 axis, got shape ()")
    x = _core.moveaxis(x, _axis("sparsemax", axis, x.ndim), -1)
    largest_first = _core.sort(x, axis=-1, descending=True)
    sums = _core.cumulative_sum(largest_first, axis=-1)
    ranks = _core.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    above = _core.greater(1.0 + ranks * largest_first, sums)
    count = _core.sum(_core.astype(above, x.dtype), axis=-1, keepdims=True)
    kept = _core.where(above, largest_first, 0.0)
    tau = (_core.sum(kept, axis=-1, keepdims=True) - 1.0) / count
    return _core.astype(_core.moveaxis(_core.maximum(x - tau, 0.0), -1, axis), dtype)
