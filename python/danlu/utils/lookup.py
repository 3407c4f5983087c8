"""Names to objects: `get`, `serialize` and `deserialize` for whatever a string may name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .naming import to_snake_case, with_article
from .suggest import suggestion


class Lookup:
    """The objects of one kind by their names, with Keras's `get`, `serialize` and `deserialize`.

    Args:
        kind: what the objects are, for messages: `"loss"`.
        module: the name of the module that holds them: `"losses"`. A serialized object names
            `keras.losses`, so that a configuration can be read by danlu and by Keras.
        classes: found by their own name and by its snake-case form.
        functions: found by their own name.
        aliases: further names.
    """

    def __init__(
        self,
        kind: str,
        module: str,
        classes: Iterable[type] = (),
        functions: Iterable[Callable[..., Any]] = (),
        aliases: Mapping[str, Any] | None = None,
    ) -> None:
        self.kind = kind
        self.module = module
        self.objects: dict[str, Any] = {}
        for cls in classes:
            self.objects[to_snake_case(cls.__name__)] = cls
            self.objects[cls.__name__] = cls
        for function in functions:
            self.objects[function.__name__] = function
        self.objects.update(aliases or {})
        self._builtin = set(map(id, self.objects.values()))

    def find(self, name: str, method: str = "get") -> Any:
        """Return the class or function of that name, or say which one was probably meant."""
        if name in self.objects:
            return self.objects[name]
        from ..saving import get_registered_object

        for key in (name, f"Custom>{name}"):
            if (found := get_registered_object(key)) is not None:
                return found
        raise ValueError(
            f"[{self.module}.{method}] unknown {self.kind} {name!r}."
            f"{suggestion(name, self.objects)} Known names: {', '.join(self.names())}"
        )

    def names(self) -> list[str]:
        """Return one name for each object, the one that Keras's documentation uses."""
        return sorted(n for n in self.objects if n == n.lower())

    def get(self, identifier: Any) -> Any:
        """Return the object for a name, a class, a configuration, a callable or None.

        A class is called without arguments; a callable and None are returned as they are. Raises
        ValueError for an unknown name, with the one that was probably meant, and for any other
        object. Source: Keras 3.

        >>> import danlu as dl
        >>> dl.losses.get("mse") is dl.losses.mean_squared_error
        True
        >>> dl.regularizers.get("l2").get_config()
        {'l2': 0.01}
        """
        if identifier is None:
            return None
        if isinstance(identifier, str):
            identifier = self.find(identifier)
        elif isinstance(identifier, dict):
            identifier = self.deserialize(identifier)
        if isinstance(identifier, type):
            identifier = identifier()
        if callable(identifier):
            return identifier
        raise ValueError(
            f"[{self.module}.get] cannot make {with_article(self.kind)} of {identifier!r} "
            f"({with_article(type(identifier).__name__)}); expected a name, "
            f"{with_article(self.kind)} object, a callable or a configuration from get_config"
        )

    def serialize(self, obj: Any) -> Any:
        """Return the configuration of an object as Keras 3 writes it; `deserialize` reads it.

        Source: Keras 3.

        >>> import danlu as dl
        >>> config = dl.losses.serialize(dl.losses.Huber(delta=2.0))
        >>> config["class_name"], config["config"]["delta"]
        ('Huber', 2.0)
        """
        if obj is None:
            return None
        if id(type(obj)) in self._builtin:
            return {
                "module": f"keras.{self.module}",
                "class_name": type(obj).__name__,
                "config": obj.get_config(),
                "registered_name": None,
            }
        if id(obj) in self._builtin and not isinstance(obj, type):
            name = obj.__name__
            return {
                "module": "builtins",
                "class_name": "function",
                "config": name,
                "registered_name": name,
            }
        from ..saving import serialize_keras_object

        return serialize_keras_object(obj)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return the object that a name or a configuration from `serialize` describes.

        `custom_objects` maps further names to objects. Raises ValueError for an unknown name,
        TypeError for what is neither. Source: Keras 3.

        >>> import danlu as dl
        >>> config = {"class_name": "Huber", "config": {"delta": 2.0}}
        >>> dl.losses.deserialize(config).get_config()["delta"]
        2.0
        """
        if config is None:
            return None
        if isinstance(config, str):
            if custom_objects and config in custom_objects:
                return custom_objects[config]
            return self.find(config, "deserialize")
        if not isinstance(config, Mapping):
            raise TypeError(
                f"[{self.module}.deserialize] expected a name or a configuration, got {config!r}"
            )
        name = config.get("class_name")
        if not isinstance(name, str):
            raise TypeError(
                f"[{self.module}.deserialize] expected a name or a configuration with its "
                f"class_name, got {config!r}"
            )
        if name == "function" and config.get("config") in self.objects:
            return self.objects[config["config"]]
        if name in self.objects and not (custom_objects and name in custom_objects):
            cls = self.objects[name]
            return cls.from_config(config.get("config") or {})
        from ..saving import deserialize_keras_object

        config = {"config": {}, **config}  # without it Keras's function takes it for a plain dict
        return deserialize_keras_object(config, custom_objects=custom_objects)
