"""Ends the training when a metric has stopped getting better."""

from __future__ import annotations

from typing import Any

from ..utils.arguments import check_numbers
from ..utils.progress_bar import print_message
from .callback import Logs
from .monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stops after `patience` epochs without improvement of `monitor`.

    With `restore_best_weights` the model ends with the weights of its best epoch, whether the
    training was stopped early or ran to its end.

    Args:
        min_delta: an improvement is greater than this.
        patience: in epochs; 0 is like 1. The first epoch never stops the training.
        mode: "min", "max", or "auto": losses fall, metrics go where they say, accuracies rise.
        baseline: only improvements beyond this value start the count anew.
        start_from_epoch: do not look at the epochs before, counted from 0.

    A value that is not there gives a warning. Raises ValueError for an unknown mode, and in
    training when "auto" cannot tell. `stopped_epoch` is the epoch that stopped, 0 if none did.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile(dl.optimizers.SGD(0.5), "mse")  # too fast: from 1 to -1 and back
    >>> stop = dl.callbacks.EarlyStopping("loss", patience=2)
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=9, verbose=0, callbacks=[stop])
    >>> history.history["loss"], stop.stopped_epoch
    ([1.0, 1.0, 1.0], 2)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, baseline, min_delta)
        check_numbers(
            "EarlyStopping", patience=patience, verbose=verbose, start_from_epoch=start_from_epoch
        )
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_weights: list[Any] | None = None
        self.best_epoch = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = self.value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._remember(epoch)
        self.wait += 1
        if self.is_better(value, self.best):
            self.best = value
            self._remember(epoch)
            if self.baseline is None or self.is_better(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _remember(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: Logs = None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print_message(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print_message(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)
