from __future__ import annotations

from op_harness import Case

CASES: list[Case] = []
