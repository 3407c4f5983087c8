"""Weights in several safetensors files of a limited size, and an index that names them.

The index is JSON, `{"metadata": {"total_size": bytes}, "weight_map": {weight: file}}`, as the
Hugging Face Hub has it. The files lie beside it; the index is written last.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from . import safetensors

INDEX = ".weights.json"


def save(path: str, arrays: Mapping[str, Any], max_shard_size: float) -> None:
    """Write NumPy arrays to files of at most `max_shard_size` GB, and the index to `path`.

    An array that is larger has a file of its own.
    """
    if not path.endswith(INDEX):
        raise ValueError(
            f"[save_weights] with max_shard_size the name is that of the index and ends in "
            f"{INDEX}, such as 'model{INDEX}'; got {path!r}"
        )
    if isinstance(max_shard_size, bool) or not max_shard_size > 0:
        raise ValueError(
            f"[save_weights] max_shard_size is a number of GB > 0, got {max_shard_size!r}"
        )
    shards: list[dict[str, Any]] = [{}]
    size = total = 0
    for name, array in arrays.items():
        if shards[-1] and size + array.nbytes > max_shard_size * 1e9:
            shards.append({})
            size = 0
        shards[-1][name] = array
        size += array.nbytes
        total += array.nbytes
    places = {}
    for number, shard in enumerate(shards, 1):
        file = f"{path.removesuffix('.json')}_{number:05d}.safetensors"
        safetensors.write_atomically(file, safetensors.dumps(shard, {"format": "danlu"}))
        places.update(dict.fromkeys(shard, os.path.basename(file)))
    index = {"metadata": {"total_size": total}, "weight_map": places}
    safetensors.write_atomically(path, json.dumps(index, indent=2).encode())


def load(path: str) -> dict[str, Any]:
    """Return the NumPy arrays of all files that an index names."""

    def bad(why: str) -> ValueError:
        return ValueError(f"[load_weights] {path!r} is not a sound index of weights: {why}")

    with open(path, "rb") as file:
        data = file.read()
    try:
        index = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise bad(f"it is not JSON ({error})") from None
    places = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(places, dict):
        raise bad("it has no 'weight_map'")
    arrays = {}
    for name in dict.fromkeys(places.values()):
        # A file beside the index, and no other.
        if not isinstance(name, str) or name != os.path.basename(name) or name in ("", ".", ".."):
            raise bad(f"{name!r} is not the name of a file beside it")
        shard = os.path.join(os.path.dirname(path), name)
        if not os.path.exists(shard):
            raise bad(f"there is no file {shard!r}")
        arrays.update(safetensors.load(shard))
    if arrays.keys() != places.keys():
        raise bad(f"it and its files differ in {sorted(arrays.keys() ^ places.keys())[:5]}")
    return arrays
