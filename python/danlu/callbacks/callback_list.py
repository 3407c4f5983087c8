"""Several callbacks as one."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from .callback import Callback, Logs
from .history import History
from .progbar_logger import ProgbarLogger

# The older hook that `Callback` itself calls from a newer one.
_OLDER = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class CallbackList(Callback):
    """Calls every callback in turn.

    It is what `fit` makes of its callbacks, and what a loop of your own calls them by: a `Callback`
    itself, whose every hook calls that hook of each.

    Args:
        callbacks: a list, or one callback.
        add_history: add a `History` if there is none, as the model's `history`.
        add_progbar: add a progress bar if there is none.
        params: what the callbacks get as their `params`.

    Raises TypeError for what is no callback.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1)])
    >>> callbacks = dl.callbacks.CallbackList(add_history=True, model=model, epochs=2)
    >>> callbacks.on_train_begin()
    >>> for epoch in range(2):
    ...     callbacks.on_epoch_end(epoch, {"loss": 1.0 - 0.5 * epoch})
    >>> callbacks.on_train_end()
    >>> model.history.history
    {'loss': [1.0, 0.5]}
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        if callbacks is None:
            callbacks = []
        elif not isinstance(callbacks, (list, tuple)):
            callbacks = [callbacks]
        self.callbacks: list[Any] = [_checked(callback) for callback in callbacks]
        self.history = self._find(History)
        if add_history and self.history is None:
            self.history = History()
            self.callbacks.append(self.history)
        self.progress = self._find(ProgbarLogger)
        if add_progbar and self.progress is None:
            self.progress = ProgbarLogger()
            self.callbacks.append(self.progress)
        if model is not None:
            self.set_model(model)
        self.set_params(params)

    def _find(self, cls: type) -> Any:
        return next((c for c in self.callbacks if isinstance(c, cls)), None)

    def append(self, callback: Callback) -> None:
        """Add a callback at the end; it gets the model at the next `set_model`.

        Raises TypeError for what is no callback.

        >>> import danlu as dl
        >>> callbacks = dl.callbacks.CallbackList()
        >>> callbacks.append(dl.callbacks.TerminateOnNaN())
        >>> len(callbacks.callbacks)
        1
        """
        self.callbacks.append(_checked(callback))

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def batch_hooks(self, name: str) -> list[Callable[..., None]]:
        """Return the methods `name` ("on_train_batch_end") that callbacks define themselves.

        The progress bar is not among them: it reads the metrics only when it is redrawn.
        """
        names = [name, _OLDER.get(name, name)]
        return [
            getattr(callback, name)
            for callback in self.callbacks
            if callback is not self.progress and any(_defines(callback, each) for each in names)
        ]

    def tick(self, step: int, read: Callable[[], dict[str, float]]) -> None:
        """Redraw the progress bar after `step` steps, if it is time."""
        if self.progress is not None and perf_counter() >= self.progress.due:
            self.progress.update(step, read())

    def abandon(self) -> None:
        """End the line of the progress bar: the run was interrupted."""
        if self.progress is not None:
            self.progress.abandon()

    # Every other hook is passed on.

    def on_train_begin(self, logs: Logs = None) -> None:
        self._each("on_train_begin", logs or {})

    def on_train_end(self, logs: Logs = None) -> None:
        self._each("on_train_end", logs or {})

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._each("on_epoch_begin", epoch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._each("on_epoch_end", epoch, logs or {})

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._each("on_batch_begin", batch, logs or {})

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._each("on_batch_end", batch, logs or {})

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._each("on_train_batch_begin", batch, logs or {})

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._each("on_train_batch_end", batch, logs or {})

    def on_test_begin(self, logs: Logs = None) -> None:
        self._each("on_test_begin", logs or {})

    def on_test_end(self, logs: Logs = None) -> None:
        self._each("on_test_end", logs or {})

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._each("on_test_batch_begin", batch, logs or {})

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._each("on_test_batch_end", batch, logs or {})

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._each("on_predict_begin", logs or {})

    def on_predict_end(self, logs: Logs = None) -> None:
        self._each("on_predict_end", logs or {})

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._each("on_predict_batch_begin", batch, logs or {})

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._each("on_predict_batch_end", batch, logs or {})

    def _each(self, name: str, *args: Any) -> None:
        *position, logs = args
        for callback in self.callbacks:
            getattr(callback, name)(*position, logs=logs)


def _checked(callback: Any) -> Callback:
    if not isinstance(callback, Callback):
        hint = ": write it with parentheses" if isinstance(callback, type) else ""
        raise TypeError(f"[callbacks] {callback!r} is not a dl.callbacks.Callback{hint}")
    return callback


def _defines(callback: Any, name: str) -> bool:
    """Whether a callback has a method of its own, by its class or assigned to it."""
    return name in vars(callback) or getattr(type(callback), name) is not getattr(Callback, name)
