"""Initial values of weights, with Keras's classes, arguments and distributions.

An initializer is called with a shape and a dtype, by default `dl.config.floatx()`. One that draws
keeps its seed: called again it gives the same values, unless the seed is a `SeedGenerator`.
"""

from __future__ import annotations

import math
from typing import Any

from . import _core, config, random
from ._lazy import suggesting
from .utils.lookup import Lookup
from .utils.suggest import SuggestsArguments

Shape = tuple[int, ...]


class Initializer(SuggestsArguments):
    """Base class: `__call__(shape, dtype)` returns the values.

    A subclass defines that, and `get_config()` with the constructor's arguments if it has any.
    Layers also take any function of a shape and a `dtype`.

    >>> import danlu as dl
    >>> class Count(dl.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return dl.reshape(dl.arange(shape[0] * shape[1], dtype=dtype or "float32"), shape)
    >>> layer = dl.layers.Dense(2, kernel_initializer=Count())
    >>> layer.build((None, 3))
    >>> layer.kernel.tolist()
    [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    """

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __call__(shape, dtype)")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, from which `from_config` makes the same initializer.

        >>> import danlu as dl
        >>> dl.initializers.HeNormal(seed=3).get_config()
        {'seed': 3, 'input_axes': None, 'output_axes': None}
        """
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """Return the initializer that `get_config` described.

        >>> import danlu as dl
        >>> dl.initializers.Identity.from_config({"gain": 2.0}).gain
        2.0
        """
        return cls(**config)

    def clone(self) -> Initializer:
        """Return a copy made of the configuration: one without a seed chooses another one.

        >>> import danlu as dl
        >>> dl.initializers.HeNormal(seed=3).clone().seed
        3
        """
        return self.from_config(self.get_config())


# ---- constants -----------------------------------------------------------------------------------


class Zeros(Initializer):
    """All zeros.

    The biases of Keras's layers begin so; a kernel of zeros would leave all units equal for ever.

    >>> import danlu as dl
    >>> dl.initializers.Zeros()((2, 3)).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return _core.zeros(shape, dtype=dtype or config.floatx())


class Ones(Initializer):
    """All ones.

    >>> import danlu as dl
    >>> dl.initializers.Ones()((2, 2), dtype="int32").tolist()
    [[1, 1], [1, 1]]
    """

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return _core.ones(shape, dtype=dtype or config.floatx())


