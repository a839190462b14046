"""From a folder of Parquet files, surveyed, to rows that are encoded as networks train on them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData
from rosenblatt.data.parquet_folder import RowGroup
from rosenblatt.tables.stacking import stacked
from rosenblatt.tables.table import Column, NumberColumn, Table, TextColumn
from rosenblatt.tabular.checks import Finding, check
from rosenblatt.tabular.encoder_fitting import Targets, Whole, fit_encoder
from rosenblatt.tabular.facts import Facts
from rosenblatt.tabular.folder_encoding import (
    FoldedEncoder,
    Totals,
    TrainingTables,
    mean_folds,
    with_means_of_all,
)
from rosenblatt.tabular.folder_rows import FolderRows
from rosenblatt.tabular.inputs import TrainingRows
from rosenblatt.tabular.kinds import Schema
from rosenblatt.tabular.learning import Floats, Ready, check_inputs, encoded_rows
from rosenblatt.tabular.network import shape_of
from rosenblatt.tabular.predictor import Scale
from rosenblatt.tabular.recipe import Recipe
from rosenblatt.tabular.splitting import Parts, Splitting, way_of
from rosenblatt.tabular.survey import Survey
from rosenblatt.tabular.targets import as_trained, numbers_of, outputs_of
from rosenblatt.tabular.task import Task
from rosenblatt.tabular.training import Fold, Rows

_TARGET_BYTES = 4  # of a target, and of a weight


@dataclass(frozen=True)
class FolderProblem:
    """What is to be learnt of a folder.

    Args:
        rows: those to train on, as they are read.
        found: what one pass over them found.
        schema: what the columns are.
        class_weights: (classes,) the weight of the rows of each class; of one for a quantity.
        apart: rows that choose the best epochs: table, targets, weights.
    """

    rows: TrainingTables
    found: Survey
    schema: Schema
    class_weights: Floats
    apart: tuple[Table, NDArray[Any], Floats]

    def digest(self) -> str:
        """What changes with the files or with how they are read."""
        tables, factors = self.rows.tables, self.rows.factors
        told = [
            tables.data.folder.digest, tables.names, tables.target, tables.weights,
            tables.data.window, self.schema.to_config(), self.rows.task.to_config(),
            None if factors is None else factors.tolist(), self.found.rows,
        ]  # fmt: skip
        return hashlib.blake2b(json.dumps(told).encode(), digest_size=16).hexdigest()


def held_out_rows(
    found: Survey, task: Task, factors: Floats | None
) -> tuple[Table, NDArray[Any], Floats]:
    """The rows of a folder that choose the best epochs: table, targets, weights.

    Raises:
        ValueError: there are none.
    """
    given = found.held_out
    numbers = None if given is None else numbers_of(given.target, task)
    if given is None or numbers is None or (not task.is_quantity and (numbers < 0).all()):
        raise BadData(
            f"{found.sample.table.source}: no row is left to choose the best epochs by.",
            given=f"{found.rows} rows to train on",
            fix="give such rows as `validation_data`.",
        )
    if not task.is_quantity:  # of a class that no row to train on has
        known = np.flatnonzero(numbers >= 0)
        given, numbers = given.take(known), numbers[known]
    weights = given.weights if factors is None else given.weights * factors[numbers]
    return given.table, numbers, weights


def ready(problem: FolderProblem, recipe: Recipe) -> Ready:
    """Fit the encoder, in one more pass over the rows, and have them encoded as they are read.

    Args:
        problem: what is to be learnt.
        recipe: every constant.
    """
    rows, found, task = problem.rows, problem.found, problem.rows.task
    sample, targets, weights = _numbered(found.sample, task, rows.factors)
    scale = Scale.of(targets, weights) if task.is_quantity else None
    folds = mean_folds(found.places, rows.seed)
    outputs = Targets(outputs_of(task, scale, targets), weights, folds)
    whole = Whole(found.rows, found.words)
    fitted, _ = fit_encoder(sample, problem.schema, outputs, recipe, whole)
    totals = Totals.of(fitted, rows, found.groups, scale)
    folded, encoded = with_means_of_all(fitted, totals, recipe.smoothing, sample, folds)
    inputs = encoded.inputs()
    check_inputs(inputs, sample, problem.schema)
    means = sum(one.shape[1] for one in encoded.means)
    shares = problem.class_weights / problem.class_weights.sum()
    shape = shape_of(inputs, folded.encoder.sizes, task.kind, shares, recipe, means)
    if scale is not None:
        scale = replace(scale, low=totals.low, high=totals.high)
    equal = rows.tables.weights is None and rows.factors is None
    reader = _Reader(rows, folded, scale, None if equal else totals.weight.sum() / found.rows)
    row_bytes = sum(array[:1].nbytes for array in inputs.values()) + _TARGET_BYTES * (2 - equal)
    data = FolderRows(rows.tables.data, found.groups, reader, row_bytes, problem.digest())
    table, judged, their_weights = problem.apart
    apart = encoded_rows(folded.encoder.encode(table).inputs(), judged, their_weights, scale)
    return Ready(
        folded.encoder,
        [Fold(data, apart=apart) for _ in range(recipe.models)],
        totals.widened(shape),
        task,
        problem.schema,
        scale,
        (judged, their_weights),
    )


def findings(problem: FolderProblem, split: str) -> list[Finding]:
    """What makes the model, or its scores, worth less than they seem, by the sample.

    Args:
        problem: what is to be learnt.
        split: "random", "time:COLUMN" or "group:COLUMN".
    """
    sample, task = problem.found.sample, problem.rows.task
    table, numbers, _ = problem.apart
    parts = [sample.table, Table({name: table[name] for name in sample.table.names})]
    both = stacked(parts, sample.table.source)
    targets = np.concatenate([numbers_of(sample.target, task), numbers])
    target = _as_column(targets, task)
    known = len(sample.weights)
    rows = Parts(np.arange(known), np.arange(known, len(targets)), np.zeros(0, np.intp))
    kind, column = way_of(split, table.names, sample.table.source)
    return check(both, problem.schema, target, task, rows, Splitting(kind, column))


def _as_column(targets: NDArray[Any], task: Task) -> Column:
    if task.is_quantity:
        return NumberColumn("", targets)
    words = np.array([str(label) for label in task.classes], object)
    return TextColumn("", targets.astype(np.int32), words)


def told(facts: Facts, problem: FolderProblem, counts: NDArray[np.int64], split: str) -> Facts:
    """The facts of a training on rows that stayed in files.

    Args:
        facts: of the sample.
        problem: what was learnt.
        counts: (classes,) the rows of each class.
        split: as of `findings`.
    """
    rows, apart = problem.found.rows, len(problem.apart[1])
    sampled, networks = len(problem.found.places), len(facts.curves)
    notes = [f"{rows:,} rows were trained on, window by window."]
    if sampled < rows:
        notes.append(f"What is said of columns is of a sample of {sampled:,} rows.")
    several = "s" * (networks > 1)
    return replace(
        facts,
        rows={"training": rows, "validation": apart},
        classes=dict(zip(map(str, problem.rows.task.classes), counts.tolist(), strict=True)),
        notes=(*facts.notes, *notes),
        split=f"{split}: {networks} network{several}, {apart:,} rows held out",
    )


def _numbered(
    given: TrainingRows, task: Task, factors: Floats | None
) -> tuple[Table, NDArray[Any], Floats]:
    targets = numbers_of(given.target, task)
    weights = given.weights if factors is None else given.weights * factors[targets]
    return given.table, targets, weights


@dataclass(frozen=True)
class _Reader:
    """Reads the rows of a row group as the networks are trained on them.

    Args:
        rows: to train on.
        encoder: of them.
        scale: the units of a quantity.
        mean_weight: of all rows; None where all weights are 1.
    """

    rows: TrainingTables
    encoder: FoldedEncoder
    scale: Scale | None
    mean_weight: float | None

    def __call__(self, group: RowGroup) -> Iterator[Rows]:
        for piece in self.rows.pieces(group):
            if not len(piece.targets):
                continue
            weights = None
            if self.mean_weight is not None:
                weights = (piece.weights / self.mean_weight).astype(np.float32)
            inputs = self.encoder.encode(piece.table, piece.folds).inputs()
            yield Rows(inputs, as_trained(piece.targets, self.scale), weights)
