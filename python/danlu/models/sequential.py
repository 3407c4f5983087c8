"""A model that is a list of layers."""

from __future__ import annotations

from typing import Any

from ..layers import signature
from ..layers.input import InputLayer
from ..layers.keras_tensor import KerasTensor
from ..layers.layer import Layer
from ..utils.arguments import as_list
from ..utils.naming import auto_name
from .functional import Functional
from .model import Model


class _Chain(Functional):
    """The graph inside a Sequential, which speaks in its name."""

    def __init__(self, inputs: Any, outputs: Any, name: str, label: str) -> None:
        self.__dict__["_label"] = label
        super().__init__(inputs, outputs, name=name)

    def label(self) -> str:
        return self.__dict__["_label"]


class Sequential(Model):
    """Layers one after the other, each with one input and one output: y = f_n(... f_2(f_1(x))).

    The weights are made when the shape of the inputs is known: from `Input` or `input_shape` of
    the first layer, from `build`, or from the first data. Until then `input_shape`, `output_shape`,
    `inputs` and `outputs` raise AttributeError.

    Raises TypeError for a layer that is none (a class without parentheses, say) and for layers that
    are not in a list; ValueError for two layers of one name, an `Input` that is not the first, a
    layer with several outputs, and a symbolic tensor in place of the layers that made it.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input(shape=(8,)), dl.layers.Dense(4, activation="softmax")])
    >>> model.output_shape
    (None, 4)
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        loose = [x for x in (layers, trainable, name) if isinstance(x, (Layer, KerasTensor))]
        if loose:
            raise TypeError(
                f"[{type(self).__name__}] takes its layers in a list, got {loose[0]!r} by itself: "
                "write Sequential([Flatten(), Dense(1)])"
            )
        Layer.__init__(self, trainable=trainable, name=name)
        self.__dict__["_functional"] = None
        given = "layers, such as [Flatten(), Dense(1)]"
        for layer in as_list(type(self).__name__, layers or (), "layers", given):
            self.add(layer, rebuild=False)
        if layers:
            self._rebuild()
        if not trainable:
            self.trainable = False

    _functional: Functional | None

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer at the end.

        If the shape of the inputs is known the model is built again, the layers' weights staying as
        they are; `rebuild=False` leaves that to the first call. Raises as the constructor does, and
        ValueError when the layer does not fit the one before it; the model is then as it was.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((8,))])
        >>> model.add(dl.layers.Dense(4))
        >>> model.output_shape
        (None, 4)
        """
        if isinstance(layer, KerasTensor):
            layer = self._layer_of_input(layer)
        if not isinstance(layer, Layer):
            raise TypeError(
                f"{self.label()} is made of layers, got {layer!r} ({type(layer).__name__})"
                + (": write it with parentheses, as an object" if isinstance(layer, type) else "")
            )
        before = list(self._layers)
        if not self._layers and getattr(layer, "_input_shape_arg", None) is not None:
            self._layers.append(InputLayer(shape=layer._input_shape_arg))
        for other in self._layers:
            if other.name == layer.name and other is not layer:
                raise ValueError(
                    f"{self.label()} has a layer named {layer.name!r} already: give this one "
                    "another name"
                )
        if isinstance(layer, InputLayer) and self._layers:
            first = self._layers[0]
            raise ValueError(
                f"{self.label()} takes inputs at the beginning only: it begins with {first.name!r}"
            )
        self._layers.append(layer)
        try:
            self._rebuild(now=rebuild)
        except Exception:  # the next try finds the model as it was
            self._layers[:] = before
            self._rebuild(now=rebuild)
            raise

    def _layer_of_input(self, tensor: KerasTensor) -> Layer:
        history = tensor._keras_history
        operation = history.operation if history is not None else None
        if isinstance(operation, InputLayer):
            return operation
        made = f" of {operation.label()}" if isinstance(operation, Layer) else ""
        raise ValueError(
            f"{self.label()} is made of layers, got the symbolic output{made}, {tensor!r}: give "
            "the layers themselves, or write dl.Model(inputs, outputs) around the tensors"
        )

    def pop(self, rebuild: bool = True) -> Layer:
        """Remove the last layer and return it. Raises ValueError when there is none.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((8,)), dl.layers.Dense(4), dl.layers.Dense(2)])
        >>> head = model.pop()
        >>> head.units, model.output_shape
        (2, (None, 4))
        """
        if not self.layers:
            raise ValueError(f"{self.label()} has no layer to pop")
        layer = self._layers.pop()
        self._rebuild(now=rebuild)
        return layer

    def _rebuild(self, now: bool = True) -> None:
        self.built = False
        self.__dict__["_functional"] = None
        if not now or not self._layers:
            return
        first = self._layers[0]
        if isinstance(first, InputLayer):
            if len(self._layers) > 1:
                self.build(first.batch_shape)
        elif len(self._layers) > 1 and isinstance(first, Model):
            shape = getattr(first, "input_shape", None)
            if shape is not None and signature.is_shape(shape):
                self.build(shape)

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of a shape, the batch axis included.

        The size of the batch axis is not kept: any will do. Raises ValueError when there are no
        layers, or when one does not fit.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.layers.Dense(4)])
        >>> model.build((None, 8))
        >>> model.count_params()
        36
        """
        if not signature.is_shape(input_shape):
            return  # a structure of inputs: the layers are built when they are called
        if not self._layers:
            raise ValueError(f"{self.label()} has no layers: add some with model.add(layer)")
        first = self._layers[0]
        if not isinstance(first, InputLayer):
            # The batch that happened to be first does not fix the size of the next ones.
            shape = (None, *tuple(input_shape)[1:])
            first = InputLayer(batch_shape=shape, dtype=first.compute_dtype)
            self._layers.insert(0, first)
        inputs = x = first.output
        for layer in self._layers[1:]:
            x = layer(x)
            if not isinstance(x, KerasTensor):
                raise ValueError(
                    f"{self.label()} is made of layers with one output, {layer.label()} has "
                    "several: use the functional style"
                )
        auto_name("Functional")  # Keras counts this graph, so names that follow agree with its own
        self.__dict__["_functional"] = _Chain(inputs, x, self.name, self.label())

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if self._functional is not None:
            return self._functional.call(inputs, mask=mask)
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def _convert(self, value):
        if self._functional is not None:
            return self._functional._convert(value)
        return super()._convert(value)

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if self._functional is not None:
            return self._functional.compute_output_spec(inputs)
        for layer in self.layers:
            inputs = layer.compute_output_spec(inputs)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    @property
    def layers(self) -> list[Layer]:
        """The layers as they were added; the inputs are not among them."""
        layers = list(self._layers)
        return layers[1:] if layers and isinstance(layers[0], InputLayer) else layers

    def _built_model(self, what: str) -> Functional:
        if self._functional is None:
            raise AttributeError(
                f"{self.label()} has no {what} yet: give the first layer an input_shape, begin "
                "with dl.Input, or call the model on data"
            )
        return self._functional

    @property
    def input_shape(self) -> Any:
        """The shape of a batch of inputs, None where any size will do."""
        return self._built_model("input_shape").input_shape

    @property
    def output_shape(self) -> Any:
        """The shape of a batch of outputs, None where any size will do."""
        return self._built_model("output_shape").output_shape

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs."""
        return self._built_model("inputs").inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs."""
        return self._built_model("outputs").outputs

    @property
    def input(self) -> Any:
        """The symbolic input."""
        return self._built_model("input").input

    @property
    def output(self) -> Any:
        """The symbolic output."""
        return self._built_model("output").output

    @property
    def input_dtype(self) -> str:
        """The dtype that inputs are cast to."""
        first = self._layers[0] if self._layers else None
        return first.dtype if isinstance(first, InputLayer) else self.compute_dtype

    def get_config(self) -> dict[str, Any]:
        """Return the layers' configurations and the shape that the model was built for.

        The form is Keras 3's.

        >>> import danlu as dl
        >>> config = dl.Sequential([dl.Input((8,)), dl.layers.Dense(4)]).get_config()
        >>> config["build_input_shape"], [layer["class_name"] for layer in config["layers"]]
        ((None, 8), ['InputLayer', 'Dense'])
        """
        from ..saving import serialize_keras_object

        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype_policy.serialize(),
            "layers": [serialize_keras_object(layer) for layer in self._layers],
        }
        if self._functional is not None:
            config["build_input_shape"] = self._layers[0].batch_shape
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the model that `get_config` described, with fresh weights.

        `custom_objects` is {name: class or function} of what it is made of, if not registered.
        Raises ValueError unless it is a dict with "layers", or when it names an unknown class.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((8,)), dl.layers.Dense(4)])
        >>> dl.Sequential.from_config(model.get_config()).output_shape
        (None, 4)
        """
        from ..saving.serialization import check_entries, deserialize_unbuilt

        if not isinstance(config, dict) or "layers" not in config:
            raise ValueError(
                f"[{cls.__name__}] a configuration is a dict with 'name' and 'layers', got {config}"
            )
        model = cls(name=config.get("name"), trainable=config.get("trainable", True))
        entries = check_entries(cls.__name__, "layers", config["layers"], "class_name")
        shapes = [layer.get("build_config") for layer in entries]
        for entry in entries:
            model.add(deserialize_unbuilt(entry, custom_objects), rebuild=False)
        model._rebuild()
        shape = config.get("build_input_shape")
        if model._functional is None and shape:
            model.build(tuple(shape))
        if model._functional is None:
            for layer, built_with in zip(model._layers, shapes, strict=True):
                if built_with and not layer.built:
                    layer.build_from_config(built_with)
        return model
