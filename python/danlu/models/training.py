"""`compile`, `fit`, `evaluate` and `predict`: conveniences over public pieces.

What `fit` does, a loop of a few lines does too: batches, `model(x, training=True)`, a loss,
`loss.backward()` and `optimizer.step()`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .. import tree
from .._autograd import no_grad
from ..layers.context import context
from .batches import is_data, make_batches, split, unpack


class Trainer:
    """The part of a model that trains it. All its state is in the model: nothing is global."""

    compiled = False
    optimizer: Any = None
    loss: Any = None
    history: Any = None
    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    run_eagerly = False
    jit_compile = False
    steps_per_execution = 1
    _compiled_loss: Any = None
    _compiled_metrics: Any = None
    _loss_tracker: Any = None
    _compile_arguments: dict[str, Any] | None = None
    _shuffle_generator: Any = None
    _regularized: bool | None = None

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose how to train: the optimizer, what to minimise, and what to report.

        Args:
            loss: a name, a function or an object; a list or a dict by output names for several
                outputs.
            loss_weights: numbers for the losses of several outputs.
            metrics: names, functions or objects; "accuracy" fits itself to labels and outputs.
            weighted_metrics: metrics that sample weights count in.
        """
        from .. import metrics as _metrics
        from .. import optimizers
        from .compiled import CompiledLoss, CompiledMetrics

        for what, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value and not isinstance(value, (list, tuple, dict)):
                raise ValueError(
                    f"[compile] {what} is a list or a dict, got {value!r}: write {what}=[{value!r}]"
                )
        if loss is not None:
            _check_names(loss)
        arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": False,
        }
        # In __dict__ directly: none of it is state of the layer, so nothing is tracked.
        self.__dict__.update(
            optimizer=optimizers.get(optimizer),
            loss=loss,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            stop_training=False,
            compiled=True,
            _compiled_loss=CompiledLoss(loss, loss_weights) if loss is not None else None,
            _compiled_metrics=(
                CompiledMetrics(metrics, weighted_metrics)
                if metrics is not None or weighted_metrics is not None
                else None
            ),
            _loss_tracker=_metrics.Mean(name="loss"),
            _compile_arguments=arguments,
            _regularized=None,
        )

    def _check_compiled(self, who: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"[{who}] the model is not compiled: call model.compile(optimizer='adam', "
                "loss=..., metrics=[...]) first"
            )

    # Metrics.

    @property
    def metrics(self) -> list[Any]:
        """The means of the losses, the compiled metrics, and those in attributes of layers."""
        found = []
        if self.compiled:
            found.append(self._loss_tracker)
            if self._compiled_metrics is not None:
                found += self._compiled_metrics.metrics
            if self._compiled_loss is not None:
                found += self._compiled_loss.metrics
        return found + self._own_metrics()

    def _own_metrics(self) -> list[Any]:
        found = list(self._metrics)  # type: ignore[attr-defined]
        for layer in self._flatten_layers(include_self=False):  # type: ignore[attr-defined]
            if not isinstance(layer, Trainer):  # a model inside reports for itself
                found += layer._metrics
        return found

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Begin to count anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the values of the metrics so far, by name, as tensors."""
        results: dict[str, Any] = {}
        if self.compiled:
            results["loss"] = self._loss_tracker.result()
            if self._compiled_metrics is not None:
                results.update(self._compiled_metrics.result())
            if self._compiled_loss is not None:
                results.update({m.name: m.result() for m in self._compiled_loss.metrics})
        for metric in self._own_metrics():
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        return results

    def _read_metrics(self) -> dict[str, float]:
        """The values of the metrics as numbers, sorted by name as Keras reports them."""
        with no_grad():
            return _numbers(self.get_metrics_result())

    def _in_order(self, logs: dict[str, Any]) -> Any:
        """What `evaluate` returns: the loss, then the metrics; one number by itself."""
        names = [name for name in self.metrics_names if name in logs]
        names += [name for name in sorted(logs) if name not in names]
        values = [logs[name] for name in names]
        return values[0] if len(values) == 1 else values

    # Steps. A model may define `train_step`, `test_step` or `predict_step` of its own.

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the compiled loss plus what layers and regularizers add to it."""
        total = None
        if self._compiled_loss is not None:
            compiled = self._compiled_loss
            if compiled.outputs is None:
                compiled.build(y, y_pred, getattr(self, "output_names", None))
            total = compiled(y, y_pred, sample_weight)
        if context.losses or self._regularized is not False:
            for extra in self.losses:  # type: ignore[attr-defined]
                total = extra if total is None else total + extra
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Count a batch in the compiled metrics and return the values of all metrics."""
        self._count(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _count(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        metrics = self._compiled_metrics
        if metrics is not None and y is not None:
            if metrics.outputs is None:
                metrics.build(y, y_pred, getattr(self, "output_names", None))
            metrics.update_state(y, y_pred, sample_weight)

    def _train(self, x: Any, y: Any, sample_weight: Any) -> None:
        """One step of training; the metrics are counted and not read."""
        y_pred = self(x, training=True)  # type: ignore[operator]
        _check_labels("fit", y, self._compiled_loss)
        loss = self.compute_loss(x, y, y_pred, sample_weight)
        if loss is None:
            raise ValueError(
                "[fit] there is nothing to minimise: give compile a loss, or add one with add_loss"
            )
        optimizer = self.optimizer
        if not optimizer.built:
            optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]
        optimizer.scale_loss(loss).backward()
        optimizer.step()
        with no_grad():
            self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
            self._count(y, y_pred, sample_weight)

    def _test(self, x: Any, y: Any, sample_weight: Any) -> None:
        with no_grad():
            y_pred = self(x, training=False)  # type: ignore[operator]
            _check_labels("evaluate", y, self._compiled_loss)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
            if loss is not None:
                self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
            self._count(y, y_pred, sample_weight)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch (x, y, sample_weight) and return the metrics so far."""
        self._train(*unpack(data, "train_step"))
        return self.get_metrics_result()

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate one batch (x, y, sample_weight) and return the metrics so far."""
        self._test(*unpack(data, "test_step"))
        return self.get_metrics_result()

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for one batch."""
        x = data[0] if isinstance(data, tuple) else data
        return self(x, training=False)  # type: ignore[operator]

    def _step(self, name: str) -> Callable[[Any, Any, Any], dict[str, Any] | None]:
        """A step as `fit` calls it; a model's own `train_step` gets the batch as one tuple."""
        own = getattr(type(self), f"{name}_step")
        if own is getattr(Trainer, f"{name}_step"):
            return self._train if name == "train" else self._test

        def step(x, y, sample_weight):
            parts = [x, y, sample_weight]
            while len(parts) > 1 and parts[-1] is None:
                parts.pop()
            if name == "test":
                with no_grad():
                    return own(self, tuple(parts))
            return own(self, tuple(parts))

        return step

    def _prepare_run(self) -> None:
        """Look once, not at every step, whether weights have regularizers."""
        weights = self.trainable_weights  # type: ignore[attr-defined]
        built = self.built and weights  # type: ignore[attr-defined]
        has = any(getattr(v, "regularizer", None) is not None for v in weights)
        self.__dict__["_regularized"] = has if built else None

    # Runs.

    def fit(
        self,
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

        Args:
            x: arrays or tensors, in lists or dicts for several inputs; or a generator, an iterable
                or a dataset that yields batches (x, y) or (x, y, sample_weight).
            verbose: 0 for silence, 1 for a progress bar, 2 for a line each epoch.
            validation_split: the last part of the samples, set aside before shuffling.
            class_weight: {class: weight}.
            validation_freq: epochs between two validations, or the epochs to validate after.
        """
        from ..callbacks.callback_list import CallbackList

        self._check_compiled("fit")
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
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=_verbosity(verbose) != 0,
                model=self,
                verbose=_verbosity(verbose),
                epochs=epochs,
                steps=steps,
            )
        self.stop_training = False
        self._prepare_run()
        logs: dict[str, Any] = {}
        callbacks.on_train_begin()
        try:
            # With steps_per_epoch an epoch goes on where the one before it has stopped.
            source = _endless(batches) if steps_per_epoch else None
            for epoch in range(initial_epoch, epochs):
                self.reset_metrics()
                callbacks.on_epoch_begin(epoch)
                done, logs, ended = self._run(
                    "train",
                    source or batches.epoch(),
                    self._step("train"),
                    steps_per_epoch,
                    callbacks,
                )
                if ended and (steps_per_epoch or batches.one_shot):
                    if steps_per_epoch or epoch + 1 < epochs:
                        self._ran_out(done, epoch)
                    self.stop_training = True
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
            raise
        if self.optimizer is not None and self.optimizer.built:
            self.optimizer.finalize_variable_values(self.trainable_variables)
        callbacks.on_train_end(logs)
        return self.history

    def _run(self, mode, source, step, limit, callbacks):
        """Steps over batches: how many there were, their logs, and whether the source ended."""
        begin = callbacks.batch_hooks(f"on_{mode}_batch_begin")
        end = callbacks.batch_hooks(f"on_{mode}_batch_end")
        tick, read = callbacks.tick, self._read_metrics
        stop = "stop_training" if mode == "train" else "stop_evaluating"
        results = None
        done, ended = 0, True
        for x, y, sample_weight in source:
            for hook in begin:
                hook(done, logs={})
            results = step(x, y, sample_weight)
            done += 1
            if results is not None:  # of a train_step of the model's own
                results = _numbers(results)
            if end:
                logs = results if results is not None else read()
                for hook in end:
                    hook(done - 1, logs=logs)
            current = results
            tick(done, read if current is None else lambda: current)  # noqa: B023
            if self.__dict__.get(stop) or done == limit:
                ended = False
                break
        if callbacks.progress is not None:
            callbacks.progress.count(done)
        return done, results if results is not None else read(), ended

    def _validate(self, validation, steps, callbacks):
        logs = self._evaluate(validation, steps, callbacks)
        return {f"val_{name}": value for name, value in logs.items()}

    def _ran_out(self, done, epoch):
        warnings.warn(
            f"[fit] the data ran out in epoch {epoch + 1} after {done} batches: a generator must "
            "yield steps_per_epoch * epochs batches; an iterable that starts anew for each epoch, "
            "or a utils.PyDataset, needs no steps_per_epoch",
            stacklevel=3,
        )

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
        """Return the loss and the metrics, in a list or a dict."""
        from ..callbacks.callback_list import CallbackList

        self._check_compiled("evaluate")
        batches = make_batches("evaluate", x, y, sample_weight, batch_size)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=_verbosity(verbose) != 0,
                model=self,
                verbose=_verbosity(verbose),
                epochs=1,
                steps=steps or batches.steps,
            )
        self._prepare_run()
        logs = self._evaluate(batches, steps, callbacks)
        return logs if return_dict else self._in_order(logs)

    def _evaluate(self, batches, steps, callbacks):
        self.stop_evaluating = False
        self.reset_metrics()
        callbacks.on_test_begin()
        done, logs, _ = self._run("test", batches.epoch(), self._step("test"), steps, callbacks)
        if done == 0:
            raise ValueError("[evaluate] the data yields no batches")
        callbacks.on_test_end(logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the outputs as NumPy arrays."""
        import numpy

        from ..callbacks.callback_list import CallbackList

        batches = make_batches("predict", x, batch_size=batch_size)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=_verbosity(verbose) != 0,
                model=self,
                verbose=_verbosity(verbose),
                epochs=1,
                steps=steps or batches.steps,
            )
        begin = callbacks.batch_hooks("on_predict_batch_begin")
        end = callbacks.batch_hooks("on_predict_batch_end")
        self.stop_predicting = False
        callbacks.on_predict_begin()
        structure: Any = None
        parts: list[list] = []
        done = 0
        with no_grad():
            for x, _, _ in batches.epoch():
                for hook in begin:
                    hook(done, logs={})
                outputs = self.predict_step((x,))
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
        if callbacks.progress is not None:
            callbacks.progress.count(done)
        callbacks.on_predict_end()
        if not parts:
            raise ValueError("[predict] the data yields no batches")
        whole = [p[0] if len(p) == 1 else numpy.concatenate(p) for p in parts]
        return tree.pack_sequence_as(structure, whole)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Train on one batch; return the metrics since they were last reset."""
        self._check_compiled("train_on_batch")
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Evaluate one batch; return the metrics since they were last reset."""
        self._check_compiled("test_on_batch")
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def _on_batch(self, mode, x, y, sample_weight, class_weight, return_dict):
        who = f"{mode}_on_batch"
        samples = _first_axis(x)
        batches = make_batches(who, x, y, sample_weight, samples or 1, class_weight=class_weight)
        (batch,) = batches.epoch()
        self._prepare_run()
        logs = self._step(mode)(*batch)
        logs = self._read_metrics() if logs is None else _numbers(logs)
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch as NumPy arrays."""
        batches = make_batches("predict_on_batch", x, batch_size=_first_axis(x) or 1)
        ((x, _, _),) = batches.epoch()
        with no_grad():
            outputs = self.predict_step((x,))
        return tree.map_structure(lambda output: output.numpy(), outputs)

    def _shuffling(self) -> Any:
        """The state that shuffling draws from: saved with the model, so that training resumes."""
        if self._shuffle_generator is None:
            from .. import random

            self.__dict__["_shuffle_generator"] = random.SeedGenerator()
        return self._shuffle_generator

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile` as plain values."""
        if not self.compiled or self._compile_arguments is None:
            return None
        from ..saving import serialize_keras_object

        return serialize_keras_object({**self._compile_arguments, "optimizer": self.optimizer})

    def compile_from_config(self, config: dict[str, Any], custom_objects: Any = None) -> None:
        """Compile as `get_compile_config` described."""
        from ..saving import deserialize_keras_object

        self.compile(**deserialize_keras_object(config, custom_objects=custom_objects))


