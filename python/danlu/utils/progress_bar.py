"""A progress bar on one line, written as Keras writes it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from time import perf_counter
from typing import Any

_BOLD, _GREEN, _WHITE, _RESET = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


def print_message(message: str, end: str = "\n") -> None:
    """Write to standard output, in ASCII where it knows no more."""
    out = sys.stdout
    try:
        out.write(message + end)
    except UnicodeEncodeError:
        out.write(message.replace("━", "=").encode("ascii", "replace").decode() + end)
    out.flush()


class Progbar:
    """`313/313 ━━━━━━━━━━━━━━━━━━━━ 1s 2ms/step - accuracy: 0.9773 - loss: 0.0718`.

    On a terminal or in a notebook the line is redrawn; elsewhere it is written once, at the end.

    Args:
        target: the number of steps, None when it is not known.
        verbose: 0 for silence, 1 for a bar, 2 for a line without a bar.
        interval: seconds between two redraws, at least.
        averaged: names of values that are averaged over the steps; all others are shown as they
            are. None averages all.

    The last update, `current` >= `target` or `finalize=True`, shows values as they come.

    >>> import danlu as dl
    >>> bar = dl.utils.Progbar(target=2)
    >>> bar.update(1, [("loss", 3.0)])
    >>> bar.update(2, [("loss", 1.0)])
    2/2 ━━━━━━━━━━━━━━━━━━━━ 0s ...s/step - loss: 1.0000
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        averaged: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.seen = 0
        self._averaged = None if averaged is None else frozenset(averaged)
        self._values: dict[str, tuple[float, int]] = {}  # sum and count
        self._start = perf_counter()
        self._after_first: float | None = None
        self._drawn = 0  # characters on the line
        self.due = self._start
        terminal = getattr(sys.stdout, "isatty", bool)() and os.environ.get("TERM") != "dumb"
        self.redraws = bool(terminal) or "ipykernel" in sys.modules

    def add(self, steps: int, values: Any = None) -> None:
        """Count further steps.

        >>> import danlu as dl
        >>> bar = dl.utils.Progbar(target=10, verbose=0)
        >>> bar.add(3)
        >>> bar.add(2)
        >>> bar.seen
        5
        """
        self.update(self.seen + steps, values)

    def update(self, current: int, values: Any = None, finalize: bool | None = None) -> None:
        """Show that `current` steps are done, with [(name, value)].

        A value is weighted with the steps since the last update. `finalize` ends the line; by
        default at the target.

        >>> import danlu as dl
        >>> bar = dl.utils.Progbar(target=None, verbose=2)
        >>> bar.update(1, [("loss", 3.0)])
        >>> bar.update(2, [("loss", 1.0)], finalize=True)
        0s - ...s/step - loss: 1.0000
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        steps = max(current - self.seen, 1)
        for name, value in values or ():
            value = float(value)
            if self._averaged is not None and name not in self._averaged or finalize:
                self._values[name] = (value, 1)
            else:
                total, count = self._values.get(name, (0.0, 0))
                self._values[name] = (total + value * steps, count + steps)
        self.seen = current
        now = perf_counter()
        step_time = self._step_time(current, now)
        if self.verbose == 1:
            if finalize or (self.redraws and now >= self.due):
                self._draw(current, now, step_time, finalize)
                self.due = perf_counter() + self.interval
        elif self.verbose == 2 and finalize:
            took = f"{now - self._start:.0f}s -{self._per_step(step_time)}"
            head = f"{current}/{self.target} - " if self.target else ""
            print_message(f"{head}{took}{self._shown_values()}")

    def abandon(self) -> None:
        """Leave the bar as it is and begin a new line."""
        if self._drawn:
            print_message("")
            self._drawn = 0

    def _draw(self, current, now, step_time, finalize):
        def styled(text, *styles):
            return "".join(styles) + text + _RESET if self.redraws else text

        if self.target:
            digits = len(str(self.target))
            count = f"{current:{digits}d}/{self.target}"
            done = min(self.width, self.width * current // self.target)
            bar = styled("━" * done, _GREEN) if done else ""
            bar += styled("━" * (self.width - done), _WHITE) if done < self.width else ""
            head, length = f"{styled(count, _BOLD)} {bar}", len(count) + 1 + self.width
        else:
            head = f"{current:7d}/Unknown"
            length = len(head)
        if self.target and not finalize:
            time = _duration(step_time * (self.target - current))
        else:
            time = f"{now - self._start:.0f}s"
        tail = self._per_step(step_time) + self._shown_values()
        length += 1 + len(time) + len(tail)
        blanks = " " * max(0, self._drawn - length)
        before = "\r" if self.redraws else ""
        line = f"{before}{head} {styled(time, _BOLD)}{tail}{blanks}"
        print_message(line, end="\n" if finalize else "")
        self._drawn = length

    def _step_time(self, current, now):
        """Seconds a step; the first one, which builds and warms up, does not count."""
        if not current:
            return 0.0
        if self._after_first is not None and current > 1:
            time = (now - self._after_first) / (current - 1)
        else:
            time = (now - self._start) / current
        if current == 1:
            self._after_first = now
        return time

    def _per_step(self, seconds):
        if seconds >= 1 or seconds == 0:
            return f" {seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f" {seconds * 1e3:.0f}ms/{self.unit_name}"
        return f" {seconds * 1e6:.0f}us/{self.unit_name}"

    def _shown_values(self):
        shown = ""
        for name, (total, count) in self._values.items():
            mean = total / max(1, count)
            shown += f" - {name}: {mean:.4f}" if abs(mean) > 1e-3 else f" - {name}: {mean:.4e}"
        return shown


def _duration(seconds: float) -> str:
    if seconds > 3600:
        return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f}:{seconds % 60:02.0f}"
    if seconds > 60:
        return f"{seconds // 60:.0f}:{int(seconds % 60):02d}"
    return f"{int(seconds)}s"
