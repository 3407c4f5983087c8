"""A whole model in one file: a zip archive with JSON and safetensors.

    metadata.json            which version wrote it
    config.json              architecture and arguments of `compile`
    model.safetensors        the weights, as `save_weights` writes them
    training.safetensors     the optimizer's state and the seed of shuffling

With the seeds of dropout among the weights, a loaded model goes on training as if it had never
stopped, bit for bit.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..utils.arguments import standardize_path
from ..utils.warn import warn
from . import safetensors

METADATA, CONFIG = "metadata.json", "config.json"
WEIGHTS, TRAINING = "model.safetensors", "training.safetensors"
_SUFFIXES = (".keras", ".danlu")
_WEIGHT_SUFFIXES = (".safetensors",)
_HDF5 = (".h5", ".hdf5", ".hdf")
# What code that reads unexpected values raises.
CONFIG_ERRORS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)


class CheckedName(str):
    """A name whose suffix was looked at before: of the file of each epoch, say."""


def check_name(filepath: Any, who: str, weights: bool) -> str:
    """Return the path if its suffix says what will be in the file, else raise or warn."""
    path = standardize_path(who, filepath)
    if isinstance(filepath, CheckedName):
        return filepath
    suffixes = _WEIGHT_SUFFIXES if weights else _SUFFIXES
    if path.endswith(suffixes):
        return path
    if path.endswith(_HDF5):
        kind = "safetensors" if weights else "a danlu archive"
        warn(
            f"[{who}] {path!r} will hold {kind}, not HDF5: danlu finds out when it loads, other "
            f"programs do not; a name ending in {suffixes[0]!r} says what it is",
        )
        return path
    example = "model.weights.safetensors" if weights else "model.keras"
    raise ValueError(
        f"[{who}] the name ends in {' or '.join(suffixes)}, such as {example!r}; got {path!r}"
    )


def is_archive(path: str) -> bool:
    """Whether a file begins as a zip archive does."""
    with open(path, "rb") as file:
        return file.read(4) == b"PK\x03\x04"


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: Any = None) -> None:
    """Write a model to one file: architecture, weights, optimizer state, seeds.

    The same as `Model.save`, where names, errors and arguments are described.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(3)])
    >>> dl.saving.save_model(model, "model.keras")
    >>> dl.saving.load_model("model.keras").output_shape
    (None, 3)
    """
    path = check_name(filepath, "save", weights=False)
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"[save] {path!r} is there already: pass overwrite=True")
    if not model.built:
        raise ValueError(
            f"{model.label()} cannot be saved before it is built: call it on data or build it first"
        )
    safetensors.write_atomically(path, model_to_bytes(model))


def model_to_bytes(model: Any) -> bytes:
    """Return what `save_model` writes."""
    import io
    import zipfile

    from .. import __version__
    from .sharing import serialize_sharing
    from .weights import as_arrays, weights_to_bytes

    members: dict[str, Any] = {
        METADATA: json.dumps({"danlu_version": __version__, "format": 1}),
        CONFIG: json.dumps(serialize_sharing(model)),
        WEIGHTS: weights_to_bytes(model),
    }
    state = {name: v.numpy() for name, v in _training_state(model).items()}
    if _has_own_state(model.optimizer):
        own: dict[str, Any] = {}
        model.optimizer.save_own_variables(own)
        state.update(as_arrays(type(model.optimizer).__name__, "optimizer/", own))
    if state:
        members[TRAINING] = safetensors.dumps(state, {"format": "danlu"})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            # A fixed date: equal models are equal files.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def _training_state(model: Any) -> dict[str, Any]:
    state = {}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and optimizer.built and not _has_own_state(optimizer):
        for i, variable in enumerate(optimizer.variables):
            state[f"optimizer/{i}"] = variable
    if model._shuffle_generator is not None:
        state["shuffle"] = model._shuffle_generator.state
    return state


def _has_own_state(optimizer: Any) -> bool:
    """Whether an optimizer has state and says itself what is saved of it."""
    from ..optimizers import Optimizer

    names = ("save_own_variables", "load_own_variables")
    return (
        optimizer is not None
        and optimizer.built
        and any(getattr(type(optimizer), name) is not getattr(Optimizer, name) for name in names)
    )


def load_model(
    filepath: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Return the model in a file of `save`, ready to predict and to go on training.

    Args:
        custom_objects: {name: class or function} of yours that the model is made of, if they are
            not registered.
        compile: compile it as it was, with the optimizer's state.
        safe_mode: Keras's, without effect: code in a file is never run.

    Raises FileNotFoundError when there is no file; ArchiveError, a ValueError, for one that is
    torn, hostile or written by Keras; ValueError for a class or function that is not known, and for
    weights that do not fit.

    >>> import danlu as dl
    >>> model = dl.Sequential([dl.Input((2,)), dl.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> history = model.fit(dl.ones((4, 2)), dl.ones((4, 1)), verbose=0)
    >>> model.save("trained.keras")
    >>> dl.models.load_model("trained.keras").optimizer.iterations.item()  # goes on from step 1
    1
    """
    path = standardize_path("load_model", filepath)
    if not os.path.exists(path):
        raise FileNotFoundError(f"[load_model] there is no file {path!r}")
    return _load(path, custom_objects, compile)


