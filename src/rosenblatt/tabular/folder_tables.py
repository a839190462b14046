"""Row groups of Parquet files as tables, piece by piece, each column of one kind in all of them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadArgument, BadData, nearest, within
from rosenblatt.data.parquet_data import ParquetData, parquet
from rosenblatt.data.parquet_folder import ArrowTable, ParquetFolder, RowGroup
from rosenblatt.tables.frames import series_column
from rosenblatt.tables.parsing import missing
from rosenblatt.tables.stacking import stacked
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn, TimeColumn
from rosenblatt.tabular.inputs import TrainingRows
from rosenblatt.tabular.task import MISSING_LABELS

ALWAYS_WHOLE = 20_000
"""So few rows are read as one table, whatever the window."""

LARGEST = 10**9
"""Bytes of a table that is read whole where no window is given."""

_VALUE_BYTES = 8  # of a table's numbers
_PIECE = 65_536  # rows that are read as a table at a time, so that memory stays bounded
_COUNTERS = "__index_level_"  # columns that count the rows, as pandas writes them

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """Some rows of a row group that have a target and a weight.

    Args:
        rows: the columns that may be read, targets and weights.
        places: (rows,), of the rows among all of the folder.
    """

    rows: TrainingRows
    places: Places

    def take(self, chosen: NDArray[np.bool_]) -> Piece:
        """Some of the rows, by a mask."""
        if chosen.all():
            return self
        return Piece(self.rows.take(np.flatnonzero(chosen)), self.places[chosen])


class FolderTables:
    """The rows of Parquet files as tables.

    Args:
        owner: the estimator's name, for messages.
        data: the files.
        target: the column to predict; None: that of the data.
        weights: the column of weights; None: that of the data, or none.

    Attributes:
        data: the files.
        names: the columns that may be read, in order.
        target, weights: names of columns.
        left_out: which rows are passed over, such as those of a test; None: none.

    Raises:
        ValueError: no target, several, or an unknown column.
    """

    def __init__(
        self, owner: str, data: ParquetData, target: str | None = None, weights: str | None = None
    ):
        self.owner = owner
        self.data = data
        self.target = _target(owner, data, target)
        self.weights = weights if weights is not None else data.weights
        apart = [self.target, *filter(None, [self.weights])]
        data.folder.require(apart)
        self.names = [
            name for name in data.features if name not in apart and not name.startswith(_COUNTERS)
        ]
        starts = itertools.accumulate((group.rows for group in data.folder.groups), initial=0)
        self._starts = {
            (group.file, group.number): start
            for group, start in zip(data.folder.groups, starts, strict=False)
        }
        self.left_out: Callable[[Piece], NDArray[np.bool_]] | None = None
        self._kinds: dict[str, str] = {}

    @property
    def fit_in_window(self) -> bool:
        """Whether all rows are few, or their table takes no more memory than a window."""
        most = table_bytes(self.data.folder, len(self.names) + 1)
        return self.data.rows <= ALWAYS_WHOLE or most <= self.data.window

    @property
    def source(self) -> str:
        """What the folder is called in messages."""
        return str(self.data.path)

    @property
    def texts(self) -> int:
        """How many columns of text there are."""
        kinds = (self.data.folder.columns[name] for name in self.names)
        return sum("string" in kind for kind in kinds)

    def of(self, names: Sequence[str]) -> FolderTables:
        """The same rows with some of the columns only."""
        found = FolderTables(self.owner, self.data, self.target, self.weights)
        found.names, found.left_out, found._kinds = list(names), self.left_out, self._kinds
        return found

    def whole(self) -> Table:
        """All rows as one table, for folders that fit into memory."""
        names = [*self.names, self.target, *filter(None, [self.weights])]
        tables = []
        for group in self.data.folder.groups:
            arrow = self.data.folder.read(group, names)
            tables.append(self._table(arrow, names, self.data.folder.name_of(group)))
        return stacked(tables, self.source)

    def pieces(self, group: RowGroup) -> Iterator[Piece]:
        """The rows of a row group that have a target and a weight above 0, piece by piece.

        Raises:
            ValueError: a column of another kind than before, or a value that is no weight.
        """
        names = [*self.names, self.target, *filter(None, [self.weights])]
        arrow = self.data.folder.read(group, names)
        start = self._starts[group.file, group.number]
        for first in range(0, arrow.num_rows, _PIECE):
            with within(self.data.folder.name_of(group)):
                piece = self._piece(arrow.slice(first, _PIECE), names, start + first)
                if self.left_out is not None:
                    piece = piece.take(~self.left_out(piece))
            yield piece

    def _piece(self, arrow: ArrowTable, names: Sequence[str], first: int) -> Piece:
        table = self._table(arrow, names, self.source)
        table = Table.of([self._as_before(one) for one in table.columns.values()], self.source)
        target = table[self.target]
        weights = np.ones(table.rows)
        if self.weights is not None:
            weights = self._weights(table[self.weights])
        features = table.without([self.target, *filter(None, [self.weights])])
        rows = TrainingRows(features, target, weights, named=True)
        return Piece(rows, np.arange(first, first + table.rows)).take(
            (weights > 0) & ~lacking(target)
        )

    def _table(self, arrow: ArrowTable, names: Sequence[str], where: str) -> Table:
        columns = []
        for name in names:
            series = arrow.column(name)
            if str(series.type).startswith("dictionary"):  # the words of the piece, not of all
                series = series.cast(series.type.value_type)
            columns.append(series_column(name, series, where))
        return Table.of(columns, where)

    def _as_before(self, column: Column) -> Column:
        """A column as one of the kind that it had in earlier pieces."""
        before = self._kinds.get(column.name)
        if before == column.kind:
            return column
        if column.missing.all():
            return nothing(column, before or column.kind)
        if before is not None:
            raise BadData(
                f"Column {column.name!r} is of another kind than in the rows before.",
                given=f"{column.kind} ({column.stored})",
                expected=before,
                fix="write the column in one type, whole numbers beyond 2**53 as text; or leave "
                "it out with `drop`.",
            )
        self._kinds[column.name] = column.kind
        return column

    def _weights(self, column: Column) -> NDArray[np.float64]:
        values = column.values if isinstance(column, NumberColumn) else np.full(len(column), np.nan)
        bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
        if len(bad):
            raise BadData(
                f"Column {column.name!r} holds a value that is no weight.",
                given=repr(column.text(int(bad[0]))),
                expected="finite numbers, 0 or more",
            )
        return values


def lacking(target: Column) -> NDArray[np.bool_]:
    """(rows,) mask of the targets that are missing."""
    if not isinstance(target, TextColumn):
        return target.missing
    return np.append(missing(target.words, MISSING_LABELS), True)[target.codes]


def nothing(column: Column, kind: str) -> Column:
    """A column of a kind in which each value is missing."""
    rows, name, stored = len(column), column.name, column.stored
    if kind == "text":
        return TextColumn(name, np.full(rows, -1, np.int32), np.zeros(0, object), stored)
    if kind == "time":
        return TimeColumn(name, np.full(rows, np.datetime64("NaT"), "M8[us]"), stored)
    return NumberColumn(name, np.full(rows, np.nan), stored)


def _target(owner: str, data: ParquetData, target: str | None) -> str:
    """The one column that is to be predicted."""
    if target is not None and data.target is not None and target != data.target:
        raise BadArgument(
            f"{owner}: `target` is another column than that of `parquet(target=…)`.",
            given=f"{target!r}, not {data.target!r}",
            fix=nearest(target, data.folder.columns),
        )
    found = target if target is not None else data.target
    if not isinstance(found, str):
        raise BadArgument(
            f"{owner}: one column is to be predicted.",
            given=f"target={found!r}",
            fix="name it: `rosenblatt.data.parquet(folder, target='price')`.",
        )
    return found


def compacted(piece: Piece) -> Piece:
    """A piece whose columns of text hold no words but those of its rows."""
    columns = [_in_use(column) for column in piece.rows.table.columns.values()]
    table = replace(piece.rows.table, columns={column.name: column for column in columns})
    return replace(piece, rows=replace(piece.rows, table=table, target=_in_use(piece.rows.target)))


def _in_use(column: Column) -> Column:
    if not isinstance(column, TextColumn) or column.meant is not None:
        return column
    used, codes = np.unique(column.codes, return_inverse=True)
    absent = int(len(used) > 0 and used[0] < 0)
    words = column.words[used[absent:]]
    return replace(column, codes=(codes - absent).astype(np.int32), words=words)


def joined(pieces: list[Piece]) -> Piece | None:
    """Pieces one below the other."""
    pieces = [piece for piece in pieces if len(piece.places)]
    if not pieces:
        return None
    first = pieces[0].rows
    table = stacked([piece.rows.table for piece in pieces], first.table.source)
    targets = stacked([Table.of([piece.rows.target]) for piece in pieces], first.table.source)
    weights = np.concatenate([piece.rows.weights for piece in pieces])
    rows = TrainingRows(table, targets[first.target.name], weights, named=True)
    return Piece(rows, np.concatenate([piece.places for piece in pieces]))


def stored(X: object, target: str | None = None) -> ParquetData | None:
    """The rows of a folder of Parquet files that make a large table; None of all else.

    Not those of which a part is in the folders' names, such as `year=2020/`.

    Args:
        X: what a user gives as a table.
        target: the column to predict, if it is known.
    """
    if not isinstance(X, (str, os.PathLike)) or not Path(X).is_dir():
        return None
    try:
        folder = ParquetFolder(X)
    except (ImportError, OSError, ValueError):  # the way of all tables says what is wrong
        return None
    if table_bytes(folder, len(folder.columns)) <= LARGEST or any("=" in n for n in folder.names):
        return None
    return parquet(X, target if target in folder.columns else None)


def table_bytes(folder: ParquetFolder, columns: int) -> int:
    """About how much memory a table of so many columns of a folder takes."""
    return max(_VALUE_BYTES * folder.rows * columns, folder.nbytes)
