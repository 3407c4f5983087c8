"""Writes the metrics of each epoch to a CSV file."""

from __future__ import annotations

import os
from typing import Any

from ..utils.arguments import standardize_path
from .callback import Callback, Logs


class CSVLogger(Callback):
    """One row an epoch: `epoch`, then the metrics by name.

    Epochs count from 0, as in `history.epoch`. The columns are those of the first epoch; "NA"
    stands for a metric that an epoch does not have. Each row is written when its epoch ends.

    Args:
        append: add to a file that is there, for a training that goes on.

    The file is opened when training begins: OSError if that fails.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile(dl.optimizers.SGD(0.125), "mse")
    >>> logger = dl.callbacks.CSVLogger("log.csv")
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=2, verbose=0, callbacks=[logger])
    >>> with open("log.csv") as file:
    ...     print(file.read(), end="")
    epoch,loss
    0,1.0
    1,0.25
    """

    def __init__(self, filename: Any, separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename = standardize_path("CSVLogger", filename)
        if not isinstance(separator, str) or len(separator) != 1:
            raise TypeError(f"[CSVLogger] separator is one character, got {separator!r}")
        self.separator = separator
        self.append = append
        self._names: list[str] | None = None
        self._file: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        self._names = None
        has_header = self.append and os.path.exists(self.filename)
        if has_header:
            with open(self.filename, encoding="utf-8") as file:
                header = file.readline().strip()
            if header:
                self._names = header.split(self.separator)[1:]
        self._file = open(  # noqa: SIM115  (closed at the end of the training)
            self.filename, "a" if self.append else "w", encoding="utf-8", newline=""
        )

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        import csv

        logs = logs or {}
        writer = csv.writer(self._file, delimiter=self.separator, lineterminator="\n")
        if self._names is None:
            self._names = sorted(logs)
            writer.writerow(["epoch", *self._names])
        writer.writerow([epoch, *(_cell(logs.get(name, "NA")) for name in self._names)])
        self._file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return f'"[{", ".join(map(str, value))}]"'
    return value
