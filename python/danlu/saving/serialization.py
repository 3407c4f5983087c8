"""Objects as plain values that JSON can hold, in the form in which Keras 3 writes them.

    {"module": "keras.layers", "class_name": "Dense", "config": {...}, "registered_name": None}

Reading such values makes objects of classes of this package, of classes that were registered or
passed as `custom_objects`, and of loaded subclasses of danlu's bases: a file cannot name any
other code, and no module is imported because a file says so.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from . import sharing
from .registration import custom_object_scope, get_registered_name, get_registered_object

_PACKAGE = __name__.partition(".")[0]
# Where Keras's name of a class is found here; the first is right for most.
_PUBLIC = (
    "layers",
    "models",
    "optimizers",
    "optimizers.schedules",
    "losses",
    "metrics",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "random",
    "callbacks",
)


def serialize_keras_object(obj: Any) -> Any:
    """Return an object as plain values: numbers, strings, lists and dicts.

    An object becomes {"module", "class_name", "config", "registered_name"}, as Keras 3 writes it,
    with the values of its `get_config`; lists, tuples and dicts are walked.

    Raises TypeError for a class and for an object without `get_config`, ValueError for a lambda.

    >>> import danlu as dl
    >>> config = dl.saving.serialize_keras_object(dl.regularizers.L2(0.5))
    >>> config["module"], config["class_name"], config["config"]
    ('keras.regularizers', 'L2', {'l2': 0.5})
    """
    if obj is None:
        return None
    for plain in (bool, str, int, float):  # of NumPy, or of an enumeration, too
        if isinstance(obj, plain):
            return plain(obj)
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        items = [serialize_keras_object(value) for value in obj]
        return tuple(items) if isinstance(obj, tuple) else items
    if isinstance(obj, slice):
        parts = {name: serialize_keras_object(getattr(obj, name)) for name in _SLICE}
        return {"class_name": "__slice__", "config": parts}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, (FunctionType, type)) or not hasattr(obj, "get_config"):
        return _serialize_value_or_function(obj)
    cls = type(obj)
    module = public_module(cls)
    config: dict[str, Any] = {
        "module": module or cls.__module__,
        "class_name": cls.__name__,
        "config": serialize_keras_object(obj.get_config()),
        "registered_name": None if module else get_registered_name(cls),
    }
    for part in ("build_config", "compile_config"):
        get = getattr(obj, f"get_{part}", None)
        value = get() if get is not None else None
        if value is not None:
            config[part] = serialize_keras_object(value)
    sharing.mark(config, obj)
    return config


_SLICE = ("start", "stop", "step")


def _serialize_value_or_function(obj):
    from .._core import Tensor, Variable
    from ..layers.keras_tensor import KerasTensor

    if isinstance(obj, KerasTensor):
        history = obj._keras_history
        return {
            "class_name": "__keras_tensor__",
            "config": {
                "shape": obj.shape,
                "dtype": obj.dtype,
                "keras_history": history and [history.operation.name, *history[1:]],
            },
        }
    if isinstance(obj, (Tensor, Variable)):
        value = {"value": obj.numpy().tolist(), "dtype": str(obj.dtype)}
        return {"class_name": "__tensor__", "config": value}
    if hasattr(obj, "tolist") and hasattr(obj, "dtype"):  # NumPy
        if not obj.shape:
            return obj.item()
        value = {"value": obj.tolist(), "dtype": str(obj.dtype)}
        return {"class_name": "__numpy__", "config": value}
    name = getattr(obj, "__name__", None)
    if name is None or isinstance(obj, type):
        if type(obj).__name__ == "DType":
            return str(obj)
        what = f"class {obj.__name__}" if isinstance(obj, type) else type(obj).__name__
        raise TypeError(
            f"[serialize_keras_object] cannot write {what} as plain values: an object needs a "
            "get_config method"
        )
    if name == "<lambda>":
        raise ValueError(
            "[serialize_keras_object] a lambda cannot be saved: write it with def, and register it "
            "with dl.saving.register_keras_serializable"
        )
    known = public_module(obj)
    return {
        "module": "builtins" if known else obj.__module__,
        "class_name": "function",
        "config": name,
        "registered_name": name if known else get_registered_name(obj),
    }


def public_module(item: Any) -> str | None:
    """Return the module by which Keras knows a class or function of this package, or None."""
    package, _, rest = (item.__module__ or "").partition(".")
    if package != _PACKAGE:
        return None
    if rest.startswith("models"):
        functional = item.__name__ == "Functional"
        return "keras.src.models.functional" if functional else "keras"
    if rest.startswith("optimizers.schedules"):
        return "keras.optimizers.schedules"
    if item.__name__ == "DTypePolicy":
        return "keras"
    return f"keras.{rest.partition('.')[0]}"


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """Return the object that `serialize_keras_object` wrote.

    `custom_objects` is {name: class or function} of yours that it names, if not registered;
    `safe_mode` is Keras's and has no effect: no code in a configuration is run.

    Raises ValueError for a class or function that is not known, the nearest name beside it, and for
    a lambda that Keras wrote; TypeError for arguments that the class does not take.

    >>> import danlu as dl
    >>> config = dl.saving.serialize_keras_object(dl.layers.Dense(3, activation="relu"))
    >>> dl.saving.deserialize_keras_object(config).units
    3
    """
    if config is None or isinstance(config, (str, bool, int, float)):
        return config
    if isinstance(config, (list, tuple)):
        items = [deserialize_keras_object(value, custom_objects) for value in config]
        return tuple(items) if isinstance(config, tuple) else items
    if not isinstance(config, dict):
        raise TypeError(
            f"[deserialize_keras_object] wants plain values, got {type(config).__name__}"
        )
    if "class_name" not in config or "config" not in config:
        return {k: deserialize_keras_object(v, custom_objects) for k, v in config.items()}
    name, inner = config["class_name"], config["config"]
    if not isinstance(name, str):
        raise ValueError(f"[deserialize_keras_object] class_name is a string, got {name!r}")
    if name.startswith("__"):
        try:
            return _deserialize_value(name, inner)
        except (TypeError, LookupError, AttributeError) as error:
            raise ValueError(
                f"[deserialize_keras_object] this describes no {name}: {inner!r:.80}"
            ) from error
    if name == "function":
        return _find_function(config, custom_objects)
    if str(config.get("module")).startswith("keras.src.ops"):
        from ..models.operation_config import read_operation

        return read_operation(name, inner, custom_objects)
    known = sharing.find(config)
    if known is not None:
        return known
    cls = _find_class(config, custom_objects)
    if not isinstance(inner, dict) or not hasattr(cls, "from_config"):
        raise ValueError(
            f"[deserialize_keras_object] cannot make a {name} from {type(inner).__name__}"
        )
    takes = bool(custom_objects) and "custom_objects" in _argument_names(cls.from_config)
    with custom_object_scope(custom_objects or {}):
        obj = cls.from_config(dict(inner), **({"custom_objects": custom_objects} if takes else {}))
        _build(obj, config.get("build_config"))
        if config.get("compile_config") and hasattr(obj, "compile_from_config"):
            obj.compile_from_config(config["compile_config"])
    sharing.remember(config, obj)
    return obj


def deserialize_unbuilt(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the layer of a configuration, to be built by the model around it, in its name scope.

    Only one that says itself how it is built is built at once.
    """
    layer = deserialize_keras_object(
        {key: value for key, value in config.items() if key != "build_config"}, custom_objects
    )
    if _has_own_build(layer):
        _build(layer, config.get("build_config"))
    return layer


