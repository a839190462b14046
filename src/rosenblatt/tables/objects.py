"""Dicts, lists and arrays as tables."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.data.frames import NamedColumns, is_series, names_of
from rosenblatt.tables.frames import series_column
from rosenblatt.tables.names import named_apart
from rosenblatt.tables.table import Column, Table
from rosenblatt.tables.values import column_of

EXPECTED = (
    "a path, a DataFrame, a dict of columns, a list of dicts or of rows, or an array of shape "
    "(rows, columns)"
)


def read_object(source: Any, where: str) -> Table:
    """A dict of columns, a list of dicts or of rows, or an array of shape (rows, columns).

    Raises:
        ValueError: it does not have rows and columns, or a column cannot be read.
    """
    if isinstance(source, Mapping):
        return _read_dict(source, where)
    return (
        _read_list(source, where)
        if isinstance(source, (list, tuple))
        else _read_array(source, where)
    )


def _read_dict(source: Mapping[Any, Any], where: str) -> Table:
    names, notes = named_apart([str(name) for name in source])
    if source and all(map(is_single, source.values())):
        source = {name: [value] for name, value in source.items()}
    columns = [
        dict_column(name, values, where)
        for name, values in zip(names, source.values(), strict=True)
    ]
    return Table.of(columns, where, notes)


def is_single(value: object) -> bool:
    """Whether a value is one cell, and not a column of them."""
    kinds = (str, bytes, numbers.Number, np.generic, datetime.date, datetime.timedelta)
    return value is None or isinstance(value, kinds)


def dict_column(name: str, values: object, where: str) -> Column:
    if is_series(values):
        return series_column(name, values, where)
    if hasattr(values, "__array__") and not isinstance(values, np.ndarray):
        values = np.asarray(values)
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, (Iterable, np.ndarray)):
        raise BadData(
            f"{where}: column {name!r} is not a column.",
            given=f"type {type(values).__name__}",
            expected="an array or a list with a value for each row",
        )
    if not isinstance(values, (np.ndarray, list, tuple)):
        values = list(values)
    return column_of(name, values, where=where)


def _read_list(source: Sequence[Any], where: str) -> Table:
    """A list of dicts, of rows, or nothing."""
    if not source:
        raise BadData(f"{where} is an empty list.", expected=EXPECTED)
    if all(isinstance(row, Mapping) for row in source):
        names = list(dict.fromkeys(name for row in source for name in row))
        if not names:
            return Table({}, where, rows=len(source))
        return _read_dict({name: [row.get(name) for row in source] for name in names}, where)
    rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in source]
    width = len(rows[0]) if isinstance(rows[0], (list, tuple)) else 0
    for place, row in enumerate(rows):
        if not isinstance(row, (list, tuple)) or len(row) != width:
            given = f"{len(row)} values" if isinstance(row, (list, tuple)) else type(row).__name__
            raise BadData(
                f"{where}: row {place} is not a row like the others.",
                given=given,
                expected=f"a list of {width} values, as in row 0" if width else EXPECTED,
            )
    names = [f"x{place}" for place in range(width)]
    columns = [
        column_of(name, [row[place] for row in rows], where=where)
        for place, name in enumerate(names)
    ]
    return Table({c.name: c for c in columns}, where, rows=len(rows))


def _read_array(source: Any, where: str) -> Table:
    """An array of shape (rows, columns), or one of NumPy's records."""
    array = source if isinstance(source, np.ndarray) else np.asarray(source)
    if array.dtype.names and array.ndim == 1:
        return _read_dict({name: array[name] for name in array.dtype.names}, where)
    if array.ndim != 2:
        raise BadData(
            f"{where} does not have rows and columns.",
            given=f"an array of shape {array.shape}",
            expected="an array of shape (rows, columns)",
            fix="Reshape your data: `.reshape(-1, 1)` if it is one column, `.reshape(1, -1)` if it "
            "is one row.",
        )
    given = names_of(array) if isinstance(array, NamedColumns) else ()
    names = list(given) or [f"x{place}" for place in range(array.shape[1])]
    plain = array if isinstance(array, np.ma.MaskedArray) else np.asarray(array)
    columns = [column_of(name, plain[:, place], where=where) for place, name in enumerate(names)]
    return Table({c.name: c for c in columns}, where, rows=len(array))
