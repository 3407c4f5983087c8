"""A callback from functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .callback import Callback


class LambdaCallback(Callback):
    """Calls the functions that it was given for the hooks of their names.

    They get what the hooks of `Callback` get, `logs` last: (epoch, logs), (batch, logs) or (logs).
    All hooks can be named. Raises TypeError for a name that is none and for what is no function.

    >>> import danlu as dl
    >>> report = dl.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs))
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile(dl.optimizers.SGD(0.125), "mse")
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=2, verbose=0, callbacks=[report])
    0 {'loss': 1.0}
    1 {'loss': 0.25}
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any],
    ) -> None:
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        known = [name for name in dir(Callback) if name.startswith("on_")]
        for name, function in hooks.items():
            if name not in known:
                from ..utils.suggest import suggestion

                raise TypeError(
                    f"[LambdaCallback] there is no hook {name!r}.{suggestion(name, known)}"
                )
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"[LambdaCallback] {name} is a function, got {function!r:.60}")
            setattr(self, name, _keyword_logs(function))


def _keyword_logs(function: Callable[..., Any]) -> Callable[..., Any]:
    """Hooks are called with `logs=`; a function may call that argument anything."""

    def hook(*position: Any, logs: Any = None) -> Any:
        return function(*position, logs)

    return hook
