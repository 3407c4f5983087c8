"""Helpers by Keras's names, loaded on first use."""

from .._lazy import attach

# Where each name lives.
_MODULES = {
    "CustomObjectScope": "saving_names",
    "Progbar": "progress_bar",
    "PyDataset": "dataset",
    "Sequence": "dataset",
    "clear_session": "session",
    "custom_object_scope": "saving_names",
    "deserialize_keras_object": "saving_names",
    "get_custom_objects": "saving_names",
    "get_registered_name": "saving_names",
    "get_registered_object": "saving_names",
    "normalize": "numeric",
    "pack_x_y_sample_weight": "data",
    "register_keras_serializable": "saving_names",
    "serialize_keras_object": "saving_names",
    "set_random_seed": "session",
    "to_categorical": "numeric",
    "unpack_x_y_sample_weight": "data",
}

__getattr__, __dir__ = attach(__name__, _MODULES)
