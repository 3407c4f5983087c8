"""Saves the model, or its weights, while it trains."""

from __future__ import annotations

import os
from typing import Any

from ..utils.arguments import check_numbers
from ..utils.progress_bar import print_message
from .callback import Logs
from .monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Saves after each epoch, or after every so many steps.

    Args:
        filepath: may hold `{epoch}`, from 1, and metrics: "best-{epoch:02d}-{val_loss:.2f}.keras";
            it ends in .keras or .danlu, for weights alone in .safetensors. Folders are made.
        save_best_only: only when the monitored value is the best so far; `monitor` and `mode` are
            as in `EarlyStopping`. Where there is no such value every save is made, with a warning.
        save_freq: "epoch", or a number of steps.
        initial_value_threshold: the value to be better than at first.

    Raises ValueError for another name, mode or save_freq, in training KeyError for a metric in the
    name that there is not.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile(dl.optimizers.SGD(0.125), "mse")
    >>> save = dl.callbacks.ModelCheckpoint("models/{epoch}-{loss:.2f}.keras")
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=2, verbose=0, callbacks=[save])
    >>> dl.models.load_model("models/2-0.25.keras").predict(dl.ones((1, 1)), verbose=0).tolist()
    [[0.25]]
    """

    _otherwise = " The model is saved without knowing whether it is the best"

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        if initial_value_threshold is not None:
            check_numbers("ModelCheckpoint", initial_value_threshold=initial_value_threshold)
        super().__init__(monitor, mode, baseline=initial_value_threshold)
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(
                f"[ModelCheckpoint] save_freq is 'epoch' or a number of steps, got {save_freq!r}"
            )
        from ..saving.archive import check_name

        self.filepath = check_name(filepath, "ModelCheckpoint", weights=save_weights_only)
        check_numbers("ModelCheckpoint", verbose=verbose)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._epoch = 0
        self._steps = 0
        if save_freq != "epoch":  # else no step has to read the metrics
            self.on_train_batch_end = self._after_step  # type: ignore[method-assign]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch

    def _after_step(self, batch: int, logs: Logs = None) -> None:
        self._steps += 1
        if self._steps % int(self.save_freq) == 0:
            self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def _save(self, epoch: int, batch: int | None, logs: Logs) -> None:
        logs = logs or {}
        path = self._path(epoch, batch, logs)
        value = self.value(logs) if self.save_best_only else None
        if value is not None:
            if not self.is_better(value, self.best):
                if self.verbose > 0:
                    print_message(
                        f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}"
                    )
                return
            if self.verbose > 0:
                before = "None" if self.best is None else f"{self.best:.5f}"
                print_message(
                    f"\nEpoch {epoch + 1}: {self.monitor} improved from {before} to {value:.5f}, "
                    f"saving model to {path}"
                )
            self.best = value
        elif self.verbose > 0:
            print_message(f"\nEpoch {epoch + 1}: saving model to {path}")
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.verbose > 0:
            print_message(f"\nEpoch {epoch + 1}: finished saving model to {path}")

    def _path(self, epoch: int, batch: int | None, logs: dict) -> str:
        from ..saving.archive import CheckedName

        values = {"epoch": epoch + 1, **logs}
        if batch is not None:
            values["batch"] = batch + 1
        try:
            return CheckedName(self.filepath.format(**values))
        except KeyError as error:
            raise KeyError(
                f"[ModelCheckpoint] filepath {self.filepath!r} names {error}, there are "
                f"{sorted(values)}"
            ) from error
