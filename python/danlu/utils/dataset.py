"""A data set that makes its batches when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class PyDataset:
    """Batches by number: a subclass defines `__len__` and `__getitem__(index)`.

    `__getitem__` returns one batch, (x, y) or (x, y, sample_weight); `__len__` says how many there
    are in an epoch. Batches are made in the thread that trains.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 4
    ...
    ...     def __getitem__(self, index):
    ...         return [[float(index)]], [[float(index**2)]]
    >>> len(list(Squares()))
    4
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    @property
    def num_batches(self) -> int:
        """The number of batches in an epoch."""
        return len(self)

    def __len__(self) -> int:
        raise NotImplementedError(
            f"[{type(self).__name__}] defines __len__, the number of batches in an epoch"
        )

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"[{type(self).__name__}] defines __getitem__, one batch")

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


Sequence = PyDataset
