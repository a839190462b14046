"""A seed for what is drawn in a block, where SciKeras has it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from rosenblatt.core.random import seeded


def tensorflow_random_state(seed: int) -> AbstractContextManager[None]:
    """Seed what this library draws in the block; the generators of others are left alone.

    >>> import rosenblatt as rb
    >>> with tensorflow_random_state(3):
    ...     first = rb.random.uniform(())
    >>> with tensorflow_random_state(3):
    ...     bool(first == rb.random.uniform(()))
    True
    """
    return seeded(seed)


__all__ = ["tensorflow_random_state"]
