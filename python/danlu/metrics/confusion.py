"""Counts of right and wrong decisions, and what is made of them: precision, recall, F-score."""

from __future__ import annotations

from typing import Any

from .. import config, ops
from ..losses.checks import check_same_shape
from ..losses.loss import check_weight, same_rank
from ..utils.arguments import positive_int
from ..utils.tensors import cast
from .metric import Metric

# With `top_k` and no threshold, whatever is among the k best is a positive.
_BELOW_ALL = -1e10


class _Counts(Metric):
    """Decisions at one or several thresholds, counted into Variables of shape (thresholds,)."""

    # Which counts the metric keeps.
    _kept: tuple[str, ...] = ()

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        if thresholds is None:
            thresholds = 0.5 if top_k is None else _BELOW_ALL
        self.thresholds = list(thresholds) if hasattr(thresholds, "__len__") else [thresholds]
        if top_k is not None:
            positive_int(type(self).__name__, top_k, "top_k")
        numbers = all(hasattr(t, "__float__") for t in self.thresholds)
        if self.init_thresholds is not None and not (
            numbers and all(0 <= t <= 1 for t in self.thresholds)
        ):
            raise ValueError(
                f"[{type(self).__name__}] thresholds is a number in [0, 1] or a list of "
                f"them, got {self.init_thresholds!r:.60}"
            )
        for count in self._kept:
            setattr(self, count, self._count(count))

    def _count(self, name: str) -> Any:
        return self.add_variable((len(self.thresholds),), "zeros", name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = same_rank(cast(y_true, self.dtype), cast(y_pred, self.dtype))
        check_same_shape(type(self).__name__, y_true, y_pred)
        weight = self._weight(sample_weight, y_true)
        if self.top_k is not None:
            y_pred = self._among_best(y_pred, self.top_k)
        if self.class_id is not None:
            y_true = y_true[..., self.class_id]
            y_pred = y_pred[..., self.class_id]
            if weight is not None and weight.ndim > 1:
                weight = self._of_samples(weight)
        if weight is None:
            weight = ops.ones_like(y_pred)
        weight = ops.reshape(ops.broadcast_to(weight, y_pred.shape), (1, -1))
        thresholds = ops.reshape(cast(self.thresholds, self.dtype), (-1, 1))
        chosen = ops.reshape(y_pred, (1, -1)) > thresholds  # (thresholds, values)
        wanted = ops.reshape(y_true, (1, -1)) != 0
        for name in self._kept:
            hit = wanted if name in ("true_positives", "false_negatives") else ~wanted
            right = chosen if name in ("true_positives", "false_positives") else ~chosen
            values = ops.where(ops.logical_and(hit, right), weight, 0.0)
            self._variable(name).assign_add(ops.sum(values, axis=1))

    def _variable(self, name: str) -> Any:
        return getattr(self, name)

    def _weight(self, sample_weight: Any, y_true: Any) -> Any:
        """Return the weights with the axes of the labels, so that they broadcast by sample."""
        if sample_weight is None:
            return None
        weight = cast(sample_weight, self.dtype)
        while weight.ndim < y_true.ndim:
            weight = ops.expand_dims(weight, -1)
        check_weight(self.name, y_true, weight)
        return weight

    def _of_samples(self, weight: Any) -> Any:
        """Return the weights without the axis of the classes: there is one class."""
        if weight.shape[-1] != 1:
            raise ValueError(
                f"[{self.name}] with class_id={self.class_id} a weight is that of a sample, got "
                f"sample_weight of shape {tuple(weight.shape)}: pass sample_weight[..., "
                f"{self.class_id}]"
            )
        return weight[..., 0]

    def _among_best(self, y_pred: Any, k: int) -> Any:
        _, best = ops.top_k(y_pred, k)
        mask = ops.sum(ops.one_hot(best, y_pred.shape[-1], dtype=y_pred.dtype), axis=-2)
        return y_pred * mask + _BELOW_ALL * (1.0 - mask)

    def _share(self, name: str, other: str) -> Any:
        """Return one count over its sum with another one."""
        part = self._variable(name).value
        value = ops.divide_no_nan(part, part + self._variable(other))
        return value[0] if len(self.thresholds) == 1 else value

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_Counts):
    """The share of the chosen that are right: true positives / (true + false positives).

    y_true (0 or 1) and y_pred have one shape; chosen is what lies above the threshold, 0.5 by
    default. Several thresholds in [0, 1] give a result (thresholds,), otherwise it is (). With
    top_k only the k largest of the last axis can be chosen, all of them if there is no threshold;
    class_id looks at one place of the last axis alone. The result is 0 where nothing is chosen.
    Weights are (batch,) or of the shape of y_true.

    Raises ValueError for thresholds outside [0, 1], when the shapes differ and when top_k is above
    the number of classes. Source: Keras 3.

    >>> import danlu as dl
    >>> round(dl.metrics.Precision()([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.7]).item(), 4)  # 2 / (2 + 1)
    0.6667
    """

    _direction = "up"

    _kept = ("true_positives", "false_positives")

    def result(self) -> Any:
        return self._share("true_positives", "false_positives")


