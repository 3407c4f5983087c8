"""A function in the graph of a model as plain values, in the form in which Keras 3 writes it.

    {"module": "keras.src.ops", "class_name": "Sum", "config": {"name": "sum", "axis": -1}, ...}

Keras's operation of a function has some arguments of the function (its settings, in "config"), and
its calls have the others: the tensors, and what may be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..layers.keras_tensor import Node, Operation, has_symbolic
from ..utils.naming import to_snake_case
from ..utils.suggest import function_arguments

MODULE = "keras.src.ops"
# The arguments of calls; all others are settings.
_OF_CALLS = frozenset(
    """a array atol bins choicelist condition condlist constant_values default depthwise_kernel
    fill_value indices inputs kernel key output pointwise_kernel rtol start start_indices step stop
    target targets updates values variable weights x x1 x2 xs y""".split()
)


def operation_config(operation: Operation, node: Node) -> dict[str, Any]:
    """Return the operation of a call in Keras's form."""
    from ..saving import serialize_keras_object

    settings = {**operation.settings, **_split(operation, node.args, node.kwargs)[2]}
    settings = {k: v for k, v in settings.items() if v is not None or k == "axis"}
    return {
        "module": MODULE,
        "class_name": operation.kind,
        "config": {"name": operation.name, **serialize_keras_object(settings)},
        "registered_name": operation.kind,
    }


def call_arguments(node: Node) -> tuple[tuple, dict[str, Any]]:
    """Return the arguments of a call without those that are settings of its operation."""
    operation = node.operation
    if not isinstance(operation, Operation):
        return node.args, node.kwargs
    if operation.function == "getitem" and isinstance(node.args[1], list):
        return (node.args[0], (node.args[1],)), {}  # a list is read as a tuple
    args, kwargs, _ = _split(operation, node.args, node.kwargs)
    return args, kwargs


def _split(operation, args, kwargs):
    """The arguments of a call, those with a name, and the settings."""
    if operation.function == "getitem":
        return args, kwargs, {}
    names = function_arguments(operation.run)
    positional, named, settings = [], {}, {}
    for i, value in enumerate(args):
        name = names[i] if i < len(names) else None
        if name is not None and not _of_call(name, value):
            settings[name] = value
        elif name is not None and settings:  # its place is another without them
            named[name] = value
        else:
            positional.append(value)
    for name, value in kwargs.items():
        (named if _of_call(name, value) else settings)[name] = value
    return tuple(positional), named, settings


def _of_call(name, value):
    return name in _OF_CALLS or has_symbolic(value, None)


def read_operation(name: str, config: Any, custom_objects: Mapping[str, Any] | None) -> Operation:
    """Return the operation of a class of Keras and its configuration."""
    from ..saving import deserialize_keras_object

    if not isinstance(config, dict):
        raise ValueError(f"[Operation] the configuration of {name} is a dict, got {config!r:.80}")
    settings = deserialize_keras_object(dict(config), custom_objects)
    own_name = settings.pop("name", None)
    settings = {k: v for k, v in settings.items() if v is not None or k == "axis"}
    function = "getitem" if name == "GetItem" else to_snake_case(name)
    return Operation(function, own_name, settings)


def read_arguments(layer: Any, args: tuple) -> tuple:
    """Return the arguments of a call as they were before JSON made lists of tuples."""
    if isinstance(layer, Operation) and layer.function == "getitem" and len(args) == 2:
        return args[0], tuple(args[1]) if isinstance(args[1], list) else args[1]
    return args