class Constant(Initializer):
    """One value everywhere; an array is broadcast.

    Raises ValueError when called with a shape that the array does not broadcast to.

    >>> import danlu as dl
    >>> dl.initializers.Constant(0.5)((3,)).tolist()
    [0.5, 0.5, 0.5]
    >>> dl.initializers.Constant([1.0, 2.0])((2, 2)).tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        value = _core.asarray(self.value, dtype=dtype or config.floatx())
        return _core.broadcast_to(value, tuple(shape))

    def get_config(self) -> dict[str, Any]:
        if isinstance(self.value, (int, float)):
            return {"value": self.value}
        from .saving import serialize_keras_object

        return {"value": serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constant:
        value = config["value"]
        if isinstance(value, dict):
            from .saving import deserialize_keras_object

            value = deserialize_keras_object(value)
        return cls(value)


class Identity(Initializer):
    """gain on the diagonal of a matrix, 0 elsewhere.

    The matrix need not be square. Raises ValueError for a shape of other than 2 axes.

    >>> import danlu as dl
    >>> dl.initializers.Identity(gain=2.0)((2, 3)).tolist()
    [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        if len(shape) != 2:
            raise ValueError(f"[Identity] makes matrices only, got shape {tuple(shape)}")
        dtype = dtype or config.floatx()
        return _core.astype(_core.eye(*shape, dtype=dtype) * self.gain, dtype)

    def get_config(self) -> dict[str, Any]:
        return {"gain": self.gain}


# ---- draws ---------------------------------------------------------------------------------------


class RandomInitializer(Initializer):
    """Base class of those that draw: keeps the seed.

    `seed` is an integer from 0 to 2**32 - 1, a `dl.random.SeedGenerator`, from which each call
    takes its next draw, or None: then one is chosen now, the same after `dl.utils.set_random_seed`.

    Raises ValueError for another seed, and when called for a dtype that is not floating.

    >>> import danlu as dl
    >>> draw = dl.initializers.RandomUniform(seed=1)
    >>> draw((3,)).tolist() == draw((3,)).tolist()
    True
    >>> draw = dl.initializers.RandomUniform(seed=dl.random.SeedGenerator(1))
    >>> draw((3,)).tolist() == draw((3,)).tolist()
    False
    """

    def __init__(self, seed: Any = None) -> None:
        self._init_seed = seed
        if seed is None:
            seed = random.make_default_seed()
        elif isinstance(seed, dict):
            seed = random.SeedGenerator.from_config(seed["config"])
        elif not isinstance(seed, random.SeedGenerator):
            self._init_seed = seed = random._check_seed(
                seed, type(self).__name__, " or a SeedGenerator"
            )
        self.seed = seed

    def get_config(self) -> dict[str, Any]:
        seed = self._init_seed
        if isinstance(seed, random.SeedGenerator):
            seed = {
                "module": "keras.random",
                "class_name": "SeedGenerator",
                "config": seed.get_config(),
                "registered_name": None,
            }
        return {"seed": seed}


class RandomNormal(RandomInitializer):
    """Normal numbers.

    Their density is exp(-((x - mean) / stddev)^2 / 2) / (stddev sqrt(2 pi)). Seeds and errors are
    those of `RandomInitializer`.

    >>> import danlu as dl
    >>> w = dl.initializers.RandomNormal(mean=1.0, stddev=0.5, seed=1)((100, 100))
    >>> round(w.mean().item(), 1), round(w.std().item(), 1)
    (1.0, 0.5)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomInitializer):
    """Normal numbers within two standard deviations of the mean.

    Cut off so, their own standard deviation is 0.88 stddev. Seeds and errors are those of
    `RandomInitializer`.

    >>> import danlu as dl
    >>> w = dl.initializers.TruncatedNormal(stddev=1.0, seed=1)((100, 100))
    >>> round(w.std().item(), 2), dl.max(dl.abs(w)).item() <= 2.0
    (0.88, True)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class RandomUniform(RandomInitializer):
    """Numbers spread evenly over [minval, maxval).

    Their variance is (maxval - minval)^2 / 12. Seeds and errors are those of `RandomInitializer`.

    >>> import danlu as dl
    >>> w = dl.initializers.RandomUniform(minval=0.0, maxval=2.0, seed=1)((100, 100))
    >>> round(w.mean().item(), 1), dl.min(w).item() >= 0.0, dl.max(w).item() < 2.0
    (1.0, True, True)
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")
# The standard deviation of a standard normal variable that is cut off at -2 and 2.
_TRUNCATED_STDDEV = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Numbers of variance scale / fan: signals keep their size from layer to layer.

    Args:
        mode: the fan is "fan_in", the inputs of a unit, "fan_out", the outputs, or "fan_avg", the
            mean of the two, and at least 1; `compute_fans` counts them.
        distribution: "truncated_normal" (or "normal"), whose numbers are cut at two standard
            deviations and widened again, "untruncated_normal", or "uniform", within
            sqrt(3 scale / fan) of 0.
        input_axes, output_axes: the axes of the shape whose sizes make up the fans; both or none.

    Raises ValueError for a scale <= 0 and for an unknown mode or distribution; else as
    `RandomInitializer`. Glorot's, He's and LeCun's rules are cases of it.

    >>> import danlu as dl
    >>> w = dl.initializers.VarianceScaling(scale=3.0, mode="fan_avg", seed=1)((50, 150))
    >>> round((w**2).mean().item() * 100, 1)
    3.0
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        name = type(self).__name__
        if scale <= 0.0:
            raise ValueError(f"[{name}] scale must be positive, got {scale}")
        if mode not in _MODES:
            raise ValueError(f"[{name}] mode is one of {_MODES}, got {mode!r}")
        distribution = str(distribution).lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in _DISTRIBUTIONS:
            raise ValueError(
                f"[{name}] distribution is one of {_DISTRIBUTIONS}, got {distribution!r}"
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        stddev = math.sqrt(variance) / _TRUNCATED_STDDEV
        return random.truncated_normal(shape, 0.0, stddev, dtype, self.seed)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _NamedScaling(VarianceScaling):
    """A scaling with a name: its own arguments are the seed and the axes."""

    _arguments: tuple[float, str, str]

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(*self._arguments, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return {name: config[name] for name in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_NamedScaling):
    """Uniform within sqrt(6 / (fan_in + fan_out)) of 0 (Glorot and Bengio, 2010).

    The variance is 2 / (fan_in + fan_out): the default of dense and convolution kernels, made for
    tanh. `VarianceScaling` says what fans and `input_axes` are, `RandomInitializer` what a seed may
    be.

    >>> import danlu as dl
    >>> w = dl.initializers.GlorotUniform(seed=1)((100, 50))
    >>> round(dl.max(w).item(), 2), round((w**2).mean().item() * 75, 1)
    (0.2, 1.0)
    """

    _arguments = (1.0, "fan_avg", "uniform")


class GlorotNormal(_NamedScaling):
    """Truncated normal of variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010).

    `VarianceScaling` says what fans and `input_axes` are, `RandomInitializer` what a seed may be.

    >>> import danlu as dl
    >>> w = dl.initializers.GlorotNormal(seed=1)((100, 50))
    >>> round((w**2).mean().item() * 75, 1)
    1.0
    """

    _arguments = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_NamedScaling):
    """Uniform within sqrt(6 / fan_in) of 0 (He et al., 2015).

    The variance is 2 / fan_in, for relu, which sets half of the signals to 0 (arXiv:1502.01852).
    `VarianceScaling` says what fans and `input_axes` are, `RandomInitializer` what a seed may be.

    >>> import danlu as dl
    >>> w = dl.initializers.HeUniform(seed=1)((150, 50))
    >>> round(dl.max(w).item(), 2), round((w**2).mean().item() * 150, 1)
    (0.2, 2.0)
    """

    _arguments = (2.0, "fan_in", "uniform")


class HeNormal(_NamedScaling):
    """Truncated normal of variance 2 / fan_in (He et al., 2015).

    It is for relu, which sets half of the signals to 0 (arXiv:1502.01852). `VarianceScaling` says
    what fans and `input_axes` are, `RandomInitializer` what a seed may be.

    >>> import danlu as dl
    >>> w = dl.initializers.HeNormal(seed=1)((100, 100))
    >>> round((w**2).mean().item() * 100, 1)
    2.0
    """

    _arguments = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_NamedScaling):
    """Uniform within sqrt(3 / fan_in) of 0 (LeCun et al., 1998).

    The variance is 1 / fan_in. `VarianceScaling` says what fans and `input_axes` are,
    `RandomInitializer` what a seed may be.

    >>> import danlu as dl
    >>> w = dl.initializers.LecunUniform(seed=1)((300, 50))
    >>> round(dl.max(w).item(), 2), round((w**2).mean().item() * 300, 1)
    (0.1, 1.0)
    """

    _arguments = (1.0, "fan_in", "uniform")


class LecunNormal(_NamedScaling):
    """Truncated normal of variance 1 / fan_in (LeCun et al., 1998).

    It goes with the activation selu. `VarianceScaling` says what fans and `input_axes` are,
    `RandomInitializer` what a seed may be.

    >>> import danlu as dl
    >>> w = dl.initializers.LecunNormal(seed=1)((100, 100))
    >>> round((w**2).mean().item() * 100, 1)
    1.0
    """

    _arguments = (1.0, "fan_in", "truncated_normal")


class Orthogonal(RandomInitializer):
    """gain times a random matrix with orthonormal rows or columns, whichever are fewer.

    A shape (..., columns) of more than two axes is that of a matrix with the product of the others
    as its rows. It is the Q of the QR factorisation of a normal matrix, with R's diagonal positive
    (Saxe, McClelland and Ganguli, 2013, arXiv:1312.6120).

    Raises ValueError for a shape of fewer than 2 axes. Seeds are those of `RandomInitializer`.

    >>> import danlu as dl
    >>> w = dl.initializers.Orthogonal(gain=2.0, seed=1)((5, 2))
    >>> [[round(abs(x), 3) for x in row] for row in dl.matmul(w.T, w).tolist()]
    [[4.0, 0.0], [0.0, 4.0]]
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: Any = None) -> Any:
        if len(shape) < 2:
            raise ValueError(f"[Orthogonal] needs at least 2 axes, got shape {tuple(shape)}")
        columns = shape[-1]
        rows = math.prod(shape[:-1])
        small, large = sorted((rows, columns))
        q = random._draw(_core._random_orthogonal, self.seed, small, large) * self.gain
        if rows > columns:
            q = _core.matrix_transpose(q)
        return _core.astype(_core.reshape(q, tuple(shape)), dtype or config.floatx())

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "gain": self.gain}


