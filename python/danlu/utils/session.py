"""What a program starts from: seeds and automatic names."""

from __future__ import annotations


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and danlu's random numbers, so that a program repeats itself."""
    import random as python_random

    import numpy

    from .. import random

    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise ValueError(f"[set_random_seed] seed is an integer, got {seed!r}")
    seed = int(seed)
    python_random.seed(seed)
    numpy.random.seed(seed % 2**32)
    random.set_global_seed(seed)


def clear_session() -> None:
    """Let automatic names begin again, `dense`, `dense_1` ..., as in a new program."""
    from .naming import reset_names

    reset_names()
