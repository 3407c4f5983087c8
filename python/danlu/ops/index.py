"""Indexing: what is composed of take, where and scatter."""

from __future__ import annotations

__all__: list[str] = []
