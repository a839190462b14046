"""Columns of which 32 bits would keep too little: seconds since 1970, dates as digits, long ids."""

from __future__ import annotations

import numpy as np

# A number of 32 bits has 24 binary digits. A column that lies this many of its deviations away from
# zero spends ten of them on where it lies, and has less than fourteen left to tell rows apart.
_FAR = 1024
_EXACT = 2**24  # whole numbers up to here are float32 as well


def origin_of(values: np.ndarray) -> float | int | None:
    """A number to count a column from, where float32 would lose what tells its rows apart.

    Args:
        values: (rows,) numbers.

    Returns:
        The column's smallest value; None where float32 holds the column well enough.

    >>> origin_of(np.array([1.7e9, 1.7e9 + 1, 1.7e9 + 2]))
    1700000000.0
    >>> origin_of(np.array([0.1, 0.2])) is origin_of(np.array([2023, 2024])) is None
    True
    """
    if values.dtype.kind not in "iuf" or values.dtype.itemsize < 4 or values.dtype == np.float32:
        return None
    low, high = values.min(), values.max()
    largest = max(abs(float(low)), abs(float(high)))
    if not np.isfinite(largest) or low == high or low == 0:
        return None
    if values.dtype.kind != "f" and largest <= _EXACT:
        return None
    if largest <= _FAR * float(np.std(_less(values, low.item()), dtype="float64")):
        return None
    if values.dtype.kind == "f" or largest < 2**62:
        with np.errstate(over="ignore"):
            if np.array_equal(values.astype("float32").astype(values.dtype), values):
                return None
    return low.item()


def counted_from(values: np.ndarray, origin: float | int | None) -> np.ndarray:
    """A column less a number, subtracted before any digit is lost, as float32.

    >>> counted_from(np.array([1_700_000_000, 1_700_000_001]), 1_700_000_000)
    array([0., 1.], dtype=float32)
    """
    with np.errstate(over="ignore"):
        return (values if origin is None else _less(values, origin)).astype("float32")


def _less(values: np.ndarray, origin: float | int) -> np.ndarray:
    """Values less a number: exactly, where both are whole numbers."""
    if values.dtype.kind in "iu" and isinstance(origin, int):
        low, high = int(values.min()) - origin, int(values.max()) - origin
        if low >= -(2**63) and high < 2**63:
            # Modulo 2**64, which is right as the difference fits.
            return (values.astype("uint64") - np.uint64(origin % 2**64)).astype("int64")
    return values.astype("float64") - float(origin)
