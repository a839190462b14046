"""NaN and infinity in data: which arrays hold them, and the message that refuses each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rosenblatt.core.errors import BadData, explain
from rosenblatt.core.types import Tree
from rosenblatt.data.arrays import named_leaves

_LISTED = 5
_WITHOUT_NAN = "iubOSUTM"  # kinds of dtypes: whole numbers, booleans, text, times

Columns = Mapping[str, tuple[str, ...]]
"""The names of the columns of what was a table, by the name of the leaf."""


def refuse(messages: Mapping[str, str]) -> None:
    """Raise the first of the messages that `not_finite` gave.

    Raises:
        ValueError: if there is one.
    """
    for message in messages.values():
        raise BadData(message)


def check_finite(tree: Tree, what: str, columns: Columns | None = None) -> None:
    """Refuse NaN and infinity; arguments as of `not_finite`.

    Raises:
        ValueError: naming the array, its columns, the first row and how many rows there are.

    >>> check_finite(np.ones((2, 3)), "x")
    """
    refuse(not_finite(tree, what, columns))


def not_finite(tree: Tree, what: str, columns: Columns | None = None) -> dict[str, str]:
    """The arrays of a nest that hold NaN or infinity.

    A sum over the whole array decides, in one pass and without a temporary array; only where it
    is not finite are the values looked at.

    Args:
        tree: a nest of NumPy arrays.
        what: "x", "y" or "sample_weight".
        columns: names of the columns, for messages.

    Returns:
        Their names, and a message that refuses each.
    """
    found = {}
    for name, array in named_leaves(tree, what):
        if array.dtype.kind in _WITHOUT_NAN:
            continue
        wide = np.float32 if array.dtype.itemsize == 2 else None
        with np.errstate(all="ignore"):
            finite = np.isfinite(array.sum(dtype=wide))
        message = None if finite else _bad_rows(array, name, (columns or {}).get(name))
        if message is not None:
            found[name] = message
    return found


def _bad_rows(
    array: np.ndarray, name: str, columns: tuple[str, ...] | None, chunk: int = 1 << 16
) -> str | None:
    """The message for rows with NaN or infinity; None where a sum of finite numbers overflowed."""
    count, first = 0, None
    table = array.ndim <= 2
    per_column = np.zeros(array.shape[1] if array.ndim == 2 else 1, dtype=np.int64)
    for start in range(0, len(array), chunk):
        bad = ~np.isfinite(array[start : start + chunk])
        if not bad.any():
            continue
        rows = bad.reshape(len(bad), -1).any(axis=1)
        count += int(rows.sum())
        if table:
            per_column += bad.sum(axis=0)
        if first is None:
            place = np.argwhere(bad)[0]
            first = (start + int(place[0]), *(int(i) for i in place[1:]))
    if first is None:
        return None
    value = float(array[first])
    where = _bad_columns(per_column, columns) if table else ""
    others = f", {count} such rows in all" if count > 1 else ", the only such row"
    index = f", index {first[1:]}" if array.ndim > 2 else ""
    beyond = "" if np.isnan(value) else f", or a number beyond {array.dtype}"
    return explain(
        f"{name} holds {'NaN' if np.isnan(value) else 'infinity'}{where}.",
        given=f"{value}{beyond} in row {first[0]} (the first is row 0){index}{others}",
        expected="finite numbers",
        fix="drop these rows (from x and y alike), or fill the gaps, e.g. with the column's "
        "median.",
    )


def _bad_columns(counts: np.ndarray, columns: tuple[str, ...] | None) -> str:
    bad = np.flatnonzero(counts)
    if counts.size == 1 and columns is None:
        return ""
    names = [repr(columns[i]) if columns else str(i) for i in bad[:_LISTED]]
    more = f" and {bad.size - _LISTED} more" if bad.size > _LISTED else ""
    return f" in column{'s' if bad.size > 1 else ''} {', '.join(names)}{more}"
