"""Nested structures (tuples, lists, dicts) of values, as `keras.tree` walks them.

Dicts are walked in the order of their sorted keys; anything else is a leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ._lazy import suggesting

__all__ = [
    "assert_same_structure",
    "flatten",
    "is_nested",
    "map_structure",
    "pack_sequence_as",
]


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a tuple, list or dict.

    >>> import danlu as dl
    >>> dl.tree.is_nested([]), dl.tree.is_nested(dl.ones(2))
    (True, False)
    """
    return isinstance(structure, (tuple, list, dict))


def _sorted_keys(mapping: dict) -> list:
    try:
        return sorted(mapping)
    except TypeError:  # keys of several types keep their order
        return list(mapping)


def flatten(structure: Any) -> list:
    """The leaves, depth first, those of a dict in the order of its sorted keys.

    >>> import danlu as dl
    >>> dl.tree.flatten([1, {"b": (3, 4), "a": 2}])
    [1, 2, 3, 4]
    """
    if not is_nested(structure):
        return [structure]
    out: list = []
    try:
        _flatten_into(structure, out)
    except RecursionError:
        raise _endless("flatten") from None
    return out


def _flatten_into(structure, out):
    if isinstance(structure, dict):
        structure = [structure[k] for k in _sorted_keys(structure)]
    for item in structure:
        if isinstance(item, (tuple, list, dict)):
            _flatten_into(item, out)
        else:
            out.append(item)


def _endless(who: str) -> ValueError:
    return ValueError(f"[{who}] the structure holds itself, or is nested too deeply")


def _like(structure, items):
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*items)
    return tuple(items) if isinstance(structure, tuple) else list(items)


def map_structure(fn: Callable, structure: Any, *more: Any) -> Any:
    """The structure of `fn(leaf, ...)`, walking structures of one shape in step.

    Named tuples and the order of keys are kept; where the first structure has a leaf, `fn` gets
    what the others have there. Raises ValueError where they differ in keys, lengths or kind.

    >>> import danlu as dl
    >>> dl.tree.map_structure(lambda a, b: a + b, {"w": [1, 2], "b": 3}, {"w": [10, 20], "b": 30})
    {'w': [11, 22], 'b': 33}
    """
    if isinstance(structure, dict):
        for other in more:
            if not isinstance(other, dict) or other.keys() != structure.keys():
                raise _differ(structure, other)
        return {k: map_structure(fn, v, *[m[k] for m in more]) for k, v in structure.items()}
    if isinstance(structure, (tuple, list)):
        for other in more:
            if not isinstance(other, (tuple, list)) or len(other) != len(structure):
                raise _differ(structure, other)
        rows = zip(structure, *more, strict=True)
        return _like(structure, [map_structure(fn, *row) for row in rows])
    return fn(structure, *more)


def _differ(a: Any, b: Any) -> ValueError:
    return ValueError(f"[tree] structures differ: {a} and {b}")


def pack_sequence_as(structure: Any, flat: Any) -> Any:
    """The inverse of `flatten`: the leaves of `structure` replaced by the values of `flat`.

    Raises ValueError unless there are as many values as leaves.

    >>> import danlu as dl
    >>> dl.tree.pack_sequence_as({"b": 0, "a": (0, 0)}, [1, 2, 3])
    {'b': 3, 'a': (1, 2)}
    """
    values = list(flat)
    count = len(flatten(structure))
    if len(values) != count:
        raise ValueError(f"[pack_sequence_as] {len(values)} values for a structure of {count}")
    return _pack(structure, iter(values))


def _pack(structure: Any, values: Iterator) -> Any:
    if isinstance(structure, dict):
        packed = {k: _pack(structure[k], values) for k in _sorted_keys(structure)}
        return {k: packed[k] for k in structure}
    if isinstance(structure, (tuple, list)):
        return _like(structure, [_pack(item, values) for item in structure])
    return next(values)


def assert_same_structure(a: Any, b: Any) -> None:
    """Raises ValueError where two structures differ in shape.

    Dicts must have the same keys, tuples and lists, which stand for each other, the same length.

    >>> import danlu as dl
    >>> dl.tree.assert_same_structure([1, (2, 3)], ["a", ["b", "c"]])
    >>> dl.tree.assert_same_structure([1, (2, 3)], [1, 2])
    Traceback (most recent call last):
    ValueError: [tree] structures differ: (2, 3) and 2
    """
    if isinstance(a, dict) and isinstance(b, dict):
        same = a.keys() == b.keys()
        pairs = [(a[k], b[k]) for k in a if k in b]
    elif isinstance(a, (tuple, list)) and isinstance(b, (tuple, list)):
        same, pairs = len(a) == len(b), list(zip(a, b, strict=False))
    else:
        same, pairs = not is_nested(a) and not is_nested(b), []
    if not same:
        raise _differ(a, b)
    for x, y in pairs:
        assert_same_structure(x, y)


TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
