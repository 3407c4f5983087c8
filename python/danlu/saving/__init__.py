"""Saving and loading: objects as plain values, weights as safetensors, models as one archive."""

from .._lazy import attach

# Where each name lives.
_MODULES = {
    "CustomObjectScope": "registration",
    "custom_object_scope": "registration",
    "deserialize_keras_object": "serialization",
    "get_custom_objects": "registration",
    "get_registered_name": "registration",
    "get_registered_object": "registration",
    "load_model": "archive",
    "load_weights": "weights",
    "register_keras_serializable": "registration",
    "save_model": "archive",
    "save_weights": "weights",
    "serialize_keras_object": "serialization",
}

__getattr__, __dir__ = attach(__name__, _MODULES)
