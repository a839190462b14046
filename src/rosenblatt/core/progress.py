"""Signs of progress, for whoever watches this process: `rosenblatt launch`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from rosenblatt.core.config import PROGRESS_FILE

T = TypeVar("T")


def mark() -> None:
    """Show that a pass over data is under way, and has come further."""
    if path := os.environ.get(PROGRESS_FILE):
        with suppress(OSError):  # no reason to end what goes well
            Path(path).touch()


def clear() -> None:
    """Show that no pass is under way: what a program does now may take any time."""
    if path := os.environ.get(PROGRESS_FILE):
        with suppress(OSError):
            Path(path).unlink()


def marked(steps: Iterable[T]) -> Iterator[T]:
    """The steps of a pass, of which each shows progress; so does the begin.

    >>> list(marked([1, 2]))
    [1, 2]
    """
    mark()
    for step in steps:
        mark()
        yield step
