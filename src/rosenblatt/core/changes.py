"""A count of changes to what programs hold as constants.

A layer that is given another attribute after it was built announces it; whoever keeps programs
compares the count, and looks at the layers' revisions where it has moved on.
"""

from __future__ import annotations

import itertools

_counter = itertools.count(1)
_last = 0


def announce() -> None:
    """Say that programs made before now may hold something that has changed."""
    global _last
    _last = next(_counter)


def count() -> int:
    """How many changes there were.

    >>> before = count()
    >>> announce()
    >>> count() > before
    True
    """
    return _last
