"""Whether probabilities are what they say: reliability, calibration error, and a temperature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from rosenblatt.core.errors import BadArgument
from rosenblatt.tabular.predicted import Numbers, Predicted

Strategy: TypeAlias = Literal["quantile", "uniform"]

_Z95 = 1.959964  # a normal number is within ± this with 95 %
_STEPS = 60  # of the bisection: 2⁻⁶⁰ of the range
_LARGEST = 4.0  # temperature; its inverse is the smallest
_WORTH = 1.92  # half the 95 % point of χ² with one degree of freedom


@dataclass(frozen=True, eq=False)
class Reliability:
    """Probabilities in bins beside how often they came true.

    Args:
        predicted: (bins,) mean probability of each bin.
        observed: (bins,) share of its rows that came true.
        low, high: (bins,) the 95 % interval of that share, by Wilson's formula.
        shares: (bins,) of all weight; they sum to 1.
    """

    predicted: Numbers
    observed: Numbers
    low: Numbers
    high: Numbers
    shares: Numbers

    @property
    def error(self) -> float:
        """The expected calibration error: Σ share·|observed − predicted|."""
        return float((self.shares * np.abs(self.observed - self.predicted)).sum())


def reliability(
    targets: ArrayLike,
    probabilities: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    bins: int = 10,
    strategy: Strategy = "quantile",
) -> Reliability:
    """The reliability curve of probabilities.

    Of two classes it is about the probability of the second. Of more it is about the largest
    probability of each row, which comes true where that class is the right one.

    Args:
        targets: (rows,) the numbers of classes from 0.
        probabilities: (rows, classes), or (rows,) those of the second of two classes.
        weights: (rows,), how much a row counts; None: 1.
        bins: at most so many; a bin without rows is left out.
        strategy: "quantile": as many rows in each; "uniform": as wide each.

    Returns:
        The bins in order of their probability.

    Raises:
        ValueError: probabilities that do not fit the targets, no bins, an unknown strategy.

    Source: Guo et al., On Calibration of Modern Neural Networks (2017); bins of as many rows as
    Nixon et al., Measuring Calibration in Deep Learning (2019), since few rows tell little.

    >>> found = reliability([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], bins=2)
    >>> found.predicted.round(2).tolist(), found.observed.tolist(), round(found.error, 2)
    ([0.2, 0.7], [0.0, 1.0], 0.25)
    """
    if bins < 1:
        raise BadArgument("`bins` is wrong.", given=bins, expected="a positive integer")
    if strategy not in ("quantile", "uniform"):
        raise BadArgument(
            "`strategy` is unknown.", given=repr(strategy), expected="'quantile' or 'uniform'"
        )
    judged = _classes(targets, probabilities, weights)
    chance, came_true = _events(judged)
    if strategy == "uniform":
        edges = np.linspace(0, 1, bins + 1)[1:-1]
    else:
        edges = np.unique(np.quantile(chance, np.linspace(0, 1, bins + 1)[1:-1]))
    # A value on an edge belongs to the bin below it, as in scikit-learn.
    place = np.searchsorted(edges, chance)
    weight, squares, predicted, observed = (
        np.bincount(place, values, len(edges) + 1)
        for values in (
            judged.weights,
            judged.weights**2,
            judged.weights * chance,
            judged.weights * came_true,
        )
    )
    used = weight > 0
    weight, squares = weight[used], squares[used]
    share = observed[used] / weight
    low, high = _wilson(share, weight**2 / squares)
    return Reliability(predicted[used] / weight, share, low, high, weight / weight.sum())


def _classes(
    targets: ArrayLike, probabilities: ArrayLike, weights: ArrayLike | None = None
) -> Predicted:
    given = np.asarray(probabilities)
    two = given.ndim == 1 or given.shape[-1] <= 2
    return Predicted.of("two classes" if two else "classes", targets, probabilities, weights)


def _events(judged: Predicted) -> tuple[Numbers, Numbers]:
    if judged.task == "two classes":
        return judged.predictions[:, 1], judged.targets
    best = judged.predictions.argmax(axis=1)
    return judged.predictions.max(axis=1), (best == judged.classes).astype(np.float64)


def _wilson(share: Numbers, rows: Numbers) -> tuple[Numbers, Numbers]:
    middle = (share + _Z95**2 / (2 * rows)) / (1 + _Z95**2 / rows)
    spread = np.sqrt(share * (1 - share) / rows + (_Z95 / (2 * rows)) ** 2)
    half = _Z95 * spread / (1 + _Z95**2 / rows)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def calibration_error(
    targets: ArrayLike,
    probabilities: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    bins: int = 10,
    strategy: Strategy = "quantile",
) -> float:
    """The expected calibration error: the mean over rows of |observed − predicted| of their bin.

    It is never 0 by chance: perfect probabilities of n rows have about √(2·bins·p(1−p)/(πn)).

    Args:
        targets, probabilities, weights, bins, strategy: as `reliability` takes them.

    Returns:
        Between 0 and 1; 0.02 means that probabilities are off by two points on average.

    Raises:
        ValueError: as `reliability`.

    >>> calibration_error([0, 1], [0.25, 0.75], bins=2)
    0.25
    """
    found = reliability(targets, probabilities, weights, bins=bins, strategy=strategy)
    return found.error


@dataclass(frozen=True)
class Temperature:
    """One number that makes probabilities less sure (above 1) or surer (below 1).

    p′ ∝ p^(1/T): the classes keep their order, so accuracy and, with two classes, AUC stay.

    Args:
        value: T; 1 changes nothing.

    Source: Guo et al., On Calibration of Modern Neural Networks (2017).

    >>> Temperature(2.0).apply([[0.9, 0.1]]).round(2).tolist()
    [[0.75, 0.25]]
    """

    value: float = 1.0

    @classmethod
    def fit(
        cls, targets: ArrayLike, probabilities: ArrayLike, weights: ArrayLike | None = None
    ) -> Temperature:
        """The temperature of the largest likelihood on rows that the model has not learned from.

        It is 1 where another one is not surely better: where twice the log-likelihood gained is
        within what chance gives one number in 19 of 20 cases (3.84).

        Args:
            targets: (rows,) the numbers of classes from 0.
            probabilities: (rows, classes), or (rows,) those of the second of two classes.
            weights: (rows,), how much a row counts; None: 1.

        Returns:
            A temperature from 1/4 to 4.

        Raises:
            ValueError: probabilities that do not fit the targets.

        >>> Temperature.fit([0, 1] * 50 + [1, 0] * 15, [0.01, 0.99] * 65).value > 2
        True
        """
        judged = _classes(targets, probabilities, weights)
        logs = np.log(judged.predictions.clip(judged.resolution, 1))
        # Weights that sum to the number of rows that tell as much.
        weight = judged.weights * (judged.weights.sum() / (judged.weights**2).sum())
        truth = judged.classes

        def slope(sharpness: float) -> float:
            """The derivative of the log-likelihood, which falls, as it is concave."""
            chances = _softmax(sharpness * logs)
            gained = logs[np.arange(len(truth)), truth] - (chances * logs).sum(axis=1)
            return float((weight * gained).sum())

        def likelihood(sharpness: float) -> float:
            chances = _softmax(sharpness * logs)
            return float((weight * np.log(chances[np.arange(len(truth)), truth])).sum())

        best = _root_of_falling(slope, 1 / _LARGEST, _LARGEST)
        worth = likelihood(best) - likelihood(1.0) > _WORTH
        return cls(1 / best if worth else 1.0)

    def apply(self, probabilities: ArrayLike) -> Numbers:
        """Probabilities at this temperature.

        Args:
            probabilities: (rows, classes), or (rows,) those of the second of two classes.

        Returns:
            float64 of the same shape; the same numbers where the temperature is 1.

        >>> Temperature(1.0).apply([0.2, 0.7]).tolist()
        [0.2, 0.7]
        """
        given = np.asarray(probabilities, np.float64)
        if self.value == 1.0:
            return given
        tiny = np.finfo(np.float64).tiny
        if given.ndim == 1:
            pair = np.stack([1 - given, given], axis=1)
            return _softmax(np.log(pair.clip(tiny)) / self.value)[:, 1]
        return _softmax(np.log(given.clip(tiny)) / self.value)

    def to_config(self) -> dict[str, float]:
        """What `from_config` takes, for JSON."""
        return {"value": self.value}

    @classmethod
    def from_config(cls, config: Mapping[str, float]) -> Temperature:
        """The temperature of a config."""
        return cls(float(config["value"]))


def _softmax(logits: Numbers) -> Numbers:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _root_of_falling(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses zero, or the end of the range that is nearest to it."""
    if function(low) <= 0:
        return low
    if function(high) >= 0:
        return high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return (low + high) / 2
