"""Layers that bring raw data into a model's range."""

from __future__ import annotations

from typing import Any

from .. import config, ops
from ..utils.tensors import cast
from .layer import Layer


class Rescaling(Layer):
    """y = x * scale + offset: `Rescaling(1 / 255)` brings bytes to [0, 1].

    `Rescaling(1 / 127.5, offset=-1)` brings them to [-1, 1]. scale and offset are numbers, or
    arrays that broadcast to x, such as one value for each channel. y has the shape of x and a
    floating dtype, float32 by default, also where x is integers.

    Raises ValueError when they do not broadcast to x.

    >>> import danlu as dl
    >>> dl.layers.Rescaling(0.5, offset=-1.0)([[0, 2, 4]]).tolist()
    [[-1.0, 0.0, 1.0]]
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        scale = self.scale
        if not isinstance(scale, (int, float)):
            scale = cast(scale, self.compute_dtype)
            if scale.ndim and config.image_data_format() == "channels_first":
                scale = ops.reshape(scale, (*scale.shape, *(1,) * (3 - scale.ndim)))
        offset = self.offset
        if not isinstance(offset, (int, float)):
            offset = cast(offset, self.compute_dtype)
        return cast(inputs, self.compute_dtype) * scale + offset

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": _plain(self.scale), "offset": _plain(self.offset)}


def _plain(value: Any) -> Any:
    """Return an array as nested lists, which a configuration can hold."""
    return value.tolist() if hasattr(value, "tolist") else value
