"""Columns of which 32 bits would keep too little: seconds since 1970, dates as digits, long ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import jax
import numpy as np

from rosenblatt.core.errors import explain, warn_user
from rosenblatt.core.faces import on_use
from rosenblatt.data.arrays import named_leaves, names_of
from rosenblatt.data.contract import Data

if TYPE_CHECKING:
    from rosenblatt.data import frames
else:
    frames = on_use("rosenblatt.data.frames")

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
    less = values.astype("float64") - float(origin)
    if values.dtype.kind in "iu" and isinstance(origin, int):
        # Modulo 2**64, which is right where the difference fits.
        exact = (values.astype("uint64") - np.uint64(origin % 2**64)).astype("int64")
        return np.where(np.abs(less) < 2.0**62, exact, less)
    return less


def far_columns(array: np.ndarray) -> dict[int, float | int]:
    """The columns of which float32 would lose what tells rows apart, with their `origin_of`.

    >>> far_columns(np.array([[1.7e9, 0.5], [1.7e9 + 1, 0.6]]))
    {0: 1700000000.0}
    """
    if array.dtype.kind not in "iuf" or array.dtype.itemsize < 4 or array.dtype == np.float32:
        return {}
    if array.ndim not in (1, 2) or not array.size:
        return {}
    rows = array.reshape(len(array), -1)
    # Some rows tell of most tables that no column is far: the others lie within the column's
    # spread of them, and it is at least theirs.
    if not _is_narrow(rows[:: len(rows) // 64 + 1], _FAR / 16 - 1).any():
        return {}
    near = np.flatnonzero(_is_narrow(rows, _FAR / 16))
    found = {int(column): origin_of(rows[:, column]) for column in near}
    return {column: origin for column, origin in found.items() if origin is not None}


def _is_narrow(rows: np.ndarray, times: float) -> np.ndarray:
    """For each column, whether its largest value is more than so many times its spread."""
    low, high = rows.min(axis=0).astype("float64"), rows.max(axis=0).astype("float64")
    largest = np.maximum(np.abs(low), np.abs(high))
    return ~(largest <= times * (high - low))  # NaN too: another look is due


def warn_of_rounding(tree: Data, what: str) -> None:
    """Warn of columns of 64 bits of which float32 would lose what tells rows apart.

    Args:
        tree: the data as the user passed them: arrays, tables, a nest of them.
        what: "x" or "y".
    """
    for name, leaf in named_leaves(tree, what):
        far = [(column, values, origin) for column, values in _columns_of(leaf)
               if (origin := far_columns(values).get(0)) is not None]  # fmt: skip
        if not far:
            continue
        column, values, origin = far[0]
        step = float(np.spacing(np.float32(np.abs(values).max())))
        more = f" (and of {len(far) - 1} more)" if len(far) > 1 else ""
        warn_user(
            explain(
                f"{name}: float32 hardly tells the rows of column {column!r}{more} apart.",
                given=f"{values.min()} to {values.max()}, which it holds in steps of {step:g}",
                fix=f"subtract {origin} from the column while it has 64 bits, in `predict` too.",
            )
        )


def _columns_of(leaf: Data) -> Iterator[tuple[str | int, np.ndarray]]:
    """Names or numbers, and values, of the columns that may be far from zero."""
    if isinstance(leaf, (list, tuple, jax.Array)):
        return
    is_array = isinstance(leaf, np.ndarray)
    if not is_array and frames.is_frame(leaf):
        if not frames.is_deferred(leaf):
            values = map(np.asarray, frames.columns_of(leaf))
            yield from zip(names_of(leaf), values, strict=True)
    elif is_array or frames.is_series(leaf):
        names, array = names_of(leaf), np.asarray(leaf)
        for column in far_columns(array) if array.ndim in (1, 2) else ():
            yield (names or range(array.size))[column], array.reshape(len(array), -1)[:, column]
