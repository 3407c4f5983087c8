"""The base class of callbacks: what `fit`, `evaluate` and `predict` call while they run."""

from __future__ import annotations

from typing import Any

from ..utils.suggest import SuggestsArguments

Logs = dict[str, Any] | None


class Callback(SuggestsArguments):
    """Methods called at the beginning and end of a run, an epoch and a batch.

    `self.model` is the model, and `self.params` says how it runs (`verbose`, `epochs`, `steps`).
    Setting `self.model.stop_training = True` ends the training. `logs` maps the names of metrics to
    numbers; what a callback puts into those of an epoch, later callbacks and the history see.
    Epochs and batches are counted from 0. What a callback raises ends the run.

    >>> import danlu as dl
    >>> class Report(dl.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, logs)
    ...         self.model.stop_training = logs["loss"] < 0.5
    >>> model = dl.Sequential([dl.Input((1,)), dl.layers.Dense(1, kernel_initializer="ones")])
    >>> model.compile(dl.optimizers.SGD(0.125), "mse")
    >>> x, y = dl.ones((4, 1)), dl.zeros((4, 1))
    >>> history = model.fit(x, y, epochs=9, verbose=0, callbacks=[Report()])
    0 {'loss': 1.0}
    1 {'loss': 0.25}
    """

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model that runs, None before."""
        return self.__dict__.get("_model")

    def set_params(self, params: dict[str, Any]) -> None:
        """Receive how the model runs."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Receive the model."""
        self._model = model

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called once before training."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Called once after training, with the last epoch's values."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called before each epoch, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called after each epoch with its metrics, those of validation as `val_...`."""

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """The old name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """The old name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each training step."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each training step with the metrics of the epoch so far."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Called before evaluation, that of validation data included."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Called after evaluation with its metrics."""

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch of an evaluation with the metrics so far."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Called before prediction."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Called after prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch of a prediction with its outputs."""
