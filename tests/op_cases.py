"""Every function of the core, one row each; the modes are in `tests/test_ops.py`."""

from __future__ import annotations

from op_harness import Case

# One list a family, in a module of its own: add a row there.
from op_rows import FAMILIES

CASES: list[Case] = [case for family in FAMILIES for case in family]
