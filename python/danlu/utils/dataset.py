"""A data set that makes its batches when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class PyDataset:
    """Batches by number: a subclass defines `__len__` and `__getitem__(index)`.

    `__getitem__` returns one batch, (x, y) or (x, y, sample_weight); `__len__` says how many there
    are in an epoch. Batches are made in the thread that trains: the arguments of the constructor
    are Keras's and change nothing. With `shuffle`, `fit` takes them in a new order each epoch.

    Raises NotImplementedError for what the subclass does not define.

    >>> import danlu as dl
    >>> class Squares(dl.utils.PyDataset):
    ...     def __len__(self):
    ...         return 4
    ...
    ...     def __getitem__(self, index):
    ...         return [[float(index)]], [[float(index**2)]]
    >>> [y for x, y in Squares()]
    [[[0.0]], [[1.0]], [[4.0]], [[9.0]]]
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
        """Called after each pass over all batches; does nothing unless a subclass defines it.

        >>> import danlu as dl
        >>> class Harder(dl.utils.PyDataset):
        ...     level = 1.0
        ...
        ...     def __len__(self):
        ...         return 1
        ...
        ...     def __getitem__(self, index):
        ...         return dl.ones((4, 1)) * self.level, dl.ones((4, 1))
        ...
        ...     def on_epoch_end(self):
        ...         self.level *= 2
        >>> model = dl.Sequential([dl.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> data = Harder()
        >>> history = model.fit(data, epochs=3, verbose=0)
        >>> data.level
        8.0
        """


Sequence = PyDataset
