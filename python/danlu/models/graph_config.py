"""The graph of a functional model as plain values, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from ..layers.input import InputLayer
from ..layers.keras_tensor import KerasHistory, KerasTensor, Node, Operation
from ..layers.layer import Layer
from .operation_config import call_arguments, operation_config, read_arguments


def graph_config(model: Any) -> dict[str, Any]:
    """Return the configuration of a functional model, in the form in which Keras 3 writes it."""
    from ..saving import serialize_keras_object

    places = _places(model)
    layers = []
    for operation in model.operations:
        nodes = [node for node in _nodes_of(model, operation) if node.input_tensors]
        if isinstance(operation, Operation):
            config = operation_config(operation, nodes[0])
        else:
            config = serialize_keras_object(operation)
        calls = [_with_places(call_arguments(node), places) for node in nodes]
        config["name"] = operation.name
        config["inbound_nodes"] = [
            {"args": serialize_keras_object(args), "kwargs": serialize_keras_object(kwargs)}
            for args, kwargs in calls
        ]
        layers.append(config)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": _map_places(model._input_structure, places),
        "output_layers": _map_places(model._output_structure, places),
    }


def _nodes_of(model, operation):
    return [node for node in model._graph.nodes if node.operation is operation]


def _places(model) -> dict[int, list]:
    """[operation, which of its calls in this model, which output] of every tensor."""
    places = {}
    for operation in model.operations:
        for call, node in enumerate(_nodes_of(model, operation)):
            for i, tensor in enumerate(node.output_tensors):
                places[id(tensor)] = [operation.name, call, i]
    return places


class _Place(KerasTensor):
    """A symbolic tensor that is written with its place in this model."""


def _with_places(structure, places):
    def placed(leaf):
        if not isinstance(leaf, KerasTensor):
            return leaf
        name, call, index = places[id(leaf)]
        copy = _Place(leaf.shape, leaf.dtype, name=leaf.name)
        copy._keras_history = KerasHistory(_Named(name), call, index)
        return copy

    return tree.map_structure(placed, structure)


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


def _map_places(structure, places):
    """The places of inputs or outputs: as Keras, a list of lists, or one for one tensor."""
    if isinstance(structure, KerasTensor):
        return [list(places[id(structure)])]
    return tree.map_structure(lambda t: list(places[id(t)]), structure)


def model_from_graph_config(cls: type, config: dict[str, Any], custom_objects: Any) -> Any:
    """Return the model that `graph_config` described."""
    from ..saving.serialization import check_entries, deserialize_unbuilt

    layers: dict[str, Any] = {}
    waiting: list[tuple[Any, dict]] = []
    for entry in check_entries("Model", "layers", config.get("layers"), "name", "class_name"):
        inner = {k: v for k, v in entry.items() if k not in ("inbound_nodes", "name")}
        layer = deserialize_unbuilt(inner, custom_objects)  # the calls below build it
        layers[entry["name"]] = layer
        node_list = check_entries("Model", "inbound_nodes", entry.get("inbound_nodes", []))
        waiting += [(layer, call) for call in node_list]
    made: dict[tuple, KerasTensor] = {}
    calls: dict[int, int] = {}
    for name, layer in layers.items():
        if isinstance(layer, InputLayer):
            made[name, 0, 0] = layer.output
    names = {id(layer): name for name, layer in layers.items()}
    while waiting:
        later: list[tuple[Any, dict]] = []
        for layer, call in waiting:
            tensors = _tensors(call, made)
            # The calls of one layer keep their order, for others refer to them by number.
            if tensors is None or any(layer is other for other, _ in later):
                later.append((layer, call))
                continue
            args, kwargs = tensors
            outputs = layer(*read_arguments(layer, args), **kwargs)
            number = calls.get(id(layer), 0)
            calls[id(layer)] = number + 1
            for i, output in enumerate(tree.flatten(outputs)):
                made[names[id(layer)], number, i] = output
        if len(later) == len(waiting):
            raise ValueError(
                f"[Model] the configuration has calls whose inputs nothing makes: "
                f"{[layer.name for layer, _ in later]}"
            )
        waiting = later
    inputs = _from_places(config.get("input_layers"), made)
    outputs = _from_places(config.get("output_layers"), made)
    arguments: dict[str, Any] = {"name": config.get("name")}
    if config.get("trainable") is False:
        arguments["trainable"] = False
    return cls(inputs, outputs, **arguments)


def _tensors(call, made):
    """The arguments of a call, or None if some are not made yet."""
    from ..saving import deserialize_keras_object

    missing = False

    def resolve(value):
        nonlocal missing
        if isinstance(value, dict):
            if value.get("class_name") == "__keras_tensor__":
                key = _history(value)
                missing = missing or key not in made
                return made.get(key)
            if "class_name" in value:
                return deserialize_keras_object(value)
            return {k: resolve(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            items = [resolve(v) for v in value]
            return tuple(items) if isinstance(value, tuple) else items
        return value

    if not isinstance(call.get("args", ()), (list, tuple)) or not isinstance(
        call.get("kwargs", {}), dict
    ):
        raise ValueError(f"[Model] 'args' is a list and 'kwargs' a dict, got {call!r:.80}")
    args = tuple(resolve(value) for value in call.get("args", ()))
    kwargs = {k: resolve(v) for k, v in call.get("kwargs", {}).items() if v is not None}
    return None if missing else (args, kwargs)


def _history(value):
    """The place that a symbolic tensor was written with."""
    config = value.get("config")
    place = config.get("keras_history") if isinstance(config, dict) else None
    if not _is_place(place):
        raise ValueError(f"[Model] a symbolic tensor has a 'keras_history', got {config!r:.80}")
    return tuple(place)


def _from_places(structure, made):
    if _is_place(structure):
        if tuple(structure) not in made:
            raise ValueError(f"[Model] there is no tensor {structure} for an input or output")
        return made[tuple(structure)]
    if isinstance(structure, dict):
        return {k: _from_places(v, made) for k, v in structure.items()}
    if not isinstance(structure, list) or not structure:
        raise ValueError(
            "[Model] 'input_layers' and 'output_layers' are made of ['layer', call, output], got "
            f"{structure!r:.80}"
        )
    items = [_from_places(v, made) for v in structure]
    # One place in a list is one tensor by itself, as `Model(x, y)` was given it.
    return items[0] if len(items) == 1 and _is_place(structure[0]) else items


def _is_place(value):
    return (
        isinstance(value, (list, tuple))
        and len(value) == 3
        and isinstance(value[0], str)
        and all(isinstance(n, int) for n in value[1:])
    )


def rebuild(
    model: Any,
    copy: Callable[[Layer], Layer],
    call: Callable[..., Any],
    input_tensors: Any = None,
) -> Any:
    """Return the model again: `call(copy(layer), inputs)` for each layer, in order."""
    tensors: dict[int, KerasTensor] = {}
    given = tree.flatten(input_tensors) if input_tensors is not None else [None] * len(model.inputs)
    for old, new in zip(model.inputs, given, strict=True):
        if new is None:
            optional = old._keras_history.operation.optional
            layer = InputLayer(
                batch_shape=old.shape, dtype=old.dtype, optional=optional, name=old.name
            )
            new = layer.output
        tensors[id(old)] = new

    def copied(leaf):
        return tensors[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

    node: Node
    for node in model._graph.nodes:
        if not node.input_tensors or id(node.output_tensors[0]) in tensors:
            continue
        operation = node.operation
        outputs = call(
            copy(operation) if isinstance(operation, Layer) else operation,
            *tree.map_structure(copied, node.args),
            **tree.map_structure(copied, node.kwargs),
        )
        for old, new in zip(node.output_tensors, tree.flatten(outputs), strict=True):
            tensors[id(old)] = new
    return type(model)(
        tree.map_structure(copied, model._input_structure),
        tree.map_structure(copied, model._output_structure),
        name=model.name,
    )
