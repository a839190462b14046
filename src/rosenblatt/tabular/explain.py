"""What a model has learned, by asking it about changed tables: importance and dependence."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.tables.parsing import missing
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn
from rosenblatt.tabular.asking import Index, Predict, ask, assembled, pieces
from rosenblatt.tabular.column_kinds import find_numbers, present_words
from rosenblatt.tabular.date_formats import find_format
from rosenblatt.tabular.predicted import Numbers, Predicted
from rosenblatt.tabular.scores import MAIN_MEASURE, MEASURES, scorers
from rosenblatt.tabular.task import TaskKind

# A value of a column as people read it; None: missing.
Value: TypeAlias = float | str | None

_MIDDLE = (0.01, 0.99)  # of the rows: where a grid of numbers or times lies


class Importance(NamedTuple):
    """How much a model needs a column.

    Attributes:
        name: of the column.
        drop: how much worse the score is, on average over repeats, when the column's values are
            shuffled: what an error grows by, or another score falls by. About 0, or slightly
            negative, for a column that says nothing.
        spread: the standard deviation over the repeats.
    """

    name: str
    drop: float
    spread: float


def importance(
    predict: Predict,
    table: Table,
    targets: ArrayLike,
    task: TaskKind,
    names: Sequence[str] | None = None,
    weights: ArrayLike | None = None,
    *,
    measure: str | None = None,
    repeats: int = 5,
    most_rows: int = 2000,
    seed: int = 0,
) -> list[Importance]:
    """Permutation importance of columns.

    A column's values are shuffled among the rows, which leaves all other columns as they are.
    Columns that say the same share their importance: each alone can be missed.

    Args:
        predict: takes a table with the columns of this one, returns (rows,) or (rows, outputs).
        table: rows the model has not learned from; all columns that it needs.
        targets: (rows,): quantities, or the numbers of classes from 0.
        task: "quantity", "two classes" or "classes".
        names: the columns to judge; None: all.
        weights: (rows,), how much a row counts; None: 1.
        measure: a score, as `scores_of` names it; None: "rmse", "auc" or "log_loss", by the task.
        repeats: shuffles of each column.
        most_rows: of a longer table so many are drawn.
        seed: of shuffles and rows. A column's result does not depend on what others are judged.

    Returns:
        The columns, the most important one first.

    Raises:
        ValueError: an unknown column or measure, a measure that is undefined for these rows,
            predictions that do not fit the targets.

    Source: Breiman, Random Forests (2001), section 10.

    >>> table = Table.of([NumberColumn("a", np.arange(50.0)), NumberColumn("b", np.ones(50))])
    >>> found = importance(lambda t: t["a"].values, table, np.arange(50.0), "quantity")
    >>> [one.name for one in found], found[0].drop > 15, found[1].drop
    (['a', 'b'], True, 0.0)
    """
    chosen = _known(table, names)
    if repeats < 1:
        raise BadArgument("`repeats` is wrong.", given=repeats, expected="a positive integer")
    measure = measure or MAIN_MEASURE[task]
    truth = np.asarray(targets)
    weight = np.ones(table.rows) if weights is None else np.asarray(weights)
    if len(truth) != table.rows or len(weight) != table.rows:
        raise BadData(
            "Table, targets and weights do not fit each other.",
            given=f"{table.rows} rows, {len(truth)} targets, {len(weight)} weights",
            expected="one of each for each row",
        )
    some = _some(table.rows, most_rows, seed)
    table, truth, weight = table.take(some), truth[some], weight[some]
    rows = table.rows
    variants = [("", 0)] + [(name, repeat) for name in chosen for repeat in range(repeats)]
    values: list[float] = []
    for piece in pieces(len(variants) * rows, len(table.names), rows):
        part = variants[piece.start // rows : piece.stop // rows]
        guesses = ask(predict, _shuffled(table, part, seed))
        for place in range(len(part)):
            own = guesses[place * rows : (place + 1) * rows]
            values.append(_score(measure, Predicted.of(task, truth, own, weight)))
    worse = np.array(values[1:]).reshape(len(chosen), repeats) - values[0]
    worse = -worse if MEASURES[measure].larger_is_better else worse
    found = [
        Importance(name, float(drops.mean()), float(drops.std()))
        for name, drops in zip(chosen, worse, strict=True)
    ]
    return sorted(found, key=lambda one: -one.drop)


def _known(table: Table, names: Sequence[str] | None) -> list[str]:
    chosen = table.names if names is None else list(names)
    for name in chosen:
        _ = table[name]
    if table.rows == 0:
        raise BadData(f"{table.source} has no rows.")
    return chosen


def _some(rows: int, most: int, seed: int) -> Index:
    """Rows drawn without replacement, in their order."""
    if most < 1:
        raise BadArgument("`most_rows` is wrong.", given=most, expected="a positive integer")
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).permutation(rows)[:most])


def _shuffled(table: Table, variants: Sequence[tuple[str, int]], seed: int) -> Table:
    """The table once for each variant, with the variant's column shuffled."""
    rows, count = np.arange(table.rows), len(variants)
    shuffled: dict[str, Index] = {}
    for place, (name, repeat) in enumerate(variants):
        if name:
            index = shuffled.setdefault(name, np.tile(rows, count))
            rng = np.random.default_rng([zlib.crc32(name.encode()), repeat, seed])
            index[place * table.rows : (place + 1) * table.rows] = rng.permutation(table.rows)
    others = {name: table[name].take(index) for name, index in shuffled.items()}
    return assembled(table, np.tile(rows, count), others)


