"""Ten houses: area in square feet, number of bedrooms, price in dollars.

The first rows of the linear-regression exercise of Andrew Ng's machine-learning course.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._lazy import suggesting

if TYPE_CHECKING:
    import numpy as np

feature_names = ("area", "bedrooms")
ROWS = (
    (2104, 3, 399900),
    (1600, 3, 329900),
    (2400, 3, 369000),
    (1416, 2, 232000),
    (3000, 4, 539900),
    (1985, 4, 299900),
    (1534, 3, 314900),
    (1427, 3, 198999),
    (1380, 3, 212000),
    (1494, 3, 242500),
)


def load_data(
    test_split: float = 0.0, seed: int | None = None
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """`(x_train, y_train), (x_test, y_test)`: float32 features (n, 2) and prices (n,).

    Features are the area in square feet and the number of bedrooms, prices are in dollars. All ten
    rows are training data unless `test_split` says otherwise.

    Args:
        test_split: the fraction that becomes test data, 0 <= test_split < 1, else ValueError.
        seed: shuffles before the split; None keeps the order.

    >>> import danlu as dl
    >>> (x, y), _ = dl.datasets.housing.load_data()
    >>> x[0].tolist(), float(y[0])
    ([2104.0, 3.0], 399900.0)
    """
    import numpy as np

    from danlu.datasets._split import split

    rows = np.array(ROWS, dtype=np.float32)
    return split("housing", rows[:, :2].copy(), rows[:, 2].copy(), test_split, seed)


if not TYPE_CHECKING:
    __getattr__ = suggesting(__name__)
