"""A layer that can be trained, evaluated, saved and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..layers.keras_tensor import KerasTensor
from ..layers.layer import Layer
from ..utils.suggest import suggests_arguments
from .training import Trainer


class Model(Trainer, Layer):
    """A layer with `compile`, `fit`, `evaluate`, `predict`, `save` and `summary`.

    `Model(inputs, outputs)` is the functional model between symbolic tensors, see `Functional`. A
    subclass makes its layers in the constructor, after `super().__init__()`, and uses them in
    `call`; its weights are made when the first data show their shape.

    Raises TypeError for other positional arguments, and ValueError when inputs or outputs are not
    symbolic.

    >>> import danlu as dl
    >>> class Net(dl.Model):
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

    _further_arguments = ("inputs", "outputs")  # of the functional form

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

    @suggests_arguments
    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer of that name, or at that place in `layers`.

        Indices count from 0, negative ones from the end. Raises ValueError for a name or an index
        that there is not, the nearest name beside it, and when not exactly one of the two is given.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.layers.Flatten(), dl.layers.Dense(2, name="head")])
        >>> model.get_layer("head") is model.get_layer(index=-1)
        True
        """
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
        from ..utils.suggest import suggestion

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
        """Print a table of the layers with their output shapes and numbers of parameters.

        The table is Keras's; models that are not a chain get a column of what each layer is
        connected to. `line_length` is in characters (by default what the terminal has, at most 88,
        or 108 with connections), `positions` are the ends of the columns as fractions of it;
        `print_fn` receives the text, as one string, in place of standard output. `expand_nested`
        shows the layers of models inside; `layer_range` is two names, or regular expressions of
        names, of the first and last layer to show.

        Raises ValueError for a `layer_range` that is not two names of layers.

        >>> import danlu as dl
        >>> layers = [dl.Input((8,)), dl.layers.Dense(4, name="head")]
        >>> dl.Sequential(layers, name="net").summary(line_length=50, print_fn=print)
        Model: "net"
        ┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
        ┃ Layer (type)        ┃ Output Shape   ┃ Param # ┃
        ┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
        │ head (Dense)        │ (None, 4)      │      36 │
        └─────────────────────┴────────────────┴─────────┘
         Total params: 36 (144.00 B)
         Trainable params: 36 (144.00 B)
         Non-trainable params: 0 (0.00 B)
        <BLANKLINE>
        """
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

    @suggests_arguments
    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None) -> None:
        """Write architecture, weights, optimizer state and seeds to one file (`.keras`).

        The name ends in ".keras" or ".danlu"; ".h5" is taken with a warning, the file is an archive
        all the same (zip with JSON and safetensors, no pickle). It is written under a temporary
        name and renamed, so it is there whole or not at all. `zipped` is Keras's and has no effect.

        Raises ValueError for another name or a model that is not built, FileExistsError for a file
        that is there with `overwrite=False`, FileNotFoundError for a folder that is not.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1)])
        >>> model.save("model.keras")
        >>> x = dl.ones((4, 2))
        >>> dl.all(dl.models.load_model("model.keras")(x) == model(x)).item()
        True
        """
        from ..saving import save_model

        save_model(self, filepath, overwrite=overwrite)

    @suggests_arguments
    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Write the weights to a safetensors file, or to several.

        Each has the way through the layers as its name, such as "dense_1/kernel", whatever the
        layers are called; the seeds of dropout are among them, the optimizer's state is not. The
        file is written under a temporary name and renamed. With max_shard_size, in GB, the weights
        are spread over files of at most that size, and `filepath`, "model.weights.json" say, is the
        index that names them: give that to `load_weights`.

        Raises ValueError unless the name ends in ".safetensors" (".h5" is taken with a warning;
        ".weights.json" with max_shard_size) and the model is built; FileExistsError for a file that
        is there with `overwrite=False`.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1)])
        >>> model.save_weights("model.weights.safetensors")
        >>> copy = dl.models.clone_model(model)
        >>> copy.load_weights("model.weights.safetensors")
        >>> bool((copy.get_weights()[0] == model.get_weights()[0]).all())
        True
        """
        from ..saving.weights import save_weights

        save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    @suggests_arguments
    def load_weights(self, filepath: Any, skip_mismatch: bool = False) -> None:
        """Set the weights from a file that `save_weights` or `save` of an equal model wrote.

        Names, shapes and kinds of dtype must agree (floating weights may be in any floating dtype),
        and nothing is set unless all do; with `skip_mismatch=True` what fits is set, a warning
        names the rest.

        Raises ValueError when they do not agree, when the model is not built, and for a file that
        is damaged or Keras's HDF5; FileNotFoundError when there is none.

        >>> import danlu as dl
        >>> wide = dl.Sequential([dl.Input((2,)), dl.layers.Dense(5)])
        >>> wide.save_weights("wide.safetensors")
        >>> dl.Sequential([dl.Input((2,)), dl.layers.Dense(1)]).load_weights("wide.safetensors")
        Traceback (most recent call last):
        ValueError: [load_weights] 'wide.safetensors' holds the weights of another model than ...
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
        """Return the configuration as a JSON string; `kwargs` go to `json.dumps`.

        It holds the architecture and the arguments of `compile`, no weights, in the form of Keras
        3, which can read it. Raises what `get_config` raises, and ValueError for a lambda.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(3)], name="net")
        >>> dl.models.model_from_json(model.to_json(indent=2)).name
        'net'
        """
        import json

        from ..saving.sharing import serialize_sharing

        return json.dumps(serialize_sharing(self), **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, if they can be recorded.

        Those of a subclass are recorded when it is made. Raises NotImplementedError when one is
        nothing that JSON can hold, such as a function: then the subclass defines `get_config`.

        >>> import danlu as dl
        >>> class Net(dl.Model):
        ...     def __init__(self, units, **kwargs):
        ...         super().__init__(**kwargs)
        ...         self.head = dl.layers.Dense(units)
        >>> Net(units=5).get_config()["units"]
        5
        """
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
        """Return a model with this configuration and fresh weights.

        `Model.from_config` reads the configuration of a functional model; `custom_objects` is
        {name: class or function} of what that is made of, if not registered. The constructor of a
        subclass gets the configuration as its arguments.

        >>> import danlu as dl
        >>> inputs = dl.Input((8,))
        >>> model = dl.Model(inputs, dl.layers.Dense(4)(inputs))
        >>> dl.Model.from_config(model.get_config()).count_params()
        36
        """
        if cls is Model and "input_layers" in config:
            from .functional import Functional

            return Functional.from_config(config, custom_objects=custom_objects)
        return super().from_config(config)


def _is_functional(args: tuple, kwargs: dict) -> bool:
    """Whether a constructor was given inputs and outputs."""
    if len(args) >= 2 or "inputs" in kwargs or "outputs" in kwargs:
        return True
    return bool(args) and isinstance(args[0], KerasTensor)
