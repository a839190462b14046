"""True and false positives and negatives; precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from rosenblatt.core.checks import optional, whole
from rosenblatt.core.direction import Direction
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Array, Config
from rosenblatt.metrics.base import family
from rosenblatt.metrics.counting import (
    FAR_BELOW,
    ConfusionMetric,
    Thresholds,
    class_number,
    shares,
)


class _AtThresholds(ConfusionMetric):
    """The base of what is counted at thresholds that are given.

    `init_thresholds` are those that were given, `thresholds` a list of those that are used.
    """

    thresholds: float | Sequence[float] | None = setting(shares, default=None)

    def __post_init__(self) -> None:
        """Make the thresholds and the variables."""
        self.init_thresholds = given = self.thresholds
        if given is None:
            given = 0.5 if self.top_k is None else FAR_BELOW
        levels = Thresholds(np.atleast_1d(given).tolist())
        self.thresholds = levels.values
        self._make_counts(levels)

    def _by_threshold(self, values: Array) -> Array:
        """A scalar; (T,) values where there are T > 1 thresholds."""
        return values[0] if len(self._levels) == 1 else values

    def get_config(self) -> Config:
        """The arguments that make it again."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class _Count(_AtThresholds):
    """The base of the four counts."""

    def _make_counts(self, levels: Thresholds, labels: Sequence[int] = ()) -> None:
        self._levels = levels
        self.accumulator = self.add_variable((len(levels),), "zeros", name="accumulator")
        self._counts = {self.counts[0]: self.accumulator}

    def result(self) -> Array:
        """The count, a scalar; (T,) counts where there are T > 1 thresholds."""
        return self._by_threshold(self.accumulator.value)


@family.entry()
class TruePositives(_Count):
    """How many ones are predicted above the threshold: Σ w [y = 1] [ŷ > t].

    Args:
        thresholds: t from 0 to 1, or several; 0.5 if None.
        name: its name.
        dtype: float type it computes in.

    Raises:
        ValueError: a threshold outside [0, 1].

    >>> float(TruePositives()([0, 1, 1, 1], [0.9, 0.8, 0.3, 0.7]))
    2.0
    """

    counts = ("true_positives",)
    direction = Direction.MAX


@family.entry()
class TrueNegatives(_Count):
    """How many zeros are not predicted above the threshold. Arguments as in `TruePositives`.

    >>> float(TrueNegatives()([0, 0, 1], [0.9, 0.2, 0.3]))
    1.0
    """

    counts = ("true_negatives",)
    direction = Direction.MAX


@family.entry()
class FalsePositives(_Count):
    """How many zeros are predicted above the threshold. Arguments as in `TruePositives`.

    >>> float(FalsePositives()([0, 0, 1], [0.9, 0.2, 0.3]))
    1.0
    """

    counts = ("false_positives",)
    direction = Direction.MIN


@family.entry()
class FalseNegatives(_Count):
    """How many ones are not predicted above the threshold. Arguments as in `TruePositives`.

    >>> float(FalseNegatives()([0, 0, 1], [0.9, 0.2, 0.3]))
    1.0
    """

    counts = ("false_negatives",)
    direction = Direction.MIN


class _Rate(_AtThresholds):
    """The base of precision and recall."""

    direction = Direction.MAX
    rate: ClassVar[str]
    thresholds: float | Sequence[float] | None = setting(shares, default=None)
    top_k: int | None = setting(optional(whole(least=1)), default=None)
    class_id: int | None = setting(class_number, default=None)

    def result(self) -> Array:
        """The rate, a scalar; (T,) rates where there are T > 1 thresholds."""
        return self._by_threshold(self._rate(self.rate))


@family.entry()
class Precision(_Rate):
    """Share of what is predicted positive that is: TP / (TP + FP); 0 where nothing is.

    Args:
        thresholds: from 0 to 1, one or several; a prediction above is positive. 0.5 if None.
        top_k: the k largest predictions of a row are positive, where they are above `thresholds`
            (any number is, if None).
        class_id: the one class (last axis) that is looked at; all together if None.
        name: its name.
        dtype: float type it computes in.

    Raises:
        ValueError: a threshold outside [0, 1], or no class of that number.

    >>> float(Precision()([0, 1, 1, 1], [0.9, 0.8, 0.3, 0.7])).__round__(4)
    0.6667
    """

    counts = ("true_positives", "false_positives")
    rate = "precision"


@family.entry()
class Recall(_Rate):
    """Share of the ones that is predicted positive: TP / (TP + FN). Arguments as in `Precision`.

    >>> float(Recall()([0, 1, 1, 1, 1], [0.9, 0.8, 0.3, 0.7, 0.6]))
    0.75
    """

    counts = ("true_positives", "false_negatives")
    rate = "recall"
