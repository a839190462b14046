"""What a trial raises to say how it failed, under Keras Tuner's names."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from rosenblatt.core.errors import RosenblattError


class FailedTrialError(Exception):
    """Ends a trial as failed: it does not run again, and the search continues.

    >>> raise FailedTrialError("too large")
    Traceback (most recent call last):
    ...
    rosenblatt.tuner.errors.FailedTrialError: too large
    """


class SearchError(RosenblattError, RuntimeError):
    """A search cannot begin or continue, or has no result."""


class FatalError(RosenblattError):
    """Ends the whole search: no other trial could do better."""

    def __init__(self, problem: str = "", **parts: Any):
        super().__init__(problem, **parts)


class FatalValueError(FatalError, ValueError):
    """A value that is wrong for every trial."""


class FatalTypeError(FatalError, TypeError):
    """A type that is wrong for every trial."""


class FatalRuntimeError(FatalError, RuntimeError):
    """A state that is wrong for every trial."""


class SearchFolderError(FatalError, OSError):
    """The files of a search cannot be written: no trial counts, and the search can resume.

    Args:
        folder: of the search.
        error: what the system said.
    """

    def __init__(self, folder: str, error: object):
        super().__init__(
            f"The search in {folder!r} was stopped, as its files cannot be written or read.",
            given=str(error).partition(" Fix: ")[0].rstrip("."),
            fix="fix the cause and start the search again: it resumes, and the trials that were "
            "running do not count.",
        )


# A full disk, one that may not be written to, one that fails.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE)


def is_of_the_folder(error: BaseException, folder: str) -> bool:
    """Whether an error is one of the disk, or of a search's own files: not the trial's."""
    if not isinstance(error, OSError):
        return False
    return error.errno in _DISK or str(Path(folder)) in str(error)


__all__ = [
    "FailedTrialError",
    "FatalError",
    "FatalRuntimeError",
    "FatalTypeError",
    "FatalValueError",
    "SearchError",
    "SearchFolderError",
]
