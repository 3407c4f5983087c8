"""Safetensors files: written whole or not at all, and read only if they are sound.

A file is eight bytes with the length of a header, the header (JSON: names, dtypes, shapes, and
where the bytes of each tensor begin and end), and those bytes. All of the header is checked before
anything is made of it, so a torn or hostile file is an error and nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

MAX_HEADER = 100_000_000
_SIZES = {
    "BOOL": 1, "U8": 1, "I8": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8,
}  # fmt: skip


def check(data: Any, where: str) -> dict[str, Any]:
    """Return the header of the bytes of a safetensors file, or raise ValueError.

    Args:
        where: how errors name the file.
    """

    def bad(why: str) -> ValueError:
        return _unsound(where, why)

    size = len(data)
    if size < 8:
        raise bad(f"it has {size} bytes, a header needs more than 8")
    length = int.from_bytes(bytes(data[:8]), "little")
    if length > MAX_HEADER:
        raise bad(f"its header claims {length} bytes, at most {MAX_HEADER} are read")
    if 8 + length > size:
        raise bad(f"its header claims {length} bytes, the file has {size - 8} after the length")
    try:
        header = json.loads(bytes(data[8 : 8 + length]), object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise bad(f"its header is not JSON ({error})") from None
    if not isinstance(header, dict):
        raise bad("its header is not an object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict):
        raise bad("its metadata is not an object")
    spans = []
    for name, entry in header.items():
        spans.append((*_span(name, entry, bad), name))
    spans.sort()
    at = 0
    for start, stop, name in spans:
        if start != at:
            raise bad(
                f"tensor {name!r} begins at byte {start}, where the one before ends at {at}: "
                f"{'they overlap' if start < at else 'there is a gap'}"
            )
        at = stop
    if at != size - 8 - length:
        raise bad(f"its tensors need {at} bytes, there are {size - 8 - length}")
    return header


def _unsound(where: str, why: str) -> ValueError:
    return ValueError(
        f"[load_weights] {where} is not a sound safetensors file: {why}. It is torn or not what it "
        "says; save it again, or copy it again from where it was sound"
    )


def _no_duplicates(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name occurs twice")
    return dict(pairs)


def _span(name, entry, bad):
    """The first and last byte of a tensor, which fit its dtype and shape."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise bad(f"tensor {name!r} is described by {entry!r:.80}")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _SIZES:
        raise bad(f"tensor {name!r} has dtype {dtype!r:.40}")
    if not _is_sizes(shape) or len(shape) > 64:
        raise bad(f"tensor {name!r} has shape {shape!r:.80}")
    if not _is_sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise bad(f"tensor {name!r} has offsets {offsets!r:.80}")
    wanted = _SIZES[dtype]
    for length in shape:
        wanted *= length
    start, stop = offsets
    if stop - start != wanted:
        raise bad(
            f"tensor {name!r} of dtype {dtype} and shape {shape} needs {wanted} bytes, its offsets "
            f"hold {stop - start}"
        )
    return start, stop


def _is_sizes(value):
    return isinstance(value, list) and all(type(n) is int and 0 <= n < 2**63 for n in value)


def loads(data: Any, where: str) -> dict[str, Any]:
    """Return the NumPy arrays in the bytes of a safetensors file."""
    check(data, where)
    from safetensors import SafetensorError, deserialize

    try:
        return {name: _array(**entry) for name, entry in deserialize(bytes(data))}
    except SafetensorError as error:  # its reader is stricter: metadata are strings, say
        raise _unsound(where, str(error)) from None


def _array(dtype: str, shape: list[int], data: Any) -> Any:
    """The NumPy array of a tensor; bfloat16, which NumPy has not, is the same in float32."""
    import numpy

    if dtype == "BF16":  # the upper half of a float32
        bits = numpy.frombuffer(data, "<u2").astype("u4") << 16
        return bits.view("f4").reshape(shape)
    # NumPy's kinds are the first letters: "<f4" of F32.
    return numpy.frombuffer(data, f"<{dtype[0].lower()}{_SIZES[dtype]}").reshape(shape)


def load(path: Any) -> dict[str, Any]:
    """Return the NumPy arrays in a safetensors file."""
    with open(path, "rb") as file:
        data = file.read()
    return loads(data, repr(os.fspath(path)))


def dumps(arrays: Mapping[str, Any], metadata: dict[str, str] | None = None) -> bytes:
    """Return the bytes of a safetensors file with these NumPy arrays."""
    import numpy
    from safetensors.numpy import save

    contiguous = {name: numpy.ascontiguousarray(value) for name, value in arrays.items()}
    # ascontiguousarray gives a 0-d array an axis.
    for name, value in arrays.items():
        contiguous[name] = contiguous[name].reshape(value.shape)
    return save(contiguous, metadata=metadata)


def write_atomically(path: Any, data: bytes) -> None:
    """Write a file under a temporary name, then rename it: it is there whole or not at all."""
    path = os.fspath(path)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"[save] there is no folder {folder!r} to write {path!r} into")
    temporary = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}.{id(data):x}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
