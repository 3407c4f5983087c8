"""What a program starts from: seeds and automatic names."""

from __future__ import annotations


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and danlu's random numbers, so that a program repeats itself.

    With the same seed and data, weights after training are the same bit for bit, on any number of
    threads. Raises ValueError unless the seed is an integer from 0 to 2**32 - 1.

    >>> import danlu as dl
    >>> dl.utils.set_random_seed(7)
    >>> first = dl.random.uniform((3,))
    >>> dl.utils.set_random_seed(7)
    >>> dl.all(dl.random.uniform((3,)) == first).item()
    True
    """
    import random as python_random

    import numpy

    from .. import random

    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= seed < 2**32:
        raise ValueError(f"[set_random_seed] seed is an integer from 0 to 2**32 - 1, got {seed!r}")
    seed = int(seed)
    python_random.seed(seed)
    numpy.random.seed(seed)
    random.set_global_seed(seed)


def clear_session() -> None:
    """Let automatic names begin again, `dense`, `dense_1` ..., as in a new program.

    Models and weights that there are stay as they are, and so do seeds and `dl.config`.

    >>> import danlu as dl
    >>> dl.utils.clear_session()
    >>> dl.layers.Dense(2).name, dl.layers.Dense(2).name
    ('dense', 'dense_1')
    """
    from .naming import reset_names

    reset_names()
