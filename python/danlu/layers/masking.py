"""Masks: which steps of a sequence count.

A mask lies on the tensor that it belongs to, as `_keras_mask`, from the layer that makes it
(`Embedding(mask_zero=True)`) through those that keep it, to the losses and metrics.
"""

from __future__ import annotations

from typing import Any

from .. import tree
from .._autograd import no_grad
from .._core import Tensor
from ..utils.warn import warn
from .keras_tensor import KerasTensor


def mask_of(value: Any) -> Any:
    """Return the mask of a tensor, or those of a structure of tensors; None where there is none."""
    if isinstance(value, (Tensor, KerasTensor)):
        return value._keras_mask
    if tree.is_nested(value):
        masks = tree.map_structure(mask_of, value)
        return masks if any(mask is not None for mask in tree.flatten(masks)) else None
    return None


def set_masks(values: Any, masks: Any) -> None:
    """Put masks on the tensors that have none yet."""
    for value, mask in zip(tree.flatten(values), tree.flatten(masks), strict=False):
        if mask is not None and mask_of(value) is None:
            value._keras_mask = mask


def pass_on(layer: Any, inputs: Any, outputs: Any, mask: Any) -> None:
    """Put the mask that a layer makes of the one of its inputs on its outputs."""
    known = [mask_of(output) is not None for output in tree.flatten(outputs)]
    if all(known):
        return
    if layer.supports_masking:
        with no_grad():
            set_masks(outputs, layer.compute_mask(inputs, mask))
    elif type(mask) is Tensor and not any(known) and not layer._layers:
        warn(
            f"{layer.label()} drops the mask of its inputs (of an Embedding with mask_zero=True): "
            "from here on the padded steps count like others. A layer of yours that keeps masks "
            "sets self.supports_masking = True",
        )
