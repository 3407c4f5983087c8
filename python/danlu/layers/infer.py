"""Shapes and dtypes of what a layer or function returns, without data.

A layer that defines `compute_output_shape` is asked. Anything else is run on zeros, twice, with
different sizes for the open axes: an output axis whose size differs is open too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _core, tree
from .._autograd import no_grad
from .._core import Tensor
from . import masking, signature
from .context import context
from .keras_tensor import KerasTensor, Node

# Sizes of the open axes in the two runs: of the batch, and of any other axis, which convolutions
# and pooling without padding make smaller.
_SIZES = ((2, 61), (3, 67))


def symbolic_call(layer: Any, args: tuple, kwargs: dict, training: Any) -> Any:
    """Build a layer for symbolic inputs and add a call of it to the graph."""
    if layer.input_spec is not None:
        layer._check_inputs(args[0] if args else next(iter(kwargs.values()), None))
    if not layer.built:
        layer._build_for(args, kwargs)
        if layer.input_spec is not None:
            layer._check_inputs(args[0] if args else next(iter(kwargs.values()), None))
    before = context.here.training
    context.here.training = training
    mask = layer._find_mask(args, kwargs)
    masked = kwargs if mask is None or not layer._wants_mask(args) else {**kwargs, "mask": mask}
    try:
        outputs = layer.compute_output_spec(*args, **masked)
    finally:
        context.here.training = before
    layer.built = True
    if training is not None:
        kwargs = {**kwargs, "training": training}
    Node(layer, args, kwargs, outputs)
    first = args[0] if args else next(iter(kwargs.values()), None)
    masking.pass_on(layer, first, outputs, mask)
    return outputs


def layer_output_spec(layer: Any, args: tuple, kwargs: dict) -> Any:
    """What `layer.call` returns for symbolic inputs, as symbolic tensors."""
    from .layer import Layer

    if type(layer).compute_output_shape is not Layer.compute_output_shape:
        wanted = signature.names(type(layer).compute_output_shape)[1:]
        if len(wanted) <= 1:
            first = args[0] if args else next(iter(kwargs.values()))
            shapes = [signature.shape_of(first)]
        else:
            values = {**dict(zip(layer._call_names, args, strict=False)), **kwargs}
            shapes = [signature.shape_of(values.get(n.removesuffix("_shape"))) for n in wanted]
        return _tensors_of_shapes(layer.compute_output_shape(*shapes), layer.compute_dtype)
    return spec_by_calling(layer, args, kwargs)


def spec_by_calling(layer: Any, args: tuple, kwargs: dict) -> Any:
    """What `layer.call` returns for symbolic inputs, found by running it on zeros."""
    return function_output_spec(lambda *a, **k: run_abstractly(layer, a, k), args, kwargs)


def function_output_spec(function: Callable[..., Any], args: tuple, kwargs: dict) -> Any:
    """What a function returns for symbolic arguments, as symbolic tensors."""
    before = _core._set_stand_ins(True)
    try:
        with no_grad():
            first, second = (
                function(*_filled(args, sizes), **_filled(kwargs, sizes)) for sizes in _SIZES
            )
    finally:
        _core._set_stand_ins(before)

    def spec(a, b):
        if not isinstance(a, Tensor):
            raise TypeError(f"[infer] a symbolic call returns tensors, got {type(a).__name__}")
        shape = tuple(m if m == n else None for m, n in zip(a.shape, b.shape, strict=True))
        return KerasTensor(shape, a.dtype)

    return tree.map_structure(spec, first, second)


def run_abstractly(layer: Any, args: tuple, kwargs: dict) -> Any:
    """Run `layer.call` so that nothing of the run is kept: no losses, no changed state."""
    state = [(v, v.version, v.value) for v in layer.non_trainable_variables]
    before = context.here.abstract
    training = context.here.training
    context.here.abstract = True
    context.here.stack.append(layer)
    context.here.training = None  # dropout and moving statistics have no part in a shape
    try:
        with no_grad():
            return layer.call(*args, **kwargs)
    finally:
        context.here.stack.pop()
        context.here.abstract = before
        context.here.training = training
        for variable, version, value in state + context.here.made:
            if variable.version != version:
                variable.assign(value)
        if not before:
            context.here.made.clear()


def build_by_calling(layer: Any, shapes: Any) -> None:
    """Build the layers inside one that has no `build` of its own, by running it on zeros."""
    if signature.is_shape(shapes):
        inputs: Any = KerasTensor(shapes, layer.compute_dtype)
    else:
        inputs = _tensors_of_shapes(shapes, layer.compute_dtype)
    run_abstractly(layer, _filled((inputs,), _SIZES[0]), {})


def build_for_inputs(layer: Any, inputs: Any) -> None:
    """Build a layer and those inside for inputs like these, of which nothing else is kept."""
    args, kwargs, *_ = layer._prepare((inputs,), {})
    if not layer.built:
        layer._build_for(args, kwargs)
    run_abstractly(layer, args, kwargs)


def output_shape_by_calling(layer: Any, *args: Any, **kwargs: Any) -> Any:
    """The shape of `layer.call`'s outputs for inputs of a shape."""
    inputs = [_tensors_of_shapes(shape, layer.compute_dtype) for shape in (*args, *kwargs.values())]
    if not layer.built:
        layer._build_for(tuple(inputs), {})
    outputs = function_output_spec(lambda *a: run_abstractly(layer, a, {}), tuple(inputs), {})
    return tree.map_structure(lambda t: t.shape, outputs)


def _filled(structure, sizes):
    """The arguments with zeros in place of symbolic tensors."""
    from .. import ops

    batch, other = sizes

    def fill(value):
        if not isinstance(value, KerasTensor):
            return value
        shape = [
            size if size is not None else batch if axis == 0 else other
            for axis, size in enumerate(value.shape)
        ]
        return ops.zeros(shape, dtype=value.dtype)

    return tree.map_structure(fill, structure)


def _tensors_of_shapes(shapes, dtype):
    if signature.is_shape(shapes):
        return KerasTensor(shapes, dtype)
    if isinstance(shapes, dict):
        return {k: _tensors_of_shapes(v, dtype) for k, v in shapes.items()}
    items = [_tensors_of_shapes(v, dtype) for v in shapes]
    return tuple(items) if isinstance(shapes, tuple) else items
