"""The names of `keras.backend` that course code uses."""

from __future__ import annotations

from typing import Any

from ._lazy import suggesting
from .config import (
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from .utils.session import clear_session

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_keras_tensor",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]


def backend() -> str:
    """Return the name of the engine that Keras's names run on.

    >>> import danlu as dl
    >>> dl.backend.backend()
    'danlu'
    """
    return "danlu"


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbolic tensor of a functional model: of `Input`, or of a call on one.

    >>> import danlu as dl
    >>> dl.backend.is_keras_tensor(dl.Input((8,))), dl.backend.is_keras_tensor(dl.ones(8))
    (True, False)
    """
    from .layers import KerasTensor

    return isinstance(x, KerasTensor)


TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
