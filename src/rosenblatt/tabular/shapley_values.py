"""Why a row is predicted as it is: Shapley values, by sampling orders of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.tables.table import Table
from rosenblatt.tabular.asking import Index, Predict, ask, joined, pieces
from rosenblatt.tabular.predicted import Numbers


@dataclass(frozen=True, eq=False)
class Shapley:
    """Predictions of rows as a baseline and what each column adds to it.

    `baseline + values.sum(axis=1)` is `predictions`, but for rounding.

    Args:
        names: of the columns.
        values: (rows, columns, outputs), what each column adds.
        errors: (rows, columns, outputs), the standard error that sampling leaves in each value,
            or somewhat more.
        baseline: (outputs,), the mean prediction of the background's rows that were used.
        predictions: (rows, outputs).
    """

    names: tuple[str, ...]
    values: Numbers
    errors: Numbers
    baseline: Numbers
    predictions: Numbers


def shapley(
    predict: Predict,
    background: Table,
    rows: Table,
    names: Sequence[str] | None = None,
    *,
    permutations: int = 64,
    seed: int = 0,
) -> Shapley:
    """Sampled Shapley values of single rows.

    For each of the permutations a row of the background becomes the explained row, one column
    after the other in the permutation's order; what the prediction changes by is the column's. A
    value is the mean of that, φⱼ = mean over π of f(columns up to j from the row) − f(columns
    before j from the row). Every second permutation is the one before in reverse, which takes out
    much of the chance.

    Args:
        predict: takes a table with these columns, returns (rows,) or (rows, outputs).
        background: rows that stand for "not known", e.g. of training.
        rows: to explain.
        names: the columns the model reads; None: all of the background. Others are left out of
            what `predict` is given.
        permutations: how many; errors fall with their square root.
        seed: of the permutations and of the background's rows, as many as permutations.

    Returns:
        Values that add up; each row's are the same whatever other rows are explained.

    Raises:
        ValueError: a column that a table lacks, a table without rows, no permutations.

    Source: Štrumbelj and Kononenko, Explaining Prediction Models and Individual Predictions with
    Feature Contributions (2014); reversed orders: Mitchell et al., Sampling Permutations for
    Shapley Value Estimation (2022).

    >>> from rosenblatt.tables import read
    >>> known, new = read({"a": [0.0, 2.0], "b": [1.0, 1.0]}), read({"a": [5.0], "b": [2.0]})
    >>> found = shapley(lambda t: 10 * t["a"].values + t["b"].values, known, new)
    >>> found.values.ravel().tolist(), found.baseline.tolist(), found.predictions.ravel().tolist()
    ([40.0, 1.0], [11.0], [52.0])
    """
    if permutations < 1:
        raise BadArgument(
            "`permutations` is wrong.", given=permutations, expected="a positive integer"
        )
    chosen = background.names if names is None else list(names)
    for table in (background, rows):
        if table.rows == 0 or not chosen:
            what = "rows" if table.rows == 0 else "columns"
            raise BadData(f"{table.source} has no {what} to explain by.")
    some = np.random.default_rng(seed).permutation(background.rows)
    start = Table.of([background[name] for name in chosen], background.source)
    both = joined(start.take(np.resize(some, permutations)), rows)
    places = _places(permutations, len(chosen), seed)
    asked = _asked(predict, both, places)
    ends, between = asked[: both.rows], asked[both.rows :]
    outputs = ends.shape[1]
    steps = between.reshape(rows.rows, permutations, len(chosen) - 1, outputs)
    first = np.broadcast_to(ends[None, :permutations, None], (*steps.shape[:2], 1, outputs))
    last = np.broadcast_to(ends[permutations:, None, None], first.shape)
    added = np.diff(np.concatenate([first, steps, last], axis=2), axis=2)
    # From the order of a permutation to the order of the columns.
    added = np.take_along_axis(added, places[None, :, :, None], axis=2)
    return Shapley(
        tuple(chosen),
        added.mean(axis=1),
        added.std(axis=1) / np.sqrt(permutations),
        ends[:permutations].mean(axis=0),
        ends[permutations:],
    )


def _places(permutations: int, columns: int, seed: int) -> Index:
    """(permutations, columns): the place of each column in each order."""
    rng = np.random.default_rng([1, seed])
    half = [rng.permutation(columns) for _ in range((permutations + 1) // 2)]
    both = [order for places in half for order in (places, columns - 1 - places)]
    return np.array(both[:permutations], np.intp)


def _asked(predict: Predict, both: Table, places: Index) -> Numbers:
    """Predictions of both ends and of the way from the background's rows to the explained ones.

    Args:
        both: a row of the background for each permutation, then the explained rows.
        places: (permutations, columns), of columns in the orders.

    Returns:
        (rows of both + explained · permutations · (columns - 1), outputs).
    """
    permutations, columns = places.shape
    shape = both.rows - permutations, permutations, columns - 1
    found: list[Numbers] = []
    for piece in pieces(both.rows + int(np.prod(shape)), columns):
        asked = np.arange(piece.start, piece.stop)
        ends, steps = asked[asked < both.rows], asked[asked >= both.rows] - both.rows
        row, order, step = np.unravel_index(steps, shape) if len(steps) else (steps,) * 3
        mixed = []
        for place, column in zip(places.T, both.columns.values(), strict=True):
            changed = np.where(place[order] <= step, permutations + row, order)
            mixed.append(column.take(np.concatenate([ends, changed])))
        found.append(ask(predict, Table.of(mixed, both.source)))
    return np.concatenate(found)