def _numbers(results: dict[str, Any]) -> dict[str, Any]:
    """Values of metrics as floats; what is no single number becomes an array."""

    def number(value):
        if getattr(value, "shape", ()):
            return value.numpy()
        return float(value)

    return {name: number(results[name]) for name in sorted(results)}


def _verbosity(verbose: Any) -> int:
    return 1 if verbose == "auto" else int(verbose)


def _batch_size(x: Any) -> int:
    while isinstance(x, (list, tuple, dict)):
        x = next(iter(x.values())) if isinstance(x, dict) else x[0]
    return x.shape[0] if x.shape else 1


def _first_axis(x: Any) -> int:
    while isinstance(x, dict):
        x = next(iter(x.values()))
    if isinstance(x, (list, tuple)) and x and is_data(x[0]) and not isinstance(x[0], (int, float)):
        nested = hasattr(x[0], "shape") or isinstance(x[0], dict)
        return _first_axis(x[0]) if nested else len(x)
    return x.shape[0] if getattr(x, "shape", ()) else len(x) if hasattr(x, "__len__") else 1


def _check_labels(who: str, y: Any, loss: Any) -> None:
    if y is None and loss is not None:
        raise ValueError(
            f"[{who}] the model has a loss, so it needs labels: pass y, or batches (x, y)"
        )


def _check_names(loss: Any) -> None:
    """Answer a misspelt loss at `compile`, before any data is seen."""
    from .. import losses

    for one in tree.flatten(loss):
        if isinstance(one, str) and one.lower() not in ("crossentropy", "ce"):
            losses.get(one)


def _endless(batches: Any) -> Any:
    """Epoch after epoch of batches, until there are no more."""
    found = True
    while found:
        found = False
        for batch in batches.epoch():
            found = True
            yield batch


def _validation_parts(data: Any) -> tuple[Any, Any, Any]:
    if isinstance(data, (tuple, list)):
        if not 1 <= len(data) <= 3:
            raise ValueError(
                "[fit] validation_data is (x, y) or (x, y, sample_weight), got a tuple of "
                f"{len(data)}"
            )
        return tuple([*data, None, None][:3])  # type: ignore[return-value]
    return data, None, None


def _validates(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency
