"""`rosenblatt evaluate` and `predict` with a model of a raw table."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rosenblatt.cli import results
from rosenblatt.core.errors import BadData
from rosenblatt.serving.columns import print_table
from rosenblatt.serving.table_columns import Asked, ids_of, plain_values, predicted_columns
from rosenblatt.tables.names import named_apart
from rosenblatt.tables.table import Table
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.report_text import scores_text


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
    columns: list[tuple[str, Sequence[Any]]] = [(name, plain_values(table[name])) for name in ids]
    columns += predicted_columns(model, table, asked)
    _say_drift(model, table)
    names, _ = named_apart([name for name, _ in columns])
    return dict(zip(names, (values for _, values in columns), strict=True))


def _say_drift(model: TabularModel, table: Table) -> None:
    for finding in model.drift(table):
        print(f"Warning: {finding.text}", file=sys.stderr)


def write_predictions(out: Path | None, columns: Mapping[str, Sequence[Any]]) -> None:
    """Write predictions into a file by its ending, or print them as CSV.

    Args:
        out: the file; None or "-": standard output.
        columns: by name.
    """
    if out is None or str(out) == "-":
        print_table(sys.stdout, columns)
        return
    results.write_table(out, columns)
    rows = len(next(iter(columns.values()), ()))
    print(f"Written to {out}: {rows:,} predictions")
