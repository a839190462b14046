"""Python's collector of unreachable objects, held back while many objects are made that stay."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_blocks = 0  # that are running, in all threads
_was_on = False  # before the first of them


@contextmanager
def held_back() -> Iterator[None]:
    """Let Python's collector wait until the end of the block.

    It runs after every so many new objects, and every now and then it looks at all there are: of
    JAX alone some hundred thousand, which takes as long as importing this library. What modules
    make stays, so it would find nothing.

    >>> with held_back():
    ...     gc.isenabled()
    False
    >>> gc.isenabled()
    True
    """
    global _blocks, _was_on
    with _lock:
        if not _blocks:
            _was_on = gc.isenabled()
            gc.disable()
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks = max(_blocks - 1, 0)
            if not _blocks and _was_on:
                gc.enable()


def _after_fork() -> None:
    """The other threads, and their blocks, are not in the child."""
    global _blocks, _lock
    _lock = threading.Lock()
    if _blocks and _was_on:
        gc.enable()
    _blocks = 0


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_after_fork)
