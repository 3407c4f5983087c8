"""Classes and functions that a saved configuration may name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_custom_objects: dict[str, Any] = {}
_names: dict[Any, str] = {}
# What `custom_object_scope` adds, in this thread only.
_scope: ContextVar[Mapping[str, Any] | None] = ContextVar("danlu_custom_objects", default=None)


def get_custom_objects() -> dict[str, Any]:
    """Return the global table from names to custom classes and functions; it may be changed."""
    return _custom_objects


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Return a decorator that lets saved models name a class or function of yours.

    >>> @register_keras_serializable(package="my_package")
    ... def swish(x):
    ...     return x
    >>> get_registered_name(swish)
    'my_package>swish'
    """

    def register(item: T) -> T:
        own_name = name if name is not None else item.__name__  # type: ignore[attr-defined]
        key = f"{package}>{own_name}"
        if isinstance(item, type) and not hasattr(item, "get_config"):
            raise ValueError(
                f"[register_keras_serializable] {item.__name__} has no get_config, so it cannot be "
                "saved: define get_config(self)"
            )
        _custom_objects[key] = item
        _names[item] = key
        return item

    return register


def get_registered_name(item: Any) -> str:
    """Return the name that a class or function is registered by, or its own."""
    return _names.get(item) or item.__name__


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return what is registered by a name, or None."""
    for table in (_scope.get(), custom_objects, _custom_objects, module_objects):
        if table and name in table:
            return table[name]
    return None


@contextmanager
def custom_object_scope(objects: Mapping[str, Any]) -> Iterator[None]:
    """`with custom_object_scope({"MyLayer": MyLayer}):` loading knows these names, too."""
    token = _scope.set({**(_scope.get() or {}), **objects})
    try:
        yield
    finally:
        _scope.reset(token)


CustomObjectScope = custom_object_scope
