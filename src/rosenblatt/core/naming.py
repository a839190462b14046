"""Names unique as Keras makes them: dense, dense_1, dense_2."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from contextvars import ContextVar
from typing import Any

from rosenblatt.core.scope import holding

_lock = threading.Lock()
_counts: defaultdict[str, int] = defaultdict(int)
# Counts of this context alone, where it has any.
_own: ContextVar[defaultdict[str, int] | None] = ContextVar("names", default=None)


def _current() -> defaultdict[str, int]:
    own = _own.get()
    return _counts if own is None else own


def fresh_names() -> holding[Any]:
    """Let names start again inside, and continue afterwards as if nothing had happened.

    >>> with fresh_names():
    ...     auto_name("Dense"), auto_name("Dense")
    ('dense', 'dense_1')
    """
    return holding(_own, defaultdict(int))


def to_snake_case(name: str) -> str:
    """Turn a class name into the name its instances get.

    >>> to_snake_case("BatchNormalization")
    'batch_normalization'
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name: str) -> str:
    """Append `_1`, `_2` … to a name that was given out before."""
    with _lock:
        counts = _current()
        count = counts[name]
        counts[name] += 1
    return f"{name}_{count}" if count else name


def auto_name(class_name: str) -> str:
    """The next free name for an instance of a class."""
    return uniquify(to_snake_case(class_name))


def get_uid(prefix: str = "") -> int:
    """The next number for a prefix, starting at 1 (Keras's `backend.get_uid`)."""
    with _lock:
        counts = _current()
        counts[prefix] += 1
        return counts[prefix]


def reset_names() -> None:
    """Forget every name given out so far."""
    with _lock:
        _current().clear()