class Recall(_Counts):
    """The share of the right that are chosen: true positives / (true positives + misses).

    Shapes, arguments and errors are those of `Precision`; the result is 0 where there is nothing to
    find.

    >>> import danlu as dl
    >>> metric = dl.metrics.Recall(thresholds=[0.1, 0.75])
    >>> [round(value, 4) for value in metric([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.7]).tolist()]
    [1.0, 0.3333]
    """

    _direction = "up"

    _kept = ("true_positives", "false_negatives")

    def result(self) -> Any:
        return self._share("true_positives", "false_negatives")


class _OneCount(_Counts):
    """One of the four counts by itself."""

    # Which of the four: a name such as "true_positives".
    _counted = ""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(thresholds, name=name, dtype=dtype)
        self.accumulator = self._count("accumulator")
        self._kept = (self._counted,)

    def _variable(self, name: str) -> Any:
        return self.accumulator

    def result(self) -> Any:
        return self.accumulator.value[0] if len(self.thresholds) == 1 else self.accumulator.value

    def get_config(self) -> dict[str, Any]:
        return {**Metric.get_config(self), "thresholds": self.init_thresholds}


class TruePositives(_OneCount):
    """How many were chosen and right.

    thresholds is one number or several in [0, 1], by default 0.5; y_true and y_pred have one shape,
    and weights, (batch,) or of that shape, count instead of ones. The result is () or, for several
    thresholds, (thresholds,).

    Raises ValueError for other thresholds and when the shapes differ. Source: Keras 3.

    >>> import danlu as dl
    >>> dl.metrics.TruePositives()([0, 1, 1, 1], [0.9, 0.2, 0.8, 0.7]).item()
    2.0
    """

    _direction = "up"

    _counted = "true_positives"


class TrueNegatives(_OneCount):
    """How many were not chosen and wrong.

    Shapes, thresholds and errors are those of `TruePositives`.

    >>> import danlu as dl
    >>> dl.metrics.TrueNegatives()([0, 1, 0, 0], [0.9, 0.2, 0.3, 0.1]).item()
    2.0
    """

    _direction = "up"

    _counted = "true_negatives"


class FalsePositives(_OneCount):
    """How many were chosen and wrong.

    Shapes, thresholds and errors are those of `TruePositives`.

    >>> import danlu as dl
    >>> dl.metrics.FalsePositives()([0, 1, 0, 0], [0.9, 0.2, 0.8, 0.1]).item()
    2.0
    """

    _direction = "down"

    _counted = "false_positives"


class FalseNegatives(_OneCount):
    """How many were not chosen and right.

    Shapes, thresholds and errors are those of `TruePositives`.

    >>> import danlu as dl
    >>> dl.metrics.FalseNegatives(thresholds=[0.1, 0.75])([0, 1, 1], [0.9, 0.2, 0.8]).tolist()
    [0.0, 1.0]
    """

    _direction = "down"

    _counted = "false_negatives"


