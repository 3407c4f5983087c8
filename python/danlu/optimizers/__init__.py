"""Optimizers by Keras's names; `get("adam")` finds one."""

from __future__ import annotations

from .._lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "Adadelta": "rules",
        "Adagrad": "rules",
        "Adam": "rules",
        "AdamW": "rules",
        "Adamax": "rules",
        "Lion": "rules",
        "Nadam": "rules",
        "Optimizer": "optimizer",
        "RMSprop": "rules",
        "SGD": "rules",
        "deserialize": "registry",
        "get": "registry",
        "schedules": "",
        "serialize": "registry",
    },
)
