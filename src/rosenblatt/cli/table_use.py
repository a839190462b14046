"""`rosenblatt evaluate` and `predict` with a model of a raw table."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.cli import results
from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.tables.names import named_apart
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn, TimeColumn
from rosenblatt.tables.values import encoded_column
from rosenblatt.tabular.classifier import TabularClassifier
from rosenblatt.tabular.drift import ColumnSummary, Summary
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.kinds import ColumnKind, as_numbers, as_times
from rosenblatt.tabular.regressor import TabularRegressor
from rosenblatt.tabular.report_text import scores_text
from rosenblatt.tabular.shapley_values import shapley
from rosenblatt.tabular.task import labels

_PERMUTATIONS = 32
_LONGEST = 40  # characters of a value in an explanation


@dataclass(frozen=True)
class Asked:
    """What `predict` is to write beside the predictions.

    Args:
        interval: the probability that an interval holds the quantity; None: no intervals.
        explain: how many columns say why; 0: none.
        threshold: from which probability on a row is of the second of two classes; None: 0.5.
    """

    interval: float | None = None
    explain: int = 0
    threshold: float | None = None


def evaluate_table(
    model: TabularModel, table: Table, target: str | None, weights: str | None
) -> None:
    """Print scores of a model on the rows of a table that have a target.

    Args:
        model: trained.
        table: with the columns that it reads.
        target: the column to compare predictions with; None: that of the training.
        weights: the column of weights of the training, where the table has it.

    Raises:
        ValueError: a column is missing, or labels are unknown.
    """
    name = target or model.target_name_
    if name is None or name not in table:
        raise BadData(
            f"{table.source}: no target column to compare predictions with.",
            given="columns " + ", ".join(table.names),
            expected="--target COLUMN" if name is None else f"a column {name!r}",
        )
    if name != model.target_name_:
        table = table.without([model.target_name_ or ""]).renamed(
            {name: model.target_name_ or name}
        )
    report = model.report(table, sample_weight=weights if weights in table.names else None)
    _say_drift(model, table)
    facts = report.facts
    print(f"On {table.source} ({facts.rows['test']:,} rows):")
    print("\n".join(scores_text(facts)))


def predict_table(model: TabularModel, table: Table, asked: Asked) -> dict[str, Sequence[Any]]:
    """Predictions for the rows of a table, as columns: ids of the table, then what is predicted.

    Args:
        model: trained.
        table: with the columns that it reads, in any order.
        asked: what to add.

    Raises:
        ValueError: a column is missing; something that this kind of model does not give.
    """
    ids = [name for name in ids_of(model) if name in table]
    columns: list[tuple[str, Sequence[Any]]] = [(name, _values(table[name])) for name in ids]
    columns += predicted_columns(model, table, asked)
    _say_drift(model, table)
    names, _ = named_apart([name for name, _ in columns])
    return dict(zip(names, (values for _, values in columns), strict=True))


def ids_of(model: TabularModel) -> list[str]:
    """The columns of ids that its training table had."""
    return [name for name, kind in model.schema_.columns.items() if kind.kind == "id"]


def predicted_columns(
    model: TabularModel, table: Table, asked: Asked
) -> list[tuple[str, Sequence[Any]]]:
    """What is predicted for the rows of a table, as columns; arguments as of `predict_table`."""
    _check(model, asked)
    columns: list[tuple[str, Sequence[Any]]] = []
    if isinstance(model, TabularRegressor):
        columns.append(("prediction", model.predict(table).tolist()))
        if asked.interval is not None:
            ends = model.predict_interval(table, coverage=asked.interval)
            columns += [("low", ends[:, 0].tolist()), ("high", ends[:, 1].tolist())]
        outputs = np.zeros(table.rows, np.int64)
    else:
        assert isinstance(model, TabularClassifier)
        chances = model.predict_proba(table)
        outputs = chances.argmax(axis=1)
        if asked.threshold is not None:
            outputs = (chances[:, 1] >= asked.threshold).astype(np.int64)
        task = model.predictor_.task
        columns.append(("prediction", labels(task, outputs).tolist()))
        columns += [
            (f"probability_{label}", chances[:, place].round(6).tolist())
            for place, label in enumerate(task.classes)
        ]
    if asked.explain:
        columns += _reasons(model, table, outputs, asked.explain)
    return columns


def _check(model: TabularModel, asked: Asked) -> None:
    classifies = isinstance(model, TabularClassifier)
    if asked.interval is not None and classifies:
        raise BadArgument(
            "--interval is for quantities.",
            given=f"a model of {model.predictor_.task.kind}",
            fix="leave it out: the probabilities say how sure each row is.",
        )
    if asked.threshold is not None and model.predictor_.task.kind != "two classes":
        raise BadArgument(
            "--threshold is for two classes.", given=f"a model of {model.predictor_.task.kind}"
        )


def _values(column: Column) -> list[Any]:
    """A column's values as they are written: whole numbers without a decimal point."""
    if isinstance(column, NumberColumn):
        known = column.values[~column.missing]
        if np.array_equal(known, np.floor(known)) and (np.abs(known) < 2**53).all():
            return [None if np.isnan(v) else int(v) for v in column.values.tolist()]
        return [None if np.isnan(v) else v for v in column.values.tolist()]
    return [column.text(row) for row in range(len(column))]


def _say_drift(model: TabularModel, table: Table) -> None:
    for finding in model.drift(table):
        print(f"Warning: {finding.text}", file=sys.stderr)


# -- why ---------------------------------------------------------------------------------------


def _reasons(
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
            value = float(known.words[0]) if known.words else _median(known)
            columns.append(NumberColumn(name, np.array([value])))
        elif isinstance(column, TimeColumn):
            seconds = _median(known)
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


def _median(known: ColumnSummary) -> float:
    """The median of a column's training rows, from the bins of its summary."""
    if not known.edges:
        return np.nan
    place = int(np.searchsorted(np.cumsum(known.shares), 0.5 - 1e-9))
    return known.edges[min(place, len(known.edges) - 1)]


def write_predictions(out: Path | None, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write predictions into a file by its ending, or print them as CSV.

    Args:
        out: the file; None or "-": standard output.
        columns: by name.
    """
    if out is None or str(out) == "-":
        results.print_table(sys.stdout, columns)
        return
    results.write_table(out, columns)
    rows = len(next(iter(columns.values()), ()))
    print(f"Written to {out}: {rows:,} predictions")
