"""The rows of the op table, one module a family."""

from importlib import import_module

_NAMES = ("elementwise", "reduce", "matmul", "conv", "pool", "nn", "norm", "shape", "index")

FAMILIES = [import_module(f"op_rows.{name}").CASES for name in _NAMES]
