"""Inputs of any kind to tensors in the dtype that a layer computes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .._core import Tensor, Variable
from .dtypes import FLOATS
from .keras_tensor import KerasTensor

_NUMBERS = (int, float, bool, complex)


def to_tensors(value: Any, dtype: Any, label: Callable[[], str]) -> tuple[Any, bool]:
    """Return the value with arrays made tensors, and whether a symbolic tensor is in it.

    Floating tensors and arrays are cast to `dtype`, integers keep theirs; lists, tuples and dicts
    of tensors keep their structure; a list of numbers is one tensor.
    """
    if isinstance(value, Tensor):
        return _cast(value, dtype), False
    if value is None or isinstance(value, (*_NUMBERS, Variable)) or callable(value):
        return value, isinstance(value, KerasTensor)
    if isinstance(value, KerasTensor):
        return value, True
    if isinstance(value, dict):
        pairs = {k: to_tensors(v, dtype, label) for k, v in value.items()}
        return {k: v for k, (v, _) in pairs.items()}, any(found for _, found in pairs.values())
    if isinstance(value, (list, tuple)) and not _all_numbers(value):
        items = [to_tensors(v, dtype, label) for v in value]
        values = [v for v, _ in items]
        found = any(found for _, found in items)
        return (tuple(values) if isinstance(value, tuple) else values), found
    if (
        isinstance(value, (list, tuple))
        or hasattr(value, "__array__")
        or hasattr(value, "__dlpack__")
    ):
        return _cast(to_tensor(value, label), dtype), False
    return value, False


def is_plain_list(value: Any, dtype: Any) -> bool:
    """Return whether `to_tensors` would copy a list of tensors, which have no masks, as it is."""
    return (
        type(value) is list
        and dtype is not None
        and all(type(x) is Tensor and x.dtype is dtype and x._keras_mask is None for x in value)
    )


def to_tensor(value: Any, label: Callable[[], str]) -> Tensor:
    """Return one tensor of an array, a list of numbers, or what has `__array__`."""
    from .. import ops

    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind in ("O", "U", "S"):
        import numpy

        example = numpy.asarray(value).ravel()[:1].tolist()
        raise TypeError(
            f"{label()} wants numbers, got an array of dtype {value.dtype} (such as {example}): "
            "turn text into numbers first, and objects into arrays with one floating dtype"
        )
    if kind is None and hasattr(value, "__dlpack__"):
        return ops.from_dlpack(value)
    return ops.convert_to_tensor(value)


def _cast(tensor, dtype):
    if dtype is None or tensor.dtype is dtype or str(tensor.dtype) not in FLOATS:
        return tensor
    converted = tensor.astype(dtype)
    converted._keras_mask = tensor._keras_mask
    return converted


def _all_numbers(value):
    return len(value) > 0 and all(
        isinstance(v, _NUMBERS) or (isinstance(v, (list, tuple)) and _all_numbers(v)) for v in value
    )
