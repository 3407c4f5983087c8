"""A model of the same architecture with fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..layers.input import InputLayer
from ..layers.layer import Layer
from .functional import Functional
from .model import Model
from .sequential import Sequential


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
) -> Any:
    """Return a model of the same architecture with weights of its own.

    Args:
        clone_function: makes the copy of each layer; by default from its configuration.
        input_tensors: symbolic tensors to build on, instead of copies of the inputs.
    """
    if not isinstance(model, Model):
        raise TypeError(f"[clone_model] wants a model, got {type(model).__name__}")
    copy = clone_function or (lambda layer: type(layer).from_config(layer.get_config()))
    if isinstance(model, Sequential):
        layers: list[Any] = [
            layer if isinstance(layer, InputLayer) else copy(layer) for layer in model._layers
        ]
        layers = [
            InputLayer(batch_shape=layer.batch_shape, dtype=layer.dtype)
            if isinstance(layer, InputLayer)
            else layer
            for layer in layers
        ]
        if input_tensors is not None:
            layers = [input_tensors, *[x for x in layers if not isinstance(x, InputLayer)]]
        return Sequential(layers, name=model.name)
    if isinstance(model, Functional) and model._is_plain_functional():
        from .graph_config import rebuild

        return rebuild(model, copy, input_tensors)
    return type(model).from_config(model.get_config())
