"""Small data sets with Keras's `load_data()`: digits and housing come with the package.

`mnist` and `cifar10` read the official files from `$DANLU_HOME/<name>/` (or a per-user cache)
and download what is absent.
"""

from .._lazy import attach

__all__ = ["cifar10", "digits", "housing", "mnist"]

__getattr__, __dir__ = attach(__name__, dict.fromkeys(__all__, ""))
