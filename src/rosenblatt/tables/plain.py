"""Columns as plain arrays of numbers, for models that take nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData
from rosenblatt.data.kinds import reads_as_number
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn, TimeColumn

_MOST_SHOWN = 60
_NESTED = ("list", "struct", "array", "object")


def numbers(table: Table, names: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
    """Columns of numbers, each in its own type: whole numbers and booleans stay what they are.

    Args:
        table: of any columns; only those that are asked for have to hold numbers.
        names: the columns that are wanted; all if None.

    Returns:
        Column name to (rows,) array: int64, uint64, bool, or float64 with NaN where missing.

    Raises:
        ValueError: columns that are missing or do not hold numbers (each one is named).

    >>> numbers(Table.of([NumberColumn("age", np.array([31.0, 45.0]), "int64")]))
    {'age': array([31, 45])}
    """
    columns = [table[name] for name in (table.names if names is None else names)]
    found = {column.name: _plain(column, table.source) for column in columns}
    wrong = [column for column in columns if found[column.name] is None]
    if wrong:
        many = len(wrong) > 1
        raise BadData(
            f"{table.source}: column{'s' * many} {', '.join(repr(c.name) for c in wrong)} "
            f"{'do' if many else 'does'} not hold numbers.",
            given="; ".join(f"{column.name!r}: {_example(column)}" for column in wrong),
            expected="numbers in every column",
            fix="write times as numbers, e.g. seconds since 1970, or leave such columns out."
            if isinstance(wrong[0], TimeColumn)
            else "encode text as numbers, or leave such columns out of the file.",
        )
    return {name: values for name, values in found.items() if values is not None}


def _plain(column: Column, source: str) -> NDArray[Any] | None:
    """The numbers of a column; None where it does not hold numbers."""
    if isinstance(column, TimeColumn) or (len(column) and column.missing.all()):
        return None
    if isinstance(column, NumberColumn):
        whole = "int" in column.stored.lower() and not column.missing.any()
        return column.values.astype(np.int64) if whole else column.values
    used = np.unique(column.codes[~column.missing])
    words = [str(column.words[code]).strip() for code in used]
    if set(words) <= {"False", "True"}:
        values = np.array([word == "True" for word in words], float)
        return _spread(column, used, values, bool)
    if not all(map(reads_as_number, words)):
        return None
    if not all(word.lstrip("+-").isdecimal() for word in words):
        return _spread(column, used, np.array([float(word) for word in words]), float)
    whole_numbers = [int(word) for word in words]
    for dtype in (np.int64, np.uint64):
        limits = np.iinfo(dtype)
        if all(limits.min <= number <= limits.max for number in whole_numbers):
            return _spread(column, used, np.array(whole_numbers, dtype), dtype)
    code = next(c for c, number in zip(used, whole_numbers, strict=True) if abs(number) >= 2**63)
    raise BadData(
        f"{source}: column {column.name!r} holds whole numbers beyond 64 bits.",
        given=_cell(column, int(np.argmax(column.codes == code)), quoted=False),
        expected="whole numbers of at most 18 digits",
        fix="leave the column out of the file if it only names the rows; write it with a decimal "
        "point if it is a quantity.",
    )


def _spread(
    column: TextColumn, used: NDArray[np.int32], values: NDArray[Any], dtype: type
) -> NDArray[Any]:
    """The number of each row, by that of its word."""
    if column.missing.any():
        of_words = np.full(len(column.words) + 1, np.nan)  # the last one is of code -1
        of_words[used] = values
        return of_words[column.codes]
    of_words = np.zeros(len(column.words), dtype)
    of_words[used] = values
    return of_words[column.codes]


def _example(column: Column) -> str:
    """The first value that is not a number, and its row."""
    for row in np.flatnonzero(~column.missing).tolist():
        value = column.text(row)
        if isinstance(column, TimeColumn) or not reads_as_number(str(value)):
            quoted = isinstance(column, TextColumn) and not column.stored.lower().startswith(
                _NESTED
            )
            return _cell(column, row, quoted)
    return "no value in any row"


def _cell(column: Column, row: int, quoted: bool) -> str:
    text = column.text(row)
    shown = repr(text) if quoted else str(text)
    return f"{shown if len(shown) <= _MOST_SHOWN else shown[: _MOST_SHOWN - 3] + '…'} in row {row}"
