"""Convolution and pooling: arguments as in keras.ops, work in the core, channels last."""

from __future__ import annotations

from .. import _core, config
from .core import convert_to_tensor
from .linalg import activation_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__: list[str] = [
    "average_pool",
    "conv",
    "conv_transpose",
    "depthwise_conv",
    "max_pool",
    "separable_conv",
]


def _channels_first(data_format: str | None) -> bool:
    if data_format == "channels_last":  # what layers pass
        return False
    return config.standardize_data_format(data_format) == "channels_first"


def _to_last(x: Any) -> Any:
    return _core.moveaxis(x, 1, -1)


def _to_first(y: Any) -> Any:
    return _core.moveaxis(y, -1, 1)


def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
    *,
    bias: Any = None,
    addend: Any = None,
    activation: str | None = None,
) -> Any:
    """Slide a kernel (window..., channels / groups, filters) over inputs (batch, ..., channels).

    y[p, f] = sum over taps t and channels c of x[p * strides + t * dilation_rate, c] * kernel[t,
    c, f]. `padding` is "valid" (none), "same" (an axis n becomes ceil(n / stride)) or a pair
    (before, after) for each axis of the window. A kernel with a divisor of the channels makes
    groups. `bias` (filters,), `addend` (of y's shape) and the activation "relu" of their sum cost
    no pass of their own.

    Raises ValueError when the channels do not fit, the window is larger than the padded input, or
    `padding` or `activation` is unknown. Source: keras.ops; `bias`, `addend` and `activation` are
    danlu's.

    >>> import danlu as dl
    >>> dl.ops.conv(dl.ones((1, 5, 5, 2)), dl.ones((3, 3, 2, 4)), strides=2).shape
    (1, 2, 2, 4)
    """
    first = _channels_first(data_format)
    if first:
        inputs, addend = _to_last(inputs), None if addend is None else _to_last(addend)
    relu = activation == "relu"
    y = _core._conv(inputs, kernel, strides, padding, dilation_rate, bias, relu, addend)
    if activation is not None and not relu:
        y = activation_of("conv", activation)(y)
    return _to_first(y) if first else y


def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Slide windows of its own, (window..., channels, multiplier), over each channel.

    inputs (batch, ..., channels) -> (batch, ..., channels * multiplier); arguments as in `conv`.
    Raises ValueError as `conv` does. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.depthwise_conv(dl.ones((1, 5, 5, 2)), dl.ones((3, 3, 2, 3))).shape
    (1, 3, 3, 6)
    """
    kernel = convert_to_tensor(kernel)
    if kernel.ndim < 3:
        raise ValueError(
            f"[depthwise_conv] kernel has shape {tuple(kernel.shape)}, "
            "expected (window..., channels, multiplier)"
        )
    *window, channels, multiplier = kernel.shape
    grouped = _core.reshape(kernel, (*window, 1, channels * multiplier))
    return conv(inputs, grouped, strides, padding, data_format, dilation_rate)


def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """A depthwise convolution, then one with windows of size 1 that mixes the channels.

    depthwise_kernel (window..., channels, multiplier), pointwise_kernel (1..., channels *
    multiplier, filters); arguments as in `conv`. Raises ValueError as `conv` does. Source:
    keras.ops.

    >>> import danlu as dl
    >>> depthwise, pointwise = dl.ones((3, 3, 2, 3)), dl.ones((1, 1, 6, 4))
    >>> dl.ops.separable_conv(dl.ones((1, 5, 5, 2)), depthwise, pointwise).shape
    (1, 3, 3, 4)
    """
    x = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(x, pointwise_kernel, 1, "valid", data_format)


def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Undo the shape of a convolution with the kernel (window..., filters, channels of inputs).

    It is the gradient of that convolution with respect to its input. An axis n becomes n * stride
    with "same", n * stride + max(window - stride, 0) with "valid", unless `output_padding` says
    other. Raises ValueError when the kernel does not fit. Source: keras.ops.

    >>> import danlu as dl
    >>> x, kernel = dl.ones((1, 2, 2, 3)), dl.ones((3, 3, 4, 3))
    >>> dl.ops.conv_transpose(x, kernel, strides=2, padding="same").shape
    (1, 4, 4, 4)
    """
    inputs, kernel = convert_to_tensor(inputs), convert_to_tensor(kernel)
    if kernel.ndim < 3 or inputs.ndim != kernel.ndim:
        raise ValueError(
            f"[conv_transpose] kernel {tuple(kernel.shape)} does not fit x {tuple(inputs.shape)}: "
            "expected (window..., filters, channels of x) and as many axes as x has"
        )
    window = kernel.shape[:-2]

    def each(value: Any) -> tuple[Any, ...]:
        return tuple(value) if isinstance(value, (tuple, list)) else (value,) * len(window)

    first = _channels_first(data_format)
    x = _to_last(inputs) if first else inputs
    sizes, pads = [], []
    for size, taps, stride, extra, dilation in zip(
        x.shape[1:-1],
        window,
        each(strides),
        each(output_padding),
        each(dilation_rate),
        strict=True,
    ):
        extent = (taps - 1) * dilation + 1
        # What is added around the input with strides - 1 zeros between, as Keras counts it.
        if padding == "same" and extra is None:  # size * stride
            added = extent + stride - 2
        elif padding == "same":
            added = extent + extent % 2 - 2 + extra
        else:
            added = 2 * (extent - 1) + (max(stride - extent, 0) if extra is None else extra)
        left = extent - 1
        if padding == "same":
            left = min(added - added // 2, extent - 1)
        before = extent - 1 - left
        full = (size - 1) * stride + 2 + added - extent
        sizes.append(full)
        pads.append((before, max(0, (size - 1) * stride + extent - full - before)))
    y = _core._conv_transpose(x, kernel, sizes, strides, pads, dilation_rate)
    return _to_first(y) if first else y


def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: Any = "valid",
    data_format: str | None = None,
) -> Any:
    """The maximum of each window; windows lie side by side unless `strides` says other.

    inputs (batch, ..., channels) -> (batch, ..., channels); `padding` is "valid" or "same". Raises
    ValueError when the window does not fit. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.max_pool(dl.reshape(dl.arange(4.0), (1, 2, 2, 1)), 2).item()
    3.0
    """
    strides = pool_size if strides is None else strides
    if _channels_first(data_format):
        return _to_first(_core._max_pool(_to_last(inputs), pool_size, strides, padding))
    return _core._max_pool(inputs, pool_size, strides, padding)


def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: Any = "valid",
    data_format: str | None = None,
) -> Any:
    """The mean of each window; what padding adds does not count.

    inputs (batch, ..., channels) -> (batch, ..., channels); `padding` is "valid" or "same". Raises
    ValueError when the window does not fit. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.average_pool(dl.reshape(dl.arange(4.0), (1, 2, 2, 1)), 2).item()
    1.5
    """
    strides = pool_size if strides is None else strides
    if _channels_first(data_format):
        return _to_first(_core._average_pool(_to_last(inputs), pool_size, strides, padding))
    return _core._average_pool(inputs, pool_size, strides, padding)
