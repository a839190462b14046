"""Tuner, where Keras Tuner has it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rosenblatt.tuner.tuner import Tuner


def maybe_distribute(distribution_strategy: Any) -> AbstractContextManager[Any]:
    """The scope of a distribution strategy; nothing if None.

    >>> with maybe_distribute(None):
    ...     print("here")
    here
    """
    return nullcontext() if distribution_strategy is None else distribution_strategy.scope()


__all__ = ["Tuner", "maybe_distribute"]
