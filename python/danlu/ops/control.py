"""Control flow: eager, so each is the Python statement of its name."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

__all__: list[str] = ["cond", "fori_loop", "while_loop"]


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """`true_fn()` if `pred`, one truth value, else `false_fn()`; only the one that is meant runs.

    Source: keras.ops.

    >>> import danlu as dl
    >>> x = dl.asarray(-2.0)
    >>> dl.ops.cond(x > 0, lambda: x, lambda: -x).item()
    2.0
    """
    return true_fn() if bool(pred) else false_fn()


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Sequence[Any],
    maximum_iterations: int | None = None,
) -> Any:
    """Repeat `loop_vars = body(*loop_vars)` while `cond(*loop_vars)`; return the last ones.

    Ends after `maximum_iterations`, if given. One value that is no tuple or list is passed and
    returned as it is. Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, 2 * x), (0, 1))
    (3, 8)
    """
    several = isinstance(loop_vars, (tuple, list))
    values = tuple(loop_vars) if several else (loop_vars,)
    count = 0
    while bool(cond(*values)) and (maximum_iterations is None or count < maximum_iterations):
        result = body(*values)
        values = tuple(result) if isinstance(result, (tuple, list)) else (result,)
        count += 1
    return values if several else values[0]


def fori_loop(lower: int, upper: int, body_fun: Callable[[int, Any], Any], init_val: Any) -> Any:
    """Repeat `value = body_fun(i, value)` for i from `lower` to `upper` - 1, from `init_val` on.

    Source: keras.ops.

    >>> import danlu as dl
    >>> dl.ops.fori_loop(1, 4, lambda i, value: value * i, 1)
    6
    """
    value = init_val
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value
