"""Layers of a graph that run as one at inference: a convolution and what follows it.

`ZeroPadding2D`, `Conv2D`, `BatchNormalization`, `Add` and the activation relu, in this order and as
far as they are there, become one convolution. With s = gamma / sqrt(variance + epsilon)

    relu(gamma * (conv(x, kernel) + bias - mean) / sqrt(variance + epsilon) + beta + addend)
        = relu(conv(x, kernel * s) + (bias - mean) * s + beta + addend),

which saves the passes over the images that those layers would make.

The layers stay what they are: training, gradients, masks, subclasses, and whatever else is unusual
go through them one by one. So does a call that fails, for them to explain.
"""

from __future__ import annotations

from typing import Any

from .. import _core, activations, ops
from .._core import Tensor, Variable
from ..layers.activation import Activation, ReLU
from ..layers.context import context
from ..layers.convolutional import Conv2D
from ..layers.keras_tensor import KerasTensor, Node
from ..layers.merging import Add
from ..layers.normalization import BatchNormalization
from ..layers.reshaping import ZeroPadding2D
from ..ops import convolution

_ORDER = ((ZeroPadding2D,), (Conv2D,), (BatchNormalization,), (Add,), (ReLU, Activation))
_TYPES = (_core.float32, _core.float64)  # rounding kernel * s to fewer bits would show


def is_inference() -> bool:
    """Return whether layers that run now neither train nor record nor infer shapes."""
    here = context.here
    return not (here.training or here.abstract or _core._records_calls())


def fuse(nodes: list[Node], outputs: list[KerasTensor]) -> list[Any]:
    """Return the nodes, in order; those that run as one are one, in place of the last of them."""
    users: dict[int, list[Any]] = {id(tensor): [None] for tensor in outputs}
    for node in nodes:
        for tensor in node.input_tensors:
            users.setdefault(id(tensor), []).append(node)
    taken: set[int] = set()
    fused: dict[int, FusedNode] = {}
    for node in nodes:
        starts = type(node.operation) in (ZeroPadding2D, Conv2D) and _is_plain_call(node)
        if starts and id(node) not in taken:
            group = _group(node, users, taken)
            if len(group) > 1 and any(type(member.operation) is Conv2D for member in group):
                taken.update(id(member) for member in group)
                fused[id(group[-1])] = FusedNode(group)
    return [
        fused.get(id(node), node) for node in nodes if id(node) in fused or id(node) not in taken
    ]


def _group(first: Node, users: dict[int, list[Any]], taken: set[int]) -> list[Node]:
    """`first`, and what follows it in `_ORDER` and is the only one to use what was before."""
    group, place = [first], _ORDER.index((type(first.operation),))
    for kinds in _ORDER[place + 1 :]:
        following = users.get(id(group[-1].outputs), [])
        if (
            len(following) == 1
            and following[0] is not None  # an output of the graph
            and id(following[0]) not in taken
            and type(following[0].operation) in kinds
            and _is_plain_call(following[0])
        ):
            group.append(following[0])
    return group


def _is_plain_call(node: Node) -> bool:
    """Whether it is a call with one tensor, or with two of one shape in a list."""
    if len(node.args) != 1 or node.kwargs or not isinstance(node.outputs, KerasTensor):
        return False
    if isinstance(node.args[0], KerasTensor):
        return not isinstance(node.operation, Add)
    tensors = node.input_tensors
    return (
        type(node.args[0]) is list
        and len(node.args[0]) == len(tensors) == 2
        and all(tensor.shape == node.outputs.shape for tensor in tensors)
    )


class FusedNode:
    """Several calls as one node of a graph; the fields are those of `Node`."""

    def __init__(self, nodes: list[Node]) -> None:
        inside = {id(node.outputs) for node in nodes}
        self.input_tensors = [
            tensor for node in nodes for tensor in node.input_tensors if id(tensor) not in inside
        ]
        self.args = (self.input_tensors if len(self.input_tensors) > 1 else self.input_tensors[0],)
        self.kwargs: dict[str, Any] = {}
        self.outputs = nodes[-1].outputs
        self.output_tensors = [self.outputs]
        self.operation = FusedConv(nodes, self.input_tensors)


