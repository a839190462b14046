"""The columns of a raw table as other libraries' models take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tables.table import Column, Table, TextColumn
from rosenblatt.tabular.encoder_fitting import frequent_words
from rosenblatt.tabular.kinds import Schema, as_numbers, as_times

_MOST_ONE_HOT = 50
_LARGEST = 5.0  # deviations from the mean, of what a linear model or plain network is given

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Numbers and codes of words.

    Args:
        numbers: (rows, columns): numbers, and dates as days; NaN where missing.
        words: (rows,) for each category: the place of its word by frequency in the training rows;
            NaN where missing or unseen.
        train: the training rows.
    """

    numbers: Numbers
    words: tuple[Numbers, ...]
    train: NDArray[np.intp]

    def codes(self) -> Numbers:
        """(rows, columns) for trees: numbers, then codes of categories."""
        return np.column_stack([self.numbers, *self.words])

    def categories(self, most: int | None = None) -> list[int]:
        """The places of the categories among the columns of `codes`.

        Args:
            most: words of a category; those with more are left out. None: all.
        """
        first = self.numbers.shape[1]
        return [
            first + place
            for place, codes in enumerate(self.words)
            if most is None or np.nanmax(codes, initial=0) < most
        ]

    def dense(self) -> Numbers:
        """(rows, inputs) for linear models: standardized numbers without gaps, words one-hot.

        Missing numbers are at the median, with a column that says so; the 50 most frequent words
        of a category have a column each.
        """
        found = []
        for column in self.numbers.T:
            known = column[self.train]
            known = known[~np.isnan(known)]
            gaps = np.isnan(column)
            middle = float(np.median(known)) if len(known) else 0.0
            filled = np.where(gaps, middle, column)
            spread = float(filled[self.train].std()) or 1.0
            scaled = (filled - filled[self.train].mean()) / spread
            found.append(np.clip(scaled, -_LARGEST, _LARGEST)[:, None])
            if gaps[self.train].any():
                found.append(gaps[:, None].astype(np.float64))
        for codes in self.words:
            size = min(_MOST_ONE_HOT, int(np.nanmax(codes[self.train], initial=-1)) + 1)
            found.append((codes[:, None] == np.arange(size)).astype(np.float64))
        return np.concatenate(found, axis=1)


def fit_columns(table: Table, schema: Schema, train: NDArray[np.intp]) -> Columns:
    """Read a table as a schema says.

    Args:
        table: all rows.
        schema: what its columns hold.
        train: the rows whose words are known.
    """
    numbers, words = [], []
    for name, kind in schema.read.items():
        column = table[name]
        if kind.kind == "number":
            numbers.append(as_numbers(column, kind))
        elif kind.kind == "date":
            times = as_times(column, kind)
            days = times.astype(np.int64) / 86_400e6
            numbers.append(np.where(np.isnat(times), np.nan, days))
        else:
            words.append(_codes(column, train))
    stacked = np.stack(numbers, axis=1) if numbers else np.zeros((table.rows, 0))
    return Columns(stacked, tuple(words), train)


def _codes(column: Column, train: NDArray[np.intp]) -> Numbers:
    known = frequent_words(column.take(train), rare=1)
    places = {value: float(place) for place, value in enumerate(known)}
    if isinstance(column, TextColumn):
        by_word = np.array([places.get(str(word), np.nan) for word in column.words] + [np.nan])
        return by_word[column.codes]
    return np.array([places.get(value, np.nan) for value in column.values.tolist()])
