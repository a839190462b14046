"""How many cores there are for threads."""

from __future__ import annotations

import os


def number_of_cores() -> int:
    """The cores that this process may use.

    >>> number_of_cores() >= 1
    True
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return cores or 1