def _score(measure: str, judged: Predicted) -> float:
    every = scorers(judged)
    if measure not in every:
        raise BadArgument(
            "The measure is unknown for this task.", given=repr(measure), expected=", ".join(every)
        )
    value = float(every[measure](judged.weights[None])[0])
    if np.isnan(value):
        raise BadData(
            f"{MEASURES[measure].title} is undefined for these rows.",
            fix="give rows with different targets, or another measure.",
        )
    return value


@dataclass(frozen=True, eq=False)
class Dependence:
    """What a model predicts on average, by the value of one column.

    Args:
        name: of the column.
        kind: "number", "text" or "time".
        values: (points,) of the column: numbers in order, texts with the most frequent one first,
            times as ISO 8601; None, at the end, stands for a missing value.
        means: (points, outputs) mean prediction if all rows had this value.
        low, high: (points, outputs) 10 % and 90 % of the rows' predictions.
    """

    name: str
    kind: str
    values: tuple[Value, ...]
    means: Numbers
    low: Numbers
    high: Numbers


def dependence(
    predict: Predict,
    table: Table,
    name: str,
    *,
    points: int = 20,
    most_rows: int = 1000,
    seed: int = 0,
) -> Dependence:
    """Partial dependence: f(v) = mean over rows of the prediction with the column set to v.

    The points are values of the table. Numbers and times: all where they are few, else quantiles
    from 1 % to 99 %. Texts: the most frequent ones, or quantiles where they are numbers or dates.

    Args:
        predict: takes a table with the columns of this one, returns (rows,) or (rows, outputs).
        table: rows, of training or new.
        name: the column.
        points: at most so many, and one for a missing value where some are missing.
        most_rows: of a longer table so many are drawn.
        seed: of the rows.

    Raises:
        ValueError: an unknown column; no rows; no points.

    Source: Friedman, Greedy Function Approximation (2001), section 8.2.

    >>> table = Table.of([NumberColumn("a", np.array([0.0, 1.0, 1.0, 2.0]))])
    >>> found = dependence(lambda t: 10 * t["a"].values, table, "a")
    >>> found.values, found.means.ravel().tolist()
    ((0.0, 1.0, 2.0), [0.0, 10.0, 20.0])
    """
    _known(table, [name])
    if points < 1:
        raise BadArgument("`points` is wrong.", given=points, expected="a positive integer")
    grid = table[name].take(_grid(table[name], points))
    table = table.take(_some(table.rows, most_rows, seed))
    rows, count = np.arange(table.rows), len(grid)
    summaries = []
    for piece in pieces(count * table.rows, len(table.names), table.rows):
        of = np.arange(piece.start // table.rows, piece.stop // table.rows)
        others = {name: grid.take(np.repeat(of, len(rows)))}
        asked = assembled(table, np.tile(rows, len(of)), others)
        guesses = ask(predict, asked).reshape(len(of), len(rows), -1)
        summaries.append(
            np.stack([guesses.mean(axis=1), *np.quantile(guesses, (0.1, 0.9), axis=1)])
        )
    means, low, high = np.concatenate(summaries, axis=1)
    return Dependence(name, grid.kind, _values(grid), means, low, high)


def _values(grid: Column) -> tuple[Value, ...]:
    """What a column holds, as numbers or text; None for any word that stands for no value."""
    if isinstance(grid, NumberColumn):
        return tuple(None if np.isnan(value) else float(value) for value in grid.values)
    gaps = _gaps(grid)
    return tuple(None if gaps[row] else grid.text(row) for row in range(len(grid)))


def _grid(column: Column, points: int) -> Index:
    """Rows that hold the values to try; a row where the value is missing last, if there is one."""
    values, is_ordered = _as_numbers(column)
    known = np.flatnonzero(~np.isnan(values))
    gap = np.flatnonzero(_gaps(column))[:1]
    if not len(known):
        return gap if len(gap) else np.arange(1)
    distinct, first, counts = np.unique(values[known], return_index=True, return_counts=True)
    rows = known[first]
    if not is_ordered:
        rows = rows[np.argsort(-counts, kind="stable")][:points]
    elif len(distinct) > points:
        wanted = np.quantile(values[known], np.linspace(*_MIDDLE, points), method="nearest")
        rows = rows[np.searchsorted(distinct, np.unique(wanted))]
    return np.append(rows, gap)


def _gaps(column: Column) -> NDArray[np.bool_]:
    """Rows without a value, or with a word such as "n/a"."""
    if isinstance(column, TextColumn):
        return np.append(missing(column.words), [True])[column.codes]
    return column.missing


def _as_numbers(column: Column) -> tuple[Numbers, bool]:
    """A number for each row that tells its value from others, NaN where there is none.

    Returns:
        (rows,) numbers, and whether they have the order of the values.
    """
    if not isinstance(column, TextColumn):
        values = column.values.astype(np.float64)
        return np.where(_gaps(column) | np.isinf(values), np.nan, values), True
    words, counts = present_words(column)
    of_word = np.full(len(column.words) + 1, np.nan)
    places = np.flatnonzero(np.isin(column.words, words))
    numbers = find_numbers(words, counts) if len(words) else None
    dates = find_format(words, counts) if len(words) and numbers is None else None
    if numbers is not None:
        of_word[places] = numbers[0]
    elif dates is not None:
        of_word[places] = np.where(np.isnat(dates.times), np.nan, dates.times.astype(np.float64))
    else:
        of_word[places] = places
    return of_word[column.codes], numbers is not None or dates is not None
