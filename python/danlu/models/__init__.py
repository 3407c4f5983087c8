"""Models by Keras's names, loaded on first use: `dl.models.Sequential([...])`."""

from .._lazy import attach

# Where each name lives.
_MODULES = {
    "Functional": "functional",
    "Model": "model",
    "Sequential": "sequential",
    "clone_model": "cloning",
    "load_model": "loading",
    "model_from_json": "loading",
    "save_model": "loading",
}

__getattr__, __dir__ = attach(__name__, _MODULES)