def model_from_bytes(data: bytes) -> Any:
    """Return the model in the bytes of a file of `save_model`."""
    import io

    return _load(io.BytesIO(data), None, True)


def _load(path: Any, custom_objects: Any, compile: bool) -> Any:
    from .registration import custom_object_scope
    from .serialization import deserialize_keras_object
    from .sharing import reading_shared
    from .weights import set_arrays

    config = _read_json(path, CONFIG)
    compile_config = config.pop("compile_config", None) if isinstance(config, dict) else None
    where = f"[load_model] {CONFIG} in {path!r}"
    with reading(where), reading_shared():
        model = deserialize_keras_object(config, custom_objects=custom_objects)
    if not hasattr(model, "load_weights"):
        raise ValueError(f"[load_model] {path!r} holds a {type(model).__name__}, not a model")
    arrays = safetensors.loads(read_member(path, WEIGHTS), f"{WEIGHTS} in {path!r}")
    if not model.built:
        raise ValueError(
            f"{model.label()} was read from {path!r} and has no weights yet, for its configuration "
            "does not say the shape of its inputs: define build_from_config, or build the model "
            "and use load_weights"
        )
    set_arrays(model, arrays, path)
    if compile and compile_config:
        with reading(f"{where}, 'compile_config'"), custom_object_scope(custom_objects or {}):
            model.compile_from_config(compile_config)
        if model.compiled:
            _load_training(model, path)
    return model


def _load_training(model: Any, path: Any) -> None:
    from .weights import assign, load_own

    if TRAINING not in _names(path):
        return
    arrays = safetensors.loads(read_member(path, TRAINING), f"{TRAINING} in {path!r}")
    if model.optimizer is not None and not model.optimizer.built:
        if any(name.startswith("optimizer/") for name in arrays):
            model.optimizer.build(model.trainable_variables)
    if "shuffle" in arrays:
        model._shuffling()
    if _has_own_state(model.optimizer):
        keys = [name for name in arrays if name.startswith("optimizer/")]
        own = {name.removeprefix("optimizer/"): arrays.pop(name) for name in keys}
        load_own(type(model.optimizer).__name__, model.optimizer, own, path)
    wanted = {name: tuple(v.shape) for name, v in _training_state(model).items()}
    if wanted != {name: tuple(array.shape) for name, array in arrays.items()}:
        warn(
            f"[load_model] the optimizer of {model.label()} begins anew: its state in {path!r} is "
            "of other weights. Call compile after freezing or unfreezing layers, and save then",
        )
        return
    assign(f"[the optimizer of {model.name!r}]", _training_state(model), arrays, path)


def _read_json(path: Any, name: str) -> Any:
    try:
        return json.loads(read_member(path, name))
    except (ValueError, RecursionError) as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"[load_model] {name} in {path!r} is not JSON: {error}") from None


class ArchiveError(ValueError):
    """A file that is not a sound archive of danlu: the ValueError that `load_model` raises.

    >>> import danlu as dl
    >>> import numpy as np
    >>> np.zeros(9).tofile("zeros.keras")
    >>> dl.models.load_model("zeros.keras")
    Traceback (most recent call last):
    danlu.saving.archive.ArchiveError: [load_model] 'zeros.keras' is not a sound danlu archive ...
    """


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Errors of a configuration are ValueErrors that begin with where it was read."""
    try:
        yield
    except RecursionError:
        raise ArchiveError(f"{where} is nested too deeply to be that of a model") from None
    except CONFIG_ERRORS as error:
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        raise ArchiveError(f"{where} cannot be made into a model: {kind}{error}") from error


def _names(path: Any) -> list[str]:
    with _open(path) as archive:
        return archive.namelist()


def _open(path: Any) -> Any:
    """The archive, if it is whole and no larger inside than outside."""
    import zipfile

    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ArchiveError(
            f"[load_model] {path!r} is not a sound danlu archive ({error}): it is torn, or was "
            "not written by model.save"
        ) from None
    size = os.path.getsize(path) if isinstance(path, str) else len(path.getbuffer())
    names = archive.namelist()
    inside = sum(member.file_size for member in archive.infolist())
    stored = all(m.compress_type == zipfile.ZIP_STORED for m in archive.infolist())
    why = None
    if "model.weights.h5" in names:
        why = (
            "it was written by Keras, with weights in HDF5; take them over with "
            "danlu_model.set_weights(keras_model.get_weights())"
        )
    elif not stored:
        why = "its members are compressed, which danlu never does"
    elif inside > size:
        why = f"its members claim {inside} bytes, the whole file has {size}"
    elif len(set(names)) != len(names):
        why = "a member occurs twice"
    if why is not None:
        archive.close()
        raise ArchiveError(f"[load_model] {path!r} is not a danlu archive: {why}")
    return archive


def read_member(path: Any, name: str) -> bytes:
    """Return the bytes of a member of an archive, its checksum checked."""
    import zipfile

    with _open(path) as archive:
        if name not in archive.namelist():
            raise ArchiveError(
                f"[load_model] {path!r} has no {name}, there are {archive.namelist()}: it was not "
                "written by model.save"
            )
        try:
            return archive.read(name)
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
            raise ArchiveError(
                f"[load_model] {name} in {path!r} is damaged ({error}): save the model again"
            ) from None
