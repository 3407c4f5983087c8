"""Layers as plain values, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .layer import Layer


def serialize(layer: Layer) -> dict[str, Any]:
    """Return the configuration of a layer as Keras 3 writes it; `deserialize` reads it.

    >>> import danlu as dl
    >>> config = dl.layers.serialize(dl.layers.Dense(3))
    >>> config["class_name"], config["config"]["units"]
    ('Dense', 3)
    """
    from ..saving import serialize_keras_object

    return serialize_keras_object(layer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the layer that a configuration of `serialize` describes, with fresh weights.

    `custom_objects` is {name: class or function} of yours that it names, if not registered. Raises
    ValueError for what describes no layer and for a class that is not known.

    >>> import danlu as dl
    >>> dl.layers.deserialize({"class_name": "Dense", "config": {"units": 3}}).units
    3
    """
    from ..saving import deserialize_keras_object

    layer = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(
            f"[layers.deserialize] wants the configuration of a layer, got {config!r:.80}"
        )
    return layer