def check_entries(who: str, name: str, entries: Any, *strings: str) -> Any:
    """Return what must be a list of dicts in which these keys have strings."""
    for entry in entries if isinstance(entries, list) else [entries]:
        found = isinstance(entries, list) and isinstance(entry, dict)
        if not found or not all(isinstance(entry.get(key), str) for key in strings):
            keys = f" with {', '.join(map(repr, strings))}" if strings else ""
            raise ValueError(f"[{who}] {name!r} is a list of dicts{keys}, got {entry!r:.80}")
    return entries


def _has_own_build(layer):
    from ..layers.layer import Layer

    return isinstance(layer, Layer) and any(
        getattr(type(layer), name) is not getattr(Layer, name)
        for name in ("get_build_config", "build_from_config")
    )


def _build(obj, config):
    if config and not getattr(obj, "built", True):
        obj.build_from_config(config)
        if _has_own_build(obj):  # which need not say so
            obj.built = True


def _argument_names(method):
    from ..layers.signature import names

    return names(getattr(method, "__func__", method))


def _deserialize_value(name, inner):
    if name == "__tensor__":
        from .. import ops

        return ops.convert_to_tensor(inner["value"], dtype=inner["dtype"])
    if name == "__numpy__":
        import numpy

        return numpy.array(inner["value"], dtype=inner["dtype"])
    if name == "__slice__":
        return slice(*(inner[part] for part in _SLICE))
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__lambda__":
        raise ValueError(
            "[deserialize_keras_object] the file holds a lambda as byte code, which is not run: "
            "replace it by a registered function and save the model again"
        )
    raise ValueError(f"[deserialize_keras_object] unknown kind of value {name!r}")


