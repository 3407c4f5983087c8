"""Differentiation: `grad`, `value_and_grad`, `no_grad`, `custom_gradient`, `stop_gradient`."""

from __future__ import annotations

import threading
from functools import wraps

from . import _core
from ._core import Tensor, Variable, stop_gradient
from .utils.suggest import suggests_arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

__all__ = ["custom_gradient", "grad", "no_grad", "stop_gradient", "value_and_grad"]


class _Depth(threading.local):
    value = 0


_depth = _Depth()


def _flatten(structure: Any, leaves: list[Any]) -> Any:
    """Append the Variables in `structure`, and a tensor of each other value, to `leaves`.

    Returns the structure with those in place of the values. The tensors are new objects: one that
    is passed twice, or that the function closes over, is a constant in its other places.
    """
    if isinstance(structure, dict):
        return type(structure)((key, _flatten(item, leaves)) for key, item in structure.items())
    if isinstance(structure, (list, tuple)):
        items = [_flatten(item, leaves) for item in structure]
        if hasattr(structure, "_fields"):  # a named tuple
            return type(structure)(*items)
        return type(structure)(items)
    if isinstance(structure, Tensor):
        mask = getattr(structure, "_keras_mask", None)
        structure = _core.asarray(structure)
        if mask is not None:
            structure._keras_mask = mask
    elif not isinstance(structure, Variable):
        structure = _core.asarray(structure)
    leaves.append(structure)
    return structure


def _pack(structure: Any, leaves: Any) -> Any:
    """The structure again, with the next of `leaves` in each place."""
    if isinstance(structure, dict):
        return {key: _pack(item, leaves) for key, item in structure.items()}
    if isinstance(structure, (list, tuple)):
        items = [_pack(item, leaves) for item in structure]
        if hasattr(structure, "_fields"):
            return type(structure)(*items)
        return tuple(items) if isinstance(structure, tuple) else items
    return next(leaves)


def _detached(structure: Any, inside: tuple[int, ...] = ()) -> Any:
    """The structure with its tensors as they are without a graph behind them.

    Containers in which nothing changes, and those of other types, are the same objects.
    """
    if isinstance(structure, Tensor):
        return stop_gradient(structure) if structure.requires_grad else structure
    named = isinstance(structure, tuple) and hasattr(structure, "_fields")
    if not named and type(structure) not in (dict, list, tuple) or id(structure) in inside:
        return structure
    inside = (*inside, id(structure))
    items = list(structure.values() if isinstance(structure, dict) else structure)
    detached = [_detached(item, inside) for item in items]
    if all(new is old for new, old in zip(detached, items, strict=True)):
        return structure
    if isinstance(structure, dict):
        return dict(zip(structure, detached, strict=True))
    return type(structure)(*detached) if named else type(structure)(detached)


@suggests_arguments
def value_and_grad(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    create_graph: bool | None = None,
) -> Callable[..., Any]:
    """Return a function that gives `(f(...), df/dx)` for the arguments `argnums`.

    An argument is a tensor, a Variable, or a list, tuple or dict of them; its gradient has the same
    structure and shapes, and is zeros where the number does not depend on it. The very Variables
    passed are differentiated, so `f` may also reach them through the model it closes over; a tensor
    that `f` closes over, or that is also passed as another argument, is a constant there. Names and
    arguments are those of JAX.

    Args:
        f: returns one number (a tensor of one element), or `(number, aux)` with `has_aux`.
        argnums: the position of the argument, or a sequence of positions (then a tuple of
            gradients).
        has_aux: `f` returns something besides the number, which is passed on. As the number, its
            tensors have no gradient of their own, but where the gradient can be differentiated.
        create_graph: whether the gradient can be differentiated again; by default it can inside
            another `grad` or `value_and_grad`.

    Raises:
        ValueError: `f` returns more than one number, or `argnums` names an argument that did not
            come.
        TypeError: `f` returns no tensor, or an argument is not of a floating dtype.

    >>> import danlu as dl
    >>> value, gradient = dl.value_and_grad(lambda x: dl.sum(x * x))(dl.asarray([1.0, 2.0]))
    >>> float(value), gradient.tolist()
    (5.0, [2.0, 4.0])
    """
    return _value_and_grad("value_and_grad", f, argnums, has_aux, create_graph)


