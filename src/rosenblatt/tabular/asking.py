"""Tables made of other tables' cells, and a model's predictions of them in few large calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData
from rosenblatt.tables.table import Column, NumberColumn, Table, TimeColumn
from rosenblatt.tables.values import encoded_column
from rosenblatt.tabular.predicted import Numbers

Index: TypeAlias = NDArray[np.intp]
# What explanations ask: a table to (rows,) or (rows, outputs) predictions.
Predict: TypeAlias = Callable[[Table], NDArray[np.floating]]

_MOST_ROWS = 200_000  # in one call
_MOST_CELLS = 8_000_000  # of a table that is made for a call: 64 MB of numbers


def pieces(rows: int, columns: int, at_least: int = 1) -> Iterator[slice]:
    """Cut rows into as few calls as memory allows.

    Args:
        rows: of all calls together.
        columns: of the tables that are made.
        at_least: rows that belong together; a piece holds a multiple of them.

    >>> [piece.stop - piece.start for piece in pieces(500_000, 10)]
    [200000, 200000, 100000]
    """
    most = min(_MOST_ROWS, _MOST_CELLS // max(1, columns))
    size = max(1, most // at_least) * at_least
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def ask(predict: Predict, table: Table) -> Numbers:
    """Predictions as (rows, outputs) float64.

    Raises:
        ValueError: not one prediction for each row, or NaN.
    """
    found = np.asarray(predict(table), np.float64)
    shaped = found.reshape(len(found), -1) if found.ndim else found
    if found.ndim not in (1, 2) or len(found) != table.rows:
        raise BadData(
            "`predict` does not return a prediction for each row.",
            given=f"shape {found.shape}",
            expected=f"shape ({table.rows},) or ({table.rows}, outputs)",
        )
    if not np.isfinite(shaped).all():
        raise BadData("`predict` returns NaN or infinity.")
    return shaped


def assembled(table: Table, rows: Index, others: Mapping[str, Column]) -> Table:
    """A table of some rows, but with other columns in the place of some.

    Args:
        table: where the cells are from.
        rows: of the table.
        others: by the names of columns of the table; as long as `rows`.

    >>> table = Table.of([NumberColumn("a", np.array([1.0, 2.0])),
    ...                   NumberColumn("b", np.array([3.0, 4.0]))])
    >>> new = assembled(table, np.array([0, 0]), {"b": table["b"]})
    >>> new["a"].values.tolist(), new["b"].values.tolist()
    ([1.0, 1.0], [3.0, 4.0])
    """
    columns = {
        name: others[name] if name in others else column.take(rows)
        for name, column in table.columns.items()
    }
    return replace(table, columns=columns, rows=len(rows))


def joined(first: Table, second: Table) -> Table:
    """The rows of two tables, one after the other, with the columns of the first.

    Raises:
        ValueError: a column that the second table lacks.

    >>> one = Table.of([encoded_column("sea", ["near"], "text")])
    >>> two = Table.of([encoded_column("sea", [None, "far"], "text")])
    >>> joined(one, two)["sea"].texts().tolist()
    ['near', None, 'far']
    """
    columns = [join_columns(column, second[name]) for name, column in first.columns.items()]
    return Table.of(columns, first.source)


def join_columns(first: Column, second: Column) -> Column:
    """The values of two columns, of the kind of the one that holds some, else as text."""
    first, second = _of_kind_of(second, first), _of_kind_of(first, second)
    if isinstance(first, NumberColumn) and isinstance(second, NumberColumn):
        return replace(first, values=np.concatenate([first.values, second.values]))
    if isinstance(first, TimeColumn) and isinstance(second, TimeColumn):
        return replace(first, values=np.concatenate([first.values, second.values]))
    texts = [column.text(row) for column in (first, second) for row in range(len(column))]
    return encoded_column(first.name, texts, first.stored)


def _of_kind_of(other: Column, column: Column) -> Column:
    """A column without any value, as the other one's kind: a gap is read as any kind."""
    if column.kind == other.kind or not column.missing.all():
        return column
    if isinstance(other, NumberColumn):
        return replace(other, values=np.full(len(column), np.nan))
    if isinstance(other, TimeColumn):
        return replace(other, values=np.full(len(column), "NaT", other.values.dtype))
    return replace(other, codes=np.full(len(column), -1, np.int32))