def _find_class(config, custom_objects):
    """The class that a configuration names, by registration, in this package, or loaded."""
    name = config["class_name"]
    for key in (config.get("registered_name"), name):
        found = _registered(key, custom_objects)
        if found is not None:
            return found
    module = config.get("module") or "keras"
    if not isinstance(module, str):
        raise ValueError(f"[deserialize_keras_object] module is a string, got {module!r}")
    if module.partition(".")[0] in ("keras", _PACKAGE, "builtins"):
        cls = _find_public(name, module)
        if cls is not None:
            return cls
    loaded = getattr(sys.modules.get(module), name, None)
    if isinstance(loaded, type) and _is_extension(loaded):
        return loaded
    elsewhere = _find_public(name, "keras")
    hint = f" It is in {public_module(elsewhere)!r}." if elsewhere else _suggestion(name)
    raise ValueError(
        f"[deserialize_keras_object] unknown class {name!r} of module {module!r}.{hint} "
        "If it is a class of yours, decorate it with dl.saving.register_keras_serializable, or "
        f"pass custom_objects={{{name!r}: {name}}}"
    )


def _registered(key, custom_objects):
    if not isinstance(key, str):
        return None
    if custom_objects and key in custom_objects:
        return custom_objects[key]
    bare = key.rpartition(">")[2]
    if custom_objects and bare in custom_objects:
        return custom_objects[bare]
    return get_registered_object(key)


def _public_modules(first):
    """The modules of public names: that of the configuration, or all where it names none."""
    parts = [part for part in first.split(".")[1:] if part != "src"]
    wanted = ".".join(parts[:2]) if parts[:2] == ["optimizers", "schedules"] else (parts or [""])[0]
    if wanted == "activations":  # Keras's operation of `activations.relu`: the layer, but by name
        return ["layers"]
    return [wanted] if wanted in _PUBLIC else list(_PUBLIC)


def _find_public(name, module):
    if name.startswith("_"):
        return None
    if name == "DTypePolicy":
        from ..layers.dtypes import DTypePolicy

        return DTypePolicy
    for public in _public_modules(module):
        path = f"{_PACKAGE}.{public}"
        __import__(path)
        found = getattr(sys.modules[path], name, None)
        if isinstance(found, type):
            return found
    return None


def _is_extension(cls):
    """Whether a class derives from one of this package's that know `from_config`."""
    return any(
        base.__module__.partition(".")[0] == _PACKAGE and hasattr(base, "from_config")
        for base in cls.__mro__
    )


def _find_function(config, custom_objects):
    name = config["config"]
    for key in (config.get("registered_name"), name):
        found = _registered(key, custom_objects)
        if found is not None:
            return found
    if isinstance(name, str) and not name.startswith("_"):
        for public in ("activations", "losses", "metrics"):
            path = f"{_PACKAGE}.{public}"
            __import__(path)
            found = getattr(sys.modules[path], name, None)
            if isinstance(found, FunctionType) and name not in ("get", "serialize", "deserialize"):
                return found
        from .. import ops

        found = getattr(ops, name, None)
        if callable(found):
            return found
    raise ValueError(
        f"[deserialize_keras_object] unknown function {name!r}: decorate it with "
        f"dl.saving.register_keras_serializable, or pass custom_objects={{{name!r}: {name}}}"
    )


def _suggestion(name):
    from ..utils.suggest import suggestion

    known: list[str] = []
    for public in ("layers", "models", "losses", "metrics", "optimizers", "initializers"):
        path = f"{_PACKAGE}.{public}"
        __import__(path)
        known += [n for n in dir(sys.modules[path]) if n[:1].isupper()]
    return suggestion(name, known)
