"""What a thread's running layer calls share: the stack of layers, `training`, and added losses.

It is per thread, so that two threads can train two models at once.
"""

from threading import local
from typing import Any


class CallState:
    """The layer calls that run on one thread.

    stack: the layers being built or called, outermost first; their names make a variable's path.
    training: the mode that the innermost call with a `training` argument has set.
    losses: (layer, value) pairs from `add_loss` since the outermost call began.
    abstract: whether shapes are being inferred, so that nothing of the run is kept.
    made: (variable, version, value) of the weights that such a run has made.
    """

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.training: bool | None = None
        self.losses: list[tuple[Any, Any]] = []
        self.abstract = False
        self.made: list[tuple[Any, int, Any]] = []

    def path(self) -> str:
        """The names of the layers around, as in `sequential/dense`."""
        return "/".join(layer.name for layer in self.stack)


class _Context(local):
    """`context.here` is the state of the thread that asks."""

    def __init__(self) -> None:
        self.here = CallState()


context = _Context()
