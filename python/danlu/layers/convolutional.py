"""Convolutions over images; channels last is native, channels first is converted."""

from __future__ import annotations

from typing import Any

from .. import activations, config, constraints, initializers, ops, regularizers
from ..ops import convolution  # itself: `ops.conv` first looks for symbolic tensors
from ..utils.arguments import positive_int, standardize_padding, standardize_tuple
from ..utils.tensors import cast
from ..utils.windows import channel_axis, image_hint, windowed_shape
from .input_spec import InputSpec
from .layer import Layer


class BaseConv2D(Layer):
    """What convolutions of images share: windows, bias and activation."""

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        owner = type(self).__name__
        self.kernel_size = standardize_tuple(owner, kernel_size, 2, "kernel_size")
        self.strides = standardize_tuple(owner, strides, 2, "strides")
        self.dilation_rate = standardize_tuple(owner, dilation_rate, 2, "dilation_rate")
        self.padding = standardize_padding(owner, padding)
        self.data_format = config.standardize_data_format(data_format, type(self).__name__)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=4)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"[{owner}] strides > 1 and dilation_rate > 1 exclude each other, got "
                f"strides={self.strides}, dilation_rate={self.dilation_rate}"
            )

    def _channels(self, input_shape: Any) -> int:
        """Return the number of input channels, and expect it from now on."""
        axis = channel_axis(self.data_format, 4)
        channels = input_shape[axis]
        if channels is None:
            raise ValueError(
                f"[{type(self).__name__} {self.name!r}] the channel axis {axis} of the input shape "
                f"{tuple(input_shape)} is open, so the kernel has no size: name it in Input"
            )
        self.input_spec = InputSpec(ndim=4, axes={axis: channels})
        return channels

    def _add_bias(self, filters: int) -> None:
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _convolve(self, inputs: Any, kernel: Any) -> Any:
        """Return activation(inputs * kernel + bias)."""
        relu = self.activation is activations.relu  # in the same pass as the bias
        outputs = convolution.conv(
            cast(inputs, self._compute_type),
            kernel,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
            bias=self.bias,
            activation="relu" if relu else None,
        )
        return outputs if relu else self.activation(outputs)

    def input_hint(self, shape: tuple[Any, ...]) -> str:
        channels = (self.input_spec.axes or {}).get(channel_axis(self.data_format, 4))
        return image_hint(shape, channels, self.data_format)

    def _base_config(self) -> dict[str, Any]:
        return {
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


class Conv2D(BaseConv2D):
    """y = activation(conv(x, kernel) + bias) over images x.

    x (batch, height, width, channels) -> y (batch, rows, columns, filters); kernel (*kernel_size,
    channels / groups, filters), bias (filters,). Along an axis of n pixels, with window
    `w = dilation_rate * (kernel_size - 1) + 1`, "valid" gives `(n - w) // strides + 1` outputs and
    "same" `ceil(n / strides)`, the odd zero of its padding at the end; padding may also be ((top,
    bottom), (left, right)). `groups` cuts the channels into parts, each with its share of the
    filters. With data_format "channels_first" x and y have the channels on axis 1.

    Raises ValueError when strides and dilation_rate are both above 1, when groups does not divide
    channels and filters, when x has not 4 axes or other channels than at first, or is too small.

    Source: LeCun et al., 1998, "Gradient-based learning applied to document recognition".

    >>> import danlu as dl
    >>> dl.layers.Conv2D(6, 5, padding="same")(dl.ones((1, 28, 28, 1))).shape
    (1, 28, 28, 6)
    >>> sums = dl.layers.Conv2D(1, 2, kernel_initializer="ones")  # of windows of 2 x 2
    >>> sums(dl.reshape(dl.arange(9.0), (1, 3, 3, 1)))[0, :, :, 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            activity_regularizer,
            bias_constraint,
            **kwargs,
        )
        self.filters = positive_int("Conv2D", filters, "filters")
        self.groups = positive_int("Conv2D", groups, "groups")
        if self.filters % self.groups:
            raise ValueError(
                f"[Conv2D] groups divides filters, got groups={groups}, filters={filters}"
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"[Conv2D {self.name!r}] groups divides the input channels, got "
                f"groups={self.groups} and {channels} channels in {tuple(input_shape)}"
            )
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        return self._convolve(inputs, self.kernel)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return windowed_shape(
            f"Conv2D {self.name!r}",
            input_shape,
            self.kernel_size,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
            self.filters,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            **self._base_config(),
            "filters": self.filters,
            "groups": self.groups,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
        }


class DepthwiseConv2D(BaseConv2D):
    """Each channel has its own `depth_multiplier` filters: (*kernel_size, channels, multiplier).

    x (batch, height, width, channels) -> y (batch, rows, columns, channels * depth_multiplier),
    where the outputs of one channel lie side by side; bias (channels * depth_multiplier,). Sizes,
    padding and errors are those of `Conv2D`. A Conv2D with kernel_size 1 behind it makes it a
    separable convolution: k * k + filters products for each value of x, instead of k * k * filters.

    Source: Chollet, 2016, arXiv:1610.02357; Howard et al., 2017 (MobileNets), arXiv:1704.04861.

    >>> import danlu as dl
    >>> layer = dl.layers.DepthwiseConv2D(3, depth_multiplier=2)
    >>> layer(dl.ones((1, 8, 8, 5))).shape
    (1, 6, 6, 10)
    >>> layer.kernel.shape
    (3, 3, 5, 2)
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            activity_regularizer,
            bias_constraint,
            **kwargs,
        )
        self.depth_multiplier = positive_int(
            "DepthwiseConv2D", depth_multiplier, "depth_multiplier"
        )
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        # One group a channel: (height, width, channels, m) -> (height, width, 1, channels * m).
        height, width, channels, multiplier = self.kernel.shape
        grouped = ops.reshape(self.kernel, (height, width, 1, channels * multiplier))
        return self._convolve(inputs, grouped)

    def compute_output_shape(self, input_shape: Any) -> Any:
        channels = input_shape[channel_axis(self.data_format, 4)]
        return windowed_shape(
            f"DepthwiseConv2D {self.name!r}",
            input_shape,
            self.kernel_size,
            self.strides,
            self.padding,
            self.data_format,
            self.dilation_rate,
            None if channels is None else channels * self.depth_multiplier,
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            **self._base_config(),
            "depth_multiplier": self.depth_multiplier,
            "depthwise_initializer": initializers.serialize(self.depthwise_initializer),
            "depthwise_regularizer": regularizers.serialize(self.depthwise_regularizer),
            "depthwise_constraint": constraints.serialize(self.depthwise_constraint),
        }


Convolution2D = Conv2D
DepthwiseConvolution2D = DepthwiseConv2D