class FusedConv:
    """The layers of some nodes, as one call where that gives the same."""

    def __init__(self, nodes: list[Node], input_tensors: list[KerasTensor]) -> None:
        self.nodes = nodes
        self.input_tensors = input_tensors
        self.layers = [node.operation for node in nodes]

        def layer_of(*kinds: type) -> Any:
            return next((layer for layer in self.layers if type(layer) in kinds), None)

        self.padding, self.norm = layer_of(ZeroPadding2D), layer_of(BatchNormalization)
        self.conv = layer_of(Conv2D)
        self.activation = layer_of(ReLU, Activation)
        self.relu_follows_conv = all(
            type(layer) not in (BatchNormalization, Add) for layer in self.layers
        )
        self._folded: Any = None

    def __call__(self, inputs: Any) -> Any:
        values = inputs if type(inputs) is list else [inputs]
        if self._fits(values):
            try:
                return self._as_one(*values)
            except ValueError:  # the layers raise it again, and explain it
                pass
        return self._one_by_one(values)

    def _fits(self, values: list[Any]) -> bool:
        """Whether one call gives what the layers would; they may change at any time."""
        conv, padding, norm = self.conv, self.padding, self.norm
        dtype = conv._compute_type
        return (
            dtype in _TYPES
            and all(
                type(x) is Tensor and x.dtype is dtype and x._keras_mask is None for x in values
            )
            and all(_is_plain_layer(layer, dtype) for layer in self.layers)
            and conv.data_format == "channels_last"
            and values[0].shape[-1] == conv.kernel.shape[-2] * conv.groups
            and not _core._any_written_elsewhere([v for v in self._variables() if v is not None])
            and (
                conv.activation is activations.linear
                or (conv.activation is activations.relu and self.relu_follows_conv)
            )
            and (
                padding is None
                or (padding.data_format == "channels_last" and conv.padding == "valid")
            )
            and (norm is None or norm.axis in (-1, 3))
            and (self.activation is None or _is_relu(self.activation))
        )

    def _as_one(self, x: Any, addend: Any = None) -> Any:
        conv = self.conv
        kernel, bias = self._weights()
        relu = self.activation is not None or conv.activation is activations.relu
        padding = conv.padding if self.padding is None else self.padding.padding
        return convolution.conv(
            x,
            kernel,
            conv.strides,
            padding,
            "channels_last",
            conv.dilation_rate,
            bias=bias,
            addend=addend,
            activation="relu" if relu else None,
        )

    def _variables(self) -> list[Any]:
        conv, norm = self.conv, self.norm
        if norm is None:
            return [conv.kernel, conv.bias]
        normal = [norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance]
        return [conv.kernel, conv.bias, *normal]

    def _weights(self) -> tuple[Any, Any]:
        """The kernel and the bias, computed anew when a variable has changed.

        The kernel is a Variable: those remember what the algorithms make of them.
        """
        conv, norm = self.conv, self.norm
        if norm is None:
            return conv.kernel, conv.bias
        variables = self._variables()
        state = [None if v is None else (id(v), v.version) for v in variables]
        state.append(norm.epsilon)
        folded = self._folded
        if folded is None or folded[0] != state:
            scale = 1.0 / ops.sqrt(norm.moving_variance + norm.epsilon)
            if norm.gamma is not None:
                scale = scale * norm.gamma
            bias = (0.0 if conv.bias is None else conv.bias) - norm.moving_mean
            bias = bias * scale
            if norm.beta is not None:
                bias = bias + norm.beta
            kernel = Variable(conv.kernel * scale, trainable=False, name="fused_kernel")
            # (With the variables: an id is theirs as long as they live.)
            self._folded = folded = (state, kernel, bias, variables)
        return folded[1], folded[2]

    def _one_by_one(self, values: list[Any]) -> Any:
        known = {id(tensor): x for tensor, x in zip(self.input_tensors, values, strict=True)}
        for node in self.nodes:
            given = node.args[0]
            x = [known[id(t)] for t in given] if type(given) is list else known[id(given)]
            known[id(node.outputs)] = node.operation(x)
        return known[id(self.nodes[-1].outputs)]


def _is_plain_layer(layer: Any, dtype: Any) -> bool:
    return (
        layer.built
        and layer._compute_type is dtype
        and layer.activity_regularizer is None
        and "call" not in layer.__dict__
    )


def _is_relu(layer: Any) -> bool:
    if type(layer) is Activation:
        return layer.activation is activations.relu
    return layer.negative_slope == 0 and layer.max_value is None and layer.threshold == 0
