"""Losses and metrics as `compile` was given them, one for each output of the model."""

from __future__ import annotations

from typing import Any

from .. import losses as _losses
from .. import metrics as _metrics
from .. import tree

# Names of metrics that depend on the shapes of labels and predictions.
BY_SHAPE = frozenset({"accuracy", "acc"})


def _kind_of_labels(y_true: Any, y_pred: Any) -> str:
    """Which of Keras's three kinds of classification these labels and predictions have."""
    if not y_pred.shape or y_pred.shape[-1] == 1:
        return "binary"
    if len(y_true.shape) < len(y_pred.shape) or y_true.shape[-1] == 1:
        return "sparse_categorical"
    return "categorical"


def make_metric(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """Return the metric for a name, a function, a class or an object.

    "accuracy" is the one that fits the shapes of labels and predictions.
    """
    if isinstance(identifier, str) and identifier.lower() in BY_SHAPE:
        kind = f"{_kind_of_labels(y_true, y_pred)}_accuracy"
        return type(_metrics.get(kind))(name=identifier)
    metric = _metrics.get(identifier)
    if not isinstance(metric, _metrics.Metric):
        metric = _metrics.MeanMetricWrapper(metric, name=_name_of(metric))
    if isinstance(identifier, str):
        metric.name = identifier
    return metric


def make_loss(identifier: Any, y_true: Any, y_pred: Any) -> Any:
    """Return the loss object for a name, a function, a class or an object."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        identifier = f"{_kind_of_labels(y_true, y_pred)}_crossentropy"
    loss = _losses.get(identifier)
    if isinstance(loss, _losses.Loss):
        return loss
    name = identifier if isinstance(identifier, str) else _name_of(loss)
    return _losses.LossFunctionWrapper(loss, name=name)


def _name_of(function: Any) -> str:
    from ..utils.naming import to_snake_case

    return to_snake_case(getattr(function, "__name__", type(function).__name__))


class Outputs:
    """The outputs of a model in one order, and their names.

    Args:
        names: of a functional model's outputs; None for other models.
    """

    def __init__(self, y_pred: Any, names: list[str] | None) -> None:
        self.keys = sorted(y_pred) if isinstance(y_pred, dict) else None
        self.count = len(tree.flatten(y_pred))
        if self.keys is not None and self.count == len(self.keys):
            self.names: list[Any] = list(self.keys)
        elif names is not None and len(names) == self.count:
            self.names = list(names)
        else:
            self.names = [None] * self.count

    def flatten(self, values: Any, what: str) -> list:
        """Return one value for each output: labels or sample weights."""
        if self.count == 1 and not tree.is_nested(values):
            return [values]
        if isinstance(values, dict):
            return [values[name] for name in self._known(values, what, need_all=True)]
        flat = tree.flatten(values)
        if len(flat) != self.count:
            raise ValueError(
                f"[fit] the model has {self.count} outputs {self._listed()}, {what} has {len(flat)}"
            )
        return flat

    def spread(self, given: Any, what: str) -> list:
        """Return for each output what `compile` was given for it: a loss, metrics or a weight."""
        if isinstance(given, dict):
            known = self._known(given, what)
            return [given[name] if name in given else None for name in known]
        if self.count == 1 and (what.endswith("metrics") or not isinstance(given, (list, tuple))):
            return [given]
        if isinstance(given, (list, tuple)):
            flat = list(given)
            if len(flat) != self.count:
                raise ValueError(
                    f"[compile] the model has {self.count} outputs {self._listed()}, {what} has "
                    f"{len(flat)} entries: give one for each output, or a dict by their names"
                )
            return flat
        return [given] * self.count

    def _known(self, given, what, need_all=False):
        from ..utils.suggest import suggestion

        names = [name for name in self.names if name is not None]
        who = "fit" if need_all else "compile"
        for key in given:
            if key not in names:
                raise ValueError(
                    f"[{who}] {what} has an entry {key!r}, the model's outputs are "
                    f"{names or 'without names'}.{suggestion(key, names)}"
                )
        for name in names:
            if need_all and name not in given:
                raise ValueError(f"[{who}] {what} has no entry for output {name!r}")
        return names

    def _listed(self):
        return f"({', '.join(map(str, self.names))})" if self.names[0] is not None else ""


class CompiledLoss:
    """The sum of the outputs' losses, weighted; with several, a mean of each is kept."""

    def __init__(self, loss: Any, loss_weights: Any) -> None:
        self.given = loss
        self.given_weights = loss_weights
        self.outputs: Outputs | None = None
        self.metrics: list[Any] = []
        self._terms: list[tuple[int, Any, Any, Any]] = []  # output, loss, weight, mean

    def build(self, y_true: Any, y_pred: Any, names: list[str] | None) -> None:
        """Make the losses for labels and predictions of these shapes."""
        self.outputs = Outputs(y_pred, names)
        spread = self.outputs.spread(self.given, "loss")
        weights = [None] * len(spread)
        if self.given_weights is not None:
            weights = self.outputs.spread(self.given_weights, "loss_weights")
        labels = self._labels(y_true, spread)
        predictions = tree.flatten(y_pred)
        for i, (loss, weight) in enumerate(zip(spread, weights, strict=True)):
            many = loss if isinstance(loss, (list, tuple)) else [loss]
            each = weight if isinstance(weight, (list, tuple)) else [weight] * len(many)
            if len(each) != len(many):
                raise ValueError(
                    f"[compile] loss_weights has {len(each)} numbers for {len(many)} losses"
                )
            for one, its_weight in zip(many, each, strict=True):
                if one is not None:
                    made = make_loss(one, labels[i], predictions[i])
                    self._terms.append((i, made, its_weight, None))
        if isinstance(y_pred, dict) and isinstance(self.given, dict):
            order = list(self.given)  # in which the losses are reported
            names = self.outputs.names
            self._terms.sort(key=lambda term: order.index(names[term[0]]))
        if len(self._terms) > 1:
            self._terms = [
                (i, loss, weight, _metrics.Mean(name=f"{self.outputs.names[i] or loss.name}_loss"))
                for i, loss, weight, _ in self._terms
            ]
            self.metrics = [mean for *_, mean in self._terms]

    def _labels(self, y_true, spread):
        """The labels of each output; outputs without a loss need none."""
        flat = tree.flatten(y_true)
        with_loss = [i for i, loss in enumerate(spread) if loss is not None]
        if not isinstance(y_true, dict) and len(flat) == len(with_loss) < len(spread):
            labels: list[Any] = [None] * len(spread)
            for i, value in zip(with_loss, flat, strict=True):
                labels[i] = value
            return labels
        assert self.outputs is not None
        return self.outputs.flatten(y_true, "y")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the weighted sum of the losses; None if no output has a loss."""
        terms = self._terms
        if len(terms) == 1 and not isinstance(y_pred, (list, tuple, dict)):
            _, loss, weight, _ = terms[0]
            if isinstance(y_true, (list, tuple, dict)):
                y_true = self._labels(y_true, [loss])[0]
            value = loss(y_true, y_pred, sample_weight)
            return value if weight is None else value * weight
        assert self.outputs is not None
        spread: list[Any] = [None] * self.outputs.count
        for i, loss, _, _ in terms:
            spread[i] = loss
        labels = self._labels(y_true, spread)
        predictions = tree.flatten(y_pred)
        weights = spread_weights(self.outputs, sample_weight)
        total = None
        for i, loss, weight, mean in terms:
            value = loss(labels[i], predictions[i], weights[i])
            if mean is not None:
                mean.update_state(_detached(value), sample_weight=predictions[i].shape[0])
            if weight is not None:
                value = value * weight
            total = value if total is None else total + value
        return total


def spread_weights(outputs: Outputs, sample_weight: Any) -> list:
    """Return the sample weights of each output; weights given once are those of all."""
    if sample_weight is None or not tree.is_nested(sample_weight):
        return [sample_weight] * outputs.count
    flat = tree.flatten(sample_weight)
    if len(flat) == 1:
        return flat * outputs.count
    return outputs.flatten(sample_weight, "sample_weight")


def _detached(value):
    from .. import ops

    return ops.stop_gradient(value)


class CompiledMetrics:
    """The metrics of each output; their names get the output's in front when there are several."""

    def __init__(self, metrics: Any, weighted_metrics: Any) -> None:
        self.given = metrics
        self.given_weighted = weighted_metrics
        self.outputs: Outputs | None = None
        # (name, output, metric, whether sample weights count), in the order of the results
        self._entries: list[tuple[str, int, Any, bool]] = []
        self._single: list[tuple[Any, bool]] | None = None

    @property
    def metrics(self) -> list[Any]:
        """The metric objects, made when the first batch has shown its shapes."""
        return [metric for _, _, metric, _ in self._entries]

    def named(self) -> list[tuple[str, Any]]:
        """Return the metrics with the names of their results."""
        return [(name, metric) for name, _, metric, _ in self._entries]

    def build(self, y_true: Any, y_pred: Any, names: list[str] | None) -> None:
        """Make the metrics for labels and predictions of these shapes."""
        self.outputs = outputs = Outputs(y_pred, names)
        predictions = tree.flatten(y_pred)
        taken: set[str] = set()
        for given, weighted in ((self.given, False), (self.given_weighted, True)):
            if not given:
                continue
            argument = "weighted_metrics" if weighted else "metrics"
            labels = outputs.flatten(y_true, "y")
            for i, identifiers in enumerate(self._of_outputs(given, argument)):
                if identifiers is None:
                    continue
                if not isinstance(identifiers, (list, tuple)):
                    identifiers = [identifiers]
                for identifier in identifiers:
                    metric = make_metric(identifier, labels[i], predictions[i])
                    name = self._name(metric, i, weighted, taken)
                    taken.add(name)
                    self._entries.append((name, i, metric, weighted))
        if outputs.count == 1:
            self._single = [(metric, weighted) for _, _, metric, weighted in self._entries]

    def _of_outputs(self, given, argument):
        """What was given for each output; for one output a list is a list of its metrics."""
        assert self.outputs is not None
        if self.outputs.count == 1 and not isinstance(given, dict):
            return [tree.flatten(given)]
        return self.outputs.spread(given, argument)

    def _name(self, metric, i, weighted, taken):
        assert self.outputs is not None
        prefix = f"{self.outputs.names[i]}_" if self.outputs.count > 1 else ""
        name = f"{prefix if self.outputs.names[i] else ''}{metric.name}"
        if name in taken and weighted:
            name = f"{prefix if self.outputs.names[i] else ''}weighted_{metric.name}"
        unique, number = name, 1
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        return unique

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch."""
        if self._single is not None and not isinstance(y_true, (list, tuple, dict)):
            if isinstance(y_pred, (list, tuple, dict)):
                y_pred = tree.flatten(y_pred)[0]
            for metric, weighted in self._single:
                if weighted and sample_weight is not None:
                    metric.update_state(y_true, y_pred, sample_weight)
                else:
                    metric.update_state(y_true, y_pred)
            return
        if not self._entries:
            return
        assert self.outputs is not None
        labels = self.outputs.flatten(y_true, "y")
        predictions = tree.flatten(y_pred)
        weights = spread_weights(self.outputs, sample_weight)
        for _, i, metric, weighted in self._entries:
            metric.update_state(labels[i], predictions[i], weights[i] if weighted else None)

    def result(self) -> dict[str, Any]:
        """Return the metrics' values by name."""
        results: dict[str, Any] = {}
        for name, _, metric, _ in self._entries:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {name: value})
        return results
