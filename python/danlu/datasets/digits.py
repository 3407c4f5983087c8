"""1,797 handwritten digits, 8x8, inside the package: no download, trains in seconds.

Source: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning
Repository (1998), https://doi.org/10.24432/C50P49, CC BY 4.0; its test set, in its order, as
scikit-learn's `load_digits` distributes it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .._lazy import suggesting

if TYPE_CHECKING:
    import numpy as np


def load_data(
    test_split: float = 0.2, seed: int | None = 113
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """`(x_train, y_train), (x_test, y_test)`: uint8 images (n, 8, 8) of 0..16, uint8 labels (n,).

    A pixel counts the inked ones among 4x4 of the 32x32 scan, so x / 16 lies in 0..1 (Alpaydin and
    Kaynak, 1998).

    Args:
        test_split: the fraction that becomes test data, 0 <= test_split < 1, else ValueError.
        seed: shuffles before the split; None keeps the order of the source.

    >>> import danlu as dl
    >>> (x_train, y_train), (x_test, y_test) = dl.datasets.digits.load_data()
    >>> x_train.shape, y_test.shape
    ((1437, 8, 8), (360,))
    """
    import numpy as np

    from danlu.datasets._split import split

    file = os.path.join(os.path.dirname(__file__), "digits.npz")
    with np.load(file, allow_pickle=False) as arrays:
        return split("digits", arrays["x"], arrays["y"], test_split, seed)


if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
