"""Pooling of images: the maximum or the mean over windows or over the whole image."""

from __future__ import annotations

from typing import Any

from .. import config, ops
from ..ops import convolution  # itself: `ops.max_pool` first looks for symbolic tensors
from ..utils.arguments import standardize_padding, standardize_tuple
from ..utils.tensors import cast
from ..utils.windows import image_hint, spatial_axes, windowed_shape
from .input_spec import InputSpec
from .layer import Layer


class BasePooling2D(Layer):
    """What pooling over windows shares; a subclass names the op in `call`."""

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        owner = type(self).__name__
        self.pool_size = standardize_tuple(owner, pool_size, 2, "pool_size")
        strides = pool_size if strides is None else strides
        self.strides = standardize_tuple(owner, strides, 2, "strides")
        self.padding = standardize_padding(owner, padding)
        self.data_format = config.standardize_data_format(data_format, type(self).__name__)
        self.input_spec = InputSpec(ndim=4)
        self.built = True

    def _pool(self, op: Any, inputs: Any) -> Any:
        inputs = cast(inputs, self._compute_type)
        return op(inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return windowed_shape(
            f"{type(self).__name__} {self.name!r}",
            input_shape,
            self.pool_size,
            self.strides,
            self.padding,
            self.data_format,
        )

    def input_hint(self, shape: tuple[Any, ...]) -> str:
        return image_hint(shape, None, self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class MaxPooling2D(BasePooling2D):
    """The maximum of each window.

    x (batch, height, width, channels) -> y (batch, rows, columns, channels). `strides` is pool_size
    by default, so that windows do not overlap. Along an axis of n pixels "valid" gives
    `(n - pool_size) // strides + 1` windows, and drops what is left over; "same" gives
    `ceil(n / strides)`, and what it adds is never the maximum. With data_format "channels_first"
    the channels are on axis 1.

    Raises ValueError when x has not 4 axes or is smaller than the window, and for a size or stride
    below 1.

    >>> import danlu as dl
    >>> x = dl.reshape(dl.arange(16.0), (1, 4, 4, 1))
    >>> dl.layers.MaxPooling2D(2)(x)[0, :, :, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Any) -> Any:
        return self._pool(convolution.max_pool, inputs)


class AveragePooling2D(BasePooling2D):
    """The mean of each window; what padding adds does not count.

    x (batch, height, width, channels) -> y (batch, rows, columns, channels). Arguments, sizes and
    errors are those of `MaxPooling2D`, but that pool_size has no default.

    >>> import danlu as dl
    >>> x = dl.reshape(dl.arange(16.0), (1, 4, 4, 1))
    >>> dl.layers.AveragePooling2D(2)(x)[0, :, :, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    >>> dl.layers.AveragePooling2D(2, padding="same")(dl.ones((1, 3, 3, 1)))[0, :, :, 0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """

    def call(self, inputs: Any) -> Any:
        return self._pool(convolution.average_pool, inputs)


class BaseGlobalPooling2D(Layer):
    """What pooling over whole images shares."""

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format, type(self).__name__)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=4)
        self.built = True
        self._axes = tuple(spatial_axes(self.data_format, 4))

    def compute_output_shape(self, input_shape: Any) -> Any:
        kept = [1 if i in self._axes else n for i, n in enumerate(input_shape)]
        if self.keepdims:
            return tuple(kept)
        return tuple(n for i, n in enumerate(kept) if i not in self._axes)

    def input_hint(self, shape: tuple[Any, ...]) -> str:
        return image_hint(shape, None, self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "data_format": self.data_format,
            "keepdims": self.keepdims,
        }


class GlobalAveragePooling2D(BaseGlobalPooling2D):
    """The mean over height and width: (batch, height, width, channels) -> (batch, channels).

    With `keepdims` y is (batch, 1, 1, channels); "channels_first" takes (batch, channels, height,
    width). It makes a classifier for images of any size, and has no weights to overfit.

    Raises ValueError when x has not 4 axes.

    Source: Lin, Chen and Yan, 2013 (network in network), arXiv:1312.4400.

    >>> import danlu as dl
    >>> x = dl.reshape(dl.arange(8.0), (1, 2, 2, 2))
    >>> dl.layers.GlobalAveragePooling2D()(x).tolist()
    [[3.0, 4.0]]
    """

    def call(self, inputs: Any) -> Any:
        return ops.mean(cast(inputs, self._compute_type), axis=self._axes, keepdims=self.keepdims)


class GlobalMaxPooling2D(BaseGlobalPooling2D):
    """The maximum over height and width: (batch, height, width, channels) -> (batch, channels).

    With `keepdims` y is (batch, 1, 1, channels); "channels_first" takes (batch, channels, height,
    width).

    Raises ValueError when x has not 4 axes, or no pixels.

    >>> import danlu as dl
    >>> x = dl.reshape(dl.arange(8.0), (1, 2, 2, 2))
    >>> dl.layers.GlobalMaxPooling2D()(x).tolist()
    [[6.0, 7.0]]
    """

    def call(self, inputs: Any) -> Any:
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


MaxPool2D = MaxPooling2D
AvgPool2D = AveragePooling2D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalMaxPool2D = GlobalMaxPooling2D
