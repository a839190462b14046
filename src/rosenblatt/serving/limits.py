"""How much a server takes of each request, and of all together."""

from __future__ import annotations

from dataclasses import dataclass, fields

from rosenblatt.core.errors import BadArgument


@dataclass(frozen=True)
class Limits:
    """How much a server takes of each request, and of all together.

    Args:
        bytes: of a body; more is refused before the rest is read, with 413.
        rows: of a request; more are refused with 413.
        seconds: from the first byte of a request to its answer; then 503, or 408 while the body
            still comes.
        waiting: requests that are read, computed or wait at a time; one more gets 503.

    Raises:
        ValueError: one of them is not above 0.

    >>> Limits(rows=0)
    Traceback (most recent call last):
    rosenblatt.core.errors.BadArgument: Limits: `rows` is wrong. Given: 0. Expected: a number
    above 0.
    """

    bytes: int = 16 << 20
    rows: int = 100_000
    seconds: float = 30.0
    waiting: int = 256

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not value > 0:
                raise BadArgument(
                    f"Limits: `{one.name}` is wrong.", given=value, expected="a number above 0"
                )
