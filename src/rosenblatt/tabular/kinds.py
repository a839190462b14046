"""What the columns of a table hold: inferred from the training rows, overruled by the user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData, UnknownName, nearest
from rosenblatt.tables.parsing import Numbers, Times, check_format, numbers, times
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn, TimeColumn
from rosenblatt.tabular.column_kinds import (
    ColumnKind,
    date_format_of_numbers,
    epoch_format,
    find_numbers,
    infer_column,
    present_words,
)
from rosenblatt.tabular.date_formats import find_format
from rosenblatt.tabular.ids import OfAll

_CHOICES = ("number", "category", "date", "text", "id")


@dataclass(frozen=True)
class Schema:
    """What each column of a table holds.

    Args:
        columns: name to kind, in the order of the table.

    >>> schema = Schema({"age": ColumnKind("number", "numbers (int64)"),
    ...                  "row": ColumnKind("id", "all different")})
    >>> list(schema.read), schema.described()
    (['age'], ['age: number: numbers (int64)', 'row: id, left out: all different'])
    """

    columns: dict[str, ColumnKind]

    @property
    def read(self) -> dict[str, ColumnKind]:
        """The columns that a model reads, in order."""
        return {name: kind for name, kind in self.columns.items() if kind.is_read}

    @property
    def left_out(self) -> dict[str, ColumnKind]:
        """The columns that a model does not read: ids, constants, dropped ones."""
        return {name: kind for name, kind in self.columns.items() if not kind.is_read}

    def described(self) -> list[str]:
        """A line for each column: its name, what it holds, and why."""
        return [
            f"{name}: {kind.kind}{'' if kind.is_read else ', left out'}: {kind.reason}"
            for name, kind in self.columns.items()
        ]

    def to_config(self) -> dict[str, dict[str, str]]:
        """The schema as plain values, for JSON."""
        return {name: asdict(kind) for name, kind in self.columns.items()}

    @classmethod
    def from_config(cls, config: Mapping[str, Mapping[str, str]]) -> Schema:
        """The schema that `to_config` was called on."""
        return cls({name: ColumnKind(**kind) for name, kind in config.items()})  # type: ignore[arg-type]


def infer(
    table: Table,
    rows: NDArray[np.intp] | None = None,
    *,
    types: Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
    of_all: Mapping[str, OfAll] | None = None,
) -> Schema:
    """Say what the columns of a table hold.

    Args:
        table: without its target.
        rows: the training rows, by number; None: all. No other row is looked at.
        types: name to kind, where the user knows better: "number", "number:," (decimal comma),
            "category", "date", "date:%d.%m.%Y", "text", "id".
        drop: names of columns to leave out.
        of_all: what is known of all values of columns, where the table is a sample of the rows.

    Returns:
        The kind of each column, with the reason.

    Raises:
        ValueError: a name or kind in `types` or `drop` that is unknown, or a kind that a column
            cannot have.

    >>> words = np.array(["02134", "10001"], dtype=object)
    >>> column = TextColumn("zip", np.array([0, 1, 0], dtype=np.int32), words)
    >>> infer(Table.of([column])).described()
    ['zip: category: 2 different texts: 02134, 10001']
    """
    taken = slice(None) if rows is None else rows
    types = dict(types or {})
    drop = list(drop)
    for argument, names in (("types", types), ("drop", drop)):
        _check_names(table, argument, names)
    kinds = {}
    for name, column in table.columns.items():
        if name in drop:
            kinds[name] = ColumnKind("dropped", "as you asked")
        elif name in types:
            kinds[name] = _as_asked(table, column.take(taken), types[name])
        else:
            kinds[name] = infer_column(column, taken, (of_all or {}).get(name))
    return Schema(kinds)


def _check_names(table: Table, argument: str, names: Iterable[str]) -> None:
    for name in names:
        if name not in table:
            raise UnknownName(
                f"`{argument}` names a column that {table.source} does not have.",
                given=repr(name),
                fix=nearest(name, table.names),
            )


def _as_asked(table: Table, column: Column, asked: str) -> ColumnKind:
    """The kind that the user gives a column.

    Raises:
        ValueError: an unknown kind, or one that the column cannot have.
    """
    kind, _, detail = str(asked).partition(":")
    reason = "as you asked"
    match kind:
        case "id":
            return ColumnKind("id", reason)
        case "category" if not isinstance(column, TimeColumn):
            return ColumnKind("category", reason)
        case "text" if isinstance(column, TextColumn):
            return ColumnKind("text", reason)
        case "number" if not isinstance(column, TimeColumn):
            return _number_as_asked(table, column, detail)
        case "date":
            return _date_as_asked(table, column, detail)
    if kind not in _CHOICES:
        raise UnknownName(
            f"`types` gives column {column.name!r} an unknown kind.",
            given=repr(asked),
            expected=", ".join(_CHOICES),
            fix=nearest(kind, _CHOICES),
        )
    raise _impossible(table, column, kind, f"it holds {_holds(column)}")


def _holds(column: Column) -> str:
    return {"number": "numbers", "text": "text", "time": "times"}[
        column.kind
    ] + f" ({column.stored})"


def _impossible(table: Table, column: Column, kind: str, why: str) -> BadData:
    return BadData(
        f"{table.source}: column {column.name!r} cannot be read as a {kind}: {why}.",
        fix="give it another kind in `types`, or leave it out of `types` to have it inferred.",
    )


def _number_as_asked(table: Table, column: Column, decimal: str) -> ColumnKind:
    if not isinstance(column, TextColumn):
        return ColumnKind("number", "as you asked")
    words, counts = present_words(column)
    decimal_or_dot, unit = decimal or ".", ""
    found = None if decimal else find_numbers(words, counts)
    if found is not None:
        values, decimal_or_dot, unit = found
    else:
        values = numbers(words, decimal_or_dot)
    if len(words) and np.isnan(values).all():
        raise _impossible(
            table, column, "number", f"none of its texts is one, the first is {str(words[0])!r}"
        )
    return ColumnKind("number", "as you asked", decimal=decimal_or_dot, unit=unit)


def _date_as_asked(table: Table, column: Column, date_format: str) -> ColumnKind:
    if isinstance(column, TimeColumn):
        return ColumnKind("date", "as you asked")
    values: NDArray[np.object_] | Numbers
    if isinstance(column, TextColumn):
        values, counts = present_words(column)
        found = None if date_format else find_format(values, counts)
        date_format = date_format or (found.name if found else "ISO 8601")
    else:
        values = column.values[np.isfinite(column.values)]
        date_format = date_format or date_format_of_numbers(values) or epoch_format(values)
    check_format(date_format)
    if len(values) and np.isnat(times(values, date_format)).all():
        raise _impossible(
            table,
            column,
            "date",
            f"none of its values has the format {date_format}, the first is {str(values[0])!r}",
        )
    return ColumnKind("date", "as you asked", date_format=date_format)


def as_numbers(column: Column, kind: ColumnKind) -> Numbers:
    """A column's values as numbers.

    Args:
        column: of numbers or text.
        kind: what it holds; says how numbers in text are written.

    Returns:
        (rows,) float64; NaN for what is missing, infinite or not a number.

    Raises:
        ValueError: a column of times.
    """
    if isinstance(column, NumberColumn):
        return np.where(np.isfinite(column.values), column.values, np.nan)
    if isinstance(column, TimeColumn):
        raise BadData(f"Column {column.name!r} was expected to hold numbers; it holds times.")
    words, codes = _words_in_use(column)
    values = numbers(words, kind.decimal, unit=kind.unit)
    return np.append(values, np.nan)[codes]  # code -1, missing, is the last one


def as_times(column: Column, kind: ColumnKind) -> Times:
    """A column's values as times.

    Args:
        column: of times, of text or of numbers such as 20240131.
        kind: what it holds; says which format the dates have.

    Returns:
        (rows,) datetime64[us]; NaT for what is missing or not a time.
    """
    if isinstance(column, TimeColumn):
        return column.values
    if isinstance(column, NumberColumn):
        return times(column.values, kind.date_format)
    words, codes = _words_in_use(column)
    return np.append(times(words, kind.date_format), np.datetime64("NaT"))[codes]


def _words_in_use(column: TextColumn) -> tuple[NDArray[np.object_], NDArray[np.integer]]:
    """The words of a column and its codes; of few rows of a table only the words that they have."""
    if len(column) > len(column.words) / 2:
        return column.words, column.codes
    used, codes = np.unique(column.codes, return_inverse=True)
    absent = int(len(used) > 0 and used[0] < 0)
    return column.words[used[absent:]], codes - absent
