"""Loads the compiled core with idle threads that do not spin for long.

libgomp reads its settings when it is loaded. With its defaults, idle workers spin for so long that
a second OpenMP runtime in the process, or a busy neighbour, stalls both. They are set around the
import only, so that the programs started from here do not inherit them.
"""

from __future__ import annotations

import os

_quiet = "GOMP_SPINCOUNT" not in os.environ and "OMP_WAIT_POLICY" not in os.environ
if _quiet:
    os.environ["GOMP_SPINCOUNT"] = "1000"
try:
    from . import _core as core
finally:
    if _quiet:
        del os.environ["GOMP_SPINCOUNT"]

__all__ = ["core"]
