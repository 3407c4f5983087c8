"""What `fit` returns: the metrics of every epoch."""

from __future__ import annotations

from typing import Any

from .callback import Callback, Logs


class History(Callback):
    """`history` maps each metric to its values, one for each of the epochs in `epoch`.

    Metrics of validation data are there as `val_...`. Each `fit` begins anew.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile(dl.optimizers.SGD(0.125), "mse")
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=3, verbose=0)
    >>> history.epoch, history.history
    ([0, 1, 2], {'loss': [1.0, 0.25, 0.0625]})
    """

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
