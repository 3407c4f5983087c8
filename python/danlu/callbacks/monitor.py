"""Watches one metric and knows whether it got better."""

from __future__ import annotations

from typing import Any

from ..utils.arguments import check_numbers
from ..utils.warn import warn
from .callback import Callback, Logs


class MonitorCallback(Callback):
    """The base of callbacks that compare a metric with the best so far.

    Args:
        mode: "min", "max", or "auto", which asks the metric: a loss falls, an accuracy rises.
        baseline: what the first value is compared with; None lets any pass.
        min_delta: the change must be greater than this to count as better.

    Raises ValueError for an unknown mode.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(
                f"[{type(self).__name__}] mode is 'auto', 'min' or 'max', got {mode!r}"
            )
        if not isinstance(monitor, str):
            raise TypeError(
                f"[{type(self).__name__}] monitor is the name of a metric, such as 'val_loss', got "
                f"{monitor!r:.60}"
            )
        check_numbers(type(self).__name__, min_delta=min_delta)
        if baseline is not None:
            check_numbers(type(self).__name__, baseline=baseline)
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self._upwards: bool | None = None if mode == "auto" else mode == "max"

    _otherwise = ""  # what happens where there is no value, for the warning

    def value(self, logs: Logs) -> float | None:
        """Return the monitored value, or None with a warning when there is no single number.

        Raises ValueError when `mode` is "auto" and the metric does not say where it should go.

        >>> import danlu as dl
        >>> dl.callbacks.EarlyStopping("val_loss").value({"loss": 2.0, "val_loss": 3.0})
        3.0
        """
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None:
            from ..utils.suggest import suggestion

            warn(
                f"[{type(self).__name__}] monitors {self.monitor!r}, which is not available; there "
                f"are {', '.join(map(repr, logs))}.{suggestion(self.monitor, logs)}"
                f"{self._otherwise}",
            )
            return None
        if getattr(value, "shape", ()):
            warn(
                f"[{type(self).__name__}] monitors {self.monitor!r}, which is no single number but "
                f"of shape {tuple(value.shape)}.{self._otherwise}",
            )
            return None
        if self._upwards is None:
            self._upwards = self._find_direction()
        return float(value)

    def is_better(self, value: float, reference: float | None) -> bool:
        """Whether a value improves on a reference by more than `min_delta`.

        >>> import danlu as dl
        >>> stop = dl.callbacks.EarlyStopping("accuracy", mode="max", min_delta=0.25)
        >>> stop.is_better(0.75, 0.25), stop.is_better(0.5, 0.25)
        (True, False)
        """
        if reference is None:
            return True
        if self._upwards:
            return value - self.min_delta > reference
        return value + self.min_delta < reference

    def _find_direction(self) -> bool:
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return False
        for known, metric in self._metrics():
            direction = getattr(metric, "_direction", None)
            if known == name and direction in ("up", "down"):
                return direction == "up"
        if name.endswith(("acc", "accuracy")):
            return True
        raise ValueError(
            f"[{type(self).__name__}] cannot tell whether {self.monitor!r} should grow or shrink: "
            "say mode='max' or mode='min'"
        )

    def _metrics(self) -> list[tuple[str, Any]]:
        named = [(m.name, m) for m in getattr(self.model, "metrics", [])]
        compiled = getattr(self.model, "_compiled_metrics", None)
        return named + (list(compiled.named()) if compiled is not None else [])
