"""The weights of a model by name, in a safetensors file.

A name is the way to a weight through the layers: `dense_1/kernel` is the kernel of the second Dense
layer inside the model, whatever the layers of this program are called. So two models of one
architecture fit each other's files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .._core import Tensor, Variable
from .._names import DTYPES
from ..layers.state import LayerState
from ..utils.arguments import standardize_path
from ..utils.naming import to_snake_case
from ..utils.warn import warn
from . import safetensors, shards
from .archive import CONFIG_ERRORS, WEIGHTS, check_name, is_archive, read_member


def _ways(layer: Any) -> list[tuple[str, Any]]:
    """A layer and those inside, each with the way to it; a shared one with that of its first place.

    The way ends in "/", or is "" for the layer itself.
    """
    found: list[tuple[str, Any]] = []
    _collect(layer, "", found, set())
    return found


def _collect(layer: Any, prefix: str, found: list[tuple[str, Any]], seen: set[int]) -> None:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    found.append((prefix, layer))
    taken: dict[str, int] = {}
    for inner in layer._layers:
        if type(inner).__name__ == "InputLayer":
            continue
        name = _numbered(to_snake_case(type(inner).__name__), taken)
        _collect(inner, f"{prefix}{name}/", found, seen)


def named_variables(layer: Any) -> dict[str, Any]:
    """Return the Variables of a layer, seed states included, by their ways through its layers.

    Those of layers that save their own are not among them.
    """
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for prefix, one in _ways(layer):
        own = one._trainable_variables + one._non_trainable_variables
        named = [] if _saves_its_own(one) else [(v.name, v) for v in own]
        named += [("seed_generator_state", g.state) for g in one._seed_generators]
        taken: dict[str, int] = {}
        for name, variable in named:
            if id(variable) not in seen:
                seen.add(id(variable))
                found[prefix + _numbered(name, taken)] = variable
    return found


def _own_stores(model: Any) -> list[tuple[str, Any]]:
    """The layers that save their own variables, with what their names in a file begin with."""
    return [(f"{way}vars/", layer) for way, layer in _ways(model) if _saves_its_own(layer)]


def _saves_its_own(layer):
    return any(
        getattr(type(layer), name) is not getattr(LayerState, name)
        for name in ("save_own_variables", "load_own_variables")
    )


def _numbered(name: str, taken: dict[str, int]) -> str:
    number = taken.get(name, 0)
    taken[name] = number + 1
    return f"{name}_{number}" if number else name


def _arrays(model: Any) -> dict[str, Any]:
    arrays = {name: variable.numpy() for name, variable in named_variables(model).items()}
    for prefix, layer in _own_stores(model):
        store: dict[str, Any] = {}
        layer.save_own_variables(store)
        arrays.update(as_arrays(layer.label(), prefix, store))
    return arrays


def as_arrays(label: str, prefix: str, store: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what was put into a store as NumPy arrays, the prefix before their keys."""
    return {prefix + _key(label, key): _as_array(label, key, v) for key, v in store.items()}


def _key(label: str, key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(
            f"[save] save_own_variables of {label} has the key {key!r}: keys are strings, such as "
            f"{str(key)!r}"
        )
    return key


def _as_array(label: str, key: str, value: Any) -> Any:
    import numpy

    if isinstance(value, (Tensor, Variable)):
        return value.numpy()
    try:
        array = numpy.asarray(value)
    except ValueError:  # lists of unequal lengths
        array = None
    if array is None or array.dtype.name not in DTYPES:
        raise TypeError(
            f"[save] save_own_variables of {label} puts {value!r:.60} under {key!r}: a store takes "
            "arrays of numbers or bools, tensors and Variables"
        )
    return array


def weights_to_bytes(model: Any) -> bytes:
    """Return the safetensors file of a model's weights."""
    return safetensors.dumps(_arrays(model), {"format": "danlu"})


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
) -> None:
    """Write the weights of a model to a safetensors file: `model.save_weights(filepath)`.

    Names in the file and errors are described there.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(3)])
    >>> dl.saving.save_weights(model, "three.safetensors")
    >>> dl.saving.save_weights(model, "three.safetensors", overwrite=False)
    Traceback (most recent call last):
    FileExistsError: [save_weights] 'three.safetensors' is there already: pass overwrite=True
    """
    if not model.built and not model.weights:
        raise ValueError(
            f"{model.label()} is not built, so it has no weights to save yet: call it on data, or "
            "begin it with dl.Input(shape=...), first"
        )
    sharded = max_shard_size is not None
    path = os.fspath(filepath) if sharded else check_name(filepath, "save_weights", weights=True)
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"[save_weights] {path!r} is there already: pass overwrite=True")
    if max_shard_size is not None:
        shards.save(path, _arrays(model), max_shard_size)
        return
    safetensors.write_atomically(path, weights_to_bytes(model))


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False) -> None:
    """Set the weights of a model from a file of `save_weights`, or from a saved model.

    The same as `model.load_weights(filepath)`; rules and errors are described there.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(3)])
    >>> model.save("model.keras")
    >>> copy = dl.models.clone_model(model)
    >>> dl.saving.load_weights(copy, "model.keras")
    >>> bool((copy.get_weights()[0] == model.get_weights()[0]).all())
    True
    """
    path = standardize_path("load_weights", filepath)
    if not os.path.exists(path):
        raise FileNotFoundError(f"[load_weights] there is no file {path!r}")
    if is_archive(path):
        arrays = safetensors.loads(read_member(path, WEIGHTS), f"{WEIGHTS} in {path!r}")
    elif path.endswith(shards.INDEX):
        arrays = shards.load(path)
    else:
        with open(path, "rb") as file:
            if file.read(8) == b"\x89HDF\r\n\x1a\n":
                raise ValueError(
                    f"[load_weights] {path!r} is an HDF5 file of Keras, danlu reads safetensors: "
                    "take the arrays over with danlu_model.set_weights(keras_model.get_weights())"
                )
        arrays = safetensors.load(path)
    if not model.built and not model.weights:
        raise ValueError(
            f"{model.label()} is not built, so it has no weights to load into: call it on data, "
            "or build(input_shape), first"
        )
    set_arrays(model, arrays, path, skip_mismatch)


