"""A trained model for tables: from rows of a table to what is predicted, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rosenblatt.models.model import Functional, Model
from rosenblatt.tables.one_row import Row
from rosenblatt.tables.table import Table
from rosenblatt.tabular.calibration import Temperature
from rosenblatt.tabular.encoding import Encoder
from rosenblatt.tabular.intervals import Conformal
from rosenblatt.tabular.members import Inputs, members_of, outputs_of_members
from rosenblatt.tabular.row_encoding import RowEncoder
from rosenblatt.tabular.task import Task
from rosenblatt.training.predict import predict_arrays

_ROWS_AT_ONCE = 65_536  # so that memory stays bounded, whatever the number of rows

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """The units of a quantity: what the network gives is y = mean + spread · output, cut.

    Args:
        mean, spread: of the training rows' targets.
        low, high: the least and the largest of them.
    """

    mean: float
    spread: float
    low: float
    high: float

    @classmethod
    def of(cls, targets: Floats, weights: Floats) -> Scale:
        """The units of the training rows' targets.

        >>> Scale.of(np.array([1.0, 3.0]), np.ones(2))
        Scale(mean=2.0, spread=1.0, low=1.0, high=3.0)
        """
        mean = float(np.average(targets, weights=weights))
        spread = float(np.sqrt(np.average((targets - mean) ** 2, weights=weights)))
        return cls(mean, spread or 1.0, float(targets.min()), float(targets.max()))

    def to_units(self, targets: Floats) -> NDArray[np.float32]:
        """Targets in units of their spread."""
        return ((targets - self.mean) / self.spread).astype(np.float32)

    def from_units(self, outputs: NDArray[np.floating]) -> Floats:
        """Outputs as quantities, within those of the training rows."""
        return np.clip(self.mean + self.spread * outputs.astype(np.float64), self.low, self.high)


@dataclass(frozen=True)
class Predictor:
    """Everything that turns rows of a table into predictions.

    Args:
        encoder: the columns as numbers and codes.
        network: logits, or a quantity in units of its spread.
        task: what is predicted.
        scale: the units of a quantity; None for classes.
        temperature: makes probabilities as sure as they should be.
        conformal: how far quantities may be off; None for classes, and without held-out rows.
    """

    encoder: Encoder
    network: Functional
    task: Task
    scale: Scale | None = None
    temperature: Temperature = field(default_factory=Temperature)
    conformal: Conformal | None = None

    def predict(self, table: Table | Row) -> Floats:
        """Probabilities (rows, classes), or quantities (rows, 1).

        Args:
            table: with the columns that the model reads, in any order; or the cells of a single
                row by column (`tables.one_row`), which takes less time.

        Raises:
            ValueError: a column is missing.
        """
        return self.of_inputs(self.inputs(table))

    def predict_with_spread(self, table: Table | Row) -> tuple[Floats, Floats]:
        """Predictions, and how far the members disagree about a quantity, (rows,), in its units.

        Args:
            table: as of `predict`; its columns are encoded once for both.
        """
        parts = self.inputs(table)
        return self.of_inputs(parts), self.spread_of(parts)

    def inputs(self, table: Table | Row) -> list[Inputs]:
        """What the network takes of rows, in parts that bound how much memory it takes.

        Args:
            table: as of `predict`.

        Raises:
            ValueError: a column is missing.
        """
        if not isinstance(table, Table):
            return [self._row_encoder.inputs(table)]
        starts = range(0, table.rows, _ROWS_AT_ONCE)
        return [
            self.encoder.encode(table.take(slice(start, start + _ROWS_AT_ONCE))).inputs()
            for start in starts
        ]

    def of_inputs(self, parts: Sequence[Inputs]) -> Floats:
        """The predictions for what `inputs` gave; of no part, for no row."""
        return np.concatenate(
            [np.zeros((0, len(self.task.classes) or 1)), *map(self._outputs, parts)]
        )

    def spread_of(self, parts: Sequence[Inputs]) -> Floats:
        """How far the members disagree about what `inputs` gave, as of `predict_with_spread`."""
        scale = self.scale or Scale(0, 1, -np.inf, np.inf)
        spreads = [
            disagreement(outputs_of_members(self._members, part), self.network_groups)
            for part in parts
        ]
        return scale.spread * np.concatenate([np.zeros(0), *spreads])

    @property
    def network_groups(self) -> int:
        """How many networks stand side by side in the network."""
        return int(self.network.get_layer("members").groups)

    @cached_property
    def _row_encoder(self) -> RowEncoder:
        return RowEncoder(self.encoder)

    @cached_property
    def _members(self) -> Model:
        return members_of(self.network)

    def _outputs(self, inputs: Inputs) -> Floats:
        found = predict_arrays(self.network.training_session, dict(inputs), 1024)
        return outputs_as_predictions(found, self.scale, self.temperature)


def outputs_as_predictions(
    outputs: NDArray[np.floating], scale: Scale | None, temperature: Temperature
) -> Floats:
    """What a network gives as what is predicted.

    Args:
        outputs: (rows, outputs): quantities in units, or logits: of the second class alone where
            there are two.
        scale: the units of a quantity; None for classes.
        temperature: of the probabilities.

    Returns:
        (rows, 1) quantities, or (rows, classes) probabilities.
    """
    if scale is not None:
        return scale.from_units(outputs)
    return temperature.apply(as_probabilities(outputs.astype(np.float64)))


def as_probabilities(logits: Floats) -> Floats:
    """Logits as probabilities of all classes, on the last axis.

    Args:
        logits: (…, classes), or (…, 1), of the second of two classes.

    >>> as_probabilities(np.array([[0.0]])).tolist()
    [[0.5, 0.5]]
    """
    if logits.shape[-1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=-1)
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def disagreement(members: NDArray[np.floating], groups: int) -> Floats:
    """The members' deviation from each other, (rows,): within each group, averaged over groups.

    Args:
        members: (rows, groups · members, 1).
        groups: how many networks they belong to.
    """
    apart = members.reshape(len(members), groups, -1).astype(np.float64)
    return np.sqrt(apart.var(axis=2).mean(axis=1))
