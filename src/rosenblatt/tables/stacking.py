"""Tables one below the other, as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.tables.names import listed
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn, TimeColumn
from rosenblatt.tables.values import encoded_column, objects_of


def stacked(tables: Sequence[Table], source: str) -> Table:
    """Tables with the same columns, one below the other.

    Args:
        tables: at least one; the first one says the order of the columns.
        source: what to call the whole in messages.

    Raises:
        ValueError: a table with other columns; its source and the columns are named.

    >>> halves = [Table.of([NumberColumn("a", np.array([1.0]))]) for _ in range(2)]
    >>> stacked(halves, "both").rows
    2
    """
    first = tables[0]
    for table in tables[1:]:
        missing = [name for name in first.names if name not in table]
        extra = [name for name in table.names if name not in first]
        if missing or extra:
            what, names = ("is missing", missing) if missing else ("is not in the others", extra)
            raise BadData(
                f"{table.source}: the columns are not those of {first.source}.",
                given=f"column {listed(names)} {what}",
                expected="the same columns in every file",
            )
    columns = [_stacked_columns([table[name] for table in tables]) for name in first.names]
    notes = dict.fromkeys(note for table in tables for note in table.notes)
    return Table.of(columns, source, notes)


def _stacked_columns(parts: Sequence[Column]) -> Column:
    """Columns of one name; of different kinds, they become text."""
    first = parts[0]
    kept = [part for part in parts if not part.missing.all()] or list(parts[:1])
    if all(isinstance(part, NumberColumn) for part in kept):
        numbers = [
            p.values if isinstance(p, NumberColumn) else np.full(len(p), np.nan) for p in parts
        ]
        return NumberColumn(first.name, np.concatenate(numbers), _stored(kept))
    if all(isinstance(part, TimeColumn) for part in kept):
        times = [
            p.values
            if isinstance(p, TimeColumn)
            else np.full(len(p), np.datetime64("NaT"), "M8[us]")
            for p in parts
        ]
        return TimeColumn(first.name, np.concatenate(times), _stored(kept))
    texts = [as_text(part) for part in parts]
    places: dict[str, int] = {}
    codes = []
    for part in texts:
        into = [places.setdefault(word, len(places)) for word in part.words]
        codes.append(np.array([*into, -1], np.int32)[part.codes])
    known = [dict(zip(part.words, part.meant, strict=True)) for part in texts if part.meant]
    values = {word: value for part in known for word, value in part.items()}
    meant = tuple(values[word] for word in places) if values.keys() == places.keys() else None
    words = objects_of(list(places))
    return TextColumn(first.name, np.concatenate(codes), words, _stored(kept), meant or None)


def _stored(parts: Sequence[Column]) -> str:
    kinds = list(dict.fromkeys(part.stored for part in parts))
    return kinds[0] if len(kinds) == 1 or "float64" not in kinds else "float64"


def as_text(column: Column) -> TextColumn:
    """A column as one of text."""
    if isinstance(column, TextColumn):
        return column
    texts = (column.text(row) for row in range(len(column)))
    return encoded_column(column.name, texts, column.stored)
