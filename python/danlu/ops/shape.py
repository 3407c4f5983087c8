"""Shapes: what is composed of views and copies."""

from __future__ import annotations

__all__: list[str] = []
