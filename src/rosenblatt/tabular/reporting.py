"""What a report says of a trained model: facts of its training, and of rows it is tried on."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tables.table import Table
from rosenblatt.tabular.checks import Finding
from rosenblatt.tabular.describe import curves_of, facts_of
from rosenblatt.tabular.explain import importance
from rosenblatt.tabular.facts import Facts
from rosenblatt.tabular.kinds import Schema
from rosenblatt.tabular.learning import Learned
from rosenblatt.tabular.predictor import Predictor
from rosenblatt.tabular.scores import MAIN_MEASURE
from rosenblatt.tabular.thresholds import best_threshold

_ASKED_ROWS = 100_000  # that importance may predict, all columns together
_MOST_ROWS = 2_000
_REPEATS = 3

Floats = NDArray[np.float64]


def facts_of_training(
    table: Table,
    target: str,
    learned: Learned,
    findings: Sequence[Finding],
    split: str,
    seed: int,
) -> Facts:
    """The facts of a training, with the scores of rows that were held out.

    Args:
        table: the training rows, without the target.
        target: its name.
        learned: what came of them.
        findings: the warnings.
        split: how rows were held out.
        seed: of the training.
    """
    predictor, held_out = learned.predictor, learned.held_out
    task = predictor.task
    threshold = None
    counts: dict[str, int] = {}
    if not task.is_quantity:
        found = np.bincount(held_out.targets, minlength=len(task.classes))
        counts = {str(label): int(n) for label, n in zip(task.classes, found, strict=True)}
    if task.kind == "two classes":
        threshold = best_threshold(
            held_out.targets, held_out.predictions, "balanced_accuracy", held_out.weights
        )
    facts = facts_of(
        task, learned.schema, table, held_out.targets, held_out.predictions, held_out.weights,
        held_out.spreads if task.is_quantity else None, target=target, threshold=threshold,
        findings=[finding.text for finding in findings], seed=seed,
    )  # fmt: skip
    several = len(learned.curves)
    return replace(
        facts,
        rows={"training": table.rows},
        classes=counts,
        split=f"{split}: {several} network{'s' * (several > 1)}, each with other rows held out",
        seeds=(seed,),
        recipe=learned.recipe.to_config(),
        seconds={name: round(seconds, 3) for name, seconds in learned.seconds.items()},
        curves=curves_of(learned.curves, learned.best_epochs),
        temperature=predictor.temperature.value,
        made=datetime.date.today().isoformat(),
    )


def facts_of_trial(
    facts: Facts,
    predictor: Predictor,
    schema: Schema,
    table: Table,
    targets: NDArray[Any],
    weights: Floats,
    part: str = "test",
) -> Facts:
    """The facts of a training, with scores, intervals and importance on rows it never saw.

    Args:
        facts: of the training.
        predictor: the model.
        schema: what the columns are.
        table: with the columns that the model reads.
        targets: (rows,): quantities, or the numbers of classes.
        weights: (rows,).
        part: what the rows are called.
    """
    task = predictor.task
    spreads = None
    if task.is_quantity:
        predictions, spreads = predictor.predict_with_spread(table)
    else:
        predictions = predictor.predict(table)
    found = facts_of(
        task, schema, table, targets, predictions, weights, spreads, target=facts.target,
        part=part, conformal=predictor.conformal, threshold=facts.threshold,
    )  # fmt: skip
    measure = MAIN_MEASURE[task.kind]
    names = list(predictor.encoder.names)
    most = max(50, min(_MOST_ROWS, _ASKED_ROWS // (_REPEATS * len(names))))
    drops = []
    if measure in found.scores:
        drops = importance(
            predictor.predict, table, targets, task.kind, names, weights,
            measure=measure, repeats=_REPEATS, most_rows=most,
        )  # fmt: skip
    return replace(
        facts,
        rows={**facts.rows, part: table.rows},
        scores=found.scores,
        held_out=found.held_out,
        importance=tuple(drops),
        importance_measure=measure,
    )
