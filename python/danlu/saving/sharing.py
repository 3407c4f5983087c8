"""Layers that stand in several places of one configuration, written and read as one layer.

As in Keras 3, each place has the same "shared_object_id". Here it is a small number, so that equal
models are equal files, and only where there is more than one place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_KEY = "shared_object_id"
# id(layer): (layer, number) of the configuration that is being written.
_written: ContextVar[dict[int, tuple[Any, int]] | None] = ContextVar("danlu_written", default=None)
# number: object of the configuration that is being read.
_read: ContextVar[dict[Any, Any] | None] = ContextVar("danlu_read", default=None)


def serialize_sharing(obj: Any) -> Any:
    """Return what `serialize_keras_object` does, with the layers marked that it holds twice."""
    from .serialization import serialize_keras_object

    token = _written.set({})
    try:
        config = serialize_keras_object(obj)
    finally:
        _written.reset(token)
    counts = Counter(part[_KEY] for part in _dicts(config) if _KEY in part)
    numbers: dict[int, int] = {}
    for part in _dicts(config):
        if _KEY in part:
            key = part.pop(_KEY)
            if counts[key] > 1:
                part[_KEY] = numbers.setdefault(key, len(numbers))
    return config


@contextmanager
def reading_shared() -> Iterator[None]:
    """`with reading_shared():` objects read here that were one become one again."""
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def mark(config: dict[str, Any], obj: Any) -> None:
    """Number the configuration of an object that is a layer."""
    from ..layers.layer import Layer

    table = _written.get()
    if table is not None and isinstance(obj, Layer):
        # The table keeps the layer, so that its id is nobody else's meanwhile.
        config[_KEY] = table.setdefault(id(obj), (obj, len(table)))[1]


def find(config: dict[str, Any]) -> Any:
    """The object that was read from another place with this number, or None."""
    table = _read.get()
    return table.get(config.get(_KEY)) if table else None


def remember(config: dict[str, Any], obj: Any) -> None:
    """Keep what was read for other places with the same number."""
    table = _read.get()
    if table is not None and isinstance(config.get(_KEY), int):
        table[config[_KEY]] = obj


def _dicts(value: Any) -> Iterator[dict]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _dicts(item)
