"""Symbolic tensors, and the graph that calls on them make: what a functional model is built from.

A `KerasTensor` has a shape and a dtype and no values. An operation (a layer, or a function of
`danlu.ops`) called on one makes a `Node`: the operation, its arguments and its outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from .. import tree
from ..utils.naming import auto_name, layer_name


class KerasHistory(NamedTuple):
    """Where a symbolic tensor comes from: which output of which call of which operation."""

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor:
    """A tensor without values: what `Input` returns and layers of a functional model pass on.

    shape has the sizes of the axes, None where any size will do. Layers, operators and the
    functions of `dl.ops` take it and return another one; the calls form the graph of the model.

    Raises TypeError where values are wanted: by NumPy, `if`, `len`, `float` or iteration. Raises
    ValueError for sparse and ragged tensors, which are not supported.

    >>> import danlu as dl
    >>> x = dl.Input((8,))
    >>> y = dl.ops.relu(x * 2 + 1)[:, :3]
    >>> y.shape, y.dtype
    ((None, 3), 'float32')
    >>> dl.Model(x, y)(dl.ones((1, 8))).tolist()
    [[3.0, 3.0, 3.0]]
    """

    # NumPy's operators leave `array + symbolic` to this class.
    __array_ufunc__ = None
    __array_priority__ = 1000

    _keras_mask: Any = None  # which steps count, another symbolic tensor

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ) -> None:
        if sparse or ragged:
            raise ValueError("[KerasTensor] sparse and ragged tensors are not supported")
        self.shape = tuple(shape)
        self.dtype = str(dtype)
        self.name = name or auto_name("keras_tensor")
        self.record_history = record_history
        self._keras_history: Any = None

    @property
    def ndim(self) -> int:
        """The number of axes.

        >>> import danlu as dl
        >>> dl.Input((28, 28)).ndim  # and the batch
        3
        """
        return len(self.shape)

    def reshape(self, *shape: Any) -> KerasTensor:
        """Return the tensor in another shape.

        The shape has the batch axis, and may hold one -1. Raises ValueError when the sizes do not
        match.

        >>> import danlu as dl
        >>> dl.Input((8,)).reshape((-1, 2, 4)).shape
        (None, 2, 4)
        """
        return call("reshape", self, shape[0] if len(shape) == 1 else shape)

    def astype(self, dtype: Any) -> KerasTensor:
        """Return the tensor cast to another dtype.

        >>> import danlu as dl
        >>> dl.Input((8,)).astype("int32").dtype
        'int32'
        """
        return call("cast", self, str(dtype))

    @property
    def T(self) -> KerasTensor:  # noqa: N802
        """The tensor with its axes reversed.

        >>> import danlu as dl
        >>> dl.Input((8,)).T.shape
        (8, None)
        """
        return call("transpose", self)

    def __getitem__(self, key: Any) -> KerasTensor:
        return call("getitem", self, key)

    def _no_value(self, what: str) -> Exception:
        return TypeError(
            f"[KerasTensor] {self!r} is symbolic and has no values, so it has no {what}. Functions "
            "of dl.ops take symbolic tensors, dl.ops.exp(x) for dl.exp(x); other code belongs in "
            "the `call` of a layer"
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise self._no_value("array")

    def __bool__(self) -> bool:
        raise self._no_value("truth value")

    def __float__(self) -> float:
        raise self._no_value("number")

    def __int__(self) -> int:
        raise self._no_value("number")

    def __len__(self) -> int:
        raise self._no_value("length")

    def __iter__(self) -> Any:
        raise self._no_value("elements to iterate over")

    def __repr__(self) -> str:
        return (
            f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse=False, ragged=False, "
            f"name={self.name}>"
        )


def _operator(function: str, reflected: bool = False) -> Callable[..., KerasTensor]:
    if reflected:
        return lambda self, other: call(function, other, self)
    return lambda self, *other: call(function, self, *other)


for _name, _function in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide",
    "floordiv": "floor_divide", "mod": "mod", "pow": "power", "matmul": "matmul",
    "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
}.items():  # fmt: skip
    setattr(KerasTensor, f"__{_name}__", _operator(_function))
    setattr(KerasTensor, f"__r{_name}__", _operator(_function, reflected=True))
for _name, _function in {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "ne": "not_equal", "eq": "equal", "neg": "negative", "abs": "absolute", "invert": "logical_not",
}.items():  # fmt: skip
    setattr(KerasTensor, f"__{_name}__", _operator(_function))
KerasTensor.__hash__ = object.__hash__  # type: ignore[method-assign]


class Node:
    """One call of an operation in the graph: its arguments and its outputs."""

    def __init__(self, operation: Any, args: tuple, kwargs: dict, outputs: Any) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.outputs = outputs
        index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for i, output in enumerate(tree.flatten(outputs)):
            output._keras_history = KerasHistory(operation, index, i)

    @property
    def input_tensors(self) -> list[KerasTensor]:
        """The symbolic tensors among the arguments, in order."""
        leaves = tree.flatten([self.args, self.kwargs])
        return [leaf for leaf in leaves if isinstance(leaf, KerasTensor)]

    @property
    def output_tensors(self) -> list[KerasTensor]:
        """The outputs as a list."""
        return tree.flatten(self.outputs)

    def input_structure(self) -> Any:
        """Return the inputs as the operation was given them; for an input, its own tensor."""
        if not self.input_tensors:
            return self.outputs
        if len(self.args) == 1 and not self.kwargs:
            return self.args[0]
        tensors = self.input_tensors
        return tensors[0] if len(tensors) == 1 else tensors


# Functions whose operation has another name in Keras.
_KERAS_NAMES = {
    "abs": "absolute", "getitem": "get_item", "pow": "power", "remainder": "mod",
    "permute_dims": "transpose", "concat": "concatenate", "swish": "silu",
    "hard_swish": "hard_silu", "acos": "arccos", "acosh": "arccosh", "asin": "arcsin",
    "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2", "atanh": "arctanh",
}  # fmt: skip


class Operation:
    """A function of `danlu.ops` as an operation of a graph.

    Args:
        function: its name in `danlu.ops`, or "getitem".
        settings: arguments that every call has.
    """

    def __init__(
        self, function: str, name: str | None = None, settings: dict[str, Any] | None = None
    ) -> None:
        self.function = function
        self.settings = settings or {}
        self.name = layer_name(name, _KERAS_NAMES.get(function, function))
        self._inbound_nodes: list[Node] = []
        run = _function_named(function)
        others = dict(self.settings)
        first = [others.pop("subscripts")] if "subscripts" in others else []
        self._run = partial(run, *first, **others) if settings else run

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(x, KerasTensor) for x in tree.flatten([args, kwargs])):
            return self._run(*args, **kwargs)
        from .infer import function_output_spec

        outputs = function_output_spec(self._run, args, kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    @property
    def run(self) -> Callable[..., Any]:
        """The function, without the settings."""
        return _function_named(self.function)

    @property
    def kind(self) -> str:
        """What Keras calls an operation of this function: `ExpandDims` for `expand_dims`."""
        name = _KERAS_NAMES.get(self.function, self.function)
        return "".join(word.capitalize() for word in name.split("_"))

    @property
    def input(self) -> Any:
        """The symbolic inputs of the first call."""
        return self._inbound_nodes[0].input_structure()

    @property
    def output(self) -> Any:
        """The symbolic outputs of the first call."""
        return self._inbound_nodes[0].outputs

    def __repr__(self) -> str:
        return f"<Operation {self.function} name={self.name}>"


def _function_named(function):
    if function == "getitem":
        from operator import getitem

        return getitem
    from .. import ops

    named = isinstance(function, str) and not function.startswith("_")
    run = getattr(ops, function, None) if named else None
    if not callable(run):
        raise ValueError(f"[Operation] dl.ops has no function {function!r}")
    return run


def call(function: str, /, *args: Any, **kwargs: Any) -> Any:
    """Return the symbolic result of a function of `danlu.ops`."""
    return Operation(function)(*args, **kwargs)


def has_symbolic(args: Any, kwargs: Any) -> bool:
    """Whether any argument is a symbolic tensor, however deep it is nested."""
    return any(isinstance(x, KerasTensor) for x in tree.flatten([args, kwargs]))
