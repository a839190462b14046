"""From a table and its targets to a trained predictor."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import BadData
from rosenblatt.tables.table import Table
from rosenblatt.tabular.averaging import SeenRows, narrowed
from rosenblatt.tabular.calibration import Temperature
from rosenblatt.tabular.encoder_fitting import Targets, fit_encoder
from rosenblatt.tabular.encoding import Encoder
from rosenblatt.tabular.intervals import Conformal
from rosenblatt.tabular.kinds import Schema
from rosenblatt.tabular.members import Inputs, member_outputs
from rosenblatt.tabular.network import QUANTITY, Shape, shape_of
from rosenblatt.tabular.predictor import (
    Predictor,
    Scale,
    as_probabilities,
    disagreement,
)
from rosenblatt.tabular.recipe import Recipe
from rosenblatt.tabular.targets import as_trained, outputs_of
from rosenblatt.tabular.task import Task
from rosenblatt.tabular.trained import Trained
from rosenblatt.tabular.training import (
    Fold,
    Index,
    Plan,
    Rows,
    StoredRows,
    joined_network,
    train_networks,
)

_MEAN_FOLDS = 5  # of target means
_FEWEST_HELD_OUT = 20  # rows, for a temperature or an interval
_ROWS_AT_ONCE = 65_536  # so that memory stays bounded
_MOST_COMPARED = 4_000  # rows on which networks are compared with each other

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """What is to be learnt.

    Args:
        table: the columns, without the target.
        targets: (rows,): quantities, or the numbers of classes.
        weights: (rows,), of the rows.
        schema: what the columns are.
        task: what is predicted.
        folds: the rows that each network holds out, as pairs (train, valid).
        apart: rows that choose the best epochs, in place of folds: table, targets, weights.
    """

    table: Table
    targets: NDArray[Any]
    weights: Floats
    schema: Schema
    task: Task
    folds: Sequence[tuple[Index, Index]]
    apart: tuple[Table, NDArray[Any], Floats] | None = None


@dataclass(frozen=True)
class HeldOut:
    """Predictions for rows that the networks were not trained on.

    Args:
        rows: their numbers in the training table, or in the validation table.
        predictions: (rows, 1) quantities or (rows, classes) probabilities.
        targets: (rows,).
        weights: (rows,).
        spreads: (rows,), how far members disagree, for quantities.
        network: (rows,), which network predicted; the last one where there were several.
        networks: how many networks' mean the predictions are.
    """

    rows: Index
    predictions: Floats
    targets: NDArray[Any]
    weights: Floats
    spreads: Floats
    network: Index
    networks: int


@dataclass(frozen=True)
class Learned:
    """A predictor, and how it came about.

    Args:
        predictor: it.
        schema: what the columns are.
        recipe: of its networks.
        held_out: predictions for rows that were held out.
        curves: "loss" and "val_loss" of each network, by epoch.
        best_epochs: of each network, from 0.
        seconds: encoding and training.
    """

    predictor: Predictor
    schema: Schema
    recipe: Recipe
    held_out: HeldOut
    curves: list[dict[str, list[float]]]
    best_epochs: list[int]
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """Encoded rows, and all else that training needs.

    Args:
        encoder: as rows to predict for are read.
        folds: the rows of each network.
        shape: of the networks.
        task: what is predicted.
        schema: what the columns are.
        scale: the units of a quantity; None for classes.
        judged: targets and weights of the rows that the folds hold out.
    """

    encoder: Encoder
    folds: Sequence[Fold]
    shape: Shape
    task: Task
    schema: Schema
    scale: Scale | None
    judged: tuple[NDArray[Any], Floats]


def learn(problem: Problem, recipe: Recipe, plan: Plan) -> Learned:
    """Fit the encoder, train the networks, and settle how sure the model is.

    Args:
        problem: what is to be learnt.
        recipe: every constant.
        plan: seed, threads, limits.
    """
    begun = time.perf_counter()
    task = problem.task
    scale = None
    if task.kind == QUANTITY:
        scale = Scale.of(problem.targets, problem.weights)
    encoder, inputs, shape = _encoded(problem, scale, recipe, plan.seed)
    data = encoded_rows(inputs, problem.targets, problem.weights, scale)
    folds = _folds(problem, encoder, data, scale, recipe)
    judged = (problem.targets, problem.weights) if problem.apart is None else problem.apart[1:]
    ready = Ready(encoder, folds, shape, task, problem.schema, scale, judged)
    return train(ready, recipe, plan, time.perf_counter() - begun)


def train(ready: Ready, recipe: Recipe, plan: Plan, encoding: float) -> Learned:
    """Train the networks, and settle how sure the model is.

    Args:
        ready: encoded rows.
        recipe: every constant.
        plan: seed, threads, limits.
        encoding: seconds that it took so far.
    """
    begun = time.perf_counter()
    folds, scale = ready.folds, ready.scale
    plan = _backed_up(plan, folds, recipe)
    trained = train_networks(folds, ready.shape, recipe, plan)
    if plan.folder is not None and len(trained) == len(folds):
        shutil.rmtree(plan.folder, ignore_errors=True)
    network = joined_network(trained, ready.shape, recipe)
    held_out = _held_out(ready, trained)
    predictor = Predictor(ready.encoder, network, ready.task, scale)
    predictor = _settled(predictor, held_out, folds[0].data)
    return Learned(
        predictor,
        ready.schema,
        recipe,
        held_out,
        [one.curve for one in trained],
        [one.best_epoch for one in trained],
        {"encoding": encoding, "training": time.perf_counter() - begun},
    )


def _encoded(
    problem: Problem, scale: Scale | None, recipe: Recipe, seed: int
) -> tuple[Encoder, Inputs, Shape]:
    """The fitted encoder, what it makes of the training rows, and the network that suits that.

    In training only this is held of the rows: their columns one by one are as much again.
    """
    outputs = outputs_of(problem.task, scale, problem.targets)
    shares = class_shares(problem.task, problem.targets, problem.weights)
    mean_folds = np.random.default_rng(seed).permutation(problem.table.rows) % _MEAN_FOLDS
    encoder, encoded = fit_encoder(
        problem.table, problem.schema, Targets(outputs, problem.weights, mean_folds), recipe
    )
    inputs = encoded.inputs()
    check_inputs(inputs, problem.table, problem.schema)
    means = sum(one.shape[1] for one in encoded.means)
    shape = shape_of(inputs, encoder.sizes, problem.task.kind, shares, recipe, means)
    return encoder, inputs, shape


def check_inputs(inputs: Inputs, table: Table, schema: Schema) -> None:
    """Refuse a table of which a model would read nothing.

    Raises:
        ValueError: saying what each column is.
    """
    if not inputs:
        raise BadData(
            f"{table.source}: no column is left to predict from.",
            given="; ".join(schema.described()),
            fix="say what a column is with `types={'column': 'category'}`.",
        )


def _backed_up(plan: Plan, folds: Sequence[Fold], recipe: Recipe) -> Plan:
    """The plan with a folder of its own for these data and settings."""
    if plan.folder is None:
        return plan
    digest = hashlib.blake2b(json.dumps([recipe.to_config(), plan.seed]).encode(), digest_size=8)
    for fold in folds:
        for rows in (fold.data, fold.apart):
            if rows is None:
                continue
            if isinstance(rows, StoredRows):
                digest.update(rows.digest.encode())
                continue
            weights = np.zeros(0) if rows.weights is None else rows.weights
            for name, array in [*rows.inputs.items(), ("y", rows.targets), ("w", weights)]:
                digest.update(f"{name}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        digest.update(b"".join(i.tobytes() for i in (fold.train, fold.valid) if i is not None))
    return replace(plan, folder=plan.folder / digest.hexdigest())


def class_shares(task: Task, targets: NDArray[Any], weights: Floats) -> Floats:
    """(classes,) the share of each class in the rows; of one for a quantity.

    Args:
        task: what is predicted.
        targets: (rows,) numbers of classes.
        weights: (rows,).
    """
    if task.is_quantity:
        return np.ones(1)
    return np.average(np.eye(len(task.classes))[targets], axis=0, weights=weights)


def encoded_rows(
    inputs: Mapping[str, NDArray[Any]], targets: NDArray[Any], weights: Floats, scale: Scale | None
) -> Rows:
    """Encoded rows with their targets as a network is trained on them.

    Args:
        inputs: of the network.
        targets: (rows,): quantities, or the numbers of classes.
        weights: (rows,).
        scale: the units of a quantity; None for classes.
    """
    equal = bool((weights == weights[0]).all())
    scaled = None if equal else (weights / weights.mean()).astype(np.float32)
    return Rows(inputs, as_trained(targets, scale), scaled)


def _folds(
    problem: Problem, encoder: Encoder, data: Rows, scale: Scale | None, recipe: Recipe
) -> list[Fold]:
    if problem.apart is None:
        return [Fold(data, train, valid) for train, valid in problem.folds]
    table, targets, weights = problem.apart
    apart = encoded_rows(encoder.encode(table).inputs(), targets, weights, scale)
    return [Fold(data, apart=apart) for _ in range(recipe.models)]


def _held_out(ready: Ready, trained: Sequence[Trained]) -> HeldOut:
    """Each held-out row as the networks see it that were not trained on it."""
    (targets, weights), scale = ready.judged, ready.scale
    spread, count = np.zeros(len(targets)), np.zeros(len(targets))
    network = np.zeros(len(targets), np.int64)
    total: Floats | None = None
    for place, one in enumerate(trained):
        valid = ready.folds[one.number].valid
        rows = np.arange(len(targets)) if valid is None else valid
        for start in range(0, max(len(rows), 1), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            members = one.members[start : start + _ROWS_AT_ONCE].astype(np.float64)
            if scale is not None:
                spread[some] += scale.spread * disagreement(members, 1)
                found = scale.from_units(members.mean(axis=1))
            else:
                found = as_probabilities(members).mean(axis=1)
            total = np.zeros((len(targets), found.shape[1])) if total is None else total
            total[some] += found
        count[rows] += 1
        network[rows] = place
    rows = np.flatnonzero(count)
    assert total is not None
    predictions = total[rows] / count[rows, None]
    return HeldOut(
        rows, predictions, targets[rows], weights[rows], spread[rows] / count[rows],
        network[rows], int(count.max()),
    )  # fmt: skip


def _settled(predictor: Predictor, held_out: HeldOut, data: Rows | StoredRows) -> Predictor:
    """The predictor with a temperature, or with intervals, where enough rows were held out."""
    if len(held_out.rows) < _FEWEST_HELD_OUT:
        return predictor
    if predictor.scale is None:
        temperature = Temperature.fit(held_out.targets, held_out.predictions, held_out.weights)
        return replace(predictor, temperature=temperature)
    conformal = Conformal.fit(held_out.targets, held_out.predictions[:, 0], held_out.spreads)
    if held_out.networks == 1 < predictor.network_groups and isinstance(data, Rows):
        conformal = narrowed(conformal, _seen_rows(predictor, held_out, data))
    return replace(predictor, conformal=conformal)


def _seen_rows(predictor: Predictor, held_out: HeldOut, data: Rows) -> SeenRows:
    """Some held-out rows with what all networks say of them, in the quantity's units."""
    assert predictor.scale is not None
    few = min(len(held_out.rows), _MOST_COMPARED)
    places = np.linspace(0, len(held_out.rows) - 1, few).astype(np.int64)
    outputs = member_outputs(predictor.network, data.take(held_out.rows[places]).inputs)
    members = outputs.reshape(few, predictor.network_groups, -1).astype(np.float64)
    errors = np.abs(held_out.predictions[places, 0] - held_out.targets[places])
    return SeenRows(errors, held_out.network[places], predictor.scale.spread * members)
