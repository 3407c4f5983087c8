"""keras.ops functions about tensors themselves."""

from __future__ import annotations

__all__: list[str] = []
