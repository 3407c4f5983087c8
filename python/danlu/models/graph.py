"""The graph between the inputs and outputs of a functional model, and running it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from .._core import Tensor
from ..layers.context import context
from ..layers.input import InputLayer
from ..layers.keras_tensor import KerasTensor, Node
from .fusion import fuse, is_inference


class Graph:
    """The calls that lead from inputs to outputs, in an order in which each can run.

    Operations are in Keras's order, which decides the order of a model's weights: by their depth,
    the longest way to an output, and at equal depth as they are met walking back from the outputs.
    """

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor], label: str) -> None:
        self.inputs = inputs
        self.outputs = outputs
        nodes, found = _walk(inputs, outputs, label)
        depths: dict[Any, int] = {}
        node_depths: dict[int, int] = {}
        for node in reversed(nodes):
            depth = max(node_depths.get(id(node), 0), depths.get(node.operation, 0))
            depths[node.operation] = node_depths[id(node)] = depth
            for parent in _parents(node, inputs):
                node_depths[id(parent)] = max(depth + 1, node_depths.get(id(parent), 0))
        for i, tensor in enumerate(inputs):  # an input that no output needs
            operation = tensor._keras_history.operation
            if operation not in depths:
                depths[operation] = 0
                found[operation] = i - len(inputs)
                nodes.append(operation._inbound_nodes[0])
                node_depths[id(nodes[-1])] = 0
        self.nodes = sorted(nodes, key=lambda n: (-node_depths[id(n)], found[n.operation]))
        self.depths = [node_depths[id(node)] for node in self.nodes]
        self.operations = sorted(depths, key=lambda o: (-depths[o], found[o]))
        self._run: Callable[[list], list] | None = None
        self._run_fused: Callable[[list], list] | None = None

    def run(self, values: list) -> list:
        """Return the values of the outputs for those of the inputs."""
        if is_inference():
            run = self._run_fused  # another thread may train, and drop it
            if run is None:
                run = self._run_fused = self._compile(fuse(self._calls(), self.outputs))
            return run(values)
        if context.here.training:  # soon the weights it remembers are old
            self._run_fused = None
        if self._run is None:
            self._run = self._compile(self._calls())
        return self._run(values)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_run": None, "_run_fused": None}

    def _calls(self) -> list[Node]:
        return [node for node in self.nodes if not _is_input(node, self.inputs)]

    def _compile(self, nodes: list) -> Callable[[list], list]:
        """A function from the values of the inputs to those of the outputs, by these calls."""
        chain = self._chain(nodes)
        if chain is not None:

            def run_chain(values):
                x = values[0]
                for operation in chain:
                    x = operation(x)
                return [x]

            return run_chain

        inputs = [id(t) for t in self.inputs]
        outputs = [id(t) for t in self.outputs]
        steps = [
            (node.operation, _arguments(node), [id(t) for t in node.output_tensors], done)
            for node, done in zip(nodes, _last_uses(nodes, outputs), strict=True)
        ]

        def run(values):
            known = dict(zip(inputs, values, strict=True))
            for operation, arguments, names, done in steps:
                args, kwargs = arguments(known)
                result = operation(*args, **kwargs)
                if type(result) is Tensor and len(names) == 1:
                    known[names[0]] = result
                else:  # several, or a symbolic one
                    known.update(zip(names, tree.flatten(result), strict=True))
                for name in done:  # at inference its memory is free from here on
                    del known[name]
            return [known[name] for name in outputs]

        return run

    def _chain(self, nodes: list) -> list | None:
        """The operations of a graph that is one chain of calls with one tensor, or None."""
        if len(self.inputs) != 1 or len(self.outputs) != 1:
            return None
        at, chain = self.inputs[0], []
        for node in nodes:
            if len(node.args) != 1 or node.kwargs or node.args[0] is not at:
                return None
            if not isinstance(node.outputs, KerasTensor):
                return None
            chain.append(node.operation)
            at = node.outputs
        return chain if at is self.outputs[0] else None


def _arguments(node: Node) -> Callable[[dict[int, Any]], tuple[Any, dict[str, Any]]]:
    """A function that finds the arguments of a call among the values so far.

    One tensor and a list of tensors, which most calls have, are not walked as structures.
    """
    first = node.args[0] if len(node.args) == 1 and not node.kwargs else None
    if isinstance(first, KerasTensor):
        name = id(first)
        return lambda known: ((known[name],), {})
    if isinstance(first, list) and all(isinstance(tensor, KerasTensor) for tensor in first):
        names = [id(tensor) for tensor in first]
        return lambda known: (([known[name] for name in names],), {})

    def walk(known):
        def value_of(leaf):
            return known[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

        return tree.map_structure(value_of, node.args), tree.map_structure(value_of, node.kwargs)

    return walk


def _last_uses(nodes: list[Node], outputs: list[int]) -> list[list[int]]:
    """For each call the tensors that no later call, and no output, needs."""
    needed = set(outputs)
    uses: list[list[int]] = []
    for node in reversed(nodes):
        last = {id(t) for t in node.input_tensors} - needed
        needed |= last
        uses.append(list(last))
    return uses[::-1]


def clone(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list, list]:
    """The same graph beginning at new inputs, where `inputs` are tensors inside another graph."""
    graph_nodes, _ = _walk(inputs, outputs, "[Model]")
    copies: dict[int, KerasTensor] = {}
    for tensor in inputs:
        history = tensor._keras_history
        if history is not None and isinstance(history.operation, InputLayer):
            copies[id(tensor)] = tensor
        else:
            layer = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
            copies[id(tensor)] = layer.output

    def copy_of(leaf):
        return copies[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

    for node in graph_nodes:
        if _is_input(node, inputs):
            continue
        for tensor in node.output_tensors:
            copies.setdefault(id(tensor), KerasTensor(tensor.shape, tensor.dtype, name=tensor.name))
        Node(
            node.operation,
            tree.map_structure(copy_of, node.args),
            tree.map_structure(copy_of, node.kwargs),
            tree.map_structure(copy_of, node.outputs),
        )
    return [copies[id(t)] for t in inputs], [copies[id(t)] for t in outputs]


def _node_of(tensor: KerasTensor) -> Node:
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def _is_input(node: Node, inputs: list[KerasTensor]) -> bool:
    return not node.input_tensors or all(any(t is i for i in inputs) for t in node.output_tensors)


def _parents(node: Node, inputs: list[KerasTensor]) -> list[Node]:
    return [] if _is_input(node, inputs) else [_node_of(t) for t in node.input_tensors]


def _walk(inputs, outputs, label):
    """The nodes between inputs and outputs, each after those it needs; and at which place each
    operation was first met, walking back from the outputs."""
    done: set[int] = set()
    nodes: list[Node] = []
    found: dict[Any, int] = {}
    start = {id(t) for t in inputs}
    for output in outputs:
        stack = [(output, False)]
        while stack:
            tensor, leaving = stack.pop()
            if tensor._keras_history is None:
                raise ValueError(
                    f"{label} {tensor!r} does not come from dl.Input: build it by calling layers "
                    "on the tensors that dl.Input returns"
                )
            node = _node_of(tensor)
            if leaving:
                if id(node) not in done:
                    done.add(id(node))
                    nodes.append(node)
                continue
            if id(node) in done:
                continue
            found.setdefault(node.operation, len(found))
            stack.append((tensor, True))
            if id(tensor) not in start:
                if not node.input_tensors:
                    raise ValueError(
                        f"{label} the outputs depend on input {tensor.name!r} of shape "
                        f"{tensor.shape}, which is not among the inputs: "
                        f"{[t.name for t in inputs]}"
                    )
                stack.extend((t, False) for t in reversed(node.input_tensors))
    return nodes, found
