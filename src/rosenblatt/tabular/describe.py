"""The facts of a report, from what is known after training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

import numpy as np
from numpy.typing import ArrayLike

from rosenblatt.tables.table import Column, Table, TextColumn
from rosenblatt.tabular.facts import ColumnFacts, Curve, Facts, Score
from rosenblatt.tabular.held_out import HeldOut
from rosenblatt.tabular.intervals import Conformal
from rosenblatt.tabular.kinds import Schema
from rosenblatt.tabular.scores import bootstrap, scores_of
from rosenblatt.tabular.task import Task
from rosenblatt.tabular.thresholds import Threshold

_PACKAGES = ("rosenblatt", "jax", "numpy")


def facts_of(
    task: Task,
    schema: Schema,
    table: Table,
    targets: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike | None = None,
    spreads: ArrayLike | None = None,
    *,
    target: str = "y",
    part: str = "held-out",
    conformal: Conformal | None = None,
    threshold: Threshold | None = None,
    findings: Iterable[object] = (),
    seed: int = 0,
) -> Facts:
    """What a report says about a model; the rest is added with `dataclasses.replace`.

    Args:
        task, schema: what is predicted, and what the columns hold.
        table: of the training rows.
        targets: (rows,) of rows the model has not learned from: quantities or numbers of classes.
        predictions: (rows, 1) quantities or (rows, classes) probabilities of these rows.
        weights: (rows,) of these rows; None: 1.
        spreads: (rows,), how far members disagree about a quantity.
        target: its name.
        part: what these rows are called.
        conformal: what makes intervals, if it was fitted on other rows; None: it was fitted on
            these rows, and each row's interval is taken from the others.
        threshold: of the second of two classes.
        findings: warnings, each with its text as `str`.
        seed: of the bootstrap.

    Returns:
        Facts without importance, curves, recipe, seconds, rows, class counts and drift.

    Raises:
        ValueError: predictions that do not fit the targets.
    """
    kind = task.kind
    ends = bootstrap(kind, targets, predictions, weights, seed=seed)
    values = scores_of(kind, targets, predictions, weights)
    scores = {name: Score(value, *ends.get(name, (None, None))) for name, value in values.items()}
    if task.is_quantity:
        held_out = HeldOut.of_quantity(
            targets, predictions, spreads, conformal, crossed=conformal is None, part=part
        )
    else:
        cut = 0.5 if threshold is None else threshold.value
        held_out = HeldOut.of_classes(targets, predictions, task.classes, cut, part=part)
    return Facts(
        source=table.source,
        target=target,
        task=kind,
        task_reason=task.reason,
        notes=tuple(table.notes),
        columns=column_facts(table, schema),
        warnings=tuple(str(one) for one in findings),
        versions=versions(),
        scores=scores,
        held_out=held_out,
        threshold=threshold,
    )


def column_facts(table: Table, schema: Schema) -> tuple[ColumnFacts, ...]:
    """What a schema and the training rows say about each column.

    >>> from rosenblatt.tables import read
    >>> from rosenblatt.tabular.kinds import infer
    >>> table = read({"age": [31.0, None, 45.0, 31.0]})
    >>> column_facts(table, infer(table))[0][3:]
    (True, 0.25, 2)
    """
    found = []
    for name, kind in schema.columns.items():
        column = table[name]
        missing = float(column.missing.mean()) if len(column) else 0.0
        distinct = _distinct(column)
        found.append(ColumnFacts(name, kind.kind, kind.reason, kind.is_read, missing, distinct))
    return tuple(found)


def _distinct(column: Column) -> int:
    values = column.codes if isinstance(column, TextColumn) else column.values
    return len(np.unique(values[~column.missing]))


def curves_of(
    histories: Sequence[Mapping[str, Sequence[float]]], best_epochs: Sequence[int]
) -> tuple[Curve, ...]:
    """The curves of networks, from their histories as `fit` returns them.

    Args:
        histories: "loss" and "val_loss" of each network, by epoch; NaN where not validated.
        best_epochs: the epoch of each network that was kept, from 0.

    >>> curves_of([{"loss": [0.5, 0.3, 0.2], "val_loss": [float("nan"), 0.4, 0.5]}], [1])[0].best
    2.0
    """
    found = []
    for place, (history, best) in enumerate(zip(histories, best_epochs, strict=True), 1):
        losses = list(history["val_loss"])
        epochs = tuple(float(epoch) for epoch in range(1, len(losses) + 1))
        training = tuple(history.get("loss", ()))[: len(losses)]
        kept = float(best + 1) if best >= 0 else None
        found.append(Curve(f"network {place}", epochs, tuple(losses), training, kept))
    return tuple(found)


def versions() -> dict[str, str]:
    """What the model was made with.

    >>> sorted(versions())
    ['Python', 'jax', 'numpy', 'rosenblatt']
    """
    return {**{name: _version(name) for name in _PACKAGES}, "Python": python_version()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from its source
        return "not installed"
