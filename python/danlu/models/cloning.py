"""A model of the same architecture with fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..layers.input import InputLayer
from ..layers.layer import Layer
from ..utils.suggest import suggests_arguments
from .functional import Functional
from .model import Model
from .sequential import Sequential


@suggests_arguments
def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
) -> Any:
    """Return a model of the same architecture with fresh weights of its own, not compiled.

    `clone_function(layer)` makes the copy of each layer, by default from the layer's
    configuration; what a subclass of `Model` is made of is copied by its own `from_config`.
    `input_tensors` are symbolic tensors to build on, in place of copies of the inputs.

    Raises TypeError for anything but a model, and what `get_config` raises for a subclass that it
    cannot record. As in Keras 3, `copy.set_weights(model.get_weights())` makes the weights equal.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1)])
    >>> copy = dl.models.clone_model(model)
    >>> copy.set_weights(model.get_weights())
    >>> copy.count_params(), copy.layers[0] is model.layers[0]
    (3, False)
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
