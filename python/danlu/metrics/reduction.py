"""Running sums and means, and the mean of any function of targets and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import ops
from .._core import Tensor
from ..losses.loss import check_weight, masked_weight, weights_of_rank
from ..utils.tensors import cast
from .metric import Metric


def samplewise(
    name: str, values: Any, sample_weight: Any, reduce: Any, dtype: str
) -> tuple[Any, Any]:
    """Return weighted values with one entry a sample, and the weights, one a sample or None."""
    values = cast(values, dtype)
    if sample_weight is not None:
        values, weight = weights_of_rank(values, cast(sample_weight, dtype))
        if values.ndim > weight.ndim:
            values = reduce(values, axis=tuple(range(weight.ndim, values.ndim)))
        check_weight(name, values, weight)
        weight = ops.broadcast_to(weight, values.shape)
        values = values * weight
        if weight.ndim > 1:
            weight = reduce(weight, axis=tuple(range(1, weight.ndim)))
        sample_weight = weight
    if values.ndim > 1:
        values = reduce(values, axis=tuple(range(1, values.ndim)))
    return values, sample_weight


class Sum(Metric):
    """The weighted sum of all values.

    values (batch, ...), weights (batch,) or the shape of the values. Raises ValueError when the
    weights do not fit. Source: Keras 3.

    >>> import danlu as dl
    >>> metric = dl.metrics.Sum()
    >>> metric.update_state([1.0, 2.0, 3.0])
    >>> metric.update_state([10.0, 20.0], sample_weight=[0.0, 1.0])
    >>> metric.result().item()
    26.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, _ = samplewise(self.name, values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(ops.sum(values))

    def result(self) -> Any:
        return self.total.value


class Mean(Metric):
    """The weighted mean of all values; each batch counts by its number of samples.

    values (batch, ...) are averaged over the axes after the first; weights (batch,) or the shape of
    the values, and the divisor is their sum. Without any batch the result is 0.

    Raises ValueError when the weights do not fit. Source: Keras 3.

    >>> import danlu as dl
    >>> metric = dl.metrics.Mean()
    >>> metric.update_state([1.0, 3.0])
    >>> metric.update_state([8.0])
    >>> metric.result().item()  # 12 / 3
    4.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, weight = samplewise(self.name, values, sample_weight, ops.mean, self.dtype)
        self.total.assign_add(ops.sum(values))
        if weight is not None:
            self.count.assign_add(ops.sum(weight))
        else:
            self.count.assign_add(values.shape[0] if values.ndim else 1)

    def result(self) -> Any:
        return ops.divide_no_nan(self.total, self.count)


class MeanMetricWrapper(Mean):
    """The mean of a function `fn(y_true, y_pred, **kwargs)` over all samples.

    fn returns one value a sample, or (batch, ...); kwargs are handed to it at each update. Weights
    are those of `Mean`; places that a Keras mask leaves out do not count. `compile(metrics=[fn])`
    wraps a function by itself. Source: Keras 3.

    >>> import danlu as dl
    >>> metric = dl.metrics.MeanMetricWrapper(dl.metrics.binary_accuracy, threshold=0.25)
    >>> metric([[1], [0]], [[0.3], [0.3]]).item()
    0.5
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        mask = y_pred._keras_mask if type(y_pred) is Tensor else None
        if mask is not None:
            sample_weight = masked_weight(self.name, sample_weight, mask, self.dtype, "sum")
        super().update_state(self._fn(y_true, y_pred, **self._fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        from ..losses import serialize

        return {**super().get_config(), "fn": serialize(self._fn), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        if "fn" in config:
            from ..losses import deserialize

            config = {**config, "fn": deserialize(config["fn"])}
        return cls(**config)


class NamedMean(MeanMetricWrapper):
    """A mean whose class stands for its function: its configuration holds the arguments alone."""

    # Arguments that Keras leaves out of the configuration: written only when not the default.
    _omitted: dict[str, Any] = {}

    def get_config(self) -> dict[str, Any]:
        kwargs = self._fn_kwargs.items()
        shown = {k: v for k, v in kwargs if k not in self._omitted or v != self._omitted[k]}
        return {**Metric.get_config(self), **shown}
