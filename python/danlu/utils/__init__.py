"""Helpers by Keras's names, loaded on first use."""

from .._lazy import attach

# Where each name lives.
_MODULES = {
    "CustomObjectScope": "elsewhere",
    "Progbar": "progress_bar",
    "PyDataset": "dataset",
    "Sequence": "dataset",
    "clear_session": "session",
    "custom_object_scope": "elsewhere",
    "deserialize_keras_object": "elsewhere",
    "disable_interactive_logging": "elsewhere",
    "enable_interactive_logging": "elsewhere",
    "get_custom_objects": "elsewhere",
    "get_registered_name": "elsewhere",
    "get_registered_object": "elsewhere",
    "is_interactive_logging_enabled": "elsewhere",
    "is_keras_tensor": "elsewhere",
    "normalize": "numeric",
    "pack_x_y_sample_weight": "data",
    "register_keras_serializable": "elsewhere",
    "serialize_keras_object": "elsewhere",
    "set_random_seed": "session",
    "to_categorical": "numeric",
    "unpack_x_y_sample_weight": "data",
}

__getattr__, __dir__ = attach(__name__, _MODULES)
