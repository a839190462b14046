"""Numbers that layers are given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rosenblatt.core.errors import explain


def number_within(
    kind: str, name: str, value: Any, low: float = -math.inf, high: float = math.inf
) -> Any:
    """A number, refused where it is none or outside [low, high].

    Args:
        kind: the class that was given it.
        name: the argument.
        value: what was given.
        low, high: the smallest and the largest that will do.

    Raises:
        ValueError: with the range.

    >>> number_within("Dropout", "rate", 0.5, 0, 1)
    0.5
    """
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if is_number and low <= value <= high:
        return value
    expected = "a number"
    if high < math.inf:
        expected = f"a number from {low} to {high}"
    elif low > -math.inf:
        expected = f"a number, {low} or more"
    raise ValueError(explain(f"{kind}: bad `{name}`.", given=repr(value), expected=expected))
