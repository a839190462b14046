"""One number for what a metric gives: some give one value for each class."""

from __future__ import annotations

import numpy as np

from rosenblatt.core.types import Tree


def as_number(value: Tree) -> float:
    """A log entry as one number: the mean where it holds several, as Keras shows them.

    >>> as_number(np.array([0.5, 1.0]))
    0.75
    """
    return float(np.mean(np.asarray(value, dtype="float64")))
