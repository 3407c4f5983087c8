"""The progress bar of `fit`, `evaluate` and `predict`."""

from __future__ import annotations

from typing import Any

from ..utils.progress_bar import Progbar, print_message
from .callback import Callback, Logs

_NEVER = float("inf")


class ProgbarLogger(Callback):
    """Draws the bar with the metrics so far, at most some twenty times a second.

    `fit`, `evaluate` and `predict` add one unless `verbose` is 0: a bar with 1, one line an epoch
    with 2. `due` is when it may be drawn again: who drives the callbacks reads the metrics only
    then.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile("sgd", "mse")
    >>> bar = dl.callbacks.ProgbarLogger()
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, verbose=0, callbacks=[bar])
    >>> bar.due  # never: the run is over
    inf
    """

    def __init__(self) -> None:
        super().__init__()
        self.due = _NEVER
        self._bar: Progbar | None = None
        self.in_fit = False
        self._verbose = 1
        self._epochs = 1
        self._target: int | None = None

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self._verbose = 1 if verbose == "auto" else int(verbose)
        self._epochs = params.get("epochs", 1)
        self._target = params.get("steps")

    def update(self, step: int, values: dict[str, Any]) -> None:
        """Draw the bar after `step` steps with these values."""
        if self._bar is not None:
            self._bar.update(step, list(values.items()), finalize=False)
            self.due = self._bar.due

    def _start(self) -> None:
        # Everything `fit` shows is a state of the epoch so far, not a value of the last step.
        self._bar = Progbar(self._target, verbose=self._verbose, averaged=())
        self.due = self._bar.due if self._verbose == 1 and self._bar.redraws else _NEVER

    def _finish(self, logs: Logs) -> None:
        bar, self._bar, self.due = self._bar, None, _NEVER
        if bar is None or self._verbose == 0:
            return
        if bar.target is None:  # now known: the steps that there were
            bar.target = self._target = bar.seen
        bar.update(bar.target or bar.seen, list((logs or {}).items()), finalize=True)

    def on_train_begin(self, logs: Logs = None) -> None:
        self.in_fit = True

    def on_train_end(self, logs: Logs = None) -> None:
        self.in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._start()
        if self._verbose and self._epochs > 1:
            print_message(f"Epoch {epoch + 1}/{self._epochs}")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._count(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._finish(logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        if not self.in_fit:
            self._start()

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not self.in_fit:
            self._count(batch, logs)

    def on_test_end(self, logs: Logs = None) -> None:
        if not self.in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        self._start()

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._count(batch, None)

    def on_predict_end(self, logs: Logs = None) -> None:
        self._finish(None)

    def abandon(self) -> None:
        """End the line that was begun, for what follows begins on a new one."""
        if self._bar is not None:
            self._bar.abandon()
        self._bar, self.due, self.in_fit = None, _NEVER, False

    def count(self, steps: int) -> None:
        """Say how many steps were done, without drawing."""
        if self._bar is not None:
            self._bar.seen = steps

    def _count(self, batch: int, logs: Logs) -> None:
        if self._verbose == 1:
            self.update(batch + 1, logs or {})
        else:
            self.count(batch + 1)
