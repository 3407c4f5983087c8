"""Models from files and from JSON."""

from __future__ import annotations

from typing import Any

from ..saving.archive import load_model, reading, save_model

__all__ = ["load_model", "model_from_json", "save_model"]


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Return a model with fresh weights from what `Model.to_json` wrote, or Keras 3's.

    `custom_objects` is {name: class or function} of yours that the model is made of and that are
    not registered. A model that was compiled is compiled again, with a new optimizer.

    Raises ValueError for text that is not JSON or cannot be made into a model, and for a class or
    function that is not known; what a configuration names is never imported.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(3)])
    >>> dl.models.model_from_json(model.to_json()).output_shape
    (None, 3)
    """
    import json

    from ..saving import deserialize_keras_object
    from ..saving.sharing import reading_shared
    from .model import Model

    try:
        config = json.loads(json_string)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"[model_from_json] this is not JSON ({error}): {json_string!r:.60}"
        ) from None
    with reading("[model_from_json] this"), reading_shared():
        model = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(model, Model):
        raise ValueError(
            f"[model_from_json] wants what model.to_json() returns, got {json_string!r:.60}"
        )
    return model
