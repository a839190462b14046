"""How much memory a model of a file may ask for: a word in its config can mean terabytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rosenblatt.core.errors import explain


class _Allowance:
    def __init__(self, nbytes: int, source: str):
        self.nbytes = self.left = nbytes
        self.source = source


_allowance: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def at_most(nbytes: int, source: str) -> Iterator[None]:
    """Within this block, what is made may take so many bytes together.

    Args:
        nbytes: the limit.
        source: what describes the objects, for the message.

    >>> with at_most(1000, "a file"):
    ...     take(10**12, "a kernel")
    Traceback (most recent call last):
    ...
    ValueError: a file asks for too much memory. Given: 1,000,000,000,000 bytes for a kernel. Expected: at most 1,000 bytes for all of the model. Fix: do not use this file unless you know who made it; `load_model(path, compile=False)` leaves metrics and optimizer out.
    """  # noqa: E501
    token = _allowance.set(_Allowance(nbytes, source))
    try:
        yield
    finally:
        _allowance.reset(token)


def take(nbytes: int, what: str) -> None:
    """Count bytes that are about to be taken; outside `at_most` nothing is counted.

    Raises:
        ValueError: more than is left.
    """
    allowance = _allowance.get()
    if allowance is None:
        return
    allowance.left -= nbytes
    if allowance.left < 0:
        raise ValueError(
            explain(
                f"{allowance.source} asks for too much memory.",
                given=f"{nbytes:,} bytes for {what}",
                expected=f"at most {allowance.nbytes:,} bytes for all of the model",
                fix="do not use this file unless you know who made it; "
                "`load_model(path, compile=False)` leaves metrics and optimizer out.",
            )
        )
