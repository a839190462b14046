"""The cells of a table that has a single row, read without making a table of it.

A table is made column by column, at some 10 µs each, which a thousand rows do not notice. Where one
row is all there is, the types of its values tell what columns they would become.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from rosenblatt.data.frames import columns_of, is_frame
from rosenblatt.tables.frames import series_column
from rosenblatt.tables.objects import dict_column, is_single
from rosenblatt.tables.table import Column, NumberColumn, TextColumn
from rosenblatt.tables.values import LARGEST_WHOLE, text_of

# A number, NaN where the value is missing; a text that is not empty, without blanks around it; and
# a column of one row for values of any other type.
Cell: TypeAlias = float | str | Column
Row: TypeAlias = Mapping[str, Cell]  # by column

_SCALARS = frozenset(
    [np.float16, np.float32, np.float64, np.bool_]
    + [np.dtype(f"{sign}int{bits}").type for sign in ("", "u") for bits in (8, 16, 32, 64)]
)
_TEXT_TYPES = ("str", "string", "category")
_PLAIN_OF_POLARS = ("String", "Categorical", "Enum", "Boolean")


def read_row(source: Any) -> Row | None:
    """The cells of a table of one row by column, as `tables.read` would read them.

    Args:
        source: whatever `tables.read` takes.

    Returns:
        Name to cell, in order; None for tables of more rows, or whose names are not as they should
        be, and for what is rarely a single row (files, lazy frames, lists of lists): these are for
        `tables.read`.

    Raises:
        ValueError: as `tables.read`, for a value that no column may hold.

    >>> read_row({"age": [31], "sea": [" near "], "sold": [None], "new": [True]})
    {'age': 31.0, 'sea': 'near', 'sold': nan, 'new': 'True'}
    >>> read_row({"age": [31, 45]}) is None
    True
    """
    cells: list[tuple[str, Cell]] | None = None
    if isinstance(source, (list, tuple)) and len(source) == 1 and isinstance(source[0], Mapping):
        cells = [(str(name), _cell_of(str(name), [value])) for name, value in source[0].items()]
    elif isinstance(source, Mapping):
        cells = _of_dict(source)
    elif type(source) is np.ndarray:
        cells = _of_array(source)
    elif is_frame(source):
        cells = _of_frame(source)
    if cells is None:
        return None
    names = [name for name, _ in cells]
    found = dict(cells)
    return found if names and len(found) == len(names) and "" not in found else None


def cell(value: object) -> float | str | None:
    """A value of a plain type as a cell; None for any other."""
    kind = type(value)
    if kind is float:
        return value  # type: ignore[return-value]
    if kind is str:
        return (text_of(value) or "").strip() or np.nan
    if kind is int:
        exact = -LARGEST_WHOLE <= value <= LARGEST_WHOLE  # type: ignore[operator]
        return float(value) if exact else None  # type: ignore[arg-type]
    if kind is bool:
        return str(value)
    if kind in _SCALARS:
        return cell(value.item())  # type: ignore[attr-defined]
    return np.nan if value is None else None


def column_of_cell(name: str, value: Cell) -> Column:
    """The column of one row that a cell stands for."""
    if isinstance(value, float):
        return NumberColumn(name, np.array([value]))
    if isinstance(value, str):
        words = np.empty(1, object)
        words[0] = value
        return TextColumn(name, np.zeros(1, np.int32), words)
    return value


def _cell_of(name: str, values: Any) -> Cell:
    """The cell of a column of one value."""
    if type(values) in (list, tuple):
        found = cell(values[0])
    else:
        plain = type(values) is np.ndarray and values.ndim == 1 and values.dtype.kind in "fiub"
        found = cell(values.item()) if plain else None
    return dict_column(name, values, "X") if found is None else found


def _of_dict(source: Mapping[Any, Any]) -> list[tuple[str, Cell]] | None:
    if source and all(map(is_single, source.values())):
        return [(str(name), _cell_of(str(name), [value])) for name, value in source.items()]
    for values in source.values():
        if not _has_one(values):
            return None
    return [(str(name), _cell_of(str(name), values)) for name, values in source.items()]


def _has_one(values: object) -> bool:
    try:
        return len(values) == 1  # type: ignore[arg-type]
    except TypeError:  # a generator, say, which can be read once
        return False


def _of_array(source: np.ndarray) -> list[tuple[str, Cell]] | None:
    if source.ndim != 2 or len(source) != 1 or source.dtype.kind not in "fiub":
        return None
    return [
        (f"x{place}", _cell_of(f"x{place}", [value]))
        for place, value in enumerate(source[0].tolist())
    ]


def _of_frame(frame: Any) -> list[tuple[str, Cell]] | None:
    """Of pandas and polars: the row at once, and by itself what only its column tells."""
    kind = type(frame)
    if any(c.__module__.startswith("pandas.") for c in kind.__mro__) and len(frame) == 1:
        names, values = map(str, frame.columns.tolist()), frame.iloc[0].tolist()
        found = list(map(_cell_of_pandas, frame.dtypes.tolist(), values))
    elif hasattr(kind, "get_columns") and hasattr(kind, "row") and len(frame) == 1:
        names, values = frame.columns, frame.row(0)
        found = [
            cell(value) if _is_plain_of_polars(dtype) else None
            for value, dtype in zip(values, frame.dtypes, strict=True)
        ]
    else:
        return None
    columns = columns_of(frame) if None in found else []
    return [
        (name, series_column(name, columns[place], "X") if one is None else one)
        for place, (name, one) in enumerate(zip(names, found, strict=True))
    ]


def _cell_of_pandas(dtype: Any, value: object) -> float | str | None:
    """The cell of a value in a column of some dtype; None where only the column tells."""
    if isinstance(dtype, np.dtype):
        plain = dtype.kind in "fbO" or (dtype.kind in "iu" and _is_exact(value))
    else:
        there = type(value) is str or (type(value) is float and value != value)
        plain = there and dtype.name.startswith(_TEXT_TYPES)
    return cell(value) if plain else None


def _is_exact(value: Any) -> bool:
    """Whether a whole number is as it was: beside other numbers alone, pandas gives float64."""
    return abs(value) < LARGEST_WHOLE


def _is_plain_of_polars(dtype: Any) -> bool:
    return dtype.is_numeric() or str(dtype.base_type()) in _PLAIN_OF_POLARS
