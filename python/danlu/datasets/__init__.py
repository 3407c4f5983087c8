"""Small data sets with Keras's `load_data()`: digits and housing come with the package.

`mnist` and `cifar10` read the official files from `$DANLU_HOME/<name>/` (or a per-user cache)
and download what is absent.
"""

from importlib import import_module

__all__ = ["cifar10", "digits", "housing", "mnist"]


def __getattr__(name):
    if name in __all__:
        return import_module(f"danlu.datasets.{name}")
    raise AttributeError(f"module 'danlu.datasets' has no attribute {name!r}; it has {__all__}")


def __dir__():
    return __all__
