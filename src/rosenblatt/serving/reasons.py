"""Why a model of a raw table predicts what it does, a text for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn, TimeColumn
from rosenblatt.tables.values import encoded_column
from rosenblatt.tabular.drift import ColumnSummary, Summary
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.kinds import ColumnKind, as_numbers, as_times
from rosenblatt.tabular.shapley_values import shapley

_PERMUTATIONS = 32
_LONGEST = 40  # characters of a value in an explanation


def reasons(
    model: TabularModel, table: Table, outputs: NDArray[np.int64], most: int
) -> list[tuple[str, list[str]]]:
    """What moves each row's prediction furthest from that of a typical row.

    Args:
        model: trained.
        table: the rows.
        outputs: (rows,), which output of the model is explained.
        most: how many columns are named.

    Returns:
        `because_1`, …: texts such as "rooms=3 (+0.12)", the largest first.
    """
    names = list(model.predictor_.encoder.names)
    if table.rows == 0:
        return [(f"because_{place + 1}", []) for place in range(min(most, len(names)))]
    rows = _as_read(table, model.schema_.columns, names)
    typical = _typical_row(model.summary_, rows)
    found = shapley(model.predictor_.predict, typical, rows, names, permutations=_PERMUTATIONS)
    values = np.take_along_axis(found.values, outputs[:, None, None], axis=2)[:, :, 0]
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    texts = {name: [_cut(rows[name].text(i)) for i in range(rows.rows)] for name in names}
    return [
        (
            f"because_{place + 1}",
            [
                f"{names[j]}={texts[names[j]][row]} ({values[row, j]:+.3g})"
                for row, j in enumerate(order[:, place].tolist())
            ],
        )
        for place in range(min(most, len(names)))
    ]


def _cut(text: str | None) -> str:
    if text is None:
        return "(missing)"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _as_read(table: Table, kinds: Mapping[str, ColumnKind], names: Sequence[str]) -> Table:
    """The columns of a table as numbers, times and words, as the model reads them."""
    found: list[Column] = []
    for name in names:
        column, kind = table[name], kinds[name]
        if kind.kind == "date" and not isinstance(column, TimeColumn):
            column = TimeColumn(name, as_times(column, kind))
        elif kind.kind == "number" and isinstance(column, TextColumn):
            column = NumberColumn(name, as_numbers(column, kind))
        found.append(column)
    return Table.of(found, table.source)


def _typical_row(summary: Summary, rows: Table) -> Table:
    """A row of medians and most frequent words: of no one, so that a model's file may hold it.

    A word stays a word where the rows hold numbers there, or nothing at all.
    """
    columns: list[Column] = []
    for name in rows.names:
        column, known = rows[name], summary.columns[name]
        if known.words and not _holds_number(column, known.words[0]):
            columns.append(encoded_column(name, [known.words[0]], column.stored))
        elif isinstance(column, NumberColumn):
            value = float(known.words[0]) if known.words else median_of(known)
            columns.append(NumberColumn(name, np.array([value])))
        elif isinstance(column, TimeColumn):
            seconds = median_of(known)
            time = "NaT" if np.isnan(seconds) else np.datetime64(int(seconds * 1e6), "us")
            columns.append(TimeColumn(name, np.array([time], "datetime64[us]")))
        else:
            columns.append(encoded_column(name, [None], column.stored))
    return Table.of(columns, "a typical row")


def _holds_number(column: Column, word: str) -> bool:
    """Whether a column of numbers could hold a word."""
    try:
        return isinstance(column, NumberColumn) and np.isfinite(float(word))
    except ValueError:
        return False


def median_of(known: ColumnSummary) -> float:
    """The median of a column's training rows, from the bins of its summary."""
    if not known.edges:
        return np.nan
    place = int(np.searchsorted(np.cumsum(known.shares), 0.5 - 1e-9))
    return known.edges[min(place, len(known.edges) - 1)]
