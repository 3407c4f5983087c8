"""Checks of constructor arguments that several layers share."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

from .suggest import suggestion


def standardize_tuple(
    owner: str, value: Any, n: int, name: str, allow_zero: bool = False
) -> tuple[int, ...]:
    """Return `value` as n integers: one integer stands for all of them."""
    values = (value,) * n if isinstance(value, int) else value
    least = 0 if allow_zero else 1
    if (
        isinstance(values, (tuple, list))
        and len(values) == n
        and all(_is_int(v) and v >= least for v in values)
    ):
        return tuple(int(v) for v in values)
    raise ValueError(
        f"[{owner}] {name} is an integer >= {least} or a tuple of {n} of them, got {name}={value!r}"
    )


def standardize_padding(owner: str, value: Any) -> Any:
    """Return `"valid"`, `"same"`, or for images an explicit ((top, bottom), (left, right))."""
    if isinstance(value, (list, tuple)):
        pairs = [tuple(pair) for pair in value if isinstance(pair, (list, tuple))]
        if len(value) == len(pairs) == 2 and all(len(p) == 2 and _are_sizes(p) for p in pairs):
            return tuple(tuple(map(int, pair)) for pair in pairs)
        example = "((1, 1), (1, 1))"
        if len(value) == 2 and not pairs and _are_sizes(value):
            example = "(({0}, {0}), ({1}, {1}))".format(*value)
        raise ValueError(
            f"[{owner}] padding is 'valid', 'same' or ((top, bottom), (left, right)), got "
            f"padding={value!r}: write padding={example}"
        )
    if isinstance(value, str) and value.lower() in ("valid", "same"):
        return value.lower()
    near = suggestion(value, ("valid", "same"))
    raise ValueError(f"[{owner}] padding is 'valid' or 'same', got padding={value!r}.{near}")


def standardize_shape(owner: str, value: Any, name: str) -> tuple[int | None, ...]:
    """Return the sizes of axes, None where any size will do."""
    if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)):
        sizes = tuple(value)
        if all(n is None or (_is_int(n) and n >= 0) for n in sizes):
            return tuple(None if n is None else int(n) for n in sizes)
    raise ValueError(
        f"[{owner}] {name} is a tuple of sizes, None where any size will do, got {name}={value!r}"
        + (f": write {name}=({value},)" if _is_int(value) else "")
    )


def standardize_axis(owner: str, value: Any, several: bool = False) -> Any:
    """Return an axis as an int; with `several` also a list of axes, as a list of ints."""
    listed = several and isinstance(value, (list, tuple))
    axes = list(value) if listed else [value]
    if not axes or not all(_is_int(axis) and not isinstance(axis, bool) for axis in axes):
        wanted = "an int or a list of ints" if several else "an int"
        raise TypeError(
            f"[{owner}] axis is {wanted}, counted with the batch as 0, got axis={value!r:.60}"
        )
    return [int(axis) for axis in axes] if listed else int(axes[0])


def as_list(owner: str, value: Any, name: str, what: str) -> list:
    """Return the items of an iterable."""
    if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)):
        return list(value)
    raise TypeError(f"[{owner}] {name} is a list of {what}, got {name}={value!r:.60}")


def positive_int(owner: str, value: Any, name: str) -> int:
    """Return `value` if it is an integer > 0."""
    if _is_int(value) and not isinstance(value, bool) and value > 0:
        return int(value)
    raise ValueError(f"[{owner}] {name} is a positive integer, got {name}={value!r}")


def check_numbers(owner: str, **values: Any) -> None:
    """Raise TypeError for a value that is no number."""
    for name, value in values.items():
        if not (_is_int(value) or hasattr(value, "__float__")):
            raise TypeError(f"[{owner}] {name} is a number, got {name}={value!r}")


def standardize_path(owner: str, value: Any) -> str:
    """Return the name of a file as a string."""
    if isinstance(value, (str, PathLike)):
        return str(fspath(value))
    raise TypeError(f"[{owner}] wants the name of a file, a string or a Path, got {value!r:.60}")


def _are_sizes(values: Any) -> bool:
    return all(_is_int(v) and v >= 0 for v in values)


def _is_int(value: Any) -> bool:
    return hasattr(value, "__index__")
