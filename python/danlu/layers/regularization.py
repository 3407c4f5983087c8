"""Layers that add noise in training and nothing at inference."""

from __future__ import annotations

from typing import Any

from .. import config, random
from .input_spec import InputSpec
from .layer import Layer


class Dropout(Layer):
    """In training y = x * mask / (1 - rate), with mask 0 at a share `rate` of places, else 1.

    So the mean of y is x; at inference y = x. noise_shape is the shape of the mask, which
    broadcasts to x: `(None, 1, 8)` has one mask for all entries of axis 1; None stands for the size
    in x. Each layer draws from a SeedGenerator of its own; `seed` fixes the masks.

    Raises ValueError when rate is outside [0, 1] or noise_shape is not a tuple of positive integers
    or None.

    Source: Srivastava et al., 2014, "Dropout: a simple way to prevent neural networks from
    overfitting".

    >>> import danlu as dl
    >>> layer = dl.layers.Dropout(0.5, seed=1)
    >>> layer(dl.ones((4,))).tolist()
    [1.0, 1.0, 1.0, 1.0]
    >>> sorted(set(layer(dl.ones((100,)), training=True).tolist()))
    [0.0, 2.0]
    """

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = _share("Dropout", rate, "rate")
        self.seed = seed
        self.noise_shape = _noise_shape(noise_shape)
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        return random.dropout(
            inputs, self.rate, noise_shape=self.noise_shape, seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": self.seed,
            "noise_shape": self.noise_shape,
        }


class SpatialDropout2D(Dropout):
    """`Dropout` of whole channels of images.

    x (batch, height, width, channels), or with data_format "channels_first" (batch, channels,
    height, width). The pixels of a feature map resemble their neighbors, so dropping single ones
    takes little away.

    Raises ValueError when rate is outside [0, 1] or x has not 4 axes.

    Source: Tompson et al., 2014, arXiv:1411.4280.

    >>> import danlu as dl
    >>> y = dl.layers.SpatialDropout2D(0.5, seed=1)(dl.ones((2, 3, 3, 8)), training=True)
    >>> dl.all(y == y[:, :1, :1]).item()
    True
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = config.standardize_data_format(data_format, type(self).__name__)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        batch, *_ = inputs.shape
        if self.data_format == "channels_first":
            noise_shape = (batch, inputs.shape[1], 1, 1)
        else:
            noise_shape = (batch, 1, 1, inputs.shape[3])
        return random.dropout(inputs, self.rate, noise_shape=noise_shape, seed=self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "seed": self.seed,
            "name": self.name,
            "dtype": str(self.dtype),
            "data_format": self.data_format,
        }


class GaussianNoise(Layer):
    """In training y = x + noise, normal with standard deviation `stddev`.

    At inference y = x. The unit of stddev is that of x, and its range is [0, 1], as in Keras 3.
    `seed` fixes the noise.

    Raises ValueError when stddev is outside [0, 1].

    >>> import danlu as dl
    >>> layer = dl.layers.GaussianNoise(0.5, seed=1)
    >>> layer([[1.0, 2.0]]).tolist()
    [[1.0, 2.0]]
    >>> round(dl.std(layer(dl.zeros((10000,)), training=True)).item(), 1)
    0.5
    """

    def __init__(self, stddev: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = _share("GaussianNoise", stddev, "stddev")
        self.seed = seed
        if stddev > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.stddev == 0:
            return inputs
        return inputs + random.normal(
            inputs.shape, stddev=self.stddev, dtype=self.compute_dtype, seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}


class GaussianDropout(Layer):
    """In training y = x * noise, normal with mean 1 and the variance that dropout has.

    That is rate / (1 - rate); at inference y = x. Nothing is set to zero, and nothing needs to be
    scaled. `seed` fixes the noise.

    Raises ValueError when rate is outside [0, 1), for the variance at 1 is infinite.

    Source: Srivastava et al., 2014, "Dropout: a simple way to prevent neural networks from
    overfitting".

    >>> import danlu as dl
    >>> layer = dl.layers.GaussianDropout(0.2, seed=1)  # variance 0.25
    >>> round(dl.std(layer(dl.ones((10000,)), training=True)).item(), 1)
    0.5
    """

    def __init__(self, rate: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = _share("GaussianDropout", rate, "rate")
        if self.rate == 1:
            raise ValueError(
                "[GaussianDropout] rate is below 1, got rate=1: the variance of the noise, "
                "rate / (1 - rate), would be infinite"
            )
        self.seed = seed
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training or self.rate == 0:
            return inputs
        stddev = (self.rate / (1.0 - self.rate)) ** 0.5
        return inputs * random.normal(
            inputs.shape, 1.0, stddev, dtype=self.compute_dtype, seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


class ActivityRegularization(Layer):
    """y = x, and `l1 * sum |x| + l2 * sum x^2`, by sample, is added to the loss.

    The sums run over the whole of x and are divided by the size of its first axis, the batch; the
    value lies in `losses` until the next call. Both factors are 0 by default.

    Raises ValueError when l1 or l2 is below 0 or not finite.

    >>> import danlu as dl
    >>> layer = dl.layers.ActivityRegularization(l1=0.5)
    >>> y = layer([[1.0, -2.0], [3.0, 0.0]])
    >>> [loss.item() for loss in layer.losses]  # 0.5 * 6 / 2 samples
    [1.5]
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        from .. import regularizers

        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        base = super().get_config()
        base.pop("activity_regularizer", None)
        return {**base, "l1": self.l1, "l2": self.l2}


def _share(owner: str, value: Any, name: str) -> float:
    if isinstance(value, (int, float)) and 0 <= value <= 1:
        return value
    raise ValueError(f"[{owner}] {name} is a number in [0, 1], got {name}={value!r}")


def _noise_shape(noise_shape: Any) -> tuple[int | None, ...] | None:
    if noise_shape is None:
        return None
    if not isinstance(noise_shape, str) and hasattr(noise_shape, "__iter__"):
        shape = tuple(noise_shape)
        if all(n is None or (isinstance(n, int) and n > 0) for n in shape):
            return shape
    raise ValueError(
        "[Dropout] noise_shape is a tuple of positive integers or None, got "
        f"noise_shape={noise_shape!r}"
    )
