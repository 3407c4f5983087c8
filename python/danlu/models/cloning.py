"""A model of the same architecture with fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from ..layers.input import InputLayer
from ..layers.layer import Layer
from ..utils.suggest import suggests_arguments
from .functional import Functional
from .model import Model
from .sequential import Sequential


@suggests_arguments
def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """Return a model of the same architecture with fresh weights of its own.

    It is compiled as the model is, with an optimizer, losses and metrics of its own.

    `clone_function(layer)` makes the copy of each layer, by default from the layer's configuration;
    a layer that is used twice is copied once. In a functional model
    `call_function(copy, *inputs)` stands for the calls of the copies, and may put layers before or
    behind them. `recursive` copies models inside by `clone_model` as well, with the same functions
    (a Sequential without call_function). `input_tensors` are symbolic tensors to build on, in place
    of copies of the inputs. What a subclass of `Model` is made of is copied by its own
    `from_config`.

    Raises TypeError for anything but a model, ValueError for functions and inputs where they have
    no meaning and for a loss, metric or optimizer that its configuration cannot make anew, and what
    `get_config` raises for a subclass that it cannot record. As in Keras 3,
    `copy.set_weights(model.get_weights())` makes the weights equal.

    >>> import danlu as dl
    >>> inputs = dl.Input((2,))
    >>> model = dl.Model(inputs, dl.layers.Dense(1)(inputs))
    >>> copy = dl.models.clone_model(model)
    >>> copy.set_weights(model.get_weights())
    >>> copy.count_params(), copy.layers[1] is model.layers[1]
    (3, False)
    >>> def with_dropout(layer, x):
    ...     return dl.layers.Dropout(0.5)(layer(x))
    >>> [x.name.rstrip("_0123456789") for x in dl.models.clone_model(
    ...     model, call_function=with_dropout).layers]
    ['input_layer', 'dense', 'dropout']
    """
    if not isinstance(model, Model):
        raise TypeError(f"[clone_model] wants a model, got {type(model).__name__}")
    copy = _clone(model, input_tensors, clone_function, call_function, recursive)
    if model.compiled:
        _compile_as(copy, model)
    return copy


def _compile_as(copy: Any, model: Any) -> None:
    """Compile a copy with new objects; functions, which need not be registered, stay themselves."""
    names = ("compile", "get_compile_config", "compile_from_config")
    if any(getattr(type(model), name) is not getattr(Model, name) for name in names):
        copy.compile_from_config(model.get_compile_config())
        return

    def fresh(value: Any) -> Any:
        if not hasattr(value, "get_config") or isinstance(value, type):
            return value
        cls = type(value)
        try:
            return cls.from_config(value.get_config())
        except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError) as error:
            ours = cls.__module__.startswith(f"{__package__.partition('.')[0]}.")
            define = f"define get_config in {cls.__name__} with what its constructor takes, or "
            raise ValueError(
                f"[clone_model] {model.label()} is compiled with {cls.__name__}, which cannot be "
                f"made anew from its configuration ({error}): {'' if ours else define}clone the "
                "model before compiling it"
            ) from error

    arguments = {**model._compile_arguments, "optimizer": model.optimizer}
    copy.compile(**tree.map_structure(fresh, arguments))


def _clone(
    model: Any, input_tensors: Any, clone_function: Any, call_function: Any, recursive: bool
) -> Any:
    make = clone_function or (lambda layer: type(layer).from_config(layer.get_config()))
    copies: dict[int, Any] = {}

    def copy(layer: Any) -> Any:
        if id(layer) not in copies:
            inner = recursive and _is_plain(layer)
            copies[id(layer)] = clone(layer) if inner else make(layer)
        return copies[id(layer)]

    def clone(inner: Any, inputs: Any = None) -> Any:
        if isinstance(inner, Sequential):
            return _clone_sequential(inner, copy, inputs)
        from .graph_config import rebuild

        return rebuild(inner, copy, call_function or _call, inputs)

    if isinstance(model, Sequential) and call_function is not None:
        raise ValueError(
            f"[clone_model] call_function is for functional models, {model.label()} is a list of "
            "layers: make other layers with clone_function"
        )
    if _is_plain(model):
        return clone(model, input_tensors)
    given = {
        "input_tensors": input_tensors,
        "clone_function": clone_function,
        "call_function": call_function,
    }
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"[clone_model] {name} is for functional and Sequential models, {model.label()} is "
                f"copied by {type(model).__name__}.from_config"
            )
    return type(model).from_config(model.get_config())


def _is_plain(layer: Any) -> bool:
    """Whether a layer is a model that its layers and their graph make up."""
    if isinstance(layer, Functional):
        return layer._is_plain_functional()
    return isinstance(layer, Sequential)


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    return layer(*args, **kwargs)


def _clone_sequential(model: Sequential, copy: Callable[[Any], Any], input_tensors: Any) -> Any:
    layers = [copy(layer) for layer in model.layers]
    first = model._layers[0] if model._layers else None
    if input_tensors is not None:
        flat = tree.flatten(input_tensors)
        if len(flat) != 1:
            raise ValueError(f"[clone_model] {model.label()} has one input, got {len(flat)}")
        layers.insert(0, flat[0])
    elif isinstance(first, InputLayer):
        layers.insert(0, InputLayer.from_config(first.get_config()))
    return Sequential(layers, name=model.name)
