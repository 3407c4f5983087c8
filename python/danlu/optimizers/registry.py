"""Optimizers by name, in any case: "adam", "Adam", "RMSprop", "rmsprop"."""

from __future__ import annotations

from typing import Any

from ..utils.lookup import Lookup
from ..utils.naming import with_article
from . import rules
from .optimizer import Optimizer

_CLASSES = (
    rules.Adadelta,
    rules.Adagrad,
    rules.Adam,
    rules.AdamW,
    rules.Adamax,
    rules.Lion,
    rules.Nadam,
    rules.RMSprop,
    rules.SGD,
)
_lookup = Lookup(
    "optimizer",
    "optimizers",
    aliases={
        **{cls.__name__: cls for cls in _CLASSES},
        **{cls.__name__.lower(): cls for cls in _CLASSES},
    },
)
serialize = _lookup.serialize


def _known(name: Any) -> Any:
    """The name as the table has it, if only its case differs."""
    lower = name.lower() if isinstance(name, str) else name
    return lower if lower in _lookup.objects else name


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """Return the optimizer that a configuration from `serialize` describes.

    It is one without state: a saved model has that beside it. `custom_objects` maps class names to
    classes of your own. Raises ValueError for an unknown class or argument, TypeError for what is
    no configuration.

    >>> import danlu as dl
    >>> config = dl.optimizers.serialize(dl.optimizers.SGD(momentum=0.5))
    >>> dl.optimizers.deserialize(config).momentum
    0.5
    """
    if isinstance(config, dict) and config.get("class_name") not in (custom_objects or ()):
        config = {**config, "class_name": _known(config.get("class_name"))}
    return _lookup.deserialize(config, custom_objects)


def get(identifier: Any) -> Any:
    """Return the optimizer for a name, a configuration or an optimizer.

    Names are those of the classes in any case; None stays None. Raises ValueError for an unknown
    name, with the nearest known one, and for anything else.

    >>> import danlu as dl
    >>> dl.optimizers.get("adam").beta_1
    0.9
    >>> dl.optimizers.get("rmsprop").rho == dl.optimizers.get("RMSprop").rho
    True
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        found = _lookup.find(_known(identifier))
        identifier = found() if isinstance(found, type) else found
    elif isinstance(identifier, dict):
        identifier = deserialize(identifier)
    if isinstance(identifier, Optimizer):
        return identifier
    raise ValueError(
        f"[optimizers.get] cannot make an optimizer of {identifier!r} "
        f"({with_article(type(identifier).__name__)}); expected a name, an Optimizer or a "
        "configuration"
        + (f": write {identifier.__name__}()" if isinstance(identifier, type) else "")
    )
