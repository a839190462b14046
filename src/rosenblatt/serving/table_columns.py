"""What a model of a raw table predicts for rows, as columns to write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadArgument
from rosenblatt.serving.reasons import reasons
from rosenblatt.tables.table import Column, NumberColumn, Table
from rosenblatt.tabular.classifier import TabularClassifier
from rosenblatt.tabular.estimators import TabularModel
from rosenblatt.tabular.regressor import TabularRegressor
from rosenblatt.tabular.task import labels

Named = list[tuple[str, Sequence[Any]]]  # columns, which may have equal names
Floats = NDArray[np.float64]


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


def ids_of(model: TabularModel) -> list[str]:
    """The columns of ids that its training table had."""
    return [name for name, kind in model.schema_.columns.items() if kind.kind == "id"]


def predicted_columns(model: TabularModel, table: Table, asked: Asked) -> Named:
    """What is predicted for the rows of a table, as columns.

    Args:
        model: trained.
        table: with the columns that it reads, in any order.
        asked: what to add.

    Raises:
        ValueError: a column is missing; something that this kind of model does not give.
    """
    check(model, asked)
    ends = None
    if isinstance(model, TabularRegressor):
        predictions = model.predict(table)[:, None]
        if asked.interval is not None:
            ends = model.predict_interval(table, coverage=asked.interval)
    else:
        assert isinstance(model, TabularClassifier)
        predictions = model.predict_proba(table)
    columns = as_columns(model, predictions, ends, asked.threshold)
    if asked.explain:
        columns += reasons(model, table, _chosen(predictions, asked.threshold), asked.explain)
    return columns


def as_columns(
    model: TabularModel, predictions: Floats, ends: Floats | None, threshold: float | None
) -> Named:
    """Predictions as columns to write.

    Args:
        model: whose they are.
        predictions: (rows, 1) quantities, or (rows, classes) probabilities.
        ends: (rows, 2), of the intervals of quantities.
        threshold: as of `Asked`.
    """
    task = model.predictor_.task
    if task.is_quantity:
        columns: Named = [("prediction", predictions[:, 0].tolist())]
        if ends is not None:
            columns += [("low", ends[:, 0].tolist()), ("high", ends[:, 1].tolist())]
        return columns
    columns = [("prediction", labels(task, _chosen(predictions, threshold)).tolist())]
    return columns + [
        (f"probability_{label}", predictions[:, place].round(6).tolist())
        for place, label in enumerate(task.classes)
    ]


def _chosen(predictions: Floats, threshold: float | None) -> NDArray[np.int64]:
    """The output of the model that each row's prediction is."""
    if threshold is None:
        return predictions.argmax(axis=1)
    return (predictions[:, 1] >= threshold).astype(np.int64)


def check(model: TabularModel, asked: Asked) -> None:
    """Refuse what a model does not give.

    Raises:
        ValueError: intervals of classes, a threshold of anything but two classes.
    """
    classifies = isinstance(model, TabularClassifier)
    if asked.interval is not None and classifies:
        raise BadArgument(
            "An interval is for quantities.",
            given=f"a model of {model.predictor_.task.kind}",
            fix="leave it out: the probabilities say how sure each row is.",
        )
    if asked.threshold is not None and model.predictor_.task.kind != "two classes":
        raise BadArgument(
            "A threshold is for two classes.", given=f"a model of {model.predictor_.task.kind}"
        )


def plain_values(column: Column) -> list[Any]:
    """A column's values as they are written: whole numbers without a decimal point."""
    if isinstance(column, NumberColumn):
        known = column.values[~column.missing]
        if np.array_equal(known, np.floor(known)) and (np.abs(known) < 2**53).all():
            return [None if np.isnan(v) else int(v) for v in column.values.tolist()]
        return [None if np.isnan(v) else v for v in column.values.tolist()]
    return [column.text(row) for row in range(len(column))]
