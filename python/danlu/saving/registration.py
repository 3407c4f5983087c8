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
    """Return the global table from names to custom classes and functions; it may be changed.

    Names are "package>name" where `register_keras_serializable` put them, and whatever you choose.

    >>> import danlu as dl
    >>> dl.saving.get_custom_objects()["cube"] = lambda x: x**3
    >>> dl.activations.get("cube")(2)
    8
    >>> del dl.saving.get_custom_objects()["cube"]
    """
    return _custom_objects


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Return a decorator that lets saved models name a class or function of yours.

    The name is "package>name", `name` being the one in the code by default; the program that loads
    the model registers it in the same way. Raises ValueError for a class without `get_config`.

    >>> import danlu as dl
    >>> @dl.saving.register_keras_serializable(package="my_package")
    ... def swish(x):
    ...     return x * dl.ops.sigmoid(x)
    >>> dl.saving.get_registered_name(swish)
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
    """Return the name that a class or function is registered by, or its own.

    >>> import danlu as dl
    >>> dl.saving.get_registered_name(dl.layers.Dense)
    'Dense'
    """
    return _names.get(item) or item.__name__


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """Return what is registered by a name, or None.

    It is looked for in the `custom_object_scope` of this thread, in `custom_objects`, in the global
    table and in `module_objects`, in this order.

    >>> import danlu as dl
    >>> dl.saving.get_registered_object("double", custom_objects={"double": lambda x: 2 * x})(3)
    6
    """
    for table in (_scope.get(), custom_objects, _custom_objects, module_objects):
        if table and name in table:
            return table[name]
    return None


@contextmanager
def custom_object_scope(objects: Mapping[str, Any]) -> Iterator[None]:
    """`with custom_object_scope({"MyLayer": MyLayer}):` loading knows these names, too.

    It holds for this thread, until the block ends; scopes may be nested, the inner one counts.

    >>> import danlu as dl
    >>> config = {"class_name": "function", "config": "cube"}
    >>> with dl.saving.custom_object_scope({"cube": lambda x: x**3}):
    ...     dl.saving.deserialize_keras_object(config)(2)
    8
    """
    token = _scope.set({**(_scope.get() or {}), **objects})
    try:
        yield
    finally:
        _scope.reset(token)


CustomObjectScope = custom_object_scope
