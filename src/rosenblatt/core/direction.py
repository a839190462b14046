"""Which way is better: towards smaller values, or towards larger ones."""

from __future__ import annotations

from enum import StrEnum


class Direction(StrEnum):
    """Which way a loss, a metric or an objective gets better. Each equals its name as text.

    >>> Direction("max"), Direction("max").better(0.9, 0.8), Direction.MIN == "min"
    ('max', True, True)
    """

    MIN = "min"
    MAX = "max"

    __repr__ = str.__repr__

    @property
    def sign(self) -> int:
        """Values times this are the better the smaller they are."""
        return 1 if self is Direction.MIN else -1

    def better(self, a: float, b: float) -> bool:
        """Whether a is better than b."""
        return self.sign * a < self.sign * b


def direction_of(part: object) -> Direction | None:
    """What a loss or a metric says of itself in its attribute `direction`; None if nothing.

    >>> import rosenblatt as rb
    >>> direction_of(rb.metrics.AUC())
    'max'
    """
    said = getattr(part, "direction", None)
    return Direction(said) if said in tuple(Direction) else None
