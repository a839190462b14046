"""Tables in files: CSV and Parquet."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rosenblatt.core import config, dtypes
from rosenblatt.core.errors import explain, nearest
from rosenblatt.data.columns import as_arrays, check_finite, check_lengths

_TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
_PARQUET = (".parquet", ".pq")
_MISSING = ["NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None"]


def read_table(path: str | Path) -> dict[str, np.ndarray]:
    """Read the columns of a table of numbers.

    polars reads it: one dependency for both formats, several times faster than pandas.

    Args:
        path: a CSV file with a header (separated by comma, semicolon or tab; plain or gzip), or a
            Parquet file, known by its ending.

    Returns:
        Column name to (rows,) array, in the order of the file. Missing values are NaN.

    Raises:
        ImportError: polars is not installed.
        FileNotFoundError: no such file.
        ValueError: a file of another kind, without rows or header, damaged, or with columns that
            do not hold numbers (each one is named).
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(_no_file(path))
    name = path.name.lower()
    if not name.endswith(_TEXT + _PARQUET):
        raise ValueError(
            explain(
                f"{path}: not a kind of file this library reads.",
                given=repr(path.suffix),
                expected=f"one of {', '.join(_TEXT + _PARQUET)}",
            )
        )
    frame = _read(path, name.endswith(_PARQUET))
    if frame.height == 0 or frame.width == 0:
        raise ValueError(_no_rows(path))
    _check_columns(frame, path)
    return {column.name: as_arrays(column, column.name) for column in frame.get_columns()}


def split_target(
    columns: Mapping[str, np.ndarray], target: str
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Split a table into features and the column to predict.

    Args:
        columns: column name to (n,) array.
        target: name of the column to predict.

    Returns:
        x (n, features) float, y (n,), and the names of the features.

    Raises:
        ValueError: no such column, no other column, lengths that differ, or NaN and infinity.

    >>> x, y, names = split_target({"a": np.ones(2), "b": np.arange(2)}, "b")
    >>> x.shape, y, names
    ((2, 1), array([0, 1]), ['a'])
    """
    if target not in columns:
        raise ValueError(
            explain(
                f"The table has no column {target!r} to predict.",
                fix=nearest(target, columns),
            )
        )
    names = [name for name in columns if name != target]
    if not names:
        raise ValueError(
            explain(
                f"The table has no column beside {target!r}: nothing to predict it from.",
                expected="at least one feature column",
            )
        )
    rows = check_lengths(dict(columns))
    y = as_arrays(columns[target], target)
    x = np.empty((rows, len(names)), dtypes.numpy_dtype(config.floatx()))
    for index, name in enumerate(names):
        x[:, index] = columns[name]
    check_finite(x, "x", {"x": tuple(names)})
    check_finite(y, f"y (column {target!r})")
    return x, y, names


def _read(path: Path, parquet: bool) -> Any:
    try:
        import polars
    except ModuleNotFoundError as error:
        raise ImportError(
            explain(
                f"{path}: reading tables needs polars, which is not installed.",
                fix='`pip install "rosenblatt[tabular]"`',
            )
        ) from error
    try:
        if parquet:
            return polars.read_parquet(path)
        return polars.read_csv(
            path, separator=_separator(path), infer_schema_length=None, null_values=_MISSING
        )
    except polars.exceptions.NoDataError as error:
        raise ValueError(_no_rows(path)) from error
    except (polars.exceptions.PolarsError, OSError, EOFError, zlib.error) as error:
        raise ValueError(
            explain(
                f"{path}: the file is damaged or not what its ending says.",
                given=str(error).partition("\n")[0].rstrip("."),
                expected="a Parquet file" if parquet else "lines of as many values as the header",
            )
        ) from error


def _separator(path: Path) -> str:
    """The separator the header has most of; comma if none."""
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        header = file.readline(1 << 20).decode("utf-8", "replace")
    return max(",;\t", key=header.count)


def _check_columns(frame: Any, path: Path) -> None:
    numbered = [name for name in frame.columns if _is_number(name)]
    if len(numbered) == frame.width:
        raise ValueError(
            explain(
                f"{path}: the first line holds numbers where column names should be.",
                given=", ".join(numbered[:5]),
                expected="a header line",
                fix="add a line of column names at the top of the file.",
            )
        )
    found = []
    for column in frame.get_columns():
        if not column.dtype.is_numeric() and str(column.dtype) != "Boolean":
            row = next((r for r, v in enumerate(column) if v is not None and not _is_number(v)), 0)
            found.append((column.name, f"{column[row]!r} in row {row}"))
    if found:
        names = [name for name, _ in found]
        raise ValueError(
            explain(
                f"{path}: column{'s' if len(found) > 1 else ''} "
                f"{', '.join(map(repr, names))} {'do' if len(found) > 1 else 'does'} not hold "
                "numbers.",
                given="; ".join(f"{name!r}: {example}" for name, example in found),
                expected="numbers in every column",
                fix="encode text as numbers, or leave such columns out of the file.",
            )
        )


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _no_file(path: Path) -> str:
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, beside) if beside else ""
    return explain(
        f"{path}: no such file.",
        expected="the path of a CSV or Parquet file",
        fix=near if near.startswith("did") else None,
    )


def _no_rows(path: Path) -> str:
    return explain(
        f"{path}: the table is empty.", expected="a header and at least one row of numbers"
    )
