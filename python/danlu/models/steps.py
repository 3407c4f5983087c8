"""What a model does with one batch, and what `compile` decides: optimizer, loss and metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import tree
from .._autograd import no_grad
from ..layers.context import context
from ..layers.signature import names
from ..utils.suggest import suggests_arguments
from ..utils.warn import warn
from .batches import unpack


class Steps:
    """Compiling, and the steps that `fit`, `evaluate` and `predict` repeat.

    All state is in the model, nothing is global: two threads can train two models at once.
    """

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
    _regularized: list[Any] | None = None  # weights with regularizers, while they do not change

    @suggests_arguments
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

        What is minimised is sum_i loss_weights_i * loss_i(y_i, y_pred_i), plus what regularizers
        and `add_loss` add.

        Args:
            loss: a name, a function `loss(y_true, y_pred)` or an object; a list, or a dict by
                output names, for several outputs.
            loss_weights: numbers for the losses of several outputs, 1 by default.
            metrics: a list of names, functions or objects, for several outputs also a dict;
                "accuracy" is the one of the binary, categorical and sparse categorical accuracies
                that fits the shapes of labels and outputs.
            weighted_metrics: metrics that sample weights count in.

        The arguments after these are Keras's and change nothing: every step runs eagerly.

        Raises ValueError for an unknown name, the nearest one beside it, and for metrics that are
        no list or dict; TypeError for an argument that there is not.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile(optimizer=dl.optimizers.SGD(0.1), loss="mse", metrics=["mae"])
        >>> model.evaluate(dl.ones((4, 2)), dl.zeros((4, 1)), verbose=0, return_dict=True)
        {'loss': 4.0, 'mae': 2.0}
        """
        from .. import metrics as _metrics
        from .. import optimizers
        from .compiled import CompiledLoss, CompiledMetrics

        for what, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value and not isinstance(value, (list, tuple, dict)):
                raise ValueError(
                    f"[compile] {what} is a list or a dict, got {value!r}: write {what}=[{value!r}]"
                )
        if any(isinstance(weight, str) for weight in tree.flatten(loss_weights)):
            raise ValueError(
                f"[compile] loss_weights are numbers, got {loss_weights!r}: if these are metrics, "
                f"write metrics={loss_weights!r}; the third argument of compile is loss_weights"
            )
        _check_names(loss, metrics, weighted_metrics)
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
        """The means of the losses, the compiled metrics, and those in attributes of layers.

        The compiled metrics are made when the first batch has shown its shapes.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.layers.Dense(1)])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> loss = model.test_on_batch(dl.ones((4, 2)), dl.zeros((4, 1)))
        >>> [metric.name for metric in model.metrics]
        ['loss', 'mae']
        """
        found = []
        if self.compiled:
            found.append(self._loss_tracker)
            if self._compiled_metrics is not None:
                found += self._compiled_metrics.metrics
            if self._compiled_loss is not None:
                found += self._compiled_loss.metrics
        return found + self._own_metrics()

    def _own_metrics(self: Any) -> list[Any]:
        found = list(self._metrics)
        for layer in self._flatten_layers(include_self=False):
            if not isinstance(layer, Steps):  # a model inside reports for itself
                found += layer._metrics
        return found

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.layers.Dense(1)])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> loss = model.test_on_batch(dl.ones((4, 2)), dl.zeros((4, 1)))
        >>> model.metrics_names
        ['loss', 'mae']
        """
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Begin to count anew, as `fit` does at the start of each epoch.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile("sgd", "mse")
        >>> model.test_on_batch(dl.ones((4, 2)), dl.zeros((4, 1)))
        4.0
        >>> model.reset_metrics()
        >>> model.get_metrics_result()["loss"].item()
        0.0
        """
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the values of the metrics so far, by name, as tensors.

        "loss" is the mean over the samples since `reset_metrics`, 0 before the first.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile("sgd", "mse")
        >>> loss = model.test_on_batch(dl.ones((4, 2)), dl.zeros((4, 1)))
        >>> model.get_metrics_result()["loss"].item()
        4.0
        """
        compiled = self._compiled_metrics
        names = {id(m): name for name, m in compiled.named()} if compiled is not None else {}
        results: dict[str, Any] = {}
        for metric in self.metrics:
            value = metric.result()
            name = names.get(id(metric), metric.name)
            results.update(value if isinstance(value, dict) else {name: value})
        return results

    def _read_metrics(self) -> dict[str, float]:
        """The values of the metrics as numbers, sorted by name as Keras reports them."""
        with no_grad():
            return numbers(self.get_metrics_result())

    def _in_order(self, logs: dict[str, Any]) -> Any:
        """What `evaluate` returns: the loss, then the metrics; one number by itself."""
        if len(logs) == 1:
            return next(iter(logs.values()))
        names = [name for name in self.metrics_names if name in logs]
        names += [name for name in sorted(logs) if name not in names]
        return [logs[name] for name in names]

    # Steps. A model may define `train_step`, `test_step` or `predict_step` of its own.

    def compute_loss(
        self: Any,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the compiled loss plus what layers and regularizers add to it.

        `y_pred` is what the model returned for `x`; the loss is a tensor of one number that can be
        differentiated, or None when nothing is compiled or added. A model that defines it alone
        keeps `train_step` as it is; its `training` may be left out.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> model.compute_loss(y=dl.zeros((4, 1)), y_pred=dl.ones((4, 1)) * 3).item()
        9.0
        """
        total = None
        if self._compiled_loss is not None:
            compiled = self._compiled_loss
            if compiled.outputs is None:
                compiled.build(y, y_pred, getattr(self, "output_names", None))
            total = compiled(y, y_pred, sample_weight)
        extras = self._added_losses() if context.here.losses else []
        weights = (
            self._regularized if self._regularized is not None else self._regularized_weights()
        )
        for extra in [*extras, *(v.regularizer(v) for v in weights if v.trainable)]:
            total = extra if total is None else total + extra
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Count a batch in the compiled metrics and return the values of all metrics.

        `fit` and `evaluate` call it for each batch; a model that defines it alone may add values of
        its own to the dict.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1)])
        >>> model.compile("sgd", "mse", metrics=["mae"])
        >>> x, y, y_pred = dl.ones((4, 2)), dl.zeros((4, 1)), dl.ones((4, 1))
        >>> model.compute_metrics(x, y, y_pred)["mae"].item()
        1.0
        """
        self._count(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _count(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        metrics = self._compiled_metrics
        if metrics is not None and y is not None:
            if metrics.outputs is None:
                metrics.build(y, y_pred, getattr(self, "output_names", None))
            metrics.update_state(y, y_pred, sample_weight)

    def _loss(self: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        """`compute_loss`, whose `training` a model may leave out, as before Keras 3.3."""
        compute = self.compute_loss
        function = getattr(compute, "__func__", compute)
        if function is Steps.compute_loss or "training" in names(function):
            return compute(x, y, y_pred, sample_weight, training=training)
        return compute(x, y, y_pred, sample_weight)

    def _measure(self: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any) -> Any:
        """`compute_metrics`; that of this class only counts, and None says: read when needed."""
        if getattr(self.compute_metrics, "__func__", None) is Steps.compute_metrics:
            return self._count(y, y_pred, sample_weight)
        logs = self.compute_metrics(x, y, y_pred, sample_weight)
        if not isinstance(logs, dict):
            raise TypeError(
                f"[fit] compute_metrics of {self.label()} returns a dict of metrics by name, got "
                f"{logs!r:.60}: is its `return` missing?"
            )
        return logs

    def _train(self: Any, x: Any, y: Any, sample_weight: Any) -> dict[str, Any] | None:
        """One step of training; None if the metrics are counted and not read."""
        y_pred = self(x, training=True)
        _check_step("fit", self, y_pred, y)
        loss = self._loss(x, y, y_pred, sample_weight, training=True)
        if loss is None:
            raise ValueError(
                "[fit] there is nothing to minimise: give compile a loss, or add one with add_loss"
            )
        optimizer = self.optimizer
        if optimizer is None:
            raise ValueError("[fit] the model has no optimizer: give compile one, such as 'adam'")
        if not optimizer.built:
            optimizer.build(self.trainable_variables)
        if loss.requires_grad:
            if not optimizer._trainable_variables:
                raise ValueError(
                    f"[fit] the loss of {self.label()} depends on weights that it does not see: "
                    "of a layer made inside `call`, anew at each step, or kept outside the model. "
                    "Make layers in __init__ and keep them as attributes: self.dense = Dense(...)"
                )
            optimizer.scale_loss(loss).backward()
            optimizer.step()
        else:
            self._explain_no_gradient()
        with no_grad():
            self._count_loss(loss, x)
            return self._measure(x, y, y_pred, sample_weight)

    def _explain_no_gradient(self: Any) -> None:
        """A model without trainable weights is only measured, as in Keras; another one is wrong."""
        if self.trainable_weights:
            raise ValueError(
                f"[fit] the loss does not depend on the trainable weights of {self.label()}: on "
                "the way from them to the loss is a function without a gradient, such as argmax, a "
                "comparison, .numpy() or stop_gradient"
            )
        warn(
            f"[fit] {self.label()} has no trainable weights, so nothing is learnt: are all its "
            "layers frozen (trainable=False)?",
        )

    def _count_loss(self, loss: Any, x: Any) -> None:
        """Add to the mean over samples, without the checks of `Mean.update_state`."""
        samples = _batch_size(x)
        self._loss_tracker.total.assign_add(loss * samples)
        self._loss_tracker.count.assign_add(samples)

    def _test(self: Any, x: Any, y: Any, sample_weight: Any) -> dict[str, Any] | None:
        with no_grad():
            y_pred = self(x, training=False)
            _check_step("evaluate", self, y_pred, y)
            loss = self._loss(x, y, y_pred, sample_weight, training=False)
            if loss is not None:
                self._count_loss(loss, x)
            return self._measure(x, y, y_pred, sample_weight)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Train on one batch (x, y, sample_weight) and return the metrics so far.

        A model may define its own. `fit` calls it with (x, y) or (x, y, sample_weight) of tensors,
        and where it was given nothing but x with x, or with (x,) if that is a list or comes from a
        generator; the weights are made and `self.optimizer` is built by then. It returns a dict of
        numbers by name (else `fit` raises TypeError):

        >>> import danlu as dl
        >>> class Halve(dl.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        ...
        ...     def train_step(self, data):
        ...         self.scale.assign(self.scale / 2)
        ...         return {"scale": self.scale.value}
        >>> model = Halve()
        >>> model.compile()
        >>> model.fit(dl.ones((64, 1)), dl.ones((64, 1)), verbose=0).history
        {'scale': [0.25]}
        """
        logs = self._train(*unpack(data, "train_step"))
        return self.get_metrics_result() if logs is None else logs

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluate one batch (x, y, sample_weight) and return the metrics so far.

        Called by `evaluate`, and by `fit` for validation data; a model may define its own, as in
        `train_step`.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1, kernel_initializer="ones")])
        >>> model.compile("sgd", "mse")
        >>> model.test_step((dl.ones((4, 2)), dl.zeros((4, 1))))["loss"].item()
        4.0
        """
        logs = self._test(*unpack(data, "test_step"))
        return self.get_metrics_result() if logs is None else logs

    def predict_step(self: Any, data: Any) -> Any:
        """Return the outputs for one batch, x or (x,), as tensors.

        Called by `predict` with what `train_step` would get; a model may define its own, for
        example to return classes:

        >>> import danlu as dl
        >>> class Classes(dl.Sequential):
        ...     def predict_step(self, data):
        ...         return dl.argmax(super().predict_step(data), axis=-1)
        >>> model = Classes([dl.layers.Activation("softmax")])
        >>> model.predict(dl.asarray([[1.0, 3.0], [2.0, 0.0]]), verbose=0).tolist()
        [1, 0]
        """
        x = data[0] if isinstance(data, tuple) else data
        y_pred = self(x, training=False)
        _check_step("predict", self, y_pred, x)
        return y_pred

    def _step(self, name: str, batches: Any) -> Callable[[Any, Any, Any], dict[str, Any] | None]:
        """A step as `fit` calls it; a model's own `train_step` gets the batch as one `data`."""
        own = getattr(type(self), f"{name}_step")
        if own is getattr(Steps, f"{name}_step"):
            return self._train if name == "train" else self._test

        def train(x, y, sample_weight):
            self._build_optimizer(x)
            return own(self, batches.pack(x, y, sample_weight))

        def test(x, y, sample_weight):
            with no_grad():
                return own(self, batches.pack(x, y, sample_weight))

        return train if name == "train" else test

    def _build_optimizer(self: Any, x: Any) -> None:
        """Make the weights, and the optimizer's state, before a `train_step` of the model's own."""
        if self.optimizer is None or self.optimizer.built:
            return
        from ..layers.infer import build_for_inputs
        from ..layers.layer import Layer

        ready = all(layer.built for layer in self._flatten_layers(include_self=False))
        if type(self).call is not Layer.call and not (ready and self.built):
            build_for_inputs(self, x)
        elif not ready:  # only the step itself knows how its layers are called
            return
        self.optimizer.build(self.trainable_variables)

    def _check_optimizer(self: Any) -> None:
        """Say so if the model has got weights that its optimizer does not know."""
        if self.optimizer is None or not self.optimizer.built:
            return
        known = {id(v) for v in self.optimizer._trainable_variables}
        new = [v.path for v in self.trainable_variables if id(v) not in known]
        if new:
            raise ValueError(
                f"[fit] the optimizer does not know weights of {self.label()}, such as {new[0]!r}: "
                "they were added or unfrozen after compile, or it has trained another model; call "
                "compile again, with an optimizer of its own"
            )

    def _prepare_run(self: Any) -> None:
        """Look once, not at every step, which weights have regularizers."""
        built = self.built and self.weights
        self.__dict__["_regularized"] = self._regularized_weights() if built else None

    def _shuffling(self) -> Any:
        """The state that shuffling draws from: saved with the model, so that training resumes."""
        if self._shuffle_generator is None:
            from .. import random

            self.__dict__["_shuffle_generator"] = random.SeedGenerator()
        return self._shuffle_generator

    def get_compile_config(self: Any) -> dict[str, Any] | None:
        """Return the arguments of `compile` as plain values; None if it was not called.

        Raises ValueError for a lambda, TypeError for another loss or metric without `get_config`.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> model.get_compile_config()["loss"]
        'mse'
        """
        if not self.compiled or self._compile_arguments is None:
            return None
        from ..saving import serialize_keras_object

        return serialize_keras_object({**self._compile_arguments, "optimizer": self.optimizer})

    def compile_from_config(self: Any, config: dict[str, Any]) -> None:
        """Compile as `get_compile_config` described, with a new optimizer.

        What it names of yours is registered, or in a `saving.custom_object_scope`. A model with a
        `compile` of its own defines this, too: it is not compiled here, with a warning.

        >>> import danlu as dl
        >>> model = dl.Sequential([dl.layers.Dense(1)])
        >>> model.compile(dl.optimizers.SGD(0.5), "mse")
        >>> copy = dl.models.clone_model(model)
        >>> copy.compile_from_config(model.get_compile_config())
        >>> copy.optimizer.learning_rate.item()
        0.5
        """
        from ..saving import deserialize_keras_object

        if type(self).compile is not Steps.compile:
            warn(
                f"[compile_from_config] {self.label()} is not compiled, for {type(self).__name__} "
                "has a compile of its own: define get_compile_config and compile_from_config, too"
            )
            return
        self.compile(**deserialize_keras_object(config))


