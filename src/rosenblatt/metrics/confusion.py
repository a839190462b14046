"""True and false positives and negatives; precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rosenblatt.core.registry import builtin
from rosenblatt.metrics.counting import FAR_BELOW, ConfusionMetric, Thresholds, check_share


def _levels(thresholds: Any, default: float, owner: str) -> Thresholds:
    if thresholds is None:
        return Thresholds([default])
    values = list(thresholds) if isinstance(thresholds, (list, tuple)) else [thresholds]
    for value in values:
        check_share(value, owner, "thresholds")
    return Thresholds(values)


class _Count(ConfusionMetric):
    """The base of the four counts."""

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self._levels = _levels(thresholds, 0.5, type(self).__name__)
        self.thresholds = self._levels.values
        self.accumulator = self.add_variable((len(self._levels),), "zeros", name="accumulator")
        self._counts = {self.counts[0]: self.accumulator}

    def result(self) -> Any:
        """The count, a scalar; (T,) counts where there are T > 1 thresholds."""
        count = self.accumulator.value
        return count[0] if len(self.thresholds) == 1 else count

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


@builtin("keras.metrics")
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
    direction = "max"


@builtin("keras.metrics")
class TrueNegatives(_Count):
    """How many zeros are not predicted above the threshold. Arguments as in `TruePositives`.

    >>> float(TrueNegatives()([0, 0, 1], [0.9, 0.2, 0.3]))
    1.0
    """

    counts = ("true_negatives",)
    direction = "max"


@builtin("keras.metrics")
class FalsePositives(_Count):
    """How many zeros are predicted above the threshold. Arguments as in `TruePositives`.

    >>> float(FalsePositives()([0, 0, 1], [0.9, 0.2, 0.3]))
    1.0
    """

    counts = ("false_positives",)
    direction = "min"


@builtin("keras.metrics")
class FalseNegatives(_Count):
    """How many ones are not predicted above the threshold. Arguments as in `TruePositives`.

    >>> float(FalseNegatives()([0, 0, 1], [0.9, 0.2, 0.3]))
    1.0
    """

    counts = ("false_negatives",)
    direction = "min"


class _Rate(ConfusionMetric):
    """The base of precision and recall."""

    direction = "max"
    rate: str

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        default = 0.5 if top_k is None else FAR_BELOW
        self._make_counts(_levels(thresholds, default, type(self).__name__))
        self.thresholds = self._levels.values

    def result(self) -> Any:
        """The rate, a scalar; (T,) rates where there are T > 1 thresholds."""
        rate = self._rate(self.rate)
        return rate[0] if len(self.thresholds) == 1 else rate

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        own = {
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }
        return {**super().get_config(), **own}


@builtin("keras.metrics")
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


@builtin("keras.metrics")
class Recall(_Rate):
    """Share of the ones that is predicted positive: TP / (TP + FN). Arguments as in `Precision`.

    >>> float(Recall()([0, 1, 1, 1, 1], [0.9, 0.8, 0.3, 0.7, 0.6]))
    0.75
    """

    counts = ("true_positives", "false_negatives")
    rate = "recall"
