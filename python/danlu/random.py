"""Random numbers: keras.random's functions on counter-based generators.

A draw with an integer seed gives the same numbers at every call; with a `SeedGenerator`, or with
None for the global one, it gives the next ones. A number depends on (seed, counter, position)
alone, and so not on how many threads draw (Philox: Salmon et al., 2011).

The default dtype is `dl.config.floatx()`. A seed that is none of these, or an integer outside 0 to
2**32 - 1, raises ValueError, and so does a dtype for other numbers ("int32" for normal ones).
"""

from __future__ import annotations

from typing import Any

from . import _core, config
from ._lazy import suggesting
from .ops.dtypes import isdtype
from .ops.shapes import _axis
from .utils.locks import make_lock
from .utils.naming import auto_name

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "global_seed_generator",
    "make_default_seed",
    "normal",
    "randint",
    "set_global_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]

_lock = make_lock()  # two threads that make layers get two seeds
_drawing = make_lock()  # and two that draw from one generator two draws of it
_global_generator: SeedGenerator | None = None
_default_seeds: int | None = None  # state of the sequence that make_default_seed draws from


class SeedGenerator:
    """A sequence of draws: `state` is a Variable (seed, counter), and each draw counts one on.

    Two generators with the same seed give the same sequence. Without a seed one is chosen, the same
    after `dl.utils.set_random_seed`. Several threads may draw from one: each draw is made once, and
    which thread makes it is up to them. Raises ValueError unless the seed is an integer from 0 to
    2**32 - 1.

    >>> import danlu as dl
    >>> generator = dl.random.SeedGenerator(7)
    >>> x, y = dl.random.uniform((3,), seed=generator), dl.random.uniform((3,), seed=generator)
    >>> generator.state.tolist(), x.tolist() == y.tolist()
    ([7, 2], False)
    >>> x.tolist() == dl.random.uniform((3,), seed=7).tolist()
    True
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._initial_seed = None if seed is None else _check_seed(seed, "SeedGenerator")
        first = [make_default_seed() if seed is None else self._initial_seed, 0]
        self.state = _core.Variable(
            first, dtype="uint32", trainable=False, name="seed_generator_state"
        )
        self.state.path = f"{self.name}/seed_generator_state"

    def next(self, ordered: bool = True) -> Any:
        """Return the state of the next draw, a tensor (seed, counter), and count one on.

        The tensor is a seed, too: a draw with it is the one that the generator would have made.
        `ordered` is Keras's and changes nothing.

        >>> import danlu as dl
        >>> generator = dl.random.SeedGenerator(7)
        >>> generator.next().tolist(), generator.next().tolist()
        ([7, 0], [7, 1])
        """
        with _drawing:
            state = self.state.value
            seed, counter = state.tolist()
            self.state.assign([seed, (counter + 1) % 2**32])
        return state

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments.

        >>> import danlu as dl
        >>> dl.random.SeedGenerator(7, name="noise").get_config()
        {'seed': 7, 'name': 'noise'}
        """
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Return a generator that starts from its seed.

        >>> import danlu as dl
        >>> dl.random.SeedGenerator.from_config({"seed": 7, "name": "noise"}).state.tolist()
        [7, 0]
        """
        return cls(**config)


def _check_seed(seed: Any, owner: str, others: str = "") -> int:
    if isinstance(seed, int) or (hasattr(seed, "__index__") and not hasattr(seed, "__iter__")):
        number = int(seed)
        if 0 <= number < 2**32:
            return number
    raise ValueError(
        f"[{owner}] seed must be an integer{others}; integers lie in 0 ... 2**32 - 1, got {seed!r}"
    )


def make_default_seed() -> int:
    """Return a fresh seed: unpredictable, or the next of the sequence after `set_global_seed`.

    It is an integer from 1 to 10**9.

    >>> import danlu as dl
    >>> dl.random.set_global_seed(3)
    >>> first = dl.random.make_default_seed()
    >>> dl.random.set_global_seed(3)
    >>> dl.random.make_default_seed() == first
    True
    """
    global _default_seeds
    with _lock:
        if _default_seeds is None:
            import os

            _default_seeds = int.from_bytes(os.urandom(8), "little")
        # Knuth's MMIX generator; its upper bits are the good ones.
        _default_seeds = (_default_seeds * 6364136223846793005 + 1442695040888963407) % 2**64
        return (_default_seeds >> 33) % 1_000_000_000 + 1


def global_seed_generator() -> SeedGenerator:
    """Return the generator that draws use when they are given no seed.

    >>> import danlu as dl
    >>> dl.random.set_global_seed(3)
    >>> x = dl.random.normal((2, 3))
    >>> dl.random.global_seed_generator().state.tolist()
    [3, 1]
    """
    global _global_generator
    with _lock:
        if _global_generator is None:
            _global_generator = SeedGenerator(name="global_seed_generator")
        return _global_generator


def set_global_seed(seed: int) -> None:
    """Start the global generator, and all seeds that are chosen for want of one, from `seed`.

    `dl.utils.set_random_seed` does so and seeds Python and NumPy as well. Raises ValueError unless
    `seed` is an integer from 0 to 2**32 - 1.

    >>> import danlu as dl
    >>> dl.random.set_global_seed(3)
    >>> x = dl.random.normal((2, 3))
    >>> dl.random.set_global_seed(3)
    >>> x.tolist() == dl.random.normal((2, 3)).tolist()
    True
    """
    global _default_seeds, _global_generator
    with _lock:
        _default_seeds = _check_seed(seed, "set_global_seed")
        _global_generator = SeedGenerator(seed, name="global_seed_generator")


def _state(seed: Any) -> Any:
    """What the core takes for a seed: a state it moves on, or an integer."""
    if seed is None:
        return global_seed_generator().state
    if isinstance(seed, SeedGenerator):
        return seed.state
    if isinstance(seed, _core.Variable):
        return seed
    if isinstance(seed, _core.Tensor):  # what SeedGenerator.next() returned
        return _moving(seed)
    return _check_seed(seed, "random", ", a SeedGenerator or None")


def _moving(state: Any) -> Any:
    """A state that draws move on."""
    return _core.Variable(state, dtype="uint32", trainable=False, name="seed")


def _draw(kernel: Any, seed: Any, *arguments: Any) -> Any:
    """Call a kernel of the core with a state that no other thread moves on meanwhile."""
    state = _state(seed)
    if isinstance(state, int):
        return kernel(state, *arguments)
    with _drawing:
        return kernel(state, *arguments)


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw from the normal distribution.

    Its density is exp(-((x - mean) / stddev)^2 / 2) / (stddev sqrt(2 pi)); the method is Box and
    Muller's (1958). Raises ValueError for a dtype that is not floating and for what is no seed.

    >>> import danlu as dl
    >>> x = dl.random.normal((100, 100), mean=3.0, stddev=0.5, seed=1)
    >>> x.shape, round(x.mean().item(), 1), round(x.std().item(), 1)
    ((100, 100), 3.0, 0.5)
    """
    dtype = dtype or config.floatx()
    return _draw(_core._random_normal, seed, shape, float(mean), float(stddev), dtype)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw from the normal distribution cut off two standard deviations from its mean.

    The standard deviation of the numbers is therefore 0.88 `stddev`; the method is the inverse of
    their distribution function. Raises ValueError for a dtype that is not floating and for what is
    no seed.

    >>> import danlu as dl
    >>> x = dl.random.truncated_normal((100, 100), seed=1)
    >>> round(x.std().item(), 2), dl.max(dl.abs(x)).item() <= 2.0
    (0.88, True)
    """
    dtype = dtype or config.floatx()
    return _draw(_core._random_truncated_normal, seed, shape, float(mean), float(stddev), dtype)


def uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw evenly from minval up to but not including maxval.

    The variance is (maxval - minval)^2 / 12. Raises ValueError for a dtype that is not floating
    (there is `randint`), for bounds that are not finite or whose distance is beyond the dtype, and
    for what is no seed.

    >>> import danlu as dl
    >>> x = dl.random.uniform((100, 100), minval=-1.0, maxval=3.0, seed=1)
    >>> round(x.mean().item(), 1), dl.min(x).item() >= -1.0, dl.max(x).item() < 3.0
    (1.0, True, True)
    """
    dtype = dtype or config.floatx()
    return _draw(_core._random_uniform, seed, shape, float(minval), float(maxval), dtype)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draw integers evenly from minval up to but not including maxval.

    Raises ValueError when there is none between them, for a dtype that is not one of integers or
    does not hold them all, and for what is no seed.

    >>> import danlu as dl
    >>> x = dl.random.randint((1000,), 1, 7, seed=1)
    >>> dl.min(x).item(), dl.max(x).item(), x.dtype == "int32"
    (1, 6, True)
    """
    return _draw(_core._random_integers, seed, shape, int(minval), int(maxval), dtype)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draw class numbers, (batch, num_samples), with probabilities softmax(logits) per row.

    logits (batch, classes). Raises ValueError for logits of another number of axes or without a
    class, for a negative number of samples, for a dtype that does not hold the class numbers and
    for what is no seed.

    >>> import danlu as dl
    >>> logits = dl.log(dl.asarray([[0.25, 0.75], [1.0, 0.0]]))
    >>> x = dl.random.categorical(logits, 10000, seed=1)
    >>> x.shape, [round(row, 2) for row in dl.mean(x.astype("float32"), axis=1).tolist()]
    ((2, 10000), [0.75, 0.0])
    """
    return _draw(_core._random_categorical, seed, logits, num_samples, dtype)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the gamma distribution with shape parameter alpha and scale 1.

    Its density is x^(alpha - 1) exp(-x) / Gamma(alpha), mean and variance are alpha. `alpha` is a
    number or broadcast to `shape`, NaN comes of one <= 0 and infinity of infinity (Marsaglia and
    Tsang, 2000).

    Raises ValueError when alpha does not broadcast, for a dtype that is not floating and for what
    is no seed.

    >>> import danlu as dl
    >>> x = dl.random.gamma((10000, 2), dl.asarray([1.0, 4.0]), seed=1)
    >>> [round(mean, 1) for mean in dl.mean(x, axis=0).tolist()]
    [1.0, 4.0]
    """
    dtype = dtype or config.floatx()
    return _draw(_core._random_gamma, seed, shape, _double(alpha), dtype)


def _double(parameter: Any) -> Any:
    """A parameter as Python has it: 1e39 is infinite in float32."""
    return _core.asarray(parameter, dtype="float64")


def _log_gamma_variable(shape: Any, alpha: Any, generator: Any) -> Any:
    """Logarithms of gamma variables, of which small ones underflow.

    A variable of alpha is one of alpha + 1 times u^(1 / alpha), with u even in (0, 1].
    """
    alpha = _double(alpha)
    alpha = _core.where(alpha > 0, alpha, float("nan"))
    u = uniform(shape, dtype="float64", seed=generator)
    return _core.log(gamma(shape, alpha + 1.0, "float64", generator)) + _core.log(1.0 - u) / alpha


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the beta distribution: x / (x + y) with x and y of gamma distributions.

    Its density is proportional to x^(alpha - 1) (1 - x)^(beta - 1), the mean is alpha / (alpha +
    beta). The parameters are numbers or broadcast to `shape`, NaN comes of one <= 0 and of two that
    are infinite.

    Raises ValueError when one does not broadcast, for a dtype that is not floating and for what is
    no seed.

    >>> import danlu as dl
    >>> x = dl.random.beta((10000,), alpha=1.0, beta=3.0, seed=2)
    >>> round(x.mean().item(), 2)
    0.25
    """
    dtype = dtype or config.floatx()
    if not isdtype(_core.empty((0,), dtype=dtype).dtype, "real floating"):
        raise ValueError(f"[beta] needs a floating point dtype, got {dtype}")
    state = _state(seed)
    generator = _moving([state, 0]) if isinstance(state, int) else state
    log_x = _log_gamma_variable(shape, alpha, generator)
    log_y = _log_gamma_variable(shape, beta, generator)
    return _core.sigmoid(log_x - log_y).astype(dtype)


