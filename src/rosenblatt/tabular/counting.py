"""Words, values and labels of all rows of a folder, counted in bounded memory."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData
from rosenblatt.tables.parsing import missing
from rosenblatt.tables.stacking import stacked
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn
from rosenblatt.tables.values import objects_of
from rosenblatt.tabular.drawing import mixed
from rosenblatt.tabular.ids import OfAll
from rosenblatt.tabular.inputs import TrainingRows
from rosenblatt.tabular.task import Task, class_codes

FEWEST_WORDS = 100_000
"""So many words of a column are told apart, whatever the window."""

_MOST_LABELS = 100_000  # of a target
_WORD_BYTES = 200  # of a word that is counted, about
_SKETCHED = 4096  # hashes, by which different values are counted to 2 %

Counted = tuple[NDArray[np.object_], NDArray[np.int64]]


def most_words(window: int, columns: int) -> int:
    """How many words of each column of text are told apart: together they need about a window.

    While they are counted there are at most twice as many, and no window is in memory yet.

    Args:
        window: bytes.
        columns: of text.

    >>> most_words(512_000_000, columns=4)
    640000
    """
    return max(FEWEST_WORDS, window // (_WORD_BYTES * max(columns, 1)))


class WordCounts:
    """How many rows have each word of a column.

    Where there are more than twice `most` words, the count of the next one behind the `most`
    frequent is taken off all counts, and words of none are dropped: a word that comes in more than
    one of `most` rows stays, with a count that is too small by less than that share of the rows.

    Args:
        most: words that are kept.

    Source: J. Misra and D. Gries, "Finding repeated elements", 1982, with the joining of P. Agarwal
    et al., "Mergeable summaries", 2012.

    >>> counts = WordCounts(most=2)
    >>> for words in ["ab", "ac", "ade"]:
    ...     codes = np.arange(len(words), dtype=np.int32)
    ...     counts.add(TextColumn("", codes, np.array(list(words), object)))
    >>> counts.found()[0].tolist(), counts.found()[1].tolist()
    (['a'], [2])
    """

    def __init__(self, most: int = FEWEST_WORDS):
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
            self._lessen()

    def found(self) -> Counted:
        """The words in the order in which they first came, and their counts; no missing ones."""
        words, counts = objects_of(list(self._counts)), np.array([*self._counts.values()], np.int64)
        kept = np.sort(np.argsort(-counts, kind="stable")[: self.most])
        kept = kept[~missing(words[kept])]
        return words[kept], counts[kept]

    def _lessen(self) -> None:
        counts = np.fromiter(self._counts.values(), np.int64)
        less = int(np.partition(counts, -self.most - 1)[-self.most - 1])
        self._counts = {word: n - less for word, n in self._counts.items() if n > less}


class ValueCount:
    """How many different values a column has, from the smallest hashes of them.

    Source: Z. Bar-Yossef et al., "Counting distinct elements in a data stream", 2002.

    >>> count = ValueCount()
    >>> for start in range(0, 60_000, 1_000):
    ...     count.add(NumberColumn("", np.arange(start, start + 2_000.0)))
    >>> found = count.found()
    >>> found.count, 0.95 < found.different / 61_000 < 1.05
    (120000, True)
    """

    def __init__(self) -> None:
        self._count = 0
        self._hashes = np.zeros(0, np.uint64)

    def add(self, column: Column) -> None:
        """Count the values of some rows more."""
        there = ~column.missing
        self._count += int(there.sum())
        hashes = np.unique(mixed(_bits(column, there)))
        self._hashes = np.unique(np.concatenate([self._hashes, hashes[:_SKETCHED]]))[:_SKETCHED]

    def found(self) -> OfAll:
        """How many values there are, and how many of them differ."""
        several = len(self._hashes)
        if several < _SKETCHED:
            return OfAll(self._count, several)
        return OfAll(self._count, (several - 1) / (float(self._hashes[-1]) / 2.0**64))


def _bits(column: Column, there: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Numbers that tell the values of some rows apart."""
    if isinstance(column, TextColumn):
        used = np.unique(column.codes[there])
        return np.array([zlib.crc32(word.encode()) for word in column.words[used]], np.uint64)
    if isinstance(column, NumberColumn):
        return (column.values[there] + 0.0).view(np.uint64)  # -0 is 0
    return column.values[there].astype(np.int64).view(np.uint64)


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
        if self.several:
            self._rows.clear()
            self._weights.clear()

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