def numbers(results: dict[str, Any]) -> dict[str, Any]:
    """Values of metrics as floats; what is no single number becomes an array."""

    if not isinstance(results, dict):
        raise TypeError(
            f"[fit] train_step and test_step return a dict of metrics by name, got {results!r:.60}"
        )

    def number(name, value):
        if getattr(value, "shape", ()):
            return value.numpy()
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TypeError(
                f"[fit] metric {name!r} is no number but {value!r:.60}: is a `return` missing in "
                "its result?"
            ) from None

    return {name: number(name, results[name]) for name in sorted(results)}


def _batch_size(x: Any) -> int:
    while isinstance(x, (list, tuple, dict)):
        x = next(iter(x.values())) if isinstance(x, dict) else x[0]
    return x.shape[0] if x.shape else 1


def _check_step(who: str, model: Any, y_pred: Any, y: Any) -> None:
    """Say so if `call` returned nothing, or if there are no labels."""
    if y_pred is None:
        raise ValueError(f"[{who}] {model.label()} call returned None: is its `return` missing?")
    if y is None and model._compiled_loss is not None:
        raise ValueError(
            f"[{who}] the model has a loss, so it needs labels: pass y, or batches (x, y)"
        )


def _check_names(loss: Any, *metrics: Any) -> None:
    """Answer a misspelt loss or metric at `compile`, before any data is seen."""
    from .. import losses
    from .. import metrics as _metrics
    from .compiled import BY_SHAPE

    for one in tree.flatten(loss):
        if not isinstance(one, str) or one.lower() not in ("crossentropy", "ce"):
            losses.get(one)
    for one in tree.flatten(metrics):
        if isinstance(one, str) and one.lower() not in BY_SHAPE:
            _metrics.get(one)
