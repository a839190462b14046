"""Draws for rows by their places: the same whoever asks, in whatever order rows are read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HELD_OUT, SAMPLE, MEAN_FOLD, THINNED, TEST = range(5)
"""What is drawn: rows that are held out, a sample, folds of target means, rows of too many that
stay, a test."""

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""What is added to bits before they are mixed, so that 0 does not stay 0."""

_BITS = 53  # of a float64


def mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Each bit spread over all (the finalizer of SplitMix64; Steele, Lea and Flood, 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def drawn(places: NDArray[np.int64], what: int, seed: int) -> NDArray[np.float64]:
    """A number from 0 to below 1 for each row.

    Args:
        places: (rows,) of the rows in their table.
        what: is drawn; draws for different things are independent.
        seed: of all draws.

    >>> places = np.arange(1000)
    >>> numbers = drawn(places, SAMPLE, seed=0)
    >>> bool((numbers[500:] == drawn(places[500:], SAMPLE, seed=0)).all())
    True
    >>> bool(400 < (numbers < 0.5).sum() < 600)
    True
    """
    key = mixed(np.array([8 * seed + what], np.uint64) + GOLDEN)
    bits = mixed(mixed(places.astype(np.uint64) + GOLDEN) ^ key)
    return (bits >> np.uint64(64 - _BITS)).astype(np.float64) / 2.0**_BITS
