"""Neural-network functions: arguments as in keras.ops, work in the core."""

from __future__ import annotations

from .. import _core, config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "layer_normalization",
    "moments",
    "rms_normalization",
    "sparse_categorical_crossentropy",
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
