"""Ends the training when the loss is no number any more."""

from __future__ import annotations

from math import isfinite

from ..utils.progress_bar import print_message
from .callback import Callback, Logs


class TerminateOnNaN(Callback):
    """Stops at the first step whose loss is NaN or infinite.

    The loss it reads is the mean of the epoch so far. With raise_error it raises RuntimeError in
    place of ending the training, so that no callback saves or restores anything at the end.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile(dl.optimizers.SGD(1e30), "mse")
    >>> stop = dl.callbacks.TerminateOnNaN()
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=9, batch_size=2, verbose=0, callbacks=[stop])
    Batch 1: Invalid loss, terminating training
    >>> history.epoch
    [0]
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not isfinite(loss):
            if self.raise_error:
                raise RuntimeError(
                    f"[TerminateOnNaN] the loss is {loss} at batch {batch}: try a lower "
                    "learning_rate or clipnorm=1.0, and look for NaN in the data"
                )
            print_message(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True
