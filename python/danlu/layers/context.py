"""What a thread's running layer calls share: the stack of layers, `training`, and added losses.

It is per thread, so that two threads can train two models at once.
"""

from threading import local


class CallContext(local):
    """The state of the layer calls that run on this thread.

    stack: the layers being built or called, outermost first; their names make a variable's path.
    training: the mode that the innermost call with a `training` argument has set.
    losses: (layer, value) pairs from `add_loss` since the outermost call began.
    abstract: whether shapes are being inferred, so that nothing of the run is kept.
    """

    def __init__(self):
        self.stack = []
        self.training = None
        self.losses = []
        self.abstract = False

    def path(self) -> str:
        return "/".join(layer.name for layer in self.stack)


context = CallContext()
