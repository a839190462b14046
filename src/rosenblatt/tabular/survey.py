"""One pass over a folder: a sample of the rows, the words of all, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData, explain
from rosenblatt.data.parquet_folder import RowGroup
from rosenblatt.tables.table import TextColumn
from rosenblatt.tabular.counting import Counted, Labels, ValueCount, WordCounts, most_words
from rosenblatt.tabular.drawing import SAMPLE, THINNED, drawn
from rosenblatt.tabular.folder_tables import (
    FolderTables,
    Piece,
    Places,
    compacted,
    joined,
)
from rosenblatt.tabular.ids import OfAll
from rosenblatt.tabular.inputs import TrainingRows

SAMPLED = 500_000
"""Rows of a sample, about."""

_HELD_OUT = 100_000  # rows
_HELD_SHARE = 0.1  # of fewer rows

# The rows of a piece that no network is trained on, as a mask.
IsHeld = Callable[[Piece], NDArray[np.bool_]]


def held_share(rows: int) -> float:
    """Which share of so many rows is held out.

    >>> held_share(50_000), held_share(10_000_000)
    (0.1, 0.01)
    """
    return min(_HELD_SHARE, _HELD_OUT / max(rows, 1))


@dataclass(frozen=True)
class Survey:
    """What one pass over a folder found.

    Args:
        sample: of the rows to train on.
        places: of its rows among all of the folder.
        held_out: rows that no network is trained on.
        rows: to train on, how many.
        groups: the row groups that have such a row, each with how many.
        words: of the columns of text: words and counts of the rows to train on.
        of_all: name of a column to how many different values it has.
        labels: of the target.
    """

    sample: TrainingRows
    places: Places
    held_out: TrainingRows | None
    rows: int
    groups: tuple[RowGroup, ...]
    words: Mapping[str, Counted]
    of_all: Mapping[str, OfAll]
    labels: Labels


def survey(tables: FolderTables, seed: int, is_held: IsHeld) -> Survey:
    """Read all rows once.

    The sample is drawn by places, so it is the same in whatever order the files are read.

    Args:
        tables: the rows.
        seed: of the draws.
        is_held: which rows are held out.

    Raises:
        ValueError: fewer than two rows to train on, or a row that cannot be read.
    """
    share = SAMPLED / max(tables.data.rows, 1)
    sample, held, groups = list[Piece](), _Bounded(seed), []
    words: dict[str, WordCounts] = {}
    values: dict[str, ValueCount] = {}
    labels = Labels()
    most = most_words(tables.data.window, tables.texts)
    for group in tables.data.folder.groups:
        rows = 0
        for piece in tables.pieces(group):
            mask = is_held(piece)
            held.add(piece.take(mask))
            train = piece.take(~mask)
            rows += len(train.places)
            labels.add(train.rows)
            for name, column in train.rows.table.columns.items():
                values.setdefault(name, ValueCount()).add(column)
                if isinstance(column, TextColumn):
                    words.setdefault(name, WordCounts(most)).add(column)
            sample.append(compacted(train.take(drawn(train.places, SAMPLE, seed) < share)))
        if rows:
            groups.append(replace(group, rows=rows))
    count = sum(group.rows for group in groups)
    found = joined(sample)
    if found is None or len(found.places) < 2:
        raise BadData(
            explain(
                f"{tables.source}: too few rows with a target to learn from.",
                given=f"{count} rows, beside those that are held out",
                expected="two or more",
            )
        )
    counted = {name: one.found() for name, one in words.items()}
    of_all = {name: one.found() for name, one in values.items()}
    apart = held.found()
    return Survey(
        found.rows, found.places, None if apart is None else apart.rows, count, tuple(groups),
        counted, of_all, labels,
    )  # fmt: skip


class _Bounded:
    """Pieces of at most so many rows: of more, those stay whose draws are the smallest."""

    def __init__(self, seed: int, most: int = 2 * _HELD_OUT):
        self._seed = seed
        self._most = most
        self._limit = 1.0
        self._pieces: list[Piece] = []
        self._rows = 0

    def add(self, piece: Piece) -> None:
        """Take some rows more."""
        self._pieces.append(compacted(self._thinned(piece)))
        self._rows += len(self._pieces[-1].places)
        while self._rows > self._most:
            self._limit /= 2
            self._pieces = [self._thinned(one) for one in self._pieces]
            self._rows = sum(len(one.places) for one in self._pieces)

    def found(self) -> Piece | None:
        """All rows that stay; None where there are none."""
        return joined(self._pieces)

    def _thinned(self, piece: Piece) -> Piece:
        if self._limit == 1.0:
            return piece
        return piece.take(drawn(piece.places, THINNED, self._seed) < self._limit)
