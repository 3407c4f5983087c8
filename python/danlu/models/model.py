"""A layer that can be trained, evaluated, saved and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..layers.keras_tensor import KerasTensor
from ..layers.layer import Layer
from ..utils.lookup import suggests_arguments
from .training import Trainer


class Model(Trainer, Layer):
    """A layer with `compile`, `fit`, `evaluate`, `predict`, `save` and `summary`.

    `Model(inputs, outputs)` is the functional model between symbolic tensors. A subclass makes its
    layers in the constructor and uses them in `call`:

    >>> import danlu as dl
    >>> class Net(Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = dl.layers.Dense(16, activation="relu")
    ...         self.out = dl.layers.Dense(10)
    ...
    ...     def call(self, x):
    ...         return self.out(self.hidden(x))
    >>> Net()(dl.ones((2, 8))).shape
    (2, 10)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _is_functional(args, kwargs):
            from .functional import Functional

            return Functional.__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _is_functional(args, kwargs):
            self._become_functional(*args, **kwargs)
            return
        if args:
            raise TypeError(
                f"[{type(self).__name__}] a model is made of symbolic inputs and outputs, Model("
                f"inputs, outputs), or is a class with its own constructor; got {args[0]!r:.60}"
            )
        Layer.__init__(self, *args, **kwargs)

    def _become_functional(self, *args: Any, **kwargs: Any) -> None:
        """A subclass gave inputs and outputs to its base's constructor: it is a graph."""
        from .functional import Functional

        cls = type(self)
        if not isinstance(self, Functional):
            bases = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
            graph_class = type(cls.__name__, (cls, Functional), bases)
            object.__setattr__(self, "__class__", graph_class)
        Functional.__init__(self, *args, **kwargs)  # type: ignore[arg-type]

    # Parts.

    @property
    def layers(self) -> list[Layer]:
        """The layers right inside this model."""
        return list(self._layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer of that name, or at that place in `layers`."""
        if (name is None) == (index is None):
            raise ValueError(f"{self.label()} get_layer wants a name or an index")
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"{self.label()} has {len(layers)} layers, get_layer got index {index}"
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        from ..utils.lookup import suggestion

        names = [layer.name for layer in layers]
        raise ValueError(
            f"{self.label()} has no layer {name!r}.{suggestion(name, names)} Its layers: {names}"
        )

    @suggests_arguments
    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of the layers with their output shapes and numbers of parameters."""
        from ..utils.summary import print_summary

        print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    # Files.

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None) -> None:
        """Write architecture, weights, optimizer state and seeds to one file (`.keras`)."""
        from ..saving import save_model

        save_model(self, filepath, overwrite=overwrite)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights to a safetensors file."""
        from ..saving.weights import save_weights

        save_weights(self, filepath, overwrite=overwrite)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Set the weights from a file that `save_weights` or `save` of an equal model wrote.

        Args:
            skip_mismatch: leave weights of other shapes, or that the file lacks, as they are.
        """
        from ..saving.weights import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch)

    def __reduce__(self) -> Any:
        """Pickle, and copy, by the bytes of `save`."""
        from ..saving.archive import model_from_bytes, model_to_bytes

        if not self.built:
            return super().__reduce__()
        return model_from_bytes, (model_to_bytes(self),)

    def to_json(self, **kwargs: Any) -> str:
        """Return the configuration as a JSON string; `kwargs` go to `json.dumps`."""
        import json

        from ..saving import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, if they can be recorded."""
        if type(self).__init__ is Model.__init__:
            return {"name": self.name, "trainable": self.trainable}
        if type(self).get_config is not Model.get_config:
            return Layer.get_config(self)
        from ..layers.signature import recorded_config

        base = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype_policy.serialize(),
        }
        return recorded_config(self, base)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return a model with this configuration."""
        if cls is Model and "input_layers" in config:
            from .functional import Functional

            return Functional.from_config(config, custom_objects=custom_objects)
        return super().from_config(config)


def _is_functional(args: tuple, kwargs: dict) -> bool:
    """Whether a constructor was given inputs and outputs."""
    if len(args) >= 2 or "inputs" in kwargs or "outputs" in kwargs:
        return True
    return bool(args) and isinstance(args[0], KerasTensor)
