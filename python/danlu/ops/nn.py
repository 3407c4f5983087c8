"""Neural-network functions: arguments as in keras.ops, work in the core."""

from __future__ import annotations

from .. import _core, config
from .core import convert_to_tensor
from .elementwise import _floating, _wide

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
    """-log(output[target]): output holds a probability or a logit for each class along `axis`."""
    return _core.sparse_categorical_crossentropy(
        target, output, from_logits, axis, config.epsilon()
    )


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum target * log(output) along `axis`: one-hot or soft targets."""
    return _core.categorical_crossentropy(target, output, from_logits, axis, config.epsilon())


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-target * log(output) - (1 - target) * log(1 - output), element by element."""
    return _core.binary_crossentropy(target, output, from_logits, config.epsilon())


def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta with the moments of x along `axis`."""
    epsilon = config.epsilon() if epsilon is None else epsilon
    return _core.layer_normalization(x, gamma, beta, axis, epsilon)


def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    """x / sqrt(mean(x^2) + epsilon) * scale with the mean along `axis`."""
    epsilon = config.epsilon() if epsilon is None else epsilon
    return _core.rms_normalization(x, scale, axis, epsilon)


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> Any:
    """(mean, biased variance) of x over the axes."""
    if synchronized:
        raise NotImplementedError(
            "[moments] synchronized=True is for several devices; danlu trains on one"
        )
    return _core.moments(x, axes, keepdims)


def glu(x: Any, axis: int = -1) -> Any:
    """a * sigmoid(b), with x split into halves a and b along `axis`."""
    x = convert_to_tensor(x)
    if x.ndim == 0 or x.shape[axis] % 2:
        raise ValueError(f"[glu] splits axis {axis} of x in half, got shape {tuple(x.shape)}")
    a, b = _core.split(x, 2, axis)
    return a * _core.sigmoid(b)


def sparse_sigmoid(x: Any) -> Any:
    """min(max((x + 1) / 2, 0), 1)."""
    return _core.clip(0.5 * (convert_to_tensor(x) + 1.0), 0.0, 1.0)


def tanh_shrink(x: Any) -> Any:
    """x - tanh(x)."""
    x = convert_to_tensor(x)
    return x - _core.tanh(x)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where x > threshold, else `default_value`."""
    x = convert_to_tensor(x)
    return _core.where(_core.greater(x, threshold), x, default_value)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to x along `axis`.

    It is max(x - tau, 0), with tau such that the sum is 1: the k largest values, those with
    1 + k x_k > x_1 + ... + x_k, are above it.
    """
    dtype = _floating(x).dtype
    x = _core.moveaxis(_wide(x), axis, -1)
    largest_first = _core.sort(x, axis=-1, descending=True)
    sums = _core.cumulative_sum(largest_first, axis=-1)
    ranks = _core.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    above = _core.greater(1.0 + ranks * largest_first, sums)
    count = _core.sum(_core.astype(above, x.dtype), axis=-1, keepdims=True)
    kept = _core.where(above, largest_first, 0.0)
    tau = (_core.sum(kept, axis=-1, keepdims=True) - 1.0) / count
    return _core.astype(_core.moveaxis(_core.maximum(x - tau, 0.0), -1, axis), dtype)
