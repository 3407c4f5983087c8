"""Anything that is a tensor in the eyes of a user, as a tensor."""

from __future__ import annotations

from typing import Any

from .. import ops
from .._core import Tensor


def cast(x: Any, dtype: Any) -> Any:
    """Return `x` as a tensor of that dtype; `x` may be a tensor, an array, a list or a number."""
    if type(x) is Tensor:
        return x if x.dtype is dtype or x.dtype == dtype else x.astype(dtype)
    return ops.convert_to_tensor(x, dtype=dtype)
