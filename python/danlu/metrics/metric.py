"""The base class of metrics: state in Variables, updated batch by batch."""

from __future__ import annotations

from typing import Any

from .. import config, initializers, ops
from .._core import Variable
from ..utils.naming import auto_name


class Metric:
    """`update_state(...)` adds a batch, `result()` is the value so far, `reset_state()` forgets.

    Subclasses make their state with `add_variable` in the constructor.
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._dtype = str(getattr(dtype, "compute_dtype", dtype) or config.floatx())
        self._variables: list[Any] = []
        self._metrics: list[Metric] = []

    @property
    def dtype(self) -> str:
        """The dtype of the computation."""
        return self._dtype

    @property
    def variables(self) -> list[Any]:
        """The state of the metric and of the metrics that it holds."""
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
        """Return a new Variable that belongs to the state of the metric."""
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
        """Do what `add_variable` does, by the name that layers use."""
        return self.add_variable(shape, initializer, dtype=dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch."""
        raise NotImplementedError(f"[{type(self).__name__}] a metric defines update_state")

    def result(self) -> Any:
        """Return the value over all batches since the last reset."""
        raise NotImplementedError(f"[{type(self).__name__}] a metric defines result")

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.assign(ops.zeros(variable.shape, dtype=variable.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Return the metric that `get_config` described."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
