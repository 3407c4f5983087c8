"""Layers by Keras's names, loaded on first use: `dl.layers.Dense(10)`."""

from .._lazy import attach

# Where each name lives.
_MODULES = {
    "Layer": "layer",
    "Input": "input",
    "InputLayer": "input",
    "InputSpec": "input_spec",
}

__getattr__, __dir__ = attach(__name__, _MODULES)
