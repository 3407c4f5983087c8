"""Output sizes of windows that slide over images: convolution and pooling."""

from __future__ import annotations

from typing import Any


def output_size(
    size: int | None, window: int, stride: int, padding: Any, dilation: int = 1
) -> int | None:
    """Return how many windows fit along one axis; None when its size is open.

    `padding` is `"valid"`, `"same"` or a pair (before, after).
    """
    if size is None:
        return None
    if padding == "same":
        return -(-size // stride)
    if padding != "valid":
        size += padding[0] + padding[1]
    return (size - dilation * (window - 1) - 1) // stride + 1


def product(sizes: Any) -> int | None:
    """Return the product of sizes, None when one is open."""
    product = 1
    for size in sizes:
        if size is None:
            return None
        product *= size
    return product


def spatial_axes(data_format: str, ndim: int) -> range:
    """Return the axes that windows slide over."""
    return range(1, ndim - 1) if data_format == "channels_last" else range(2, ndim)


def channel_axis(data_format: str, ndim: int) -> int:
    """Return the axis of the channels."""
    return ndim - 1 if data_format == "channels_last" else 1


def windowed_shape(
    owner: str,
    input_shape: Any,
    windows: tuple[int, ...],
    strides: tuple[int, ...],
    padding: Any,
    data_format: str,
    dilation: tuple[int, ...] | None = None,
    channels: int | None = None,
) -> tuple[int | None, ...]:
    """Return the shape after sliding windows; `channels` replaces the number of channels."""
    shape = list(input_shape)
    dilation = dilation or (1,) * len(windows)
    for i, axis in enumerate(spatial_axes(data_format, len(shape))):
        pad = padding if isinstance(padding, str) else padding[i]
        size = output_size(shape[axis], windows[i], strides[i], pad, dilation[i])
        if size is not None and size <= 0:
            raise ValueError(
                f"[{owner}] the image has {shape[axis]} pixels along axis {axis} of "
                f"{tuple(input_shape)}, fewer than the window of "
                f"{dilation[i] * (windows[i] - 1) + 1}: use padding='same', a smaller window, or "
                "fewer layers that shrink the image"
            )
        shape[axis] = size
    if channels is not None:
        shape[channel_axis(data_format, len(shape))] = channels
    return tuple(shape)


def image_hint(shape: tuple[Any, ...], channels: int | None, data_format: str) -> str:
    """Return the likely cause and remedy when images of this shape do not fit a layer."""
    if len(shape) == 3:
        wanted = "x[..., None]" if data_format == "channels_last" else "x[:, None]"
        return (
            f"images have the axes (batch, {_axes(data_format)}). If these are {shape[0]} gray "
            f"images, add the channel axis: {wanted}; a single image wants the batch axis: x[None]"
        )
    if len(shape) != 4:
        return f"images have the axes (batch, {_axes(data_format)})"
    other = "channels_first" if data_format == "channels_last" else "channels_last"
    there = shape[channel_axis(other, 4)]
    if channels is not None and there == channels:
        order = "(0, 2, 3, 1)" if data_format == "channels_last" else "(0, 3, 1, 2)"
        return (
            f"axis {channel_axis(other, 4)} has {there} entries, so these images are probably "
            f"{other}: transpose them with x.transpose{order}, or give the layers "
            f"data_format={other!r}"
        )
    return f"the layer was built for images with {channels} channels on axis " + str(
        channel_axis(data_format, 4)
    )


def _axes(data_format: str) -> str:
    last = data_format == "channels_last"
    return "height, width, channels" if last else "channels, height, width"