def _value_and_grad(
    owner: str,
    f: Callable[..., Any],
    argnums: int | Sequence[int],
    has_aux: bool,
    create_graph: bool | None,
) -> Callable[..., Any]:
    if not callable(f):
        raise TypeError(f"[{owner}] wants a function that returns one number, got {f!r:.60}")
    several = not isinstance(argnums, int)
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    if not positions:
        raise ValueError(f"[{owner}] argnums=() names no argument to differentiate by")

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not all(-len(args) <= position < len(args) for position in positions):
            raise ValueError(
                f"[{owner}] argnums={argnums}, but {len(args)} positional arguments came"
            )
        leaves: list[Any] = []
        arguments = list(args)
        for position in positions:
            arguments[position] = _flatten(args[position], leaves)
        again = _depth.value > 0 if create_graph is None else create_graph
        watching = _core.Watching(leaves)
        watching.enter()
        _depth.value += 1
        try:
            result = f(*arguments, **kwargs)
            if has_aux and not (isinstance(result, tuple) and len(result) == 2):
                raise TypeError(
                    f"[{owner}] with has_aux the function must return (number, aux), got "
                    f"{result!r:.60}"
                )
            loss, aux = result if has_aux else (result, None)
            if not isinstance(loss, Tensor):
                raise TypeError(f"[{owner}] the function must return a tensor, got {loss!r:.60}")
            if loss.size != 1:
                raise ValueError(
                    f"[{owner}] the function must return one number, it returned shape "
                    f"{loss.shape}: take dl.sum or dl.mean of it"
                )
            gradients = watching.differentiate(loss, again)
        finally:
            _depth.value -= 1
            watching.exit()
        if not again:
            loss, aux = stop_gradient(loss), _detached(aux)
        given = iter(gradients)
        packed = tuple(_pack(arguments[position], given) for position in positions)
        value = (loss, aux) if has_aux else loss
        return value, packed if several else packed[0]

    return wrapped


@suggests_arguments
def grad(
    f: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    create_graph: bool | None = None,
) -> Callable[..., Any]:
    """Return a function that gives df/dx; arguments and errors as in `value_and_grad`.

    With `has_aux` it gives `(df/dx, aux)`. Applied again it gives further derivatives, here of x^3:

    >>> import danlu as dl
    >>> dl.grad(dl.grad(lambda x: x**3))(dl.asarray(2.0)).item()
    12.0
    """
    both = _value_and_grad("grad", f, argnums, has_aux, create_graph)

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapped


class no_grad:  # noqa: N801  (the name that PyTorch users know)
    """`with dl.no_grad():` nothing is recorded for gradients; also a decorator, `@dl.no_grad()`.

    What is computed inside has `requires_grad` False and costs no memory for a backward pass; it
    holds for the current thread, and ends with the block, also by an exception. As in PyTorch.

    >>> import danlu as dl
    >>> w = dl.Variable([1.0])
    >>> with dl.no_grad():
    ...     y = w * 2.0
    >>> y.requires_grad
    False
    """

    def __enter__(self) -> None:
        self._before = _core.set_grad_enabled(False)

    def __exit__(self, *error: object) -> None:
        _core.set_grad_enabled(self._before)

    def __call__(self, f: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(f)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return f(*args, **kwargs)

        return wrapped


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give `f` its own gradient: `f(*tensors)` returns `(result, rule)`.

    `rule(*upstream)` gets the gradient of each result and returns that of each positional argument,
    in its shape; nothing inside `f` is recorded. Raises TypeError when `f` returns anything else.
    Differentiating raises ValueError when the rule
    returns another number of gradients, or one of another shape. The name and form are those of
    `keras.ops.custom_gradient`.

    >>> import danlu as dl
    >>> @dl.custom_gradient
    ... def log1pexp(x):
    ...     e = dl.exp(x)
    ...     return dl.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))
    >>> round(dl.grad(log1pexp)(dl.asarray(0.0)).item(), 6)
    0.5
    """

    @wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tensors = [
            x if isinstance(x, Tensor) else x.value if isinstance(x, Variable) else _core.asarray(x)
            for x in args
        ]
        with no_grad():
            pair = f(*tensors, **kwargs)
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not callable(pair[1]):
            raise TypeError(
                f"[custom_gradient] {getattr(f, '__name__', f)} returns (result, rule), where "
                f"rule(*upstream) gives the gradients of its arguments; got {pair!r:.60}"
            )
        result, rule = pair
        several = isinstance(result, (list, tuple))
        outputs = _core.with_gradient(list(result) if several else [result], tensors, rule)
        return type(result)(outputs) if several else outputs[0]

    return wrapped
