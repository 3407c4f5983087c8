"""What `fit` returns: the metrics of every epoch."""

from __future__ import annotations

from typing import Any

from .callback import Callback, Logs


class History(Callback):
    """`history` maps each metric to its values, one for each of the epochs in `epoch`."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        self.epoch = []
        self.history = {}

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
