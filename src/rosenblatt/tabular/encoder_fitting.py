"""Fitting the layers that read a table's columns, on the training rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.layers.tabular.categories import CategoryIndex, TargetMeans
from rosenblatt.layers.tabular.crosses import CrossIndex, crossed
from rosenblatt.layers.tabular.hashed_words import HashedWords
from rosenblatt.layers.tabular.parsing import DateParsing, NumberParsing
from rosenblatt.tables.table import Column, Table, TextColumn
from rosenblatt.tabular.column_kinds import ColumnKind, present_words
from rosenblatt.tabular.crosses import Part, choose_crosses
from rosenblatt.tabular.encoding import (
    Category,
    Codes,
    ColumnEncoder,
    Cross,
    Encoded,
    Encoder,
    Floats,
    by_word,
    read_column,
    two_axes,
)
from rosenblatt.tabular.kinds import Schema, as_numbers
from rosenblatt.tabular.network import edges_of
from rosenblatt.tabular.recipe import Recipe

MOST_MEANS = 12
"""With more classes than this a category's code alone stands for it, not its target means."""

_MOST_VALUES = 20_000  # of a number that is read as a category
_MUCH = 0.75  # of an error is left by what tells much more
_MOST_CROSSED = 200  # values of a number that is crossed with categories
_LEAST_CROSSED = 2  # rows of a combination that has target means of its own
_ALWAYS_CODED = 200  # categories of so few codes
_FEW_WORDS = 8  # a category of so few values keeps its rare ones
_IQR_OF_NORMAL = 1.349


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
class Whole:
    """What is known of all training rows, where an encoder is fitted on a sample of them.

    Args:
        rows: how many there are.
        words: of the columns of text, how many rows have each word: words and counts.
    """

    rows: int
    words: Mapping[str, tuple[NDArray[np.object_], NDArray[np.int64]]]


def fit_encoder(
    table: Table, schema: Schema, targets: Targets, recipe: Recipe, whole: Whole | None = None
) -> tuple[Encoder, Encoded]:
    """Fit the layers on the training rows.

    Args:
        table: of the training rows, or of a sample of them.
        schema: what its columns are.
        targets: of its rows.
        recipe: which categories are rare, and which numbers are read as categories too.
        whole: what is known of all rows, where the table is a sample.

    Returns:
        The encoder, and what it makes of the training rows: there target means are those of the
        other folds, so that no row's own target is among its inputs (Micci-Barreca, "A
        preprocessing scheme for high-cardinality categorical attributes", 2001).
    """
    fitted: list[ColumnEncoder] = []
    found = Encoded(table.rows)
    several = targets.values.shape[1] <= MOST_MEANS
    parts: dict[tuple[int, int], Part] = {}
    for place, (name, kind) in enumerate(schema.read.items()):
        one = _column_encoder(
            table[name], kind, recipe, f"column_{place}", targets if several else None, whole
        )
        categories: list[Category] = []
        for category, codes in read_column(one, table[name], found):
            size = category.index.size
            if not category.parsed or size <= _MOST_CROSSED:
                parts[place, len(categories)] = Part(codes, size, not category.parsed)
            if size > recipe.one_hot + 1 and several:
                layer, own = _target_means(
                    codes, size, targets, recipe.smoothing, f"{category.index.name}_means"
                )
                category = replace(category, means=layer)
                found.means.append(own)
            # One that gives the network nothing would be no part of the model that is saved.
            if category.coded or category.means is not None:
                categories.append(category)
        fitted.append(replace(one, categories=tuple(categories)))
    crosses = _fit_crosses(parts, targets, recipe, found) if several else ()
    return Encoder(tuple(fitted), tuple(crosses)), found


def _fit_crosses(
    parts: Mapping[tuple[int, int], Part], targets: Targets, recipe: Recipe, found: Encoded
) -> list[Cross]:
    """The crosses that help, and their target means for the training rows."""
    places, several = list(parts), list(parts.values())
    crosses = []
    good = choose_crosses(several, targets.values, recipe.crosses, recipe.in_time)
    for number, chosen in enumerate(good):
        sizes = [several[i].size for i in chosen]
        keys = crossed([several[i].codes for i in chosen], sizes)
        known, counts = np.unique(keys, return_counts=True)
        index = CrossIndex(sizes, known[counts >= _LEAST_CROSSED], name=f"cross_{number}")
        codes = index.lookup([several[i].codes for i in chosen])
        means, own = _target_means(
            codes, index.size, targets, recipe.smoothing, f"cross_{number}_means"
        )
        found.means.append(own)
        crosses.append(Cross(tuple(places[i] for i in chosen), index, means))
    return crosses


def _column_encoder(
    column: Column,
    kind: ColumnKind,
    recipe: Recipe,
    prefix: str,
    targets: Targets | None,
    whole: Whole | None,
) -> ColumnEncoder:
    """The layers for a column of a kind, fitted on its rows; without targets it has no means."""
    name = column.name
    if kind.kind == "category":
        counted = whole.words.get(name) if whole else None
        words = frequent_words(column, recipe.rare, counted)
        index = CategoryIndex(words, name=f"{prefix}_index")
        coded = targets is None or _learns_codes(index.size, whole.rows if whole else len(column))
        return ColumnEncoder(name, categories=(Category(index, coded=coded),))
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
    if targets is None:
        return ColumnEncoder(name, layer)
    numbers = two_axes(by_word(layer.lookup, column))
    several = kind.kind == "date"
    again = (
        repeated(numbers[:, i], i if several else None, targets, recipe, f"{prefix}_values_{i}")
        for i in range(numbers.shape[1])
    )
    return ColumnEncoder(name, layer, tuple(one for one in again if one is not None))


