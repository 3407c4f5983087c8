"""Ends the training when the loss is no number any more."""

from __future__ import annotations

from math import isfinite

from ..utils.progress_bar import print_message
from .callback import Callback, Logs


class TerminateOnNaN(Callback):
    """Stops at the first step whose loss is NaN or infinite."""

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not isfinite(loss):
            print_message(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True
