"""Models from a graph of symbolic tensors: `dl.Model(inputs, outputs)`."""

from __future__ import annotations

from typing import Any

from .. import _core, tree
from .._core import Tensor
from ..layers import masking
from ..layers.convert import to_tensor
from ..layers.input import InputLayer
from ..layers.keras_tensor import KerasTensor
from ..layers.layer import Layer
from .graph import Graph, clone
from .model import Model


class Functional(Model):
    """The model that computes outputs from inputs: the graph between them.

    Inputs and outputs are symbolic tensors, alone or in lists, tuples and dicts, and data come and
    go in the same structure; a dict of data goes to the inputs by their names. A call casts data to
    the dtype of their `Input` and checks all sizes that are not None. Inputs that are inside
    another graph make this model begin there, with the same layers and weights.

    Raises ValueError when a tensor is not symbolic, when an output depends on an `Input` that is
    not among the inputs, and when two layers have one name.

    >>> import danlu as dl
    >>> inputs = dl.Input(shape=(8,))
    >>> hidden = dl.layers.Dense(6, activation="relu")(inputs)
    >>> model = dl.Model(inputs, dl.layers.Dense(4, activation="softmax")(hidden))
    >>> model.input_shape, model.output_shape, model.count_params()
    ((None, 8), (None, 4), 82)
    """

    def __init__(
        self, inputs: Any = None, outputs: Any = None, name: str | None = None, **kwargs: Any
    ) -> None:
        trainable = kwargs.pop("trainable", None)
        Layer.__init__(self, name=name, **kwargs)
        flat_inputs, flat_outputs = tree.flatten(inputs), tree.flatten(outputs)
        for what, tensors in (("inputs", flat_inputs), ("outputs", flat_outputs)):
            for tensor in tensors:
                if not isinstance(tensor, KerasTensor):
                    raise ValueError(
                        f"[Model] {what} are symbolic tensors, made by dl.Input and by layers "
                        f"called on them; got {type(tensor).__name__}"
                    )
        if not all(_is_model_input(tensor) for tensor in flat_inputs):
            flat_inputs, flat_outputs = clone(flat_inputs, flat_outputs)
            inputs = tree.pack_sequence_as(inputs, flat_inputs)
            outputs = tree.pack_sequence_as(outputs, flat_outputs)
        inputs, outputs = _one_alone(inputs), _one_alone(outputs)
        values = self.__dict__  # the graph's tensors are no state: they are not tracked
        values["_input_structure"], values["_output_structure"] = inputs, outputs
        values["_graph"] = Graph(flat_inputs, flat_outputs, self.label())
        values["_input_types"] = [getattr(_core, t.dtype) for t in flat_inputs]
        # Of the samples of a model with one input, all of whose sizes are known.
        values["_sample_shape"] = inputs.shape[1:] if isinstance(inputs, KerasTensor) else None
        values["input_names"] = [t._keras_history.operation.name for t in flat_inputs]
        values["output_names"] = [t._keras_history.operation.name for t in flat_outputs]
        taken: set[str] = set()
        for operation in self._graph.operations:
            if operation.name in taken:
                raise ValueError(
                    f"{self.label()} has two layers named {operation.name!r}: weights and outputs "
                    "are found by name, so give one of them another"
                )
            taken.add(operation.name)
            if isinstance(operation, Layer):
                self._track(operation)
        if trainable is not None:
            self.trainable = trainable
        self.built = True

    # The graph.

    _graph: Graph
    _input_types: list[Any]
    _sample_shape: tuple | None
    _input_structure: Any
    _output_structure: Any
    output_names: list[str]

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs."""
        return self._graph.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs."""
        return self._graph.outputs

    @property
    def input(self) -> Any:
        """The symbolic inputs in the structure that the model was given."""
        return self._input_structure

    @property
    def output(self) -> Any:
        """The symbolic outputs in the structure that the model was given."""
        return self._output_structure

    @property
    def input_shape(self) -> Any:
        """The shape of the input, or the structure of shapes."""
        return tree.map_structure(lambda t: t.shape, self._input_structure)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, or the structure of shapes."""
        return tree.map_structure(lambda t: t.shape, self._output_structure)

    @property
    def operations(self) -> list[Any]:
        """The layers and functions of the graph, in order."""
        return list(self._graph.operations)

    @property
    def layers(self) -> list[Layer]:
        """The layers of the graph, in order."""
        return [o for o in self._graph.operations if isinstance(o, Layer)]

    # The call.

    def build(self, input_shape: Any = None) -> None:
        """Nothing is left to build."""
        self.built = True

    def _convert(self, value):
        # Each input is cast to its own dtype in `call`.
        from ..layers.convert import to_tensors

        return to_tensors(value, None, self.label)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        if (
            type(inputs) is Tensor
            and inputs.shape[1:] == self._sample_shape
            and inputs.dtype is self._input_types[0]
        ):
            values = [inputs]
        else:
            values = self._standardized(inputs)
        if mask is not None:
            masking.set_masks(values, mask)
        outputs = self._graph.run(values)
        structure = self._output_structure
        if isinstance(structure, KerasTensor):
            return outputs[0]
        return tree.pack_sequence_as(structure, outputs)

    def _standardized(self, inputs):
        return [
            self._standardize(value, tensor, dtype)
            for value, tensor, dtype in zip(
                self._flatten_inputs(inputs), self._graph.inputs, self._input_types, strict=True
            )
        ]

    def _flatten_inputs(self, inputs):
        structure = self._input_structure
        if isinstance(structure, KerasTensor):
            if not isinstance(inputs, (list, tuple, dict)):
                return [inputs]
            if isinstance(inputs, dict):
                return self._named(inputs, self.input_names)
            flat = tree.flatten(inputs)
        elif isinstance(inputs, dict):
            if isinstance(structure, dict):
                names = list(structure)
                return tree.flatten(dict(zip(names, self._named(inputs, names), strict=True)))
            return tree.flatten(self._named(inputs, self.input_names))
        else:
            flat = tree.flatten(inputs)
        if len(flat) != len(self.inputs):
            raise ValueError(
                f"{self.label()} wants {len(self.inputs)} input tensors ({self.input_names}), got "
                f"{len(flat)}"
            )
        return flat

    def _named(self, inputs, names):
        """What a dict of inputs has for these names, in this order."""
        missing = [n for n in names if n not in inputs]
        if missing:
            raise ValueError(
                f"{self.label()} wants inputs named {names}, got {list(inputs)}: {missing} are "
                "missing"
            )
        return [inputs[n] for n in names]

    def _standardize(self, value, tensor, dtype):
        """An input in the dtype and rank of its symbolic tensor, its shape checked."""
        if value is None:
            if tensor._keras_history.operation.optional:
                return None
            raise ValueError(f"{self.label()} wants a value for input {tensor.name!r}, got None")
        if isinstance(value, KerasTensor):
            return value
        if type(value) is not Tensor:
            value = to_tensor(value, self.label)
        wanted, shape = tensor.shape, value.shape
        if len(shape) != len(wanted):
            if len(shape) == len(wanted) + 1 and shape[-1] == 1:
                value = value.reshape(tuple(shape[:-1]))
            elif len(shape) == len(wanted) - 1 and wanted[-1] == 1:
                value = value.reshape((*shape, 1))
            else:
                raise self._wrong_shape(tensor, shape)
            shape = value.shape
        for size, wanted_size in zip(shape[1:], wanted[1:], strict=True):
            if wanted_size is not None and size != wanted_size:
                raise self._wrong_shape(tensor, shape)
        return value if value.dtype is dtype else value.astype(dtype)

    def _wrong_shape(self, tensor, shape):
        wanted, shape = tensor.shape, tuple(shape)
        hint = (
            "the first axis counts samples; give samples of the shape that the model was built "
            "for, or build it for these (input_shape, Input)"
        )
        if len(shape) == len(wanted) == 4 and shape[1] == wanted[3] and shape[2:] == wanted[1:3]:
            hint = "these images are channels first: np.moveaxis(x, 1, -1) puts channels last"
        elif len(shape) == len(wanted) - 1 and shape == wanted[1:]:
            hint = "this is one sample without the batch axis: pass x[None]"
        elif len(shape) == 3 and len(wanted) == 4 and shape[1:] == wanted[1:3]:
            hint = "these images have no channel axis: x[..., None] adds one of size 1"
        elif len(shape) > len(wanted) and _product(shape[1:]) == _product(wanted[1:]):
            hint = f"reshape them: x.reshape({', '.join(map(str, (-1, *wanted[1:])))})"
        return ValueError(
            f"{self.label()} wants inputs of shape {wanted} ({tensor.name!r}), got {shape}: {hint}"
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        from ..layers.infer import output_shape_by_calling

        return output_shape_by_calling(self, input_shape)

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        flat = self._flatten_inputs(inputs)
        same = all(a.shape[1:] == b.shape[1:] for a, b in zip(flat, self.inputs, strict=True))
        if not same:
            for value, tensor in zip(flat, self.inputs, strict=True):
                if not _fits(value.shape, tensor.shape):
                    raise self._wrong_shape(tensor, value.shape)
            from ..layers.infer import spec_by_calling

            return spec_by_calling(self, (inputs,), {})
        batch = flat[0].shape[0] if flat else None

        def spec(tensor):
            output = KerasTensor((batch, *tensor.shape[1:]), tensor.dtype)
            output._keras_mask = tensor._keras_mask
            return output

        return tree.map_structure(spec, self._output_structure)

    # Configuration.

    def get_config(self) -> dict[str, Any]:
        """Return the graph as plain values: layers, their calls, inputs and outputs.

        The form is Keras 3's. A subclass with a constructor of its own gives the constructor's
        arguments, as any `Model` does.

        >>> import danlu as dl
        >>> inputs = dl.Input((8,), name="x")
        >>> model = dl.Model(inputs, dl.layers.Dense(4, name="y")(inputs))
        >>> [layer["name"] for layer in model.get_config()["layers"]]
        ['x', 'y']
        """
        if type(self).get_config is not Functional.get_config or not self._is_plain_functional():
            return super().get_config()
        from .graph_config import graph_config

        return graph_config(self)

    def _is_plain_functional(self):
        """Whether the constructor is the graph's, so that a configuration of the graph will do."""
        return type(self).__init__ is Functional.__init__

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the model that `get_config` described, with fresh weights.

        `custom_objects` is {name: class or function} of what it is made of, if not registered.
        Raises ValueError for a class or function that is not known.

        >>> import danlu as dl
        >>> inputs = dl.Input((8,))
        >>> model = dl.Model(inputs, dl.layers.Dense(4)(inputs))
        >>> dl.models.Functional.from_config(model.get_config()).output_shape
        (None, 4)
        """
        if "input_layers" not in config:
            return cls(**config)
        from .graph_config import model_from_graph_config

        return model_from_graph_config(cls, config, custom_objects)


def _one_alone(structure):
    """The tensor in a list of one tensor, which stands for it as in Keras."""
    one = isinstance(structure, (list, tuple)) and len(structure) == 1
    return structure[0] if one else structure


def _is_model_input(tensor):
    history = tensor._keras_history
    return history is not None and isinstance(history.operation, InputLayer)


def _fits(shape, wanted):
    return len(shape) == len(wanted) and all(
        a is None or b is None or a == b for a, b in zip(shape[1:], wanted[1:], strict=True)
    )


def _product(sizes):
    out = 1
    for size in sizes:
        out *= size or 1
    return out
