"""The table that `Model.summary` prints, as Keras prints it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from typing import Any

from .. import tree
from ..layers.keras_tensor import Operation


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Any = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Print layers, output shapes and numbers of parameters of a model.

    Args:
        print_fn: receives the text instead of standard output.
        positions: where the columns end, as fractions of the line.
        layer_range: names (or regular expressions) of the first and last layer to show.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    layers = model.operations if hasattr(model, "operations") else model.layers
    chain = _is_chain(model)
    header = ["Layer (type)", "Output Shape", "Param #"]
    justify = ["left", "left", "right"]
    ends = list(positions or ([0.45, 0.80, 1.0] if chain else [0.3, 0.56, 0.74, 1.0]))
    width = 88 if chain else 108
    if not chain:
        header.append("Connected to")
        justify.append("left")
    if show_trainable:
        width += 12
        ends = [end * 0.9 for end in ends] + [1.0]
        header.append("Trainable")
        justify.append("center")
    line = line_length or min(width, shutil.get_terminal_size().columns - 4)
    widths = [int(b * line) - int(a * line) for a, b in zip([0, *ends], ends, strict=False)]
    columns = [
        Column(name, justify=side, width=max(size, 4))  # type: ignore[arg-type]
        for name, side, size in zip(header, justify, widths, strict=False)
    ]
    table = Table(*columns, width=line, show_lines=True)

    def add(layer: Any, level: int) -> None:
        prefix = "   " * level + "└ " if level else ""
        name = f"{escape(prefix + layer.name)} ([color(33)]{_kind(layer)}[/])"
        cells = [name, _shape(layer), _parameters(layer)]
        if not chain:
            cells.append(_connections(model, layer))
        if show_trainable:
            has = bool(getattr(layer, "weights", None))
            cells.append(("Y" if layer.trainable else "N") if has else "-")
        table.add_row(*cells)
        if expand_nested:
            for inner in getattr(layer, "layers", ()):
                add(inner, level + 1)

    for layer in _selected(layers, layer_range):
        add(layer, 0)
    lines = [f'[bold]Model: "{escape(model.name)}"[/]', table, *_totals(model)]
    if print_fn is None:
        console = Console(highlight=False)
        for item in lines:
            console.print(item)
        return
    console = Console(highlight=False, force_terminal=False, color_system=None, width=line + 4)
    with console.capture() as capture:
        for item in lines:
            console.print(item)
    print_fn(capture.get())


def _kind(layer: Any) -> str:
    return layer.kind if isinstance(layer, Operation) else type(layer).__name__


def _number(value: Any) -> str:
    return f"[color(34)]{value}[/]"


def _shape(layer: Any) -> str:
    """The output shape of a layer, from a graph or from the shapes that it was built with."""
    if layer._inbound_nodes:
        shapes = [t.shape for t in layer._inbound_nodes[-1].output_tensors]
    elif getattr(layer, "_build_shapes", None) is not None:
        try:
            shapes = tree.flatten(_as_leaves(layer.compute_output_shape(*layer._build_shapes[1])))
            shapes = [s.shape for s in shapes]
        except (NotImplementedError, TypeError):
            return "?"
    else:
        return "?"
    texts = ["(" + ", ".join(_number(n) for n in shape) + ")" for shape in shapes]
    texts = [t[:-1] + ",)" if t.count("[/]") == 1 else t for t in texts]
    return texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"


class _Shape:
    def __init__(self, shape: Any) -> None:
        self.shape = shape


def _as_leaves(shapes: Any) -> Any:
    from ..layers.signature import is_shape

    if is_shape(shapes):
        return _Shape(shapes)
    if isinstance(shapes, dict):
        return {k: _as_leaves(v) for k, v in shapes.items()}
    return [_as_leaves(v) for v in shapes]


def _parameters(layer: Any) -> str:
    if not hasattr(layer, "built"):
        return _number(0)
    if not layer.built:
        return f"{_number(0)} (unbuilt)"
    return _number(f"{layer.count_params():,}")


def _connections(model: Any, layer: Any) -> str:
    mine = {id(node) for node in model._graph.nodes}
    links = [
        f"{h.operation.name}[{_number(h.node_index)}][{_number(h.tensor_index)}]"
        for node in layer._inbound_nodes
        if id(node) in mine
        for h in (tensor._keras_history for tensor in node.input_tensors)
    ]
    return ", ".join(links) or "-"


def _is_chain(model: Any) -> bool:
    graph = getattr(model, "_graph", None)
    if graph is None:
        return True
    return (
        len(set(graph.depths)) == len(graph.nodes)
        and all(len(node.input_tensors) <= 1 for node in graph.nodes)
        and len(graph.operations) == len(graph.nodes)
    )


def _selected(layers: list, layer_range: Any) -> list:
    if layer_range is None:
        return layers
    if len(layer_range) != 2 or not all(isinstance(name, str) for name in layer_range):
        raise ValueError(f"[summary] layer_range is two names, got {layer_range!r}")
    found = [
        [i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in layer_range
    ]
    if not all(found):
        raise ValueError(f"[summary] no layers of the names {layer_range!r}")
    first, last = min(found[0]), max(found[1])
    return layers[min(first, min(found[1])) : max(last, max(found[0])) + 1]


def _totals(model: Any) -> list[str]:
    """The counts below the table, those of the optimizer included as in Keras."""
    trainable = _count(model.trainable_weights)
    fixed = _count(model.non_trainable_weights)
    optimizer = model.optimizer if getattr(model, "compiled", False) else None
    slots = _count(optimizer.variables) if optimizer is not None and optimizer.built else None
    total = [trainable[i] + fixed[i] + (slots[i] if slots else 0) for i in (0, 1)]
    rows = [
        ("Total params", total),
        ("Trainable params", trainable),
        ("Non-trainable params", fixed),
    ]
    if slots is not None:
        rows.append(("Optimizer params", slots))
    return [f"[bold] {what}: [/]{_number(f'{n:,}')} ({_memory(size)})" for what, (n, size) in rows]


_BYTES = {"bool": 1, "bfloat16": 2}


def _count(variables: list) -> tuple[int, int]:
    """How many numbers Variables hold, and in how many bytes."""
    numbers = size = 0
    for variable in variables:
        dtype = str(variable.dtype)
        count = 1
        for length in variable.shape:
            count *= length
        digits = re.sub(r"\D", "", dtype)
        numbers += count
        size += count * (_BYTES[dtype] if dtype in _BYTES else int(digits) // 8)
    return numbers, size


def _memory(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024 or unit == "TB":
            return f"{size:.2f} {unit}"
        size /= 1024
    raise AssertionError
