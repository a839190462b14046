"""What a trial raises to say how it failed, under Keras Tuner's names."""

from __future__ import annotations


class FailedTrialError(Exception):
    """Ends a trial as failed: it is not run again, and the search goes on.

    >>> raise FailedTrialError("too large")
    Traceback (most recent call last):
    ...
    rosenblatt.tuner.errors.FailedTrialError: too large
    """


class FatalError(Exception):
    """Ends the whole search: no other trial could do better."""


class FatalValueError(FatalError, ValueError):
    """A value that is wrong for every trial."""


class FatalTypeError(FatalError, TypeError):
    """A type that is wrong for every trial."""


class FatalRuntimeError(FatalError, RuntimeError):
    """A state that is wrong for every trial."""


__all__ = [
    "FailedTrialError",
    "FatalError",
    "FatalRuntimeError",
    "FatalTypeError",
    "FatalValueError",
]
