"""Models from files and from JSON."""

from __future__ import annotations

from typing import Any

from ..saving.archive import load_model, save_model

__all__ = ["load_model", "model_from_json", "save_model"]


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Return a model with fresh weights from what `Model.to_json` wrote."""
    import json

    from ..saving import deserialize_keras_object

    return deserialize_keras_object(json.loads(json_string), custom_objects=custom_objects)