def _learns_codes(size: int, rows: int) -> bool:
    """Whether a category has rows enough for a trained vector of each code.

    Thousands of codes with few rows each are fitted at once, and say nothing about other rows.
    """
    return size <= _ALWAYS_CODED or (size <= 2_000 and rows / size >= 100)


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


def frequent_words(
    column: Column,
    rare: int,
    counted: tuple[NDArray[np.object_], NDArray[np.int64]] | None = None,
) -> list[Any]:
    """The values of a column that are seen often enough, the most frequent first.

    Args:
        column: of text, or of numbers that are read as categories.
        rare: a value seen fewer times has no code of its own, unless there are few values.
        counted: words and how often each comes in all rows, where the column is a sample of them.
    """
    values: Any
    if counted is not None:
        values, counts = counted
    elif isinstance(column, TextColumn):
        values, counts = present_words(column)
    else:
        values, counts = np.unique(column.values[~column.missing], return_counts=True)
    least = 1 if np.count_nonzero(counts) <= _FEW_WORDS else rare
    order = np.argsort(-counts, kind="stable")
    return [values[i] for i in order if counts[i] >= least]


def repeated(
    values: Floats, part: int | None, targets: Targets, recipe: Recipe, name: str
) -> Category | None:
    """A number as a category too, where its values come back often enough.

    It adds target means alone: a sum of 32 ramps cannot say that one amount of many means something
    else than its neighbours. A trained code of each value fits noise.

    Args:
        values: (rows,), NaN where missing.
        part: which of a date's parts they are; None: a column of numbers.
        targets: of the rows.
        recipe: how often they must, and whether they must tell more than their neighbours.
        name: of the layer.
    """
    there = values[~np.isnan(values)]
    different = np.unique(there)
    few = len(different) <= recipe.one_hot  # whose piecewise-linear code tells all of them apart
    if few or len(different) > _MOST_VALUES or len(there) < recipe.repeats * len(different):
        return None
    if recipe.proven and not _tells_more(values, different, targets, recipe):
        return None
    index = CategoryIndex(different.tolist(), part, name=name)
    return Category(index, parsed=True, coded=False)


def _tells_more(values: Floats, different: Floats, targets: Targets, recipe: Recipe) -> bool:
    """Whether a number's single values say much more of the target than the pieces of its code do.

    So does the number of a school or a town. Both say the mean of the other folds' rows.
    """
    there = ~np.isnan(values)
    known = Targets(targets.values[there], targets.weights[there], targets.folds[there])
    edges = edges_of(values[there].astype(np.float32), recipe.bins)
    by_value, by_piece = (
        _error_of_means(
            np.searchsorted(one, values[there]).astype("int32"), known, recipe.smoothing
        )
        for one in (different, edges)
    )
    return by_value < _MUCH * by_piece


def _error_of_means(codes: Codes, targets: Targets, smoothing: float) -> float:
    """Σ w (y − mean)², where the mean is that of the rows of other folds with the same code."""
    size = int(codes.max()) + 1
    y, weights = targets.values, targets.weights
    prior = np.average(y, axis=0, weights=weights)
    total = sums_by_code(codes, size, y, weights)
    error = 0.0
    for rows, others in _beside_folds(codes, total, targets):
        means = smoothed(others, prior, smoothing)[codes[rows], :-1]
        error += float((weights[rows, None] * (y[rows] - means) ** 2).sum())
    return error


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

    They are those of all rows, and for a training row those of the rows of other folds.
    """
    y, weights = targets.values, targets.weights
    prior = np.average(y, axis=0, weights=weights)
    total = sums_by_code(codes, size, y, weights)
    table = smoothed(total, prior, smoothing)
    own = np.empty((len(codes), table.shape[1]))
    for rows, others in _beside_folds(codes, total, targets):
        part = 1 - weights[rows].sum() / weights.sum()
        own[rows] = smoothed(others, prior, smoothing, part)[codes[rows]]
    center, scale = robust(own)
    shift = (np.array(center), np.array(scale))
    scaled = ((own - shift[0]) / shift[1]).astype(np.float32)
    return TargetMeans(((table - shift[0]) / shift[1]).astype(np.float32), name=name), scaled


def _beside_folds(
    codes: Codes, total: NDArray[np.float64], targets: Targets
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.float64]]]:
    """For each fold its rows, as a mask, and the sums by code of all rows but these."""
    y, weights = targets.values, targets.weights
    for fold in np.unique(targets.folds):
        rows = targets.folds == fold
        yield rows, total - sums_by_code(codes[rows], len(total), y[rows], weights[rows])


def sums_by_code(
    codes: Codes, size: int, y: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(size, outputs + 1): for each code Σ w y of each output, and Σ w.

    Args:
        codes: (rows,).
        size: how many codes there are.
        y: (rows, outputs).
        weights: (rows,).
    """
    columns = [np.bincount(codes, weights * one, size) for one in y.T]
    return np.stack([*columns, np.bincount(codes, weights, size)], axis=1)


def smoothed(
    total: NDArray[np.float64], prior: NDArray[np.float64], smoothing: float, part: float = 1.0
) -> NDArray[np.float64]:
    """(size, outputs + 1): (Σ w y + s · prior) / (Σ w + s), and beside it log(1 + Σ w).

    The sums of a share of the rows are brought to those of all first: where a training row's means
    are of the other folds, the means at prediction would else be nearer to their category's, as if
    something were known of it.

    Args:
        total: as `sums_by_code` gives it.
        prior: (outputs,), the mean of all rows.
        smoothing: s.
        part: which share of the rows the sums are of.
    """
    total = total / part
    found = (total[:, :-1] + smoothing * prior) / (total[:, -1:] + smoothing)
    return np.concatenate([found, np.log1p(np.maximum(total[:, -1:], 0))], axis=1)
