"""Tables of pandas, polars, pyarrow and narwhals as arrays, without importing those libraries.

A table is recognised by the module and name of its type, and read through its own methods.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from rosenblatt.core import config, dtypes
from rosenblatt.core.errors import BadData, nearest
from rosenblatt.data.contract import Data
from rosenblatt.data.unreadable import columns_message

# A table, or a column of one, of a library that need not be installed.
Frame: TypeAlias = Any
Column: TypeAlias = Any

_LIBRARIES = ("pandas", "polars", "pyarrow", "narwhals", "modin", "cudf")
_FRAMES = ("DataFrame", "LazyFrame", "Table")
_SERIES = ("Series", "Index", "ChunkedArray")
_NUMBER_NAMES = ("int", "uint", "float", "double", "halffloat", "bool", "decimal")


def is_frame(value: object) -> bool:
    """Whether a value is a table with named columns."""
    return _is_one_of(value, _FRAMES)


def is_series(value: object) -> bool:
    """Whether a value is one column of a table."""
    return _is_one_of(value, _SERIES)


def _is_one_of(value: object, names: Sequence[str]) -> bool:
    return any(
        cls.__name__ in names and cls.__module__.partition(".")[0] in _LIBRARIES
        for cls in type(value).__mro__
    )


def is_deferred(frame: Frame) -> bool:
    """Whether a table is lazy, or wrapped: looking into it would compute it."""
    return hasattr(type(frame), "collect") or hasattr(type(frame), "to_native")


def native(value: Frame | Column) -> Frame | Column:
    """A table or column as its own library's, computed if it is lazy."""
    value = value.to_native() if hasattr(type(value), "to_native") else value
    return value.collect() if hasattr(type(value), "collect") else value


def frame_columns(frame: Frame) -> tuple[str, ...]:
    """Names of a table's columns, in order."""
    # A column of pandas is an attribute too: look at the type.
    if hasattr(type(frame), "collect_schema"):
        return tuple(str(name) for name in frame.collect_schema())
    names = frame.column_names if hasattr(type(frame), "column_names") else frame.columns
    return tuple(str(name) for name in names)


class NamedColumns(np.ndarray):
    """An array that knows what its columns were called; a part or a result of it does not."""

    column_names: tuple[str, ...] = ()


def named_as(given: Data, array: Data) -> Data:
    """An array with the names of the columns of the table, column or array that it was made of."""
    return with_names(array, names_of(given))


def with_names(array: Data, names: tuple[str, ...]) -> Data:
    """An array with names of its columns; as it is unless it is an array of as many columns."""
    if type(array) not in (np.ndarray, NamedColumns) or array[:1].size != len(names):
        return array
    named = array.view(NamedColumns)
    named.column_names = names
    return named


def names_of(leaf: Data) -> tuple[str, ...]:
    """The names of the columns of a table or of one column; empty where there are none."""
    if isinstance(leaf, NamedColumns):
        return leaf.column_names
    if is_frame(leaf):
        return frame_columns(leaf)
    name = _name_of(leaf) if is_series(leaf) else ""
    return (name,) if name else ()


def columns_for(frame: Data, names: Sequence[str], what: str) -> Data:
    """A table's columns by the names of a model's inputs.

    Args:
        frame: a table; what is none stays as it is, and so does one for a single input without a
            column of its name.
        names: names of the inputs.
        what: its name in messages, e.g. "x".

    Raises:
        ValueError: a column that is missing.
    """
    if not is_frame(frame):
        return frame
    have = frame_columns(frame)
    missing = [name for name in names if name not in have]
    if missing and len(names) == 1:
        return frame
    if missing:
        others = [name for name in have if name not in names]
        advice = nearest(missing[0], others) if others else ""
        raise BadData(
            f"{what}: column {missing[0]!r} is missing.",
            given=f"a table with the columns {list(have)}",
            expected=f"a column for each input of the model: {list(names)}",
            fix=advice if "did you mean" in advice else "add it, with what it held in training.",
        )
    columns = dict(zip(have, columns_of(native(frame)), strict=True))
    return {name: columns[name] for name in names}  # names of pandas may be numbers


