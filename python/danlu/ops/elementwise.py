"""Elementwise functions composed of others."""

from __future__ import annotations

__all__: list[str] = []
