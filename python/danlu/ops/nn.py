"""Neural-network functions: arguments as in keras.ops, work in the core."""

from __future__ import annotations

__all__: list[str] = []