def frame_to_array(frame: Frame, what: str) -> np.ndarray:
    """A table as one array.

    Args:
        frame: a DataFrame of pandas or polars, a pyarrow Table, or one wrapped by narwhals.
        what: its name in messages, e.g. "x".

    Returns:
        (rows, columns) array of the default float type; missing values are NaN.

    Raises:
        ValueError: columns that do not hold numbers (each one is named).
    """
    frame = native(frame)
    names = frame_columns(frame)
    columns = columns_of(frame)
    refuse = {
        name: column
        for name, column in zip(names, columns, strict=True)
        if not _holds_numbers(_dtype_of(column))
    }
    if refuse:
        raise BadData(_message(refuse, what))
    # Column by column into the result: the table is never copied whole at double precision.
    array = np.empty((frame.shape[0], len(names)), dtypes.numpy_dtype(config.floatx()))
    with np.errstate(over="ignore"):
        for index, column in enumerate(columns):
            array[:, index] = _values(column)
    return array


def series_to_array(series: Column, what: str) -> np.ndarray:
    """One column of a table as a (rows,) array; integers and booleans stay what they are.

    Raises:
        ValueError: a column that does not hold numbers.
    """
    series = native(series)
    if not _holds_numbers(_dtype_of(series)):
        raise BadData(_message({_name_of(series): series}, what))
    return _values(series)


def text_columns(value: Frame | Column, what: str) -> np.ndarray | None:
    """A table or column of text as a (rows, columns) or (rows,) array of objects.

    Returns:
        The array; None where the columns hold numbers.

    Raises:
        ValueError: a table of columns of both kinds.
    """
    value = native(value)
    columns = columns_of(value)
    numeric = [_holds_numbers(_dtype_of(column)) for column in columns]
    if all(numeric):
        return None
    if any(numeric):
        names = frame_columns(value)
        raise BadData(
            f"{what}: a table with columns of numbers and of text is not an array.",
            given=", ".join(
                f"{name!r}: {'numbers' if number else 'no numbers'}"
                for name, number in zip(names, numeric, strict=True)
            ),
            fix=f"pass a dict of columns, one for each input of the model: "
            f"`{{name: {what}[name] for name in (…)}}`.",
        )
    arrays = [np.asarray(column.to_numpy()) for column in columns]
    return np.stack(arrays, axis=1) if is_frame(value) else arrays[0]


def columns_of(frame: Frame) -> list[Column]:
    """The columns of a table, in order; a column alone is its only one."""
    if is_series(frame):
        return [frame]
    if hasattr(type(frame), "iloc"):  # pandas: names may repeat, positions do not
        return [frame.iloc[:, index] for index in range(frame.shape[1])]
    if hasattr(type(frame), "get_columns"):
        return list(frame.get_columns())
    return list(frame.columns)  # pyarrow


def _dtype_of(column: Column) -> Any:
    return column.dtype if hasattr(column, "dtype") else column.type


def _name_of(series: Column) -> str:
    name = getattr(series, "name", None)
    return "" if name is None else str(name)


def _holds_numbers(dtype: Any) -> bool:
    if hasattr(dtype, "kind"):  # NumPy and pandas
        return dtype.kind in "iufb"
    if hasattr(dtype, "is_numeric"):  # polars
        return dtype.is_numeric() or str(dtype) == "Boolean"
    return str(dtype).startswith(_NUMBER_NAMES)


def _values(column: Column) -> np.ndarray:
    values = np.asarray(column.to_numpy())
    if values.dtype.kind != "O":
        return values
    # Booleans or nullable integers with missing values, or decimals.
    numbers = [float("nan") if _is_missing(v) else float(v) for v in values]
    return np.array(numbers, np.float64)


def _is_missing(value: object) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _message(columns: dict[str, Column], what: str) -> str:
    """The message for columns of text, dates or objects."""
    library = type(next(iter(columns.values()))).__module__.partition(".")[0]
    listed = [(name, _plain(one), str(_dtype_of(one))) for name, one in columns.items()]
    return columns_message(listed, what, library)


def _plain(column: Column) -> Iterator[Any]:
    """The values of a column, one by one."""
    for row in range(len(column)):
        value = column.iloc[row] if hasattr(column, "iloc") else column[row]
        yield value.as_py() if hasattr(value, "as_py") else value
