"""Writes python/danlu/datasets/digits.npz from scikit-learn's copy of the UCI digits.

Run by hand when the file must be made again: `python tools/make_digits.py` (needs scikit-learn).
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
target = Path(__file__).parents[1] / "python/danlu/datasets/digits.npz"
np.savez_compressed(target, x=digits.images.astype(np.uint8), y=digits.target.astype(np.uint8))
print(target, target.stat().st_size, "bytes")
