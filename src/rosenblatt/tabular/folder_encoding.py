"""An encoder for the rows of a folder: fitted on a sample, its target means those of all rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.core.errors import within
from rosenblatt.data.parquet_folder import RowGroup
from rosenblatt.layers.tabular.categories import TargetMeans
from rosenblatt.tables.table import Table
from rosenblatt.tabular.drawing import MEAN_FOLD, drawn
from rosenblatt.tabular.encoder_fitting import robust, smoothed, sums_by_code
from rosenblatt.tabular.encoding import Codes, Encoded, Encoder, Floats, two_axes
from rosenblatt.tabular.folder_tables import FolderTables, Places
from rosenblatt.tabular.network import Shape
from rosenblatt.tabular.predictor import Scale
from rosenblatt.tabular.survey import IsHeld
from rosenblatt.tabular.targets import numbers_of, outputs_of
from rosenblatt.tabular.task import Task

MEAN_FOLDS = 5
"""Of target means."""


def mean_folds(places: Places, seed: int) -> NDArray[np.int64]:
    """(rows,) the fold of each row: its target means are those of the rows of other folds."""
    return (drawn(places, MEAN_FOLD, seed) * MEAN_FOLDS).astype(np.int64)


@dataclass(frozen=True)
class TrainingPiece:
    """Some rows to train on.

    Args:
        table: the columns that may be read.
        targets: (rows,): quantities, or the numbers of classes.
        weights: (rows,).
        folds: (rows,), of target means.
    """

    table: Table
    targets: NDArray[Any]
    weights: NDArray[np.float64]
    folds: NDArray[np.int64]


@dataclass(frozen=True)
class TrainingTables:
    """The rows of a folder that are trained on.

    Args:
        tables: all rows.
        is_held: which of them are not.
        task: what is predicted.
        factors: (classes,) what the weights of their rows are multiplied by; None: nothing.
        seed: of the folds of target means.
    """

    tables: FolderTables
    is_held: IsHeld
    task: Task
    factors: NDArray[np.float64] | None
    seed: int

    def pieces(self, group: RowGroup) -> Iterator[TrainingPiece]:
        """The rows of a row group, piece by piece.

        Raises:
            ValueError: a target that is not a number where the task is a quantity.
        """
        for piece in self.tables.pieces(group):
            train = piece.take(~self.is_held(piece))
            name = self.tables.data.folder.name_of(group)
            with within(f"{name}, of the rows that are trained on"):
                targets = numbers_of(train.rows.target, self.task)
            weights = train.rows.weights
            if self.factors is not None:
                weights = weights * self.factors[targets]
            folds = mean_folds(train.places, self.seed)
            yield TrainingPiece(train.rows.table, targets, weights, folds)


@dataclass(frozen=True)
class FoldedEncoder:
    """An encoder as rows to train on see it: target means are those of other folds.

    Args:
        encoder: of all other rows.
        own: for each layer of target means the tables of the folds, (folds, codes, width).
    """

    encoder: Encoder
    own: tuple[Floats, ...]

    def encode(self, table: Table, folds: NDArray[np.int64]) -> Encoded:
        """The rows as the network takes them.

        Args:
            table: with the columns that the model reads.
            folds: (rows,).
        """

        def of_others(number: int, layer: TargetMeans, codes: Codes) -> Floats:
            return self.own[number][folds, codes]

        return self.encoder.encode(table, of_others)


@dataclass
class Totals:
    """What a pass over the rows to train on finds of them, as the fitted layers read them.

    Attributes:
        weight: (folds,) Σ w of each fold.
        weighted: (outputs,) Σ w y.
        sums: for each layer of target means (folds, codes, outputs + 1): Σ w y and Σ w.
        least, most: (numbers,) the range of each number that the network takes.
        gaps: (numbers,) whether it is missing in some row.
        low, high: of the targets.
    """

    weight: NDArray[np.float64]
    weighted: NDArray[np.float64]
    sums: list[NDArray[np.float64]]
    least: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    most: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    gaps: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def of(
        cls,
        encoder: Encoder,
        rows: TrainingTables,
        groups: tuple[RowGroup, ...],
        scale: Scale | None,
    ) -> Totals:
        """Read all rows once.

        Args:
            encoder: fitted on a sample.
            rows: to train on.
            groups: the row groups that hold them.
            scale: the units of a quantity.
        """
        width = 1 if scale is not None else max(len(rows.task.classes), 2)
        width -= rows.task.kind == "two classes"
        sizes = [len(layer.table) for layer in encoder.means]
        found = cls(
            np.zeros(MEAN_FOLDS),
            np.zeros(width),
            [np.zeros((MEAN_FOLDS, size, width + 1)) for size in sizes],
        )
        for group in groups:
            for piece in rows.pieces(group):
                if len(piece.targets):
                    found._add(encoder, piece, outputs_of(rows.task, scale, piece.targets))
        return found

    def _add(self, encoder: Encoder, piece: TrainingPiece, y: NDArray[np.float64]) -> None:
        def counted(number: int, layer: TargetMeans, codes: Codes) -> Floats:
            size = self.sums[number].shape[1]
            places = piece.folds * size + codes
            sums = sums_by_code(places, MEAN_FOLDS * size, y, piece.weights)
            self.sums[number] += sums.reshape(MEAN_FOLDS, size, -1)
            return np.zeros((len(codes), 0), np.float32)

        self.weight += np.bincount(piece.folds, piece.weights, MEAN_FOLDS)
        self.weighted += piece.weights @ y
        self.low = min(self.low, float(piece.targets.min()))
        self.high = max(self.high, float(piece.targets.max()))
        found = encoder.encode(piece.table, counted).numbers
        if not found:
            return
        numbers = np.concatenate([two_axes(one) for one in found], axis=1)
        gaps = np.isnan(numbers)
        least = np.where(gaps, np.inf, numbers).min(axis=0)
        most = np.where(gaps, -np.inf, numbers).max(axis=0)
        if not len(self.least):
            self.least, self.most, self.gaps = least, most, gaps.any(axis=0)
        self.least, self.most = np.minimum(self.least, least), np.maximum(self.most, most)
        self.gaps |= gaps.any(axis=0)

    def means(self, smoothing: float) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """For each layer the means of all rows, (codes, width), and those beside each fold."""
        whole = self.weight.sum()
        prior, parts = self.weighted / whole, 1 - self.weight / whole
        found = []
        for sums in self.sums:
            total = sums.sum(axis=0)
            own = [
                smoothed(total - sums[fold], prior, smoothing, max(parts[fold], 1e-9))
                for fold in range(MEAN_FOLDS)
            ]
            found.append((smoothed(total, prior, smoothing), np.stack(own)))
        return found

    def widened(self, shape: Shape) -> Shape:
        """The structure that suits a sample, with the ranges and the gaps of all rows."""
        edges = [one.copy() for one in shape.edges]
        for place, (least, most) in enumerate(zip(self.least, self.most, strict=True)):
            edges[place][0] = min(edges[place][0], least)
            edges[place][-1] = max(edges[place][-1], most)
        gaps = sorted({*shape.gaps, *np.flatnonzero(self.gaps).tolist()})
        return replace(shape, edges=edges, gaps=gaps)


def with_means_of_all(
    encoder: Encoder, totals: Totals, smoothing: float, sample: Table, folds: NDArray[np.int64]
) -> tuple[FoldedEncoder, Encoded]:
    """An encoder with the target means of all rows, and what it makes of a sample of them.

    Args:
        encoder: fitted on the sample.
        totals: of all rows.
        smoothing: of target means.
        sample: rows to train on, by which the means are centered and scaled.
        folds: of its rows.
    """
    means = totals.means(smoothing)
    shifts: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []

    def of_others(number: int, layer: TargetMeans, codes: Codes) -> Floats:
        own = means[number][1][folds, codes]
        center, scale = robust(own)
        shifts.append((np.array(center), np.array(scale)))
        return scaled(own, *shifts[-1])

    found = encoder.encode(sample, of_others)
    tables = [
        (scaled(table, *shift), scaled(own, *shift))
        for (table, own), shift in zip(means, shifts, strict=True)
    ]
    whole = encoder.with_means([table for table, _ in tables])
    return FoldedEncoder(whole, tuple(own for _, own in tables)), found


def scaled(
    values: NDArray[np.float64], center: NDArray[np.float64], scale: NDArray[np.float64]
) -> Floats:
    """Means in units of their spread, float32."""
    return ((values - center) / scale).astype(np.float32)
