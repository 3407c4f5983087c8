"""Activation functions by Keras's names; each maps a tensor to a tensor of the same shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import ops
from ._lazy import suggesting
from .utils.lookup import Lookup


def linear(x: Any) -> Any:
    """y = x."""
    return x


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """y = max(x, 0); in general `negative_slope * (x - threshold)` below the threshold."""
    if negative_slope == 0.0 and max_value is None and threshold == 0.0:
        return ops.relu(x)
    if max_value is None and threshold == 0.0:
        return ops.leaky_relu(x, negative_slope=negative_slope)
    x = ops.convert_to_tensor(x)
    y = ops.where(x > threshold, x, 0.0) if threshold else ops.relu(x)
    if max_value is not None:
        y = ops.clip(y, 0.0, max_value)
    return y - negative_slope * ops.relu(threshold - x) if negative_slope else y


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """y = x where x > 0, else `negative_slope * x`."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


def relu6(x: Any) -> Any:
    """y = min(max(x, 0), 6)."""
    return ops.relu6(x)


def softmax(x: Any, axis: int = -1) -> Any:
    """y = exp(x) / sum(exp(x)) along an axis."""
    return ops.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """y = x - log(sum(exp(x))) along an axis."""
    return ops.log_softmax(x, axis=axis)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to x."""
    return ops.sparsemax(x, axis=axis)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """y = x where x > 0, else `alpha * (exp(x) - 1)`."""
    return ops.elu(x, alpha=alpha)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """y = max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)."""
    return ops.celu(x, alpha=alpha)


def selu(x: Any) -> Any:
    """y = scale * elu(x, alpha), with the constants that keep mean 0 and variance 1."""
    return ops.selu(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """y = x * P(X <= x) for a standard normal X; `approximate` uses tanh."""
    return ops.gelu(x, approximate=approximate)


def glu(x: Any, axis: int = -1) -> Any:
    """y = a * sigmoid(b), with x split into halves a and b along an axis."""
    return ops.glu(x, axis=axis)


def sigmoid(x: Any) -> Any:
    """y = 1 / (1 + exp(-x))."""
    return ops.sigmoid(x)


def log_sigmoid(x: Any) -> Any:
    """y = log(1 / (1 + exp(-x)))."""
    return ops.log_sigmoid(x)


def hard_sigmoid(x: Any) -> Any:
    """y = min(max(x + 3, 0), 6) / 6."""
    return ops.hard_sigmoid(x)


def sparse_sigmoid(x: Any) -> Any:
    """y = min(max((x + 1) / 2, 0), 1)."""
    return ops.sparse_sigmoid(x)


def silu(x: Any) -> Any:
    """y = x * sigmoid(x); also known as swish."""
    return ops.silu(x)


def hard_silu(x: Any) -> Any:
    """y = x * hard_sigmoid(x); also known as hard_swish."""
    return ops.hard_silu(x)


def mish(x: Any) -> Any:
    """y = x * tanh(softplus(x))."""
    return x * ops.tanh(ops.softplus(x))


def tanh(x: Any) -> Any:
    """y = (exp(x) - exp(-x)) / (exp(x) + exp(-x))."""
    return ops.tanh(x)


def hard_tanh(x: Any) -> Any:
    """y = min(max(x, -1), 1)."""
    return ops.hard_tanh(x)


def tanh_shrink(x: Any) -> Any:
    """y = x - tanh(x)."""
    return ops.tanh_shrink(x)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """y = x where |x| > threshold, else 0."""
    return ops.hard_shrink(x, threshold=threshold)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """y = sign(x) * max(|x| - threshold, 0)."""
    return ops.soft_shrink(x, threshold=threshold)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """y = x where x > threshold, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


def softplus(x: Any) -> Any:
    """y = log(1 + exp(x))."""
    return ops.softplus(x)


def sparse_plus(x: Any) -> Any:
    """y = 0 below -1, (x + 1)^2 / 4 between, x above 1."""
    return ops.sparse_plus(x)


def squareplus(x: Any, b: float = 4) -> Any:
    """y = (x + sqrt(x^2 + b)) / 2."""
    return ops.squareplus(x, b=b)


def softsign(x: Any) -> Any:
    """y = x / (1 + |x|)."""
    return ops.softsign(x)


def exponential(x: Any) -> Any:
    """y = exp(x)."""
    return ops.exp(x)


swish = silu
hard_swish = hard_silu

_lookup = Lookup(
    "activation",
    "activations",
    functions=[
        celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh,
        leaky_relu, linear, log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu,
        soft_shrink, softmax, softplus, softsign, sparse_plus, sparse_sigmoid, sparsemax,
        squareplus, tanh, tanh_shrink, threshold,
    ],
    aliases={"swish": silu, "hard_swish": hard_silu},
)  # fmt: skip


def get(identifier: Any) -> Callable[..., Any]:
    """Return the activation for a name, a callable, a configuration or None (linear)."""
    return linear if identifier is None else _lookup.get(identifier)


def serialize(activation: Callable[..., Any]) -> Any:
    """Return the name of an activation of this module, or the configuration of another one."""
    config = _lookup.serialize(activation)
    if isinstance(config, dict) and config.get("module") == "builtins":
        name = config["config"]
        return name if _lookup.objects.get(name) is activation else config
    return config


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the activation that `serialize` described."""
    return _lookup.deserialize(config, custom_objects=custom_objects)


TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
