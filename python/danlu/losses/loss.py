"""The base class of losses: values per sample, weighted and reduced to one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import config, ops
from .._core import Tensor, Variable
from ..utils.naming import auto_name
from ..utils.suggest import SuggestsArguments, suggestion
from ..utils.tensors import cast

_REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(SuggestsArguments):
    """`loss(y_true, y_pred)` is a scalar to minimise; subclasses define `call`, per sample.

    reduction makes one number of what `call` returns: "sum_over_batch_size" (the default) and
    "mean" divide the sum by the number of values, "mean_with_sample_weight" by the sum of the
    weights; "sum" only adds, "none" or None leaves the values. dtype is that of the computation, by
    default `config.floatx()`. A third argument `sample_weight` multiplies the values: (batch,)
    where there is one a sample, (batch, 1) for values (batch, time). Masked places do not count.

    Raises ValueError for another reduction and for weights that do not fit the values, TypeError
    when `call` returns no tensor. Source: Keras 3.

    >>> import danlu as dl
    >>> class Cubic(dl.losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return dl.abs(y_true - y_pred) ** 3
    >>> Cubic()([0.0, 0.0], [1.0, 2.0]).item()
    4.5
    >>> Cubic(reduction="sum")([0.0, 0.0], [1.0, 2.0], sample_weight=[3.0, 1.0]).item()
    11.0
    """

    # A loss whose labels are class numbers takes them in the dtype that they came in.
    integer_labels = False

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self.name = name or auto_name(type(self).__name__)
        if reduction not in _REDUCTIONS:
            raise ValueError(
                f"[{type(self).__name__}] reduction is one of {_REDUCTIONS}, got {reduction!r}."
                f"{suggestion(reduction, filter(None, _REDUCTIONS))}"
            )
        self.reduction = reduction
        self._dtype = str(getattr(dtype, "compute_dtype", dtype) or config.floatx())

    @property
    def dtype(self) -> str:
        """The dtype of the computation.

        y_pred is cast to it, and y_true unless it holds class numbers.

        >>> import danlu as dl
        >>> dl.losses.Poisson(dtype="float64").dtype
        'float64'
        """
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        mask = y_pred._keras_mask if type(y_pred) is Tensor else None
        y_pred = cast(y_pred, self._dtype)
        if not self.integer_labels:
            y_true = cast(y_true, self._dtype)
        values = self.call(y_true, y_pred)
        if not isinstance(values, Tensor):
            raise TypeError(
                f"[{self.name}] a loss returns a tensor, got {values!r:.60} (a "
                f"{type(values).__name__}): compute it from y_true and y_pred with operators and "
                "functions of dl.ops"
            )
        own = self.compute_mask(y_true, y_pred)
        if own is not None:
            mask = own if mask is None else ops.logical_and(mask, own)
        return reduce_weighted(self.name, values, sample_weight, mask, self.reduction, self._dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each sample.

        y_true and y_pred are tensors of the loss's dtype; the result is a tensor, usually of their
        shape without the last axis. The reduction comes afterwards.

        Raises NotImplementedError unless the subclass defines it.

        >>> import danlu as dl
        >>> dl.losses.MeanSquaredError().call(dl.zeros((2, 1)), dl.asarray([[1.0], [3.0]])).tolist()
        [1.0, 9.0]
        """
        raise NotImplementedError(f"[{type(self).__name__}] a loss defines call(y_true, y_pred)")

    def compute_mask(self, y_true: Any, y_pred: Any) -> Any:
        """Return which values count, or None when all do.

        A subclass may return a bool tensor of the shape of the values; a mean then runs over the
        True ones alone.

        >>> import danlu as dl
        >>> loss = dl.losses.SparseCategoricalCrossentropy(ignore_class=-1)
        >>> loss.compute_mask(dl.asarray([2, -1]), dl.ones((2, 3))).tolist()
        [True, False]
        """
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, with the names that Keras 3 gives them.

        >>> import danlu as dl
        >>> dl.losses.MeanSquaredError(reduction="sum").get_config()
        {'name': 'mean_squared_error', 'reduction': 'sum'}
        """
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """Return the loss that `get_config` described.

        Raises TypeError for an argument that the constructor does not take.

        >>> import danlu as dl
        >>> loss = dl.losses.Huber(delta=2.0)
        >>> dl.losses.Huber.from_config(loss.get_config())([[0.0]], [[4.0]]).item()
        6.0
        """
        return cls(**config)


class LossFunctionWrapper(Loss):
    """A loss from a function `fn(y_true, y_pred, **kwargs)` that gives one value per sample.

    fn gets tensors of the loss's dtype, with shapes (batch,) and (batch, 1) made equal; kwargs are
    handed to it at each call. `compile(loss=fn)` wraps a function by itself. reduction, dtype,
    `sample_weight` and the errors are those of `Loss`. Source: Keras 3.

    >>> import danlu as dl
    >>> loss = dl.losses.LossFunctionWrapper(dl.losses.huber, delta=2.0)
    >>> loss([[0.0], [0.0]], [[1.0], [4.0]]).item()
    3.25
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self.integer_labels = getattr(fn, "integer_labels", self.integer_labels)
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        from . import serialize

        return {**super().get_config(), "fn": serialize(self.fn), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        if "fn" in config:
            from . import deserialize

            config = {**config, "fn": deserialize(config["fn"])}
        return cls(**config)

    def __repr__(self) -> str:
        return f"<LossFunctionWrapper({self.fn}, kwargs={self._fn_kwargs})>"


class NamedLoss(LossFunctionWrapper):
    """A loss whose class stands for its function: its configuration holds the arguments alone."""

    # Arguments that Keras leaves out of the configuration: written only when not the default.
    _omitted: dict[str, Any] = {}

    def get_config(self) -> dict[str, Any]:
        kwargs = self._fn_kwargs.items()
        shown = {k: v for k, v in kwargs if k not in self._omitted or v != self._omitted[k]}
        return {**Loss.get_config(self), **shown}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def prediction(y_pred: Any) -> Any:
    """Return predictions as a floating tensor: a tensor keeps its dtype, other input is cast."""
    if isinstance(y_pred, (Tensor, Variable)) and "float" in str(y_pred.dtype):
        return y_pred
    return ops.convert_to_tensor(y_pred, dtype=config.floatx())


def same_rank(y_true: Any, y_pred: Any, expand_vector: bool = True) -> tuple[Any, Any]:
    """Return both with one number of axes, where one has a last axis of size 1 too many.

    Shapes that would not agree even so are left as they are, for the message.
    """
    extra = y_true.ndim - y_pred.ndim
    if extra == 1 and y_true.shape == (*y_pred.shape, 1):
        if y_pred.ndim == 1 and expand_vector:
            return y_true, ops.expand_dims(y_pred, -1)
        return ops.squeeze(y_true, -1), y_pred
    if extra == -1 and y_pred.shape == (*y_true.shape, 1):
        if y_true.ndim == 1 and expand_vector:
            return ops.expand_dims(y_true, -1), y_pred
        return y_true, ops.squeeze(y_pred, -1)
    return y_true, y_pred


def weights_of_rank(values: Any, weight: Any) -> tuple[Any, Any]:
    """Return values and weights with one number of axes, as Keras 3 makes them.

    A last axis of size 1 too many is dropped; a vector beside such a matrix gets one.
    """
    if values.ndim == weight.ndim + 1 and values.shape[-1] == 1:
        if weight.ndim == 1:
            return values, ops.expand_dims(weight, -1)
        return ops.squeeze(values, -1), weight
    if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
        if values.ndim == 1:
            return ops.expand_dims(values, -1), weight
        return values, ops.squeeze(weight, -1)
    return values, weight


def reduce_weighted(
    name: str, values: Any, sample_weight: Any, mask: Any, reduction: str | None, dtype: str
) -> Any:
    """Return the weighted values, reduced; what the mask leaves out does not count."""
    weight = masked_weight(name, sample_weight, mask, dtype, reduction)
    if weight is not None:
        values, weight = weights_of_rank(values, weight)
        check_weight(name, values, weight)
        values = values * weight
    # Keras leaves no values along one axis as they are, and makes 0 of those along several.
    if reduction in (None, "none") or values.ndim == 0 or tuple(values.shape) == (0,):
        return values
    if reduction == "sum" or values.size == 0:
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and weight is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(weight))
    return ops.mean(values)


def check_weight(name: str, values: Any, weight: Any) -> None:
    """Raise unless the weights of a loss or metric broadcast to its values."""
    if weight.shape == values.shape or weight.ndim == 0:
        return
    more_axes = weight.ndim > values.ndim  # would make values of its own
    for have, want in zip(weight.shape[::-1], values.shape[::-1], strict=False):
        if more_axes or (have != want and 1 not in (have, want)):
            samples = values.shape[0]
            wanted = " or ".join(
                str(shape) for shape in dict.fromkeys([(samples, 1), tuple(values.shape)])
            )
            raise ValueError(
                f"[{name}] sample_weight of shape {tuple(weight.shape)} does not fit values of "
                f"shape {tuple(values.shape)}: give one weight for each sample, shape "
                f"{wanted if values.ndim > 1 else (samples,)}"
            )


def masked_weight(
    name: str, sample_weight: Any, mask: Any, dtype: str, reduction: str | None
) -> Any:
    """Return the weights times the mask, scaled so that a mean runs over what the mask keeps."""
    weight = None if sample_weight is None else cast(sample_weight, dtype)
    if mask is None:
        return weight
    kept = cast(mask, dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        kept = kept * ops.divide_no_nan(cast(float(kept.size), dtype), ops.sum(kept))
    if weight is None:
        return kept
    kept, weight = same_rank(kept, weight)
    check_weight(name, kept, weight)
    return weight * kept
