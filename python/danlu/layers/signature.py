"""What the methods of a layer are called with: argument names, build shapes, constructor values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from .context import context


def names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the arguments that a function takes, `self` included."""
    function = unwrap(function)
    code = getattr(function, "__code__", None)
    if code is None:
        return ()
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def unwrap(function: Any) -> Any:
    """Return what decorators that keep `__wrapped__` were put around."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def wrap_build(build: Callable[..., None]) -> Callable[..., None]:
    """Return `build` that runs inside the layer's name scope and marks the layer as built."""

    def wrapped(self, *args, **kwargs):
        self._check_initialized()
        inside = bool(context.here.stack) and context.here.stack[-1] is self
        if not inside:
            context.here.stack.append(self)
        try:
            build(self, *args, **kwargs)
        finally:
            if not inside:
                context.here.stack.pop()
        shapes = (*args, *kwargs.values())
        if shapes and not inside:
            self._build_shapes = (names(build)[1:], shapes)
        self.built = True

    wrapped.__name__, wrapped.__doc__, wrapped.__module__ = "build", build.__doc__, build.__module__
    wrapped.__qualname__ = getattr(build, "__qualname__", "build")
    wrapped.__wrapped__ = build  # type: ignore[attr-defined]
    return wrapped


def build_shapes(layer: Any, args: tuple, kwargs: dict) -> list:
    """Return the arguments of `layer.build` for a call with these inputs.

    `build(input_shape)` gets the shape of the first input; with more arguments, `build(a_shape,
    b_shape)` gets the shapes of the inputs `a` and `b` of `call`.
    """
    wanted = names(type(layer).build)[1:]
    values = {**dict(zip(layer._call_names, args, strict=False)), **kwargs}
    if len(wanted) <= 1:
        first = args[0] if args else next(iter(values.values()), None)
        return [shape_of(first)]
    return [shape_of(values.get(name.removesuffix("_shape"))) for name in wanted]


def shape_of(value: Any) -> Any:
    """Return the shape of a tensor, or the structure of shapes of a structure of tensors."""
    if tree.is_nested(value):
        return tree.map_structure(shape_of, value)
    return tuple(value.shape) if hasattr(value, "shape") else None


def open_batch(shapes: Any) -> Any:
    """Return shapes, or a structure of them, with None for the size of the batch."""
    if isinstance(shapes, tuple) and is_shape(shapes):
        return (None, *shapes[1:]) if shapes else shapes
    if isinstance(shapes, dict):
        return {k: open_batch(v) for k, v in shapes.items()}
    return [open_batch(v) for v in shapes] if isinstance(shapes, (list, tuple)) else shapes


def is_shape(value: Any) -> bool:
    """Whether a value is one shape, and not a structure of shapes."""
    return isinstance(value, (tuple, list)) and all(
        size is None or isinstance(size, int) for size in value
    )


def as_shapes(value: Any) -> Any:
    """Return shapes read from JSON, as tuples."""
    if is_shape(value):
        return tuple(value)
    if isinstance(value, dict):
        return {k: as_shapes(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [as_shapes(v) for v in value]
    return value


def recorded_config(layer: Any, config: dict[str, Any]) -> dict[str, Any]:
    """Return `config` with what the constructor was given, or raise if that is not plain."""
    args, kwargs = layer._init_arguments
    init = names(type(layer).__init__)[1:]
    given = {**dict(zip(init, args, strict=False)), **kwargs}
    allowed = set(init) | (set(config) if _takes_keywords(type(layer)) else set())
    config = {k: v for k, v in config.items() if k in allowed}
    config.update({k: v for k, v in given.items() if k not in config})
    for name, value in config.items():
        if name not in ("dtype", "activity_regularizer") and not _is_plain(value):
            raise NotImplementedError(
                f"{layer.label()} has a constructor argument {name!r} that JSON cannot hold "
                f"({type(value).__name__}): define get_config in {type(layer).__name__}"
            )
    return config


def _takes_keywords(cls):
    code = getattr(unwrap(cls.__init__), "__code__", None)
    return code is not None and bool(code.co_flags & 0x08)


def _is_plain(value):
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))