def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw how many of `counts` trials succeed, each with its probability.

    Both are numbers or broadcast to `shape`; NaN comes of a count < 0 or >= 2**53 and of a
    probability outside [0, 1]. The numbers are whole, the dtype is floating as in Keras. The mean
    is counts * probabilities.

    Raises ValueError when one does not broadcast, for another dtype and for what is no seed.

    >>> import danlu as dl
    >>> x = dl.random.binomial((10000, 2), counts=10, probabilities=[0.3, 1.0], seed=1)
    >>> [round(mean, 1) for mean in dl.mean(x, axis=0).tolist()]
    [3.0, 10.0]
    """
    dtype = dtype or config.floatx()
    return _draw(
        _core._random_binomial, seed, shape, _double(counts), _double(probabilities), dtype
    )


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """Put the slices of x along an axis into random order.

    Every order is equally likely (Fisher and Yates). x itself stays as it is. Raises IndexError for
    an axis that x does not have, ValueError for what is no seed.

    >>> import danlu as dl
    >>> x = dl.random.shuffle([[1, 2], [3, 4], [5, 6]], seed=1)
    >>> sorted(x.tolist())
    [[1, 2], [3, 4], [5, 6]]
    """
    x = _core.asarray(x)
    axis = _axis("shuffle", axis, x.ndim)
    return _core.take(x, _draw(_core._random_permutation, seed, x.shape[axis]), axis=axis)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Set elements to 0 with probability `rate` and divide the others by 1 - rate.

    The mean of each element stays what it is (Srivastava et al., 2014). A rate of 0 returns the
    inputs, as a tensor, of 1 zeros, even where they are NaN.

    Args:
        noise_shape: the shape of the mask, which is broadcast to the inputs; None in it stands for
            the size of the input. Its axes are the last ones of the inputs.

    Raises ValueError for a rate outside [0, 1], for a noise_shape with more axes than the inputs or
    with a size that is neither theirs nor 1, and for what is no seed.

    >>> import danlu as dl
    >>> y = dl.random.dropout(dl.ones((1000, 2)), rate=0.5, noise_shape=(None, 1), seed=1)
    >>> sorted(set(map(tuple, y.tolist())))
    [(0.0, 0.0), (2.0, 2.0)]
    """
    if not (hasattr(rate, "__float__") and 0 <= rate <= 1):
        raise ValueError(f"[dropout] rate must lie in [0, 1], got {rate!r}")
    inputs = inputs if type(inputs) is _core.Tensor else _core.asarray(inputs)
    if rate == 0:
        return inputs
    if rate == 1:
        return _core.where(False, inputs, 0)  # unlike zeros, it has a gradient, which is 0
    if noise_shape is None:
        return _dropped(inputs, rate, seed)
    ones = _core.ones(_mask_shape(noise_shape, inputs.shape), dtype=inputs.dtype)
    mask = _dropped(ones, rate, seed)
    return _core.where(mask > 0, inputs / (1 - rate), 0)  # unlike a product, it drops infinities


def _dropped(inputs: Any, rate: float, seed: Any) -> Any:
    return _draw(lambda state: _core._dropout(inputs, float(rate), state), seed)


def _mask_shape(noise_shape: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    sizes = shape[max(0, len(shape) - len(noise_shape)) :]
    if len(sizes) == len(noise_shape):
        mask = tuple(n if m is None else m for n, m in zip(sizes, noise_shape, strict=True))
        if all(m in (1, n) for n, m in zip(sizes, mask, strict=True)):
            return mask
    raise ValueError(
        f"[dropout] noise_shape {tuple(noise_shape)} does not broadcast to inputs of shape "
        f"{tuple(shape)}: give 1, None or the size of the input for each axis"
    )


TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
