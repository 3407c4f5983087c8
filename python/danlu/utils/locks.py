"""Locks that a forked child finds free, whatever other threads did at the moment of the fork."""

from __future__ import annotations

import os
from threading import RLock


def make_lock() -> RLock:
    """Return a lock that a fork waits for, so that neither side inherits it taken."""
    lock = RLock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )
    return lock
