"""One pass over a folder: a sample of the rows, the words of all, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData, explain
from rosenblatt.data.parquet_folder import RowGroup
from rosenblatt.tables.parsing import missing
from rosenblatt.tables.stacking import stacked
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn
from rosenblatt.tables.values import objects_of
from rosenblatt.tabular.drawing import SAMPLE, THINNED, drawn
from rosenblatt.tabular.folder_tables import (
    FolderTables,
    Piece,
    Places,
    compacted,
    joined,
)
from rosenblatt.tabular.inputs import TrainingRows
from rosenblatt.tabular.task import Task, class_codes

MOST_WORDS = 100_000
"""Words of a column that are counted; of more, the most frequent ones are kept."""

SAMPLED = 500_000
"""Rows of a sample, about."""

_MOST_LABELS = 100_000  # of a target
_HELD_OUT = 100_000  # rows
_HELD_SHARE = 0.1  # of fewer rows

Counted = tuple[NDArray[np.object_], NDArray[np.int64]]
# The rows of a piece that no network is trained on, as a mask.
IsHeld = Callable[[Piece], NDArray[np.bool_]]


def held_share(rows: int) -> float:
    """Which share of so many rows is held out.

    >>> held_share(50_000), held_share(10_000_000)
    (0.1, 0.01)
    """
    return min(_HELD_SHARE, _HELD_OUT / max(rows, 1))


class WordCounts:
    """How many rows have each word of a column.

    Of more than twice `most` words, the `most` frequent stay: one that comes in more than a few
    rows of a hundred thousand is among them, and what is rare shares a code anyway.

    Args:
        most: words that are kept.

    >>> counts = WordCounts(most=2)
    >>> for words in ["aabbc", "ab", "d"]:
    ...     counts.add(TextColumn("", np.arange(len(words)), np.array(list(words), object)))
    >>> counts.found()[0].tolist(), counts.found()[1].tolist()
    (['a', 'b'], [3, 3])
    """

    def __init__(self, most: int = MOST_WORDS):
        self.most = most
        self._counts: dict[str, int] = {}

    def add(self, column: TextColumn) -> None:
        """Count the words of some rows more."""
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.words))
        known = self._counts
        for word, count in zip(column.words.tolist(), counts.tolist(), strict=True):
            if count:
                known[word] = known.get(word, 0) + count
        if len(known) > 2 * self.most:
            self._prune()

    def found(self) -> Counted:
        """The words in the order in which they first came, and their counts; no missing ones."""
        if len(self._counts) > self.most:
            self._prune()
        words = objects_of(list(self._counts))
        there = ~missing(words)
        counts = np.array(list(self._counts.values()), np.int64)
        return words[there], counts[there]

    def _prune(self) -> None:
        words, counts = list(self._counts), np.array(list(self._counts.values()))
        kept = np.sort(np.argsort(-counts, kind="stable")[: self.most])
        self._counts = {words[i]: int(counts[i]) for i in kept}


class Labels:
    """The different values of a target, how many rows have each, and their weight.

    Attributes:
        several: whether there are too many to be classes.
    """

    def __init__(self) -> None:
        self.several = False
        self._rows: dict[str | float, int] = {}
        self._weights: dict[str | float, float] = {}

    def add(self, rows: TrainingRows) -> None:
        """Take the labels of some rows more."""
        if self.several:
            return
        values, codes = _different(rows.target)
        sums = np.bincount(codes, rows.weights, len(values))
        used = np.bincount(codes, minlength=len(values))
        for value, weight, rows_of in zip(values, sums.tolist(), used.tolist(), strict=True):
            if rows_of:
                self._rows[value] = self._rows.get(value, 0) + rows_of
                self._weights[value] = self._weights.get(value, 0.0) + weight
        self.several = len(self._weights) > _MOST_LABELS

    def beside(self, sample: Column) -> Column:
        """The targets of a sample, and behind them once each label that it lacks."""
        if self.several:
            return sample
        values, codes = _different(sample)
        there = {values[i] for i in np.unique(codes)}
        lacks = self._column(sample, [one for one in self._weights if one not in there])
        if not len(lacks):
            return sample
        return stacked([Table.of([sample]), Table.of([lacks])], "")[sample.name]

    def by_class(self, target: Column, task: Task) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(classes,) how many rows each class has, and their weight.

        Raises:
            ValueError: there are too many labels.
        """
        if self.several:
            raise BadData(
                f"Target {target.name!r} has more than {_MOST_LABELS:,} different labels.",
                expected="classes that come again, or numbers",
                fix="check that this is the column to predict.",
            )
        codes = class_codes(self._column(target, list(self._weights)), task)
        rows = np.bincount(codes, list(self._rows.values()), len(task.classes))
        weights = np.bincount(codes, list(self._weights.values()), len(task.classes))
        return rows.astype(np.int64), weights.astype(np.float64)

    def _column(self, like: Column, values: list[str | float]) -> Column:
        if isinstance(like, TextColumn):
            places = {word: place for place, word in enumerate(like.words)}
            if like.meant is not None and all(value in places for value in values):
                return replace(like, codes=np.array([places[v] for v in values], np.int32))
            words = objects_of(values)
            return TextColumn(like.name, np.arange(len(values), dtype=np.int32), words, like.stored)
        return NumberColumn(like.name, np.array(values, np.float64), like.stored)


def _different(target: Column) -> tuple[list[str | float], NDArray[np.intp]]:
    """The different values of targets, none missing, and the place of each row's among them."""
    if isinstance(target, TextColumn):
        return target.words.tolist(), target.codes.astype(np.intp)
    if target.kind == "time":
        return [], np.zeros(0, np.intp)
    values, codes = np.unique(target.values, return_inverse=True)
    return values.tolist(), codes


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
        labels: of the target.
    """

    sample: TrainingRows
    places: Places
    held_out: TrainingRows | None
    rows: int
    groups: tuple[RowGroup, ...]
    words: Mapping[str, Counted]
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
    labels = Labels()
    for group in tables.data.folder.groups:
        rows = 0
        for piece in tables.pieces(group):
            mask = is_held(piece)
            held.add(piece.take(mask))
            train = piece.take(~mask)
            rows += len(train.places)
            labels.add(train.rows)
            for name, column in train.rows.table.columns.items():
                if isinstance(column, TextColumn):
                    words.setdefault(name, WordCounts()).add(column)
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
    apart = held.found()
    return Survey(
        found.rows, found.places, None if apart is None else apart.rows, count, tuple(groups),
        counted, labels,
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