def set_arrays(model: Any, arrays: dict[str, Any], path: str, skip_mismatch: bool = False) -> None:
    """Set the state of a model from the arrays of a file."""
    stores: list[tuple[Any, dict[str, Any]]] = []
    for prefix, layer in _own_stores(model):
        keys = [name for name in arrays if name.startswith(prefix)]
        stores.append((layer, {name.removeprefix(prefix): arrays[name] for name in keys}))
        arrays = {name: array for name, array in arrays.items() if name not in keys}
    with _restoring(model.variables if stores else ()):
        assign(model.label(), named_variables(model), arrays, path, skip_mismatch)
        _load_own(stores, path, skip_mismatch)


def _load_own(stores: list[tuple[Any, dict[str, Any]]], path: str, skip_mismatch: bool) -> None:
    for layer, store in stores:
        try:
            with _restoring(layer.variables):
                load_own(layer.label(), layer, store, path)
        except ValueError as error:
            if not skip_mismatch:
                raise
            warn(str(error))


def load_own(label: str, owner: Any, store: dict[str, Any], path: str) -> None:
    """Have a layer or an optimizer read what it saved itself."""
    keys = sorted(store)
    try:
        owner.load_own_variables(store)
    except CONFIG_ERRORS as error:
        raise ValueError(
            f"[load_weights] load_own_variables of {label} cannot read what {path!r} has of it, "
            f"{keys}: {type(error).__name__}: {error}"
        ) from error


@contextmanager
def _restoring(variables: Iterable[Any]) -> Iterator[None]:
    """What fails leaves the Variables as they were."""
    before = [(variable, variable.value) for variable in variables]
    try:
        yield
    except BaseException:
        for variable, value in before:
            variable.assign(value)
        raise


def assign(
    label: str,
    variables: Mapping[str, Any],
    arrays: Mapping[str, Any],
    path: str,
    skip_mismatch: bool = False,
) -> None:
    """Set Variables from arrays of the same names; nothing is set unless all fit."""
    problems = []
    fitting = []
    for name, variable in variables.items():
        if name not in arrays:
            problems.append(f"{name} {tuple(variable.shape)} is not in the file")
        elif tuple(arrays[name].shape) != tuple(variable.shape):
            problems.append(
                f"{name} has shape {tuple(variable.shape)}, in the file {arrays[name].shape}"
            )
        elif not _compatible(str(variable.dtype), str(arrays[name].dtype)):
            problems.append(f"{name} is {variable.dtype}, in the file {arrays[name].dtype}")
        else:
            fitting.append((variable, arrays[name]))
    problems += [
        f"{name} {arrays[name].shape} of the file is not in the model"
        for name in arrays
        if name not in variables
    ]
    if problems:
        more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
        listed = "; ".join(problems[:5]) + more
        if not skip_mismatch:
            raise ValueError(
                f"[load_weights] {path!r} holds the weights of another model than "
                f"{label[1:-1]}: {listed}. Build the architecture that was saved, or pass "
                "skip_mismatch=True to load what fits"
            )
        warn(f"[load_weights] skipped: {listed}")
    for variable, array in fitting:
        variable.assign(array)


def _compatible(wanted, found):
    """Floating weights may come in any floating dtype; all others in their own."""
    return wanted == found or ("float" in wanted and "float" in found)
