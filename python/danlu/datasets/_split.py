"""The one way in which the embedded data sets are cut into training and test data."""

from __future__ import annotations

import numpy as np


def split(dataset: str, x: np.ndarray, y: np.ndarray, test_split: float, seed: int | None):
    """Shuffles by `seed`, then cuts the last `test_split` of the rows off, as Keras does."""
    if not 0 <= test_split < 1:
        raise ValueError(f"[{dataset}.load_data] test_split={test_split}: expected 0 <= value < 1")
    if seed is not None:
        order = np.random.RandomState(seed).permutation(len(x))
        x, y = x[order], y[order]
    train = int(len(x) * (1 - test_split))
    return (x[:train], y[:train]), (x[train:], y[train:])
