"""One number for what a metric gives: some give one value for each class."""

from __future__ import annotations

from numbers import Real

import numpy as np

from rosenblatt.core.types import Tree


def as_number(value: Tree) -> float:
    """A log entry as one number: the mean where it holds several, as Keras shows them.

    >>> as_number(np.array([0.5, 1.0]))
    0.75
    """
    if isinstance(value, float):  # nearly always, many times an epoch
        return float(value)
    return float(np.mean(np.asarray(value, dtype="float64")))


def is_number(value: object) -> bool:
    """Whether a value is one real number: of Python, of NumPy, or an array without axes.

    >>> is_number(3), is_number(np.float32(0.5)), is_number(True), is_number("3")
    (True, True, False, False)
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        return True
    return getattr(value, "ndim", None) == 0 and hasattr(value, "item")
