"""Finds the state in what is assigned to a layer's attributes, lists and dicts included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class TrackedList(list):
    """A list in an attribute of a layer; what enters it later is tracked too."""

    def __init__(self, values, track: Callable[[Any], Any], untrack: Callable[[Any], None]):
        self._track, self._untrack = track, untrack
        super().__init__(track(v) for v in values)

    def append(self, value):
        super().append(self._track(value))

    def insert(self, index, value):
        super().insert(index, self._track(value))

    def extend(self, values):
        super().extend(self._track(v) for v in values)

    def __iadd__(self, values):  # type: ignore[misc]
        self.extend(values)
        return self

    def __setitem__(self, key, value):
        for old in self[key] if isinstance(key, slice) else [self[key]]:
            self._untrack(old)
        many = isinstance(key, slice)
        super().__setitem__(key, [self._track(v) for v in value] if many else self._track(value))

    def __delitem__(self, key):
        for old in self[key] if isinstance(key, slice) else [self[key]]:
            self._untrack(old)
        super().__delitem__(key)

    def pop(self, index=-1):
        value = super().pop(index)
        self._untrack(value)
        return value

    def remove(self, value):
        super().remove(value)
        self._untrack(value)

    def clear(self):
        del self[:]

    def __reduce__(self):
        return list, (list(self),)


class TrackedDict(dict):
    """A dict in an attribute of a layer; what enters it later is tracked too."""

    def __init__(self, values, track: Callable[[Any], Any], untrack: Callable[[Any], None]):
        self._track, self._untrack = track, untrack
        super().__init__({k: track(v) for k, v in values.items()})

    def __setitem__(self, key, value):
        if key in self:
            self._untrack(self[key])
        super().__setitem__(key, self._track(value))

    def __delitem__(self, key):
        self._untrack(self[key])
        super().__delitem__(key)

    def update(self, *args, **kwargs):
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key, *default):
        if key in self:
            self._untrack(self[key])
        return super().pop(key, *default)

    def popitem(self):
        key, value = super().popitem()
        self._untrack(value)
        return key, value

    def clear(self):
        for key in list(self):
            del self[key]

    def __reduce__(self):
        return dict, (dict(self),)
