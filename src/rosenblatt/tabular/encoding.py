"""The columns of a table as the numbers and codes a network takes, by layers with fitted arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rosenblatt.layers.tabular.categories import CategoryIndex, TargetMeans
from rosenblatt.layers.tabular.crosses import CrossIndex
from rosenblatt.layers.tabular.hashed_words import HashedWords
from rosenblatt.layers.tabular.parsing import DateParsing, NumberParsing
from rosenblatt.tables.table import Column, Table, TextColumn

Floats = NDArray[np.float32]
Codes = NDArray[np.int32]
# (number of the layer, layer, codes) -> the target means of some rows; layers count from 0, those
# of categories in the order of the columns, then those of crosses.
MeansOf: TypeAlias = Callable[[int, TargetMeans, Codes], Floats]


@dataclass(frozen=True)
class Category:
    """A column, or a number of it, as a category.

    Args:
        index: its words, or values, as codes.
        parsed: whether it reads the column's numbers, not what stands in the table.
        coded: whether the network takes its code.
        means: the targets' means by code, where it has many.
    """

    index: CategoryIndex
    parsed: bool = False
    coded: bool = True
    means: TargetMeans | None = None


@dataclass(frozen=True)
class ColumnEncoder:
    """The layers that read one column of a table.

    Args:
        name: of the column.
        parse: to numbers; None where it holds categories or text.
        categories: what of it is read as a category.
        words: of text of several words, hashed.
    """

    name: str
    parse: NumberParsing | DateParsing | None = None
    categories: tuple[Category, ...] = ()
    words: HashedWords | None = None


@dataclass(frozen=True)
class Cross:
    """Categories that say together what none of them says alone.

    Args:
        parts: the categories: places of a column and of its category.
        index: their combinations as codes.
        means: the targets' means by code.
    """

    parts: tuple[tuple[int, int], ...]
    index: CrossIndex
    means: TargetMeans


@dataclass
class Encoded:
    """What a network takes of some rows, column by column.

    Args:
        rows: how many.
        numbers: arrays (rows, …), NaN where missing.
        means: (rows, …) target means, which follow the numbers.
        codes: (rows,) arrays, 0 for missing, rare and unseen words.
        words: (rows, bins) arrays, how often hashed words come.
    """

    rows: int
    numbers: list[Floats] = field(default_factory=list)
    means: list[Floats] = field(default_factory=list)
    codes: list[Codes] = field(default_factory=list)
    words: list[Floats] = field(default_factory=list)

    def inputs(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by the names of a network's inputs; those without columns are left out."""
        found = {
            "numbers": _side_by_side([*self.numbers, *self.means]),
            "codes": _side_by_side(self.codes),
            "words": _side_by_side(self.words),
        }
        return {name: array for name, array in found.items() if array is not None}


@dataclass(frozen=True)
class Encoder:
    """What a model reads of a table.

    Args:
        columns: the encoders of its columns, in the order of the table that was fitted.
        crosses: of their categories.
    """

    columns: tuple[ColumnEncoder, ...]
    crosses: tuple[Cross, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that a table must have."""
        return tuple(one.name for one in self.columns)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each category has that the network takes as a code."""
        return tuple(
            category.index.size for one in self.columns for category in one.categories
            if category.coded
        )  # fmt: skip

    @property
    def means(self) -> list[TargetMeans]:
        """The layers of target means, in the order in which `encode` asks them."""
        own = [c.means for one in self.columns for c in one.categories if c.means is not None]
        return [*own, *(cross.means for cross in self.crosses)]

    def encode(self, table: Table, means_of: MeansOf | None = None) -> Encoded:
        """The rows of a table as the network takes them.

        Args:
            table: with the columns that the model reads.
            means_of: gives target means in place of the layers' own.

        Raises:
            ValueError: a column is missing.
        """
        look_up = means_of or _own_means
        found = Encoded(table.rows)
        known: dict[tuple[int, int], Codes] = {}
        for place, one in enumerate(self.columns):
            for number, (category, codes) in enumerate(read_column(one, table[one.name], found)):
                known[place, number] = codes
                if category.means is not None:
                    found.means.append(look_up(len(found.means), category.means, codes))
        for cross in self.crosses:
            codes = cross.index.lookup([known[part] for part in cross.parts])
            found.means.append(look_up(len(found.means), cross.means, codes))
        return found

    def with_means(self, tables: Sequence[Floats]) -> Encoder:
        """The encoder with other tables of target means, in the order of `means`."""
        left = iter(tables)

        def other(layer: TargetMeans) -> TargetMeans:
            return TargetMeans(next(left), name=layer.name)

        columns = [
            replace(
                one,
                categories=tuple(
                    c if c.means is None else replace(c, means=other(c.means))
                    for c in one.categories
                ),
            )
            for one in self.columns
        ]
        crosses = [replace(cross, means=other(cross.means)) for cross in self.crosses]
        return Encoder(tuple(columns), tuple(crosses))


def _own_means(number: int, layer: TargetMeans, codes: Codes) -> Floats:
    return layer.lookup(codes)


def read_column(
    one: ColumnEncoder, column: Column, found: Encoded
) -> Iterator[tuple[Category, Codes]]:
    """Append what a column gives; its categories, and all their codes, one after another."""
    numbers = None
    if one.parse is not None:
        numbers = by_word(one.parse.lookup, column)
        found.numbers.append(numbers)
    if one.words is not None:
        found.words.append(by_word(one.words.lookup, column))
    for category in one.categories:
        if category.parsed and numbers is not None:
            codes = category.index.lookup(numbers)
        else:
            codes = by_word(category.index.lookup, column)
        if category.coded:
            found.codes.append(codes)
        yield category, codes


def by_word(function: Callable[[NDArray[Any]], NDArray[Any]], column: Column) -> NDArray[Any]:
    """A function of values for each row of a column; of text it is computed once for each word.

    Args:
        function: of an array of numbers, times or text, where "" is a missing text.
        column: the column.
    """
    if not isinstance(column, TextColumn):
        return function(column.values)
    words = np.append(column.words, [""]).astype(object)  # code -1 is the last one
    return function(words)[column.codes]


def two_axes(values: NDArray[Any]) -> NDArray[Any]:
    """An array (rows,) as (rows, 1); one of two axes as it is."""
    return values[:, None] if values.ndim == 1 else values


def _side_by_side(arrays: Sequence[NDArray[Any]]) -> NDArray[Any] | None:
    return np.concatenate([two_axes(one) for one in arrays], axis=1) if arrays else None
