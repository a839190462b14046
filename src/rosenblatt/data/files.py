"""Tables in files: CSV and Parquet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rosenblatt.core.errors import BadData, explain, nearest
from rosenblatt.data.csv_files import FileKind, read_csv, read_frame
from rosenblatt.data.kinds import reads_as_number

if TYPE_CHECKING:
    import polars

_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt")
KINDS = (
    FileKind(_CSV, read_csv, "lines of as many values as the header"),
    FileKind(
        (".parquet", ".pq"), lambda polars, path: (polars.read_parquet(path), []), "a Parquet file"
    ),
)
_LONG_WHOLE = re.compile(r"[+-]?[0-9]{19,}")


@dataclass(frozen=True)
class Table:
    """A table in a file; only the columns that are asked for have to hold numbers.

    Args:
        path: of the file, for messages.
        frame: a polars DataFrame.
        twice: names that stand in the header more than once.
    """

    path: Path
    frame: polars.DataFrame
    twice: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names of the columns, in the order of the file."""
        return list(self.frame.columns)

    def columns(self, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Columns of numbers, each in its own type: float64 and int64 stay what they are.

        Args:
            names: the columns that are wanted; all if None.

        Returns:
            Column name to (rows,) array. Missing values are NaN.

        Raises:
            ValueError: columns that do not hold numbers (each one is named).
        """
        wanted = self.names if names is None else list(names)
        self._check_names(wanted)
        found = {name: _as_numbers(self.frame.get_column(name)) for name in wanted}
        self._check_numbers(found)
        return {name: column.to_numpy() for name, column in found.items()}

    def _check_names(self, wanted: list[str]) -> None:
        twice = [name for name in self.twice if name in wanted]
        if twice:
            raise BadData(
                f"{self.path}: {'two columns have' if len(twice) == 1 else 'columns share'} "
                f"the name {', '.join(map(repr, twice))}.",
                given="columns " + ", ".join(self.names),
                expected="a name of its own for each column",
                fix="rename or remove one of them.",
            )

    def _check_numbers(self, columns: Mapping[str, polars.Series]) -> None:
        for name, column in columns.items():
            row = _too_long(column)
            if row is not None:
                raise BadData(
                    f"{self.path}: column {name!r} holds whole numbers beyond 64 bits.",
                    given=f"{column[row]} in row {row}",
                    expected="whole numbers of at most 18 digits",
                    fix="leave the column out of the file if it only names the rows; write it "
                    "with a decimal point if it is a quantity.",
                )
        found = [
            (name, _example(column)) for name, column in columns.items() if not _numeric(column)
        ]
        if found:
            names = [name for name, _ in found]
            raise BadData(
                f"{self.path}: column{'s' if len(found) > 1 else ''} "
                f"{', '.join(map(repr, names))} {'do' if len(found) > 1 else 'does'} not hold "
                "numbers.",
                given="; ".join(f"{name!r}: {example}" for name, example in found),
                expected="numbers in every column",
                fix=_fix(columns[names[0]]),
            )


def open_table(path: str | Path) -> Table:
    """Open a table, whatever its columns hold.

    polars reads it: one dependency for both formats, several times faster than pandas.

    Args:
        path: a CSV file with a header (separated by comma, semicolon or tab; plain or gzip), or a
            Parquet file, known by its ending.

    Raises:
        ImportError: polars is not installed.
        FileNotFoundError: no such file.
        ValueError: a file of another kind, without rows or header, or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(_no_file(path))
    kind = next((kind for kind in KINDS if path.name.lower().endswith(kind.endings)), None)
    if kind is None:
        raise BadData(
            f"{path}: not a kind of file this library reads.",
            given=repr(path.suffix),
            expected=f"one of {', '.join(ending for kind in KINDS for ending in kind.endings)}",
        )
    table = Table(path, *read_frame(path, kind))
    if all(reads_as_number(column) for column in table.names):
        raise BadData(
            f"{path}: the first line holds numbers where column names should be.",
            given=", ".join(table.names[:5]),
            expected="a header line",
            fix="add a line of column names at the top of the file.",
        )
    return table


def _as_numbers(column: polars.Series) -> polars.Series:
    """A column as one of plain numbers, where all that it holds are such; else the column."""
    import polars

    kind = column.dtype
    if kind == polars.String:
        text = column.str.strip_chars()
        text = text.set(text == "", None)
        if text.null_count() == len(text):
            return column
        for number in (polars.Int64, polars.Float64):
            cast = text.cast(number, strict=False)
            long = number == polars.Float64 and text.str.contains(f"^{_LONG_WHOLE.pattern}$").any()
            if cast.null_count() == text.null_count() and not long:
                return cast
        return column
    if kind == polars.Decimal:
        return column.cast(polars.Float64)
    if kind in (polars.Int128, getattr(polars, "UInt128", None)):
        cast = column.cast(polars.Int64, strict=False)
        return cast if cast.null_count() == column.null_count() else column
    return column


def _numeric(column: polars.Series) -> bool:
    return bool(column.dtype.is_numeric()) or str(column.dtype) == "Boolean"


def _too_long(column: polars.Series) -> int | None:
    """The first row with a whole number beyond 64 bits, in a column of nothing but numbers."""
    if str(column.dtype) in ("Int128", "UInt128"):
        return next(r for r, v in enumerate(column) if v is not None and abs(v) >= 2**63)
    if str(column.dtype) == "String" and all(v is None or reads_as_number(v) for v in column):
        rows = (r for r, v in enumerate(column) if v and _LONG_WHOLE.fullmatch(v.strip()))
        return next(rows, None)
    return None


def _example(column: polars.Series) -> str:
    """The first value that is not a number, and its row."""
    for row, value in enumerate(column):
        if value is not None and not (isinstance(value, str) and reads_as_number(value)):
            value = value.to_list() if hasattr(value, "to_list") else value
            shown = repr(value) if isinstance(value, (str, bytes)) else str(value)
            return f"{shown if len(shown) <= 60 else shown[:57] + '…'} in row {row}"
    return "no value in any row"


def _fix(column: polars.Series) -> str:
    if column.dtype.is_temporal():
        return "write times as numbers, e.g. seconds since 1970, or leave such columns out."
    return "encode text as numbers, or leave such columns out of the file."


def _no_file(path: Path) -> str:
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, beside) if beside else ""
    return explain(
        f"{path}: no such file.",
        expected="the path of a CSV or Parquet file",
        fix=near if near.startswith("did") else None,
    )
