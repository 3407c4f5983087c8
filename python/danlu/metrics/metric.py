"""The base class of metrics: state in Variables, updated batch by batch."""

from __future__ import annotations

from typing import Any

from .. import config, initializers, ops
from .._core import Variable
from ..utils.naming import auto_name
from ..utils.suggest import SuggestsArguments


class Metric(SuggestsArguments):
    """`update_state(...)` adds a batch, `result()` is the value so far, `reset_state()` forgets.

    Subclasses make their state with `add_variable` in the constructor, after `super().__init__()`,
    and define `update_state` and `result`; a metric kept as an attribute is part of the state.
    dtype is that of the computation, by default `config.floatx()`. Calling a metric updates it and
    returns the result.

    Raises RuntimeError when state is made before `super().__init__()`. Source: Keras 3.

    >>> import danlu as dl
    >>> class LargestError(dl.metrics.Metric):
    ...     def __init__(self, name="largest_error"):
    ...         super().__init__(name=name)
    ...         self.largest = self.add_variable((), "zeros", name="largest")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         error = dl.max(dl.abs(dl.asarray(y_true) - dl.asarray(y_pred)))
    ...         self.largest.assign(dl.maximum(self.largest.value, error))
    ...     def result(self):
    ...         return self.largest.value
    >>> LargestError()([1.0, 2.0], [1.5, 5.0]).item()
    3.0
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._dtype = str(getattr(dtype, "compute_dtype", dtype) or config.floatx())
        self._variables: list[Any] = []
        self._metrics: list[Metric] = []

    @property
    def dtype(self) -> str:
        """The dtype of the computation.

        >>> import danlu as dl
        >>> dl.metrics.Mean(dtype="float64").dtype
        'float64'
        """
        return self._dtype

    @property
    def variables(self) -> list[Any]:
        """The state of the metric and of the metrics that it holds.

        >>> import danlu as dl
        >>> [variable.path for variable in dl.metrics.Mean("loss").variables]
        ['loss/total', 'loss/count']
        """
        found = list(self._variables)
        for metric in self._metrics:
            found.extend(metric.variables)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Metric):
            if "_metrics" not in self.__dict__:
                raise RuntimeError(
                    f"[{type(self).__name__}] call super().__init__() first in __init__"
                )
            self._metrics.append(value)
        object.__setattr__(self, name, value)

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Any:
        """Return a new Variable that belongs to the state of the metric.

        It is not trainable. The initializer is a name, an object or a function; `reset_state` sets
        zeros whatever it is, as in Keras 3. aggregation is accepted for Keras's sake and has no
        effect.

        Raises RuntimeError before `super().__init__()`.

        >>> import danlu as dl
        >>> metric = dl.metrics.Metric(name="hits")
        >>> count = metric.add_variable((3,), "zeros", name="count")
        >>> count.path, count.shape
        ('hits/count', (3,))
        """
        if "_variables" not in self.__dict__:
            raise RuntimeError(f"[{type(self).__name__}] call super().__init__() first in __init__")
        variable = Variable(
            initializers.get(initializer),
            shape=tuple(shape),
            dtype=dtype or self._dtype,
            trainable=False,
            name=name,
        )
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str | None = None,
    ) -> Any:
        """Do what `add_variable` does, by the name that layers use.

        >>> import danlu as dl
        >>> dl.metrics.Metric(name="hits").add_weight(name="count").shape
        ()
        """
        return self.add_variable(shape, initializer, dtype=dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch.

        Most metrics take (y_true, y_pred, sample_weight=None), `Mean` and `Sum` (values,
        sample_weight=None), with weights of shape (batch,).

        Raises NotImplementedError unless the subclass defines it.

        >>> import danlu as dl
        >>> metric = dl.metrics.Accuracy()
        >>> metric.update_state([1, 2], [1, 0])
        >>> metric.update_state([3, 4], [3, 4])
        >>> metric.result().item()
        0.75
        """
        raise NotImplementedError(f"[{type(self).__name__}] a metric defines update_state")

    def result(self) -> Any:
        """Return the value over all batches since the last reset.

        Raises NotImplementedError unless the subclass defines it.

        >>> import danlu as dl
        >>> metric = dl.metrics.Sum()
        >>> metric.update_state([1.0, 2.0])
        >>> metric.result().item()
        3.0
        """
        raise NotImplementedError(f"[{type(self).__name__}] a metric defines result")

    def reset_state(self) -> None:
        """Forget all batches: every variable of the state becomes 0.

        >>> import danlu as dl
        >>> metric = dl.metrics.Sum()
        >>> metric.update_state([1.0, 2.0])
        >>> metric.reset_state()
        >>> metric.result().item()
        0.0
        """
        for variable in self.variables:
            variable.assign(ops.zeros(variable.shape, dtype=variable.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, with the names that Keras 3 gives them.

        >>> import danlu as dl
        >>> dl.metrics.Sum().get_config()
        {'name': 'sum', 'dtype': 'float32'}
        """
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Return the metric that `get_config` described, without its state.

        Raises TypeError for an argument that the constructor does not take.

        >>> import danlu as dl
        >>> metric = dl.metrics.BinaryAccuracy(threshold=0.25)
        >>> dl.metrics.BinaryAccuracy.from_config(metric.get_config()).threshold
        0.25
        """
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
