"""Random numbers: keras.random's functions on counter-based generators.

A draw with an integer seed gives the same numbers at every call; with a `SeedGenerator`, or with
None for the global one, it gives the next ones.
"""

from __future__ import annotations

from typing import Any

from . import _core, config
from ._lazy import suggesting
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
_global_generator: SeedGenerator | None = None
_default_seeds: int | None = None  # state of the sequence that make_default_seed draws from


class SeedGenerator:
    """A sequence of draws: `state` is a Variable (seed, counter), and each draw counts one on.

    Two generators with the same seed give the same sequence.
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._initial_seed = seed
        first = [make_default_seed() if seed is None else _check_seed(seed), 0]
        self.state = _core.Variable(
            first, dtype="uint32", trainable=False, name="seed_generator_state"
        )
        self.state.path = f"{self.name}/seed_generator_state"

    def next(self, ordered: bool = True) -> Any:
        """Return the state of the next draw, a tensor (seed, counter), and count one on."""
        state = self.state.value
        seed, counter = state.tolist()
        self.state.assign([seed, (counter + 1) % 2**32])
        return state

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Return a generator that starts from its seed."""
        return cls(**config)


def _check_seed(seed: Any) -> int:
    if isinstance(seed, int) or (hasattr(seed, "__index__") and not hasattr(seed, "__iter__")):
        number = int(seed)
        if 0 <= number < 2**32:
            return number
    raise ValueError(f"[random] seed must be an integer from 0 to 2**32 - 1, got {seed!r}")


def make_default_seed() -> int:
    """Return a fresh seed: unpredictable, or the next of the sequence after `set_global_seed`."""
    global _default_seeds
    with _lock:
        if _default_seeds is None:
            import os

            _default_seeds = int.from_bytes(os.urandom(8), "little")
        # Knuth's MMIX generator; its upper bits are the good ones.
        _default_seeds = (_default_seeds * 6364136223846793005 + 1442695040888963407) % 2**64
        return (_default_seeds >> 33) % 1_000_000_000 + 1


def global_seed_generator() -> SeedGenerator:
    """Return the generator that draws use when they are given no seed."""
    global _global_generator
    with _lock:
        if _global_generator is None:
            _global_generator = SeedGenerator(name="global_seed_generator")
        return _global_generator


def set_global_seed(seed: int) -> None:
    """Start the global generator, and all seeds that are chosen for want of one, from `seed`."""
    global _default_seeds, _global_generator
    with _lock:
        _default_seeds = _check_seed(seed)
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
        return _core.Variable(seed, dtype="uint32", trainable=False, name="seed")
    return _check_seed(seed)


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw from the normal distribution."""
    dtype = dtype or config.floatx()
    return _core._random_normal(_state(seed), shape, float(mean), float(stddev), dtype)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw from the normal distribution cut off two standard deviations from its mean."""
    dtype = dtype or config.floatx()
    return _core._random_truncated_normal(_state(seed), shape, float(mean), float(stddev), dtype)


def uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw evenly from minval up to but not including maxval."""
    dtype = dtype or config.floatx()
    return _core._random_uniform(_state(seed), shape, float(minval), float(maxval), dtype)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draw integers evenly from minval up to but not including maxval."""
    return _core._random_integers(_state(seed), shape, int(minval), int(maxval), dtype)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Draw class numbers, (batch, num_samples), with probabilities softmax(logits) per row."""
    return _core._random_categorical(_state(seed), logits, num_samples, dtype)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the gamma distribution with shape parameter alpha and scale 1."""
    return _core._random_gamma(_state(seed), shape, alpha, dtype or config.floatx())


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Draw from the beta distribution: x / (x + y) with x and y of gamma distributions."""
    dtype = dtype or config.floatx()
    generator = SeedGenerator(seed) if isinstance(seed, int) else seed
    x = gamma(shape, alpha, "float64", generator)
    y = gamma(shape, beta, "float64", generator)
    return (x / (x + y)).astype(dtype)


def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Any:
    """Draw how many of `counts` trials succeed, each with its probability."""
    dtype = dtype or config.floatx()
    return _core._random_binomial(_state(seed), shape, counts, probabilities, dtype)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """Put the slices of x along an axis into random order."""
    x = _core.asarray(x)
    return _core.take(x, _core._random_permutation(_state(seed), x.shape[axis]), axis=axis)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Set elements to 0 with probability `rate` and divide the others by 1 - rate.

    Args:
        noise_shape: the shape of the mask, which is broadcast to the inputs; None in it stands for
            the size of the input.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"[dropout] rate must lie in [0, 1], got {rate!r}")
    if rate == 0:
        return inputs
    if rate == 1:
        return inputs * 0
    if noise_shape is None:
        return _core._dropout(inputs, float(rate), _state(seed))
    inputs = _core.asarray(inputs)
    shape = tuple(n if m is None else m for n, m in zip(inputs.shape, noise_shape, strict=True))
    mask = _core._dropout(_core.ones(shape, dtype=inputs.dtype), float(rate), _state(seed))
    return inputs * mask


TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
