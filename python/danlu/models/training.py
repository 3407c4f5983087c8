"""`fit`, `evaluate` and `predict`: conveniences over public pieces.

What `fit` does, a loop of a few lines does too: batches, `model(x, training=True)`, a loss,
`loss.backward()` and `optimizer.step()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from .. import _core, config, tree
from .._autograd import no_grad
from ..utils.arguments import positive_int
from ..utils.suggest import suggests_arguments
from ..utils.warn import warn
from .batches import make_batches, split
from .steps import Steps, numbers

_WHOLE = 2**62  # a batch size that takes all samples at once


class Trainer(Steps):
    """The part of a model that runs over data."""

    @suggests_arguments
    def fit(
        self: Any,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Train for some epochs and return the `History` of the metrics.

        An epoch is one pass over the data, in an order drawn anew each time for arrays and datasets
        (`shuffle`); `history.history` is {name: [value for each epoch]}.

        Args:
            x: arrays or tensors, in lists or dicts for several inputs; or a generator, an iterable
                or a dataset that yields batches (x, y) or (x, y, sample_weight).
            batch_size: samples a step, 32 by default; only for arrays.
            verbose: 0 for silence, 1 for a progress bar, 2 for a line each epoch; "auto" is 1
                unless `config.disable_interactive_logging` was called.
            validation_split: the last part of the samples, set aside before shuffling.
            validation_data: (x, y), (x, y, sample_weight) or what yields batches of them.
            class_weight: {class: weight}; a class that is not named weighs 1.
            initial_epoch: the number of the first epoch, from 0; `epochs` is where training ends.
            steps_per_epoch: batches an epoch, where the data says no end; the next epoch goes on
                where it stopped. Data that end before that end the epoch, with a warning.
            validation_freq: epochs between two validations, or the epochs to validate after.

        Raises ValueError when the model is not compiled, has no optimizer or nothing to minimise,
        for lengths that differ, no samples, missing labels, and a loss without a gradient;
        TypeError for what is no data, and for an argument that there is not. Interrupted anywhere,
        the model is as after the last whole step.

        >>> import danlu as dl
        >>> w = dl.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        >>> model = dl.Sequential([dl.Input((1,)), w])
        >>> model.compile(dl.optimizers.SGD(0.25), "mse")  # w <- w + 0.5 (1 - w) for x = y = 1
        >>> model.fit(dl.ones((8, 1)), dl.ones((8, 1)), epochs=3, verbose=0).history
        {'loss': [1.0, 0.25, 0.0625]}
        """
        self._check_compiled("fit")
        for name, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
            if not hasattr(value, "__index__"):
                raise ValueError(f"[fit] {name} is an integer, got {name}={value!r}")
            if value < 0:
                raise ValueError(f"[fit] {name} counts from 0, got {name}={value!r}")
        _check_counts(
            "fit",
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_batch_size=validation_batch_size,
        )
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split(
                "fit", validation_split, x, y, sample_weight
            )
        batches = make_batches(
            "fit", x, y, sample_weight, batch_size, shuffle, class_weight, self._shuffling
        )
        validation = None
        if validation_data is not None:
            parts = _validation_parts(validation_data)
            validation = make_batches("fit", *parts, validation_batch_size or batch_size)
        steps = steps_per_epoch or batches.steps
        callbacks = self._callback_list(callbacks, verbose, steps, epochs, add_history=True)
        self.stop_training = False
        self._check_optimizer()
        self._prepare_run()
        logs: dict[str, Any] = {}
        recording = _core.set_grad_enabled(True)
        try:
            callbacks.on_train_begin()
            portions = _portions(batches) if steps_per_epoch else None
            for epoch in range(initial_epoch, epochs):
                self.reset_metrics()
                callbacks.on_epoch_begin(epoch)
                done, logs, ended = self._run(
                    "train",
                    next(portions) if portions is not None else batches.epoch(),
                    self._step("train", batches),
                    steps_per_epoch,
                    callbacks,
                )
                if ended and batches.one_shot:
                    if steps_per_epoch or epoch + 1 < epochs:
                        self._ran_out(done, epoch)
                    self.stop_training = True
                elif ended and steps_per_epoch and done:
                    warn(
                        f"[fit] the data ran out in epoch {epoch + 1} after {done} batches, fewer "
                        f"than steps_per_epoch={steps_per_epoch}: the next epoch begins anew. "
                        "Without steps_per_epoch an epoch is one pass over the data"
                    )
                if done == 0 and epoch == initial_epoch:
                    raise ValueError(
                        "[fit] the data yields no batches: a generator that has run is empty"
                    )
                if done == 0:
                    break
                if validation is not None and _validates(epoch, validation_freq):
                    logs.update(self._validate(validation, validation_steps, callbacks))
                callbacks.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        except BaseException:
            # Interrupted anywhere, the model is as after the last whole step.
            if self.optimizer is not None and self.optimizer.built:
                self.optimizer.zero_grad()
            callbacks.abandon()
            raise
        finally:
            _core.set_grad_enabled(recording)
        if self.optimizer is not None and self.optimizer.built:
            self.optimizer.finalize_variable_values(self.trainable_weights)
        callbacks.on_train_end(logs)
        return self.history

    def _callback_list(self, callbacks, verbose, steps, epochs=1, add_history=False):
        """The callbacks of a run as one, with a progress bar unless it is silent."""
        from ..callbacks.callback_list import CallbackList

        if isinstance(callbacks, CallbackList):
            return callbacks
        if verbose == "auto":
            verbose = 1 if config.is_interactive_logging_enabled() else 2
        if verbose not in (0, 1, 2):
            raise ValueError(f"[fit] verbose is 'auto', 0, 1 or 2, got verbose={verbose!r}")
        verbose = int(verbose)
        return CallbackList(
            callbacks,
            add_history=add_history,
            add_progbar=verbose != 0,
            model=self,
            verbose=verbose,
            epochs=epochs,
            steps=steps,
        )

    def _run(self, mode, source, step, limit, callbacks):
        """Steps over batches: how many there were, their logs, and whether the source ended."""
        begin = callbacks.batch_hooks(f"on_{mode}_batch_begin")
        end = callbacks.batch_hooks(f"on_{mode}_batch_end")
        tick, read = callbacks.tick, self._read_metrics
        bar = callbacks.progress
        if bar is not None and mode == "test" and bar.in_fit:
            bar = None  # it shows the training's steps, until the epoch's end
        stop = "stop_training" if mode == "train" else "stop_evaluating"
        results = None
        done, ended = 0, True
        for x, y, sample_weight in source:
            for hook in begin:
                hook(done, logs={})
            results = step(x, y, sample_weight)
            done += 1
            if results is not None:  # of a train_step of the model's own
                results = numbers(results)
            if end:
                logs = results if results is not None else read()
                for hook in end:
                    hook(done - 1, logs=logs)
            if bar is not None:
                current = results
                tick(done, read if current is None else lambda: current)  # noqa: B023
            if self.__dict__.get(stop) or done == limit:
                ended = False
                break
        if bar is not None:
            bar.count(done)
        return done, results if results is not None else read(), ended

    def _validate(self, validation, steps, callbacks):
        logs = self._evaluate(validation, steps, callbacks)
        return {f"val_{name}": value for name, value in logs.items()}

    def _ran_out(self, done, epoch):
        warn(
            f"[fit] the data ran out in epoch {epoch + 1} after {done} batches: a generator must "
            "yield steps_per_epoch * epochs batches; an iterable that starts anew for each epoch, "
            "or a utils.PyDataset, needs no steps_per_epoch",
        )

    @suggests_arguments
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Return the loss and the metrics over all samples, in a list or a dict.

        A single number comes by itself; a list has the loss first, and where there are several
        outputs `return_dict=True` tells which number is which. Data, `verbose` and `batch_size` (32
        by default) are as in `fit`; `steps` ends after so many batches. Layers run as for inference
        and nothing is recorded for gradients.

        Raises ValueError when the model is not compiled and for data as in `fit`.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> model.evaluate(dl.ones((4, 2)), dl.zeros((4, 1)), verbose=0)
        [4.0, 2.0]
        """
        self._check_compiled("evaluate")
        _check_counts("evaluate", steps=steps)
        batches = make_batches("evaluate", x, y, sample_weight, batch_size)
        callbacks = self._callback_list(callbacks, verbose, steps or batches.steps)
        self._prepare_run()
        logs = self._evaluate(batches, steps, callbacks)
        return logs if return_dict else self._in_order(logs)

    def _evaluate(self, batches, steps, callbacks):
        self.stop_evaluating = False
        self.reset_metrics()
        callbacks.on_test_begin()
        recording = _core.set_grad_enabled(True)  # and so again after Ctrl-C
        try:
            done, logs, _ = self._run(
                "test", batches.epoch(), self._step("test", batches), steps, callbacks
            )
        except BaseException:
            callbacks.abandon()
            raise
        finally:
            _core.set_grad_enabled(recording)
        if done == 0:
            raise ValueError("[evaluate] the data yields no batches")
        callbacks.on_test_end(logs)
        return logs

    @suggests_arguments
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the outputs for all samples as NumPy arrays, in the structure of the outputs.

        Batches of `batch_size` (32 by default) are joined along the first axis; `steps` ends after
        so many. The model need not be compiled; of what a dataset yields only x counts. For a few
        samples `model(x)` is quicker and returns tensors.

        Raises ValueError when there are no samples or x does not fit the model.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1, kernel_initializer="ones")])
        >>> model.predict(dl.asarray([[1.0, 2.0], [3.0, 4.0]]), verbose=0).tolist()
        [[3.0], [7.0]]
        """
        import numpy

        _check_counts("predict", steps=steps)
        batches = make_batches("predict", x, batch_size=batch_size)
        callbacks = self._callback_list(callbacks, verbose, steps or batches.steps)
        begin = callbacks.batch_hooks("on_predict_batch_begin")
        end = callbacks.batch_hooks("on_predict_batch_end")
        self.stop_predicting = False
        callbacks.on_predict_begin()
        structure: Any = None
        parts: list[list] = []
        done = 0
        recording = _core.set_grad_enabled(True)
        try:
            _core.set_grad_enabled(False)
            for batch in batches.epoch():
                for hook in begin:
                    hook(done, logs={})
                outputs = self.predict_step(batches.pack(*batch))
                arrays = [output.numpy() for output in tree.flatten(outputs)]
                if not parts:
                    structure, parts = outputs, [[] for _ in arrays]
                for part, array in zip(parts, arrays, strict=True):
                    part.append(array)
                done += 1
                for hook in end:
                    hook(done - 1, logs={"outputs": outputs})
                callbacks.tick(done, dict)
                if self.stop_predicting or done == steps:
                    break
        except BaseException:
            callbacks.abandon()
            raise
        finally:
            _core.set_grad_enabled(recording)
        if callbacks.progress is not None:
            callbacks.progress.count(done)
        callbacks.on_predict_end()
        if not parts:
            raise ValueError("[predict] the data yields no batches")
        whole = [p[0] if len(p) == 1 else numpy.concatenate(p) for p in parts]
        return tree.pack_sequence_as(structure, whole)

    @suggests_arguments
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Train on one batch; return the loss and the metrics of that batch, before the step.

        All of x is the batch; values come as from `evaluate`. Raises as `fit` does.

        >>> import danlu as dl
        >>> w = dl.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        >>> model = dl.Sequential([dl.Input((1,)), w])
        >>> model.compile(dl.optimizers.SGD(0.25), "mse")
        >>> [model.train_on_batch(dl.ones((8, 1)), dl.ones((8, 1))) for step in range(3)]
        [1.0, 0.25, 0.0625]
        """
        self._check_compiled("train_on_batch")
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    @suggests_arguments
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Evaluate one batch; return the loss and the metrics of that batch.

        All of x is the batch; values come as from `evaluate`, and so do the errors.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile("sgd", "mse")
        >>> model.test_on_batch(dl.ones((4, 2)), dl.zeros((4, 1)))
        4.0
        """
        self._check_compiled("test_on_batch")
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def _on_batch(self, mode, x, y, sample_weight, class_weight, return_dict):
        who = f"{mode}_on_batch"
        batches = make_batches(who, x, y, sample_weight, _WHOLE, class_weight=class_weight)
        (batch,) = batches.epoch()
        self._prepare_run()
        self.reset_metrics()
        logs = self._step(mode, batches)(*batch)
        logs = self._read_metrics() if logs is None else numbers(logs)
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, all of x, as NumPy arrays.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1, kernel_initializer="ones")])
        >>> model.predict_on_batch(dl.asarray([[1.0, 2.0], [3.0, 4.0]])).tolist()
        [[3.0], [7.0]]
        """
        batches = make_batches("predict_on_batch", x, batch_size=_WHOLE)
        ((x, _, _),) = batches.epoch()
        with no_grad():
            outputs = self.predict_step((x,))
        return tree.map_structure(lambda output: output.numpy(), outputs)


def _check_counts(who: str, **counts: Any) -> None:
    for name, value in counts.items():
        if value is not None:
            positive_int(who, value, name)


def _portions(batches: Any) -> Iterator[Iterator[Any]]:
    """For each epoch of `steps_per_epoch` what the one before it has left, if anything.

    Where nothing is left it is a new pass over the data.
    """
    rest = batches.epoch()
    while True:
        first = list(islice(rest, 1))
        if not first and not batches.one_shot:
            rest = batches.epoch()
            first = list(islice(rest, 1))
        yield chain(first, rest)


def _validation_parts(data: Any) -> tuple[Any, Any, Any]:
    if isinstance(data, (tuple, list)):
        if not 1 <= len(data) <= 3:
            raise ValueError(
                "[fit] validation_data is (x, y) or (x, y, sample_weight), got a tuple of "
                f"{len(data)}"
            )
        return tuple([*data, None, None][:3])
    return data, None, None


def _validates(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency
