"""Layers that move, repeat, pad or cut values without changing them."""

from __future__ import annotations

from typing import Any

from .. import _core, config, ops
from ..utils.arguments import positive_int, standardize_tuple
from ..utils.windows import image_hint, product, spatial_axes
from .input_spec import InputSpec
from .layer import Layer


class Flatten(Layer):
    """(batch, a, b, ...) -> (batch, a * b * ...).

    The last axis moves fastest. With data_format "channels_first" the channels are moved last
    before, so that both formats give the same vector. A sample without axes becomes one of size 1.

    Raises ValueError when x has no batch axis.

    >>> import danlu as dl
    >>> dl.layers.Flatten()(dl.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format, type(self).__name__)
        self.input_spec = InputSpec(min_ndim=1)
        self.built = True

    def call(self, inputs: Any) -> Any:
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = ops.transpose(inputs, (0, *range(2, inputs.ndim), 1))
        size: Any = product(inputs.shape[1:])
        return _core.reshape(inputs, (inputs.shape[0], size))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], product(input_shape[1:]))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Layer):
    """(batch, ...) -> (batch, *target_shape), where one entry of the target may be -1.

    That entry takes what the others leave of the sample; the order of the values stays.

    Raises ValueError when target_shape is not a tuple of sizes with at most one -1, or does not
    hold as many values as a sample.

    >>> import danlu as dl
    >>> dl.layers.Reshape((-1, 2))(dl.ones((3, 6))).shape
    (3, 3, 2)
    """

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        listed = hasattr(target_shape, "__iter__") and not isinstance(target_shape, str)
        sizes = list(target_shape) if listed else []
        if not listed or not all(hasattr(n, "__index__") for n in sizes):
            raise ValueError(
                f"[Reshape] target_shape is a tuple of sizes, got target_shape={target_shape!r:.60}"
            )
        self.target_shape = tuple(map(int, sizes))
        if self.target_shape.count(-1) > 1 or any(n < -1 for n in self.target_shape):
            raise ValueError(
                "[Reshape] target_shape holds sizes >= 0 and at most one -1, got "
                f"target_shape={self.target_shape}"
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        shape = self.compute_output_shape(tuple(inputs.shape))
        return ops.reshape(inputs, shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        total = product(input_shape[1:])
        known = product(n for n in self.target_shape if n != -1) or 0
        free = -1 in self.target_shape
        if total is None:
            return (input_shape[0], *(None if n == -1 else n for n in self.target_shape))
        if (known == 0 or total % known) if free else total != known:
            raise ValueError(
                f"[Reshape {self.name!r}] a sample of shape {tuple(input_shape[1:])} has {total} "
                f"values, which do not fill target_shape={self.target_shape}"
            )
        return (input_shape[0], *(total // known if n == -1 else n for n in self.target_shape))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Reorder the axes of a sample: `dims=(2, 1)` swaps the first two after the batch.

    Axis i of the output is axis dims[i - 1] of the input, counted from 1; the batch, axis 0, stays.

    Raises ValueError when dims is not an order of 1, 2, ..., or x has not one axis more than dims.

    >>> import danlu as dl
    >>> dl.layers.Permute((3, 1, 2))(dl.ones((1, 28, 20, 3))).shape  # to channels first
    (1, 3, 28, 20)
    """

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"[Permute] dims is an order of 1, 2, ..., got dims={self.dims}: the batch axis 0 "
                "stays in place"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)
        self.built = True

    def call(self, inputs: Any) -> Any:
        return ops.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], *(input_shape[i] for i in self.dims))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """(batch, features) -> (batch, n, features).

    It gives each step of a decoder the same vector.

    Raises ValueError when n is not a positive integer or x has not 2 axes.

    >>> import danlu as dl
    >>> dl.layers.RepeatVector(2)([[1.0, 3.0]]).tolist()
    [[[1.0, 3.0], [1.0, 3.0]]]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = positive_int("RepeatVector", n, "n")
        self.input_spec = InputSpec(ndim=2)
        self.built = True

    def call(self, inputs: Any) -> Any:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "n": self.n}


class ZeroPadding2D(Layer):
    """Add rows and columns of zeros to images.

    padding is one number for all sides, (height, width), or ((top, bottom), (left, right)); 1 by
    default. x (batch, height, width, channels) -> y
    `(batch, top + height + bottom, left + width + right, channels)`; the channels are on axis 1 in
    "channels_first".

    Raises ValueError for a padding below 0, and when x has not 4 axes.

    >>> import danlu as dl
    >>> dl.layers.ZeroPadding2D(((1, 0), (0, 2)))(dl.ones((1, 1, 2, 1)))[0, :, :, 0].tolist()
    [[0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]]
    """

    def __init__(
        self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.padding = _sides("ZeroPadding2D", padding, "padding")
        self.data_format = config.standardize_data_format(data_format, type(self).__name__)
        self.input_spec = InputSpec(ndim=4)
        self.built = True

    def call(self, inputs: Any) -> Any:
        height, width = spatial_axes(self.data_format, 4)
        pads = [(0, 0)] * 4
        pads[height], pads[width] = self.padding
        return ops.pad(inputs, tuple(pads))

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        for axis, pair in zip(spatial_axes(self.data_format, 4), self.padding, strict=True):
            if shape[axis] is not None:
                shape[axis] += sum(pair)
        return tuple(shape)

    def input_hint(self, shape: tuple[Any, ...]) -> str:
        return image_hint(shape, None, self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "padding": self.padding,
            "data_format": self.data_format,
        }


class Cropping2D(Layer):
    """Cut rows and columns off images.

    cropping is one number for all sides, (height, width), or ((top, bottom), (left, right));
    nothing by default. x (batch, height, width, channels) -> y
    `(batch, height - top - bottom, width - left - right, channels)`; the channels are on axis 1 in
    "channels_first".

    Raises ValueError for a cropping below 0 or one that leaves no pixels, and when x has not 4
    axes.

    >>> import danlu as dl
    >>> x = dl.reshape(dl.arange(16.0), (1, 4, 4, 1))
    >>> dl.layers.Cropping2D(1)(x)[0, :, :, 0].tolist()
    [[5.0, 6.0], [9.0, 10.0]]
    """

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = _sides("Cropping2D", cropping, "cropping")
        self.data_format = config.standardize_data_format(data_format, type(self).__name__)
        self.input_spec = InputSpec(ndim=4)
        self.built = True

    def call(self, inputs: Any) -> Any:
        height, width = spatial_axes(self.data_format, 4)
        index = [slice(None)] * 4
        for axis, (before, after) in zip((height, width), self.cropping, strict=True):
            index[axis] = slice(before, inputs.shape[axis] - after)
        self.compute_output_shape(inputs.shape)
        return inputs[tuple(index)]

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        for axis, pair in zip(spatial_axes(self.data_format, 4), self.cropping, strict=True):
            if shape[axis] is not None:
                shape[axis] -= sum(pair)
                if shape[axis] <= 0:
                    raise ValueError(
                        f"[Cropping2D {self.name!r}] cropping={self.cropping} leaves nothing of "
                        f"images of shape {tuple(input_shape)}"
                    )
        return tuple(shape)

    def input_hint(self, shape: tuple[Any, ...]) -> str:
        return image_hint(shape, None, self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "cropping": self.cropping,
            "data_format": self.data_format,
        }


class UpSampling2D(Layer):
    """Repeat the rows and columns of images.

    x (batch, height, width, channels) -> y (batch, size[0] * height, size[1] * width, channels);
    one number stands for both factors, 2 by default; the channels are on axis 1 in
    "channels_first".

    Raises ValueError for a size below 1, when x has not 4 axes, and for any interpolation but
    "nearest", Keras's default.

    >>> import danlu as dl
    >>> x = dl.reshape(dl.asarray([1.0, 2.0]), (1, 1, 2, 1))
    >>> dl.layers.UpSampling2D()(x)[0, :, :, 0].tolist()
    [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = standardize_tuple("UpSampling2D", size, 2, "size")
        self.data_format = config.standardize_data_format(data_format, type(self).__name__)
        if interpolation != "nearest":
            raise ValueError(
                f"[UpSampling2D] interpolation is 'nearest', got interpolation={interpolation!r}"
            )
        self.interpolation = interpolation
        self.input_spec = InputSpec(ndim=4)
        self.built = True

    def call(self, inputs: Any) -> Any:
        height, width = spatial_axes(self.data_format, 4)
        return ops.repeat(ops.repeat(inputs, self.size[0], axis=height), self.size[1], axis=width)

    def compute_output_shape(self, input_shape: Any) -> Any:
        shape = list(input_shape)
        for axis, factor in zip(spatial_axes(self.data_format, 4), self.size, strict=True):
            if shape[axis] is not None:
                shape[axis] *= factor
        return tuple(shape)

    def input_hint(self, shape: tuple[Any, ...]) -> str:
        return image_hint(shape, None, self.data_format)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "size": self.size,
            "data_format": self.data_format,
            "interpolation": self.interpolation,
        }


def _sides(owner: str, value: Any, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return ((top, bottom), (left, right)) from one number, two, or two pairs."""
    if isinstance(value, int):
        value = (value, value)
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise ValueError(
            f"[{owner}] {name} is a number, (height, width) or ((top, bottom), (left, right)), "
            f"got {name}={value!r}"
        )
    height, width = (standardize_tuple(owner, side, 2, name, allow_zero=True) for side in value)
    return (height[0], height[1]), (width[0], width[1])
