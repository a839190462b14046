"""The columns of a table as the numbers and codes a network takes, by layers with fitted arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.layers.tabular.categories import CategoryIndex, TargetMeans
from rosenblatt.layers.tabular.hashed_words import HashedWords
from rosenblatt.layers.tabular.parsing import DateParsing, NumberParsing
from rosenblatt.tables.table import Column, Table, TextColumn
from rosenblatt.tabular.column_kinds import ColumnKind, present_words
from rosenblatt.tabular.kinds import Schema, as_numbers
from rosenblatt.tabular.recipe import Recipe

MOST_MEANS = 12
"""With more classes than this a category's code alone stands for it, not its target means."""

_MOST_VALUES = 20_000  # of a number that is read as a category
_FEW_WORDS = 8  # a category of so few values keeps its rare ones
_IQR_OF_NORMAL = 1.349

Floats = NDArray[np.float32]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Targets:
    """What is predicted, as target means see it.

    Args:
        values: (rows, outputs): a quantity in units of its spread, or 0 and 1 for each class.
        weights: (rows,), of the rows.
        folds: (rows,): a row's means are taken from the rows of other folds.
    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    folds: NDArray[np.int64]


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
    """The encoders of the columns that a model reads, in the order of the table that was fitted."""

    columns: tuple[ColumnEncoder, ...]

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

    def encode(self, table: Table) -> Encoded:
        """The rows of a table as the network takes them.

        Raises:
            ValueError: a column is missing.
        """
        found = Encoded(table.rows)
        for one in self.columns:
            for category, codes in _read_column(one, table[one.name], found):
                if category.means is not None:
                    found.means.append(category.means.lookup(codes))
        return found


def fit_encoder(
    table: Table, schema: Schema, targets: Targets, recipe: Recipe
) -> tuple[Encoder, Encoded]:
    """Fit the layers on the training rows.

    Args:
        table: of the training rows.
        schema: what its columns are.
        targets: of its rows.
        recipe: which categories are rare, and which numbers are read as categories too.

    Returns:
        The encoder, and what it makes of the training rows: there target means are those of the
        other folds, so that no row's own target is among its inputs (Micci-Barreca, "A
        preprocessing scheme for high-cardinality categorical attributes", 2001).
    """
    fitted: list[ColumnEncoder] = []
    found = Encoded(table.rows)
    for place, (name, kind) in enumerate(schema.read.items()):
        one = _column_encoder(table[name], kind, recipe, f"column_{place}")
        categories = []
        for category, codes in _read_column(one, table[name], found):
            size = category.index.size
            if size > recipe.one_hot + 1 and targets.values.shape[1] <= MOST_MEANS:
                layer, own = _target_means(
                    codes, size, targets, recipe.smoothing, f"{category.index.name}_means"
                )
                category = replace(category, means=layer)
                found.means.append(own)
            # One that gives the network nothing would be no part of the model that is saved.
            if category.coded or category.means is not None:
                categories.append(category)
        fitted.append(replace(one, categories=tuple(categories)))
    return Encoder(tuple(fitted)), found


def _read_column(
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


def _column_encoder(column: Column, kind: ColumnKind, recipe: Recipe, prefix: str) -> ColumnEncoder:
    """The layers for a column of a kind, fitted on its rows."""
    name = column.name
    if kind.kind == "category":
        index = CategoryIndex(frequent_words(column, recipe.rare), name=f"{prefix}_index")
        return ColumnEncoder(name, categories=(Category(index),))
    if kind.kind == "text":
        return ColumnEncoder(name, words=HashedWords(recipe.text_bins, name=f"{prefix}_words"))
    layer: NumberParsing | DateParsing
    if kind.kind == "date":
        layer = _date_parsing(column, kind, f"{prefix}_parts")
    else:
        center, scale = robust(as_numbers(column, kind)[:, None])
        layer = NumberParsing(
            center[0], scale[0], kind.decimal, unit=kind.unit, name=f"{prefix}_number"
        )
    numbers = _two_axes(by_word(layer.lookup, column))
    several = kind.kind == "date"
    again = (
        repeated(numbers[:, i], i if several else None, recipe, f"{prefix}_values_{i}")
        for i in range(numbers.shape[1])
    )
    return ColumnEncoder(name, layer, tuple(one for one in again if one is not None))


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


def robust(values: NDArray[np.floating]) -> tuple[list[float], list[float]]:
    """Center and scale of columns: the median, and the quartiles' distance as a deviation.

    Where the quartiles are equal the scale is half the range, and 1 where that is 0.

    Args:
        values: (rows, columns), NaN where missing.

    >>> robust(np.array([[1.0], [2.0], [3.0], [np.nan]]))[0]
    [2.0]
    """
    centers, scales = [], []
    for column in values.T:
        there = column[np.isfinite(column)]
        if not len(there):
            there = np.zeros(1)
        low, center, high = np.percentile(there, [25, 50, 75])
        scale = (high - low) / _IQR_OF_NORMAL or (there.max() - there.min()) / 2 or 1.0
        centers.append(float(center))
        scales.append(float(scale))
    return centers, scales


def frequent_words(column: Column, rare: int) -> list[Any]:
    """The values of a column that are seen often enough, the most frequent first.

    Args:
        column: of text, or of numbers that are read as categories.
        rare: a value seen fewer times has no code of its own, unless there are few values.
    """
    values: Any
    if isinstance(column, TextColumn):
        values, counts = present_words(column)
    else:
        values, counts = np.unique(column.values[~column.missing], return_counts=True)
    least = 1 if np.count_nonzero(counts) <= _FEW_WORDS else rare
    order = np.argsort(-counts, kind="stable")
    return [values[i] for i in order if counts[i] >= least]


def repeated(values: Floats, part: int | None, recipe: Recipe, name: str) -> Category | None:
    """A number as a category too, where its values come back often enough.

    It adds target means alone: a sum of 32 ramps cannot say that one amount of many means something
    else than its neighbours. A trained code of each value fits noise.

    Args:
        values: (rows,), NaN where missing.
        part: which of a date's parts they are; None: a column of numbers.
        recipe: how often they must.
        name: of the layer.
    """
    if recipe.repeats is None:
        return None
    there = values[~np.isnan(values)]
    different = np.unique(there)
    few = len(different) <= recipe.one_hot  # whose piecewise-linear code tells all of them apart
    if few or len(different) > _MOST_VALUES or len(there) < recipe.repeats * len(different):
        return None
    index = CategoryIndex(different.tolist(), part, name=name)
    return Category(index, parsed=True, coded=False)


def _date_parsing(column: Column, kind: ColumnKind, name: str) -> DateParsing:
    """The parts of a date that vary, in units of their spread."""
    parts = DateParsing(kind.date_format)
    values = by_word(parts.values, column)
    vary = [i for i in range(values.shape[1]) if len(np.unique(values[:, i])) > 1] or [0]
    center, scale = robust(values[:, vary])
    names = [parts.parts[i] for i in vary]
    return DateParsing(kind.date_format, names, center, scale, name=name)


def _target_means(
    codes: Codes, size: int, targets: Targets, smoothing: float, name: str
) -> tuple[TargetMeans, Floats]:
    """A layer with the targets' means by code, and the means for the training rows themselves.

    mean = (Σ w y + s · prior) / (Σ w + s), of all rows, and for a training row of the rows of other
    folds; beside them log(1 + Σ w).
    """
    y, weights = targets.values, targets.weights
    prior = np.average(y, axis=0, weights=weights)

    def sums(rows: NDArray[np.bool_] | slice) -> NDArray[np.float64]:
        w = weights[rows]
        columns = [np.bincount(codes[rows], w * one, size) for one in y[rows].T]
        return np.stack([*columns, np.bincount(codes[rows], w, size)], axis=1)

    def means(total: NDArray[np.float64], part: float = 1.0) -> NDArray[np.float64]:
        found = (total[:, :-1] + smoothing * prior) / (total[:, -1:] + smoothing)
        return np.concatenate([found, np.log1p(np.maximum(total[:, -1:], 0) / part)], axis=1)

    total = sums(slice(None))
    table = means(total)
    own = np.empty((len(codes), table.shape[1]))
    for fold in np.unique(targets.folds):
        rows = targets.folds == fold
        part = 1 - weights[rows].sum() / weights.sum()
        own[rows] = means(total - sums(rows), part)[codes[rows]]
    center, scale = robust(own)
    shift = (np.array(center), np.array(scale))
    scaled = ((own - shift[0]) / shift[1]).astype(np.float32)
    return TargetMeans(((table - shift[0]) / shift[1]).astype(np.float32), name=name), scaled


def _two_axes(values: NDArray[Any]) -> NDArray[Any]:
    return values[:, None] if values.ndim == 1 else values


def _side_by_side(arrays: Sequence[NDArray[Any]]) -> NDArray[Any] | None:
    return np.concatenate([_two_axes(one) for one in arrays], axis=1) if arrays else None