class FBetaScore(Metric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall), for each class or averaged.

    y_true (0 or 1) and y_pred are (batch, classes). average None gives one score a class,
    (classes,); "micro" counts all classes together, "macro" is the mean of the scores, "weighted"
    weighs them by the labels of each class. A prediction above the threshold is chosen; by default
    the largest of a row is. beta > 1 favours recall.

    Raises ValueError for another average, beta <= 0, a threshold outside (0, 1], a first batch of
    other shapes, and a result before the first batch. Source: van Rijsbergen, 1979, "Information
    Retrieval".

    >>> import danlu as dl
    >>> metric = dl.metrics.FBetaScore(beta=2.0)
    >>> score = metric([[1, 0], [0, 1], [0, 1]], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    >>> [round(value, 4) for value in score.tolist()]
    [0.8333, 0.5556]
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        owner = type(self).__name__
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                f"[{owner}] average is None, 'micro', 'macro' or 'weighted', got {average!r}"
            )
        if beta <= 0 or (threshold is not None and not 0 < threshold <= 1):
            raise ValueError(
                f"[{owner}] wants beta > 0 and 0 < threshold <= 1, got beta={beta}, "
                f"threshold={threshold}"
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.axis = None if average == "micro" else 0
        self._built = False

    def _build(self, y_true: Any, y_pred: Any) -> None:
        if y_true.ndim != 2 or y_true.shape != y_pred.shape:
            raise ValueError(
                f"[{type(self).__name__}] wants labels and predictions of shape (batch, classes), "
                f"got {tuple(y_true.shape)} and {tuple(y_pred.shape)}: convert class numbers with "
                "utils.to_categorical"
            )
        shape = () if self.average == "micro" else (y_pred.shape[-1],)
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self.false_positives = self.add_variable(shape, "zeros", name="false_positives")
        self.false_negatives = self.add_variable(shape, "zeros", name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, "zeros", name="intermediate_weights")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = cast(y_true, self.dtype), cast(y_pred, self.dtype)
        if not self._built:
            self._build(y_true, y_pred)
        if self.threshold is None:
            largest = ops.max(y_pred, axis=-1, keepdims=True)
            chosen = ops.logical_and(y_pred >= largest, ops.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        chosen = ops.cast(chosen, self.dtype)
        weight: Any = 1.0
        if sample_weight is not None:
            weight = cast(sample_weight, self.dtype)
            check_weight(self.name, y_true[:, 0], weight)
            weight = ops.expand_dims(weight, 1)

        def total(values: Any) -> Any:
            return ops.sum(values * weight, axis=self.axis)

        self.true_positives.assign_add(total(chosen * y_true))
        self.false_positives.assign_add(total(chosen * (1.0 - y_true)))
        self.false_negatives.assign_add(total((1.0 - chosen) * y_true))
        self.intermediate_weights.assign_add(total(y_true))

    def result(self) -> Any:
        if not self._built:
            raise ValueError(f"[{type(self).__name__}] has no result before the first update_state")
        epsilon = config.epsilon()
        right = self.true_positives.value
        precision = right / (right + self.false_positives + epsilon)
        recall = right / (right + self.false_negatives + epsilon)
        squared = self.beta**2
        score = precision * recall / (squared * precision + recall + epsilon) * (1 + squared)
        if self.average == "weighted":
            weights = self.intermediate_weights.value
            return ops.sum(score * (weights / (ops.sum(weights) + epsilon)))
        return score if self.average is None else ops.mean(score)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


class F1Score(FBetaScore):
    """2 precision recall / (precision + recall), for each class or averaged.

    `FBetaScore` with beta = 1: shapes, arguments and errors are the same.

    >>> import danlu as dl
    >>> metric = dl.metrics.F1Score(average="macro")
    >>> round(metric([[1, 0], [0, 1], [0, 1]], [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]).item(), 4)
    0.6667
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        return {k: v for k, v in super().get_config().items() if k != "beta"}
