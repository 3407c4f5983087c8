"""Callbacks that change the learning rate between epochs."""

from __future__ import annotations

from collections.abc import Callable

from ..utils.arguments import check_numbers
from ..utils.progress_bar import print_message
from .callback import Callback, Logs
from .monitor import MonitorCallback


def _learning_rate(callback: Callback) -> float:
    optimizer = getattr(callback.model, "optimizer", None)
    if optimizer is None or not hasattr(optimizer, "learning_rate"):
        raise ValueError(
            f"[{type(callback).__name__}] the model has no optimizer with a learning rate: compile "
            "it first"
        )
    return float(optimizer.learning_rate)


class LearningRateScheduler(Callback):
    """Sets the learning rate to `schedule(epoch, learning_rate)` before each epoch.

    `schedule` may also take the epoch alone, which counts from 0. The rate of each epoch is in the
    history as "learning_rate". With `verbose` 1 it is printed.

    Raises TypeError for a schedule that is no function, ValueError when it returns no number, and
    TypeError when the optimizer follows a schedule of its own.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1)])
    >>> model.compile(dl.optimizers.SGD(0.5), "mse")
    >>> halve = dl.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[halve])
    >>> history.history["learning_rate"]
    [0.25, 0.125, 0.0625]
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(
                "[LearningRateScheduler] wants a function of the epoch and the learning rate, got "
                f"{schedule!r:.60}"
            )
        check_numbers("LearningRateScheduler", verbose=verbose)
        self.schedule = schedule
        self.verbose = verbose
        code = getattr(schedule, "__code__", None)
        bound = hasattr(schedule, "__self__")
        self._takes_rate = code is None or code.co_argcount - bound >= 2

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        before = _learning_rate(self)
        rate = self.schedule(epoch, before) if self._takes_rate else self.schedule(epoch)
        try:
            rate = float(rate)
        except (TypeError, ValueError):
            raise ValueError(
                f"[LearningRateScheduler] the schedule returns a number, got {rate!r}"
            ) from None
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0:
            print_message(
                f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}."
            )

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if logs is not None:
            logs["learning_rate"] = _learning_rate(self)


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` after `patience` epochs without improvement.

    `monitor`, `mode` and `min_delta` are as in `EarlyStopping`. The rate with which each epoch was
    trained is in the history as "learning_rate".

    Args:
        cooldown: epochs to wait after a change before watching again.
        min_lr: the lowest learning rate.

    Raises ValueError for a factor outside [0, 1) or an unknown mode, in training also when "auto"
    cannot tell; TypeError when the optimizer follows a schedule of its own.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile(dl.optimizers.SGD(0.5), "mse")  # too fast: from 1 to -1 and back
    >>> slow = dl.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2)
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=5, verbose=0, callbacks=[slow])
    >>> history.history["loss"], history.history["learning_rate"]
    ([1.0, 1.0, 1.0, 1.0, 0.0], [0.5, 0.5, 0.5, 0.25, 0.25])
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        check_numbers(
            "ReduceLROnPlateau",
            patience=patience,
            verbose=verbose,
            cooldown=cooldown,
            min_lr=min_lr,
        )
        if not (hasattr(factor, "__float__") and 0 <= factor < 1):
            raise ValueError(f"[ReduceLROnPlateau] factor lies in [0, 1), got {factor!r}")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._reset()

    def _reset(self) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        logs = logs if logs is not None else {}
        rate = logs["learning_rate"] = _learning_rate(self)
        value = self.value(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_better(value, self.best):
            self.best = value
            self.wait = 0
        elif self.cooldown_counter <= 0:
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                rate = max(rate * self.factor, self.min_lr)
                self.model.optimizer.learning_rate = rate
                if self.verbose > 0:
                    print_message(
                        f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}."
                    )
                self.cooldown_counter = self.cooldown
                self.wait = 0
