"""Activation functions by Keras's names; each maps a tensor to a tensor of the same shape.

x is a tensor, an array, a list or a number. y has its dtype; of integers it is float32. What holds
no numbers raises TypeError. Only `linear` returns anything as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import ops
from ._lazy import suggesting
from .utils.lookup import Lookup


def linear(x: Any) -> Any:
    """y = x, untouched: what a layer without an activation does.

    >>> import danlu as dl
    >>> dl.activations.linear(dl.asarray([-1.0, 2.0])).tolist()
    [-1.0, 2.0]
    """
    return x


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """y = max(x, 0); in general `negative_slope * (x - threshold)` below the threshold.

    x (...) -> y (...), element by element. Above the threshold y is x, but at most `max_value`
    (None: no limit). The derivative at 0 is 0. Integers stay integers if x is the only argument
    (Nair and Hinton, 2010).

    >>> import danlu as dl
    >>> dl.activations.relu([-2.0, 0.0, 3.0]).tolist()
    [0.0, 0.0, 3.0]
    >>> dl.activations.relu([-2.0, 1.0, 9.0], negative_slope=0.5, max_value=6.0).tolist()
    [-1.0, 1.0, 6.0]
    """
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
    """y = x where x > 0, else `negative_slope * x`.

    x (...) -> y (...), element by element (Maas, Hannun and Ng, 2013).

    >>> import danlu as dl
    >>> dl.activations.leaky_relu([-2.0, 3.0], negative_slope=0.25).tolist()
    [-0.5, 3.0]
    """
    return ops.leaky_relu(x, negative_slope=negative_slope)


def relu6(x: Any) -> Any:
    """y = min(max(x, 0), 6).

    x (...) -> y (...), element by element; integers stay integers (Krizhevsky, 2010).

    >>> import danlu as dl
    >>> dl.activations.relu6([-2.0, 3.0, 9.0]).tolist()
    [0.0, 3.0, 6.0]
    """
    return ops.relu6(x)


def softmax(x: Any, axis: int = -1) -> Any:
    """y = exp(x) / sum(exp(x)) along an axis.

    x (...) -> y (...): numbers in [0, 1] with sum 1 along `axis`, which may be a tuple of axes. The
    largest x is taken off first, so that no exp overflows (Bridle, 1990).

    Raises ValueError for a single number, IndexError for an axis that x does not have.

    >>> import danlu as dl
    >>> dl.activations.softmax([[1000.0, 1000.0], [0.0, -1000.0]]).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    return ops.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """y = x - log(sum(exp(x))) along an axis.

    x (...) -> y (...): the logarithm of `softmax(x)`, exact also where that rounds to 0.

    Raises ValueError for a single number, IndexError for an axis that x does not have.

    >>> import danlu as dl
    >>> dl.activations.log_softmax([[0.0, -1000.0]]).tolist()
    [[0.0, -1000.0]]
    """
    return ops.log_softmax(x, axis=axis)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to x.

    x (...) -> y (...): y = max(x - tau, 0), with tau such that y has sum 1 along `axis`. A softmax
    that gives small x the probability 0 (Martins and Astudillo, 2016, arXiv:1602.02068).

    Raises ValueError for a single number, IndexError for an axis that x does not have.

    >>> import danlu as dl
    >>> dl.activations.sparsemax([[1.0, 0.5, -1.0]]).tolist()
    [[0.75, 0.25, 0.0]]
    """
    return ops.sparsemax(x, axis=axis)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """y = x where x > 0, else `alpha * (exp(x) - 1)`.

    x (...) -> y (...), element by element; y nears -alpha as x falls (Clevert, Unterthiner and
    Hochreiter, 2015, arXiv:1511.07289).

    >>> import danlu as dl
    >>> dl.activations.elu([-100.0, 0.0, 3.0], alpha=2.0).tolist()
    [-2.0, 0.0, 3.0]
    """
    return ops.elu(x, alpha=alpha)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """y = max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0).

    x (...) -> y (...), element by element. Its derivative at 0 is 1 for every alpha > 0, that of
    `elu` is alpha from below (Barron, 2017, arXiv:1704.07483).

    >>> import danlu as dl
    >>> dl.activations.celu([-100.0, 0.0, 3.0], alpha=2.0).tolist()
    [-2.0, 0.0, 3.0]
    """
    return ops.celu(x, alpha=alpha)


def selu(x: Any) -> Any:
    """y = scale * elu(x, alpha), with the constants that keep mean 0 and variance 1.

    x (...) -> y (...), element by element; alpha = 1.67326, scale = 1.05070. Kernels begin as
    "lecun_normal" for it (Klambauer et al., 2017, arXiv:1706.02515).

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.activations.selu([-100.0, 0.0, 1.0]).tolist()]
    [-1.7581, 0.0, 1.0507]
    """
    return ops.selu(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """y = x * P(X <= x) for a standard normal X; `approximate` uses tanh.

    x (...) -> y (...), element by element: x / 2 * (1 + erf(x / sqrt(2))), or approximately x / 2 *
    (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) (Hendrycks and Gimpel, 2016, arXiv:1606.08415).

    >>> import danlu as dl
    >>> round(dl.activations.gelu(1.0).item(), 4)
    0.8413
    >>> round(dl.activations.gelu(1.0, approximate=True).item(), 4)
    0.8412
    """
    return ops.gelu(x, approximate=approximate)


def glu(x: Any, axis: int = -1) -> Any:
    """y = a * sigmoid(b), with x split into halves a and b along an axis.

    x (..., 2 n) -> y (..., n): b is the gate of a (Dauphin et al., 2016, arXiv:1612.08083).

    Raises ValueError when the axis has an odd size, IndexError when x does not have it.

    >>> import danlu as dl
    >>> dl.activations.glu([[1.0, 2.0, 0.0, 0.0]]).tolist()
    [[0.5, 1.0]]
    """
    return ops.glu(x, axis=axis)


def sigmoid(x: Any) -> Any:
    """y = 1 / (1 + exp(-x)).

    x (...) -> y (...), element by element: probabilities of log-odds. No exp overflows.

    >>> import danlu as dl
    >>> dl.activations.sigmoid([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return ops.sigmoid(x)


def log_sigmoid(x: Any) -> Any:
    """y = log(1 / (1 + exp(-x))).

    x (...) -> y (...), element by element: the logarithm of `sigmoid(x)`, exact also where that
    rounds to 0.

    >>> import danlu as dl
    >>> dl.activations.log_sigmoid([-1000.0, 1000.0]).tolist()
    [-1000.0, 0.0]
    """
    return ops.log_sigmoid(x)


def hard_sigmoid(x: Any) -> Any:
    """y = min(max(x + 3, 0), 6) / 6.

    x (...) -> y (...), element by element: `sigmoid` in three straight lines (Howard et al., 2019,
    arXiv:1905.02244).

    >>> import danlu as dl
    >>> dl.activations.hard_sigmoid([-4.0, 0.0, 1.5, 4.0]).tolist()
    [0.0, 0.5, 0.75, 1.0]
    """
    return ops.hard_sigmoid(x)


def sparse_sigmoid(x: Any) -> Any:
    """y = min(max((x + 1) / 2, 0), 1).

    x (...) -> y (...), element by element: what `sparsemax` makes of the pair (x, 0) (Martins and
    Astudillo, 2016, arXiv:1602.02068).

    >>> import danlu as dl
    >>> dl.activations.sparse_sigmoid([-2.0, 0.0, 0.5, 2.0]).tolist()
    [0.0, 0.5, 0.75, 1.0]
    """
    return ops.sparse_sigmoid(x)


def silu(x: Any) -> Any:
    """y = x * sigmoid(x); also known as swish.

    x (...) -> y (...), element by element (Elfwing, Uchibe and Doya, 2017, arXiv:1702.03118).

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.activations.silu([-1.0, 0.0, 1.0]).tolist()]
    [-0.2689, 0.0, 0.7311]
    """
    return ops.silu(x)


def hard_silu(x: Any) -> Any:
    """y = x * hard_sigmoid(x); also known as hard_swish.

    x (...) -> y (...), element by element (Howard et al., 2019, arXiv:1905.02244).

    >>> import danlu as dl
    >>> dl.activations.hard_silu([-1.5, 0.0, 1.5, 4.0]).tolist()
    [-0.375, 0.0, 1.125, 4.0]
    """
    return ops.hard_silu(x)


def mish(x: Any) -> Any:
    """y = x * tanh(softplus(x)).

    x (...) -> y (...), element by element (Misra, 2019, arXiv:1908.08681).

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.activations.mish([-1.0, 0.0, 1.0]).tolist()]
    [-0.3034, 0.0, 0.8651]
    """
    return x * ops.tanh(ops.softplus(x))


def tanh(x: Any) -> Any:
    """y = (exp(x) - exp(-x)) / (exp(x) + exp(-x)).

    x (...) -> y (...), element by element, in [-1, 1]. No exp overflows.

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.activations.tanh([-1000.0, 0.0, 1.0]).tolist()]
    [-1.0, 0.0, 0.7616]
    """
    return ops.tanh(x)


def hard_tanh(x: Any) -> Any:
    """y = min(max(x, -1), 1).

    x (...) -> y (...), element by element: `tanh` in three straight lines.

    >>> import danlu as dl
    >>> dl.activations.hard_tanh([-2.0, 0.5, 2.0]).tolist()
    [-1.0, 0.5, 1.0]
    """
    return ops.hard_tanh(x)


def tanh_shrink(x: Any) -> Any:
    """y = x - tanh(x).

    x (...) -> y (...), element by element; near 0 it is x^3 / 3.

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.activations.tanh_shrink([-1.0, 0.0, 1.0]).tolist()]
    [-0.2384, 0.0, 0.2384]
    """
    return ops.tanh_shrink(x)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """y = x where |x| > threshold, else 0.

    x (...) -> y (...), element by element (Donoho and Johnstone, 1994).

    >>> import danlu as dl
    >>> dl.activations.hard_shrink([-2.0, -0.5, 0.25, 1.0]).tolist()
    [-2.0, 0.0, 0.0, 1.0]
    """
    return ops.hard_shrink(x, threshold=threshold)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """y = sign(x) * max(|x| - threshold, 0).

    x (...) -> y (...), element by element; without the jumps of `hard_shrink` (Donoho and
    Johnstone, 1994).

    >>> import danlu as dl
    >>> dl.activations.soft_shrink([-2.0, -0.5, 0.25, 1.0]).tolist()
    [-1.5, 0.0, 0.0, 0.5]
    """
    return ops.soft_shrink(x, threshold=threshold)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """y = x where x > threshold, else `default_value`.

    x (...) -> y (...), element by element.

    >>> import danlu as dl
    >>> dl.activations.threshold([-1.0, 0.5, 2.0], threshold=0.5, default_value=-3.0).tolist()
    [-3.0, -3.0, 2.0]
    """
    return ops.threshold(x, threshold, default_value)


def softplus(x: Any) -> Any:
    """y = log(1 + exp(x)).

    x (...) -> y (...), element by element: a smooth `relu` whose derivative is `sigmoid(x)`. No exp
    overflows (Dugas et al., 2000).

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.activations.softplus([-1000.0, 0.0, 1000.0]).tolist()]
    [0.0, 0.6931, 1000.0]
    """
    return ops.softplus(x)


def sparse_plus(x: Any) -> Any:
    """y = 0 below -1, (x + 1)^2 / 4 between, x above 1.

    x (...) -> y (...), element by element: a smooth `relu` whose derivative is `sparse_sigmoid(x)`.

    >>> import danlu as dl
    >>> dl.activations.sparse_plus([-2.0, 0.0, 0.5, 2.0]).tolist()
    [0.0, 0.25, 0.5625, 2.0]
    """
    return ops.sparse_plus(x)


def squareplus(x: Any, b: float = 4) -> Any:
    """y = (x + sqrt(x^2 + b)) / 2.

    x (...) -> y (...), element by element: a smooth `relu`, which it is for b = 0 (Barron, 2021,
    arXiv:2112.11687).

    >>> import danlu as dl
    >>> dl.activations.squareplus([-1.5, 0.0, 1.5]).tolist()
    [0.5, 1.0, 2.0]
    """
    return ops.squareplus(x, b=b)


def softsign(x: Any) -> Any:
    """y = x / (1 + |x|).

    x (...) -> y (...), element by element, in (-1, 1): a `tanh` with long tails (Glorot and Bengio,
    2010).

    >>> import danlu as dl
    >>> dl.activations.softsign([-3.0, 0.0, 1.0]).tolist()
    [-0.75, 0.0, 0.5]
    """
    return ops.softsign(x)


def exponential(x: Any) -> Any:
    """y = exp(x).

    x (...) -> y (...), element by element; inf above about 88.7 in float32.

    >>> import danlu as dl
    >>> [round(y, 4) for y in dl.activations.exponential([-1.0, 0.0, 1.0]).tolist()]
    [0.3679, 1.0, 2.7183]
    """
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
    """Return the activation for a name, a callable, a configuration or None (linear).

    Raises ValueError for an unknown name, with the nearest known one, and for anything else.

    >>> import danlu as dl
    >>> dl.activations.get("swish") is dl.activations.silu
    True
    >>> dl.activations.get(None)(3.0)
    3.0
    """
    return linear if identifier is None else _lookup.get(identifier)


def serialize(activation: Callable[..., Any]) -> Any:
    """Return the name of an activation of this module, or the configuration of another one.

    Raises ValueError for a lambda, which has no name to find it by.

    >>> import danlu as dl
    >>> dl.activations.serialize(dl.activations.hard_swish)
    'hard_silu'
    """
    config = _lookup.serialize(activation)
    if isinstance(config, dict) and config.get("module") == "builtins":
        name = config["config"]
        return name if _lookup.objects.get(name) is activation else config
    return config


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the activation that `serialize` described.

    `custom_objects` maps names to functions of your own. Raises ValueError for an unknown name,
    TypeError for what is neither a name nor a configuration.

    >>> import danlu as dl
    >>> y = dl.activations.deserialize("cube", custom_objects={"cube": lambda x: x**3})(2.0)
    >>> y
    8.0
    """
    return _lookup.deserialize(config, custom_objects=custom_objects)


TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
