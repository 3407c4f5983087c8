"""Default names: a class's snake-case name, numbered when it is used again."""

from __future__ import annotations

from .locks import make_lock

_lock = make_lock()
_counts: dict[str, int] = {}


def to_snake_case(name: str) -> str:
    """Return Keras's default name for a class: `MaxPooling2D` gives `max_pooling2d`."""
    import re

    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def with_article(noun: str) -> str:
    """Return `a loss`, `an optimizer`."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def auto_name(class_name: str) -> str:
    """Return a name that this process has not given yet: `dense`, `dense_1`, `dense_2`..."""
    name = to_snake_case(class_name)
    with _lock:
        count = _counts.get(name, 0)
        _counts[name] = count + 1
    return f"{name}_{count}" if count else name


def layer_name(name: str | None, class_name: str) -> str:
    """Return the name of a layer: the one given, a string without "/", or one of its own."""
    if name is not None and (not isinstance(name, str) or "/" in name):
        raise ValueError(
            f"[{class_name}] name is a string without '/', which separates names in paths; got "
            f"name={name!r:.60}"
        )
    return name or auto_name(class_name)


def reset_names() -> None:
    """Start counting again, as `utils.clear_session` does."""
    _counts.clear()