def compute_fans(shape: Shape, input_axes: Any = None, output_axes: Any = None) -> tuple[int, int]:
    """Return how many inputs a unit of a weight of this shape has, and how many outputs.

    A kernel (inputs, units) has these; one of a convolution (..., inputs, filters) has them times
    the size of its window; a vector has its size for both. With both `input_axes` and `output_axes`
    given, the fans are the products of the sizes of these axes.

    >>> import danlu as dl
    >>> dl.initializers.compute_fans((784, 128))
    (784, 128)
    >>> dl.initializers.compute_fans((3, 3, 8, 16))
    (72, 144)
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        fan = shape[0] if shape else 1
        return fan, fan
    window = math.prod(shape[:-2])  # of a convolution kernel (..., inputs, outputs)
    return shape[-2] * window, shape[-1] * window


_lookup = Lookup(
    "initializer",
    "initializers",
    classes=[
        Constant,
        GlorotNormal,
        GlorotUniform,
        HeNormal,
        HeUniform,
        Identity,
        LecunNormal,
        LecunUniform,
        Ones,
        Orthogonal,
        RandomNormal,
        RandomUniform,
        TruncatedNormal,
        VarianceScaling,
        Zeros,
    ],
    aliases={
        "IdentityInitializer": Identity,
        "OrthogonalInitializer": Orthogonal,
        "normal": RandomNormal,
        "one": Ones,
        "uniform": RandomUniform,
        "zero": Zeros,
    },
)
serialize = _lookup.serialize
deserialize = _lookup.deserialize


def get(identifier: Any) -> Any:
    """Return the initializer for a name, a configuration, a class, a function or an array.

    An array or tensor gives the values themselves, for a weight of its shape. None stays None.
    Raises ValueError for an unknown name, with the nearest known one, and for anything else.

    >>> import danlu as dl
    >>> dl.initializers.get("glorot_uniform")((784, 128)).shape
    (784, 128)
    >>> dl.initializers.get(dl.asarray([1.0, 2.0]))((2,)).tolist()
    [1.0, 2.0]
    """
    if hasattr(identifier, "shape") and not callable(identifier):
        return _given(identifier)
    return _lookup.get(identifier)


def _given(values: Any) -> Any:
    """The initializer of a weight whose first values are at hand."""

    def initialize(shape: Shape, dtype: Any = None) -> Any:
        if tuple(shape) != tuple(values.shape):
            raise ValueError(
                f"[initializers] the weight has shape {tuple(shape)}, the array given as its "
                f"initializer {tuple(values.shape)}"
            )
        return _core.asarray(values, dtype=dtype or config.floatx())

    return initialize


# Keras also has them by these names.
IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
