"""How the predictions of held-out rows compare with the truth, in few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rosenblatt.tabular.calibration import reliability
from rosenblatt.tabular.intervals import Conformal, Coverage, cross_intervals
from rosenblatt.tabular.predicted import Numbers, Predicted
from rosenblatt.tabular.wording import rounded

_COVERAGES = (0.5, 0.8, 0.9, 0.95)
_MAIN_COVERAGE = 0.9
_MOST_POINTS = 400  # of a picture
_MOST_CLASSES = 30  # of a confusion matrix
_BANDS = 12


class Point(NamedTuple):
    """A row of the held-out part: its quantity, the predicted one, and the interval around it."""

    target: float
    predicted: float
    low: float | None = None
    high: float | None = None


class Band(NamedTuple):
    """Residuals (predicted − true) of rows with about the same prediction.

    Attributes:
        predicted: their mean prediction.
        low, middle, high: 10 %, 50 % and 90 % of their residuals.
    """

    predicted: float
    low: float
    middle: float
    high: float


class Bin(NamedTuple):
    """Rows with about the same probability: how often it came true, and the 95 % interval."""

    predicted: float
    observed: float
    low: float
    high: float
    share: float


@dataclass(frozen=True)
class HeldOut:
    """How the predictions of held-out rows compare with the truth; small, whatever their number.

    Args:
        part: what the rows are called, e.g. "test".
        rows: how many.
        points: of a quantity, some of the rows.
        bands: of a quantity, residuals by prediction.
        coverage: of intervals, asked for and found.
        labels: of the confusion matrix, in order.
        confusion: of classes: rows of each true class (first) by the predicted one (second).
        bins: of classes: the reliability curve.
        calibration_error: of classes: the mean distance of the bins from the diagonal.
    """

    part: str
    rows: int
    points: tuple[Point, ...] = ()
    bands: tuple[Band, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    bins: tuple[Bin, ...] = ()
    calibration_error: float | None = None

    @classmethod
    def of_quantity(
        cls,
        targets: ArrayLike,
        predictions: ArrayLike,
        spreads: ArrayLike | None = None,
        conformal: Conformal | None = None,
        *,
        crossed: bool = False,
        part: str = "test",
        seed: int = 0,
    ) -> HeldOut:
        """Summarise predicted quantities.

        Args:
            targets: (rows,).
            predictions: (rows,) or (rows, 1).
            spreads: (rows,), of the members' predictions, where the intervals depend on them.
            conformal: what makes intervals, fitted on other rows; None: no intervals.
            crossed: whether the model's intervals are fitted on these very rows: then each row's
                interval is fitted on the others (`intervals.cross_intervals`), as a test would be.
            part: what the rows are called.
            seed: of the rows that are drawn as points.

        Raises:
            ValueError: predictions that do not fit the targets.

        >>> HeldOut.of_quantity([1.0, 2.0], [1.5, 2.0]).points[0]
        Point(target=1.0, predicted=1.5, low=None, high=None)
        """
        judged = Predicted.of("quantity", targets, predictions)
        truth, guess = judged.targets, judged.predictions
        found, ends = [], None
        for wanted in _COVERAGES:
            most = len(judged) // 2 if crossed else conformal.rows if conformal else 0
            if wanted > most / (most + 1):
                continue
            if crossed:
                both = cross_intervals(truth, guess, spreads, wanted, seed=seed)
            else:
                assert conformal is not None
                both = conformal.interval(guess, spreads, wanted)
            found.append(_coverage(wanted, truth, both))
            ends = both if wanted == _MAIN_COVERAGE else ends
        some = np.random.default_rng(seed).permutation(len(judged))[:_MOST_POINTS]
        columns = [truth, guess] if ends is None else [truth, guess, *ends.T]
        points = tuple(Point(*map(rounded, row)) for row in np.stack(columns, 1)[some].tolist())
        bands = _bands(truth, guess)
        return cls(part, len(judged), points, bands, tuple(found))

    @classmethod
    def of_classes(
        cls,
        targets: ArrayLike,
        probabilities: ArrayLike,
        classes: Sequence[object],
        threshold: float = 0.5,
        *,
        part: str = "test",
    ) -> HeldOut:
        """Summarise probabilities of classes.

        Args:
            targets: (rows,) numbers of classes.
            probabilities: (rows, classes), or (rows,) those of the second of two classes.
            classes: their labels.
            threshold: of two classes, the probability from which a row is of the second.
            part: what the rows are called.

        Raises:
            ValueError: probabilities that do not fit the targets.

        >>> HeldOut.of_classes([0, 1, 1], [0.2, 0.4, 0.9], ["no", "yes"]).confusion
        ((1, 0), (1, 1))
        """
        two = len(classes) == 2
        judged = Predicted.of("two classes" if two else "classes", targets, probabilities)
        chances, truth = judged.predictions, judged.classes
        guess = (chances[:, 1] >= threshold).astype(np.int64) if two else chances.argmax(axis=1)
        count = chances.shape[1]
        matrix = np.bincount(truth * count + guess, minlength=count**2).reshape(count, count)
        labels, matrix = _few_classes([str(label) for label in classes], matrix)
        found = reliability(truth, chances)
        columns = (found.predicted, found.observed, found.low, found.high, found.shares)
        bins = tuple(Bin(*map(rounded, row)) for row in np.stack(columns, axis=1).tolist())
        return cls(
            part,
            len(judged),
            labels=tuple(labels),
            confusion=tuple(tuple(row) for row in matrix.tolist()),
            bins=bins,
            calibration_error=rounded(found.error),
        )


def _coverage(wanted: float, truth: Numbers, ends: Numbers) -> Coverage:
    inside = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    width = float((ends[:, 1] - ends[:, 0]).mean())
    return Coverage(wanted, rounded(float(inside.mean())), rounded(width))


def _bands(truth: Numbers, guess: Numbers) -> tuple[Band, ...]:
    """Bands of as many rows each, from the smallest prediction to the largest."""
    parts = np.array_split(np.argsort(guess, kind="stable"), max(1, min(_BANDS, len(guess) // 10)))
    found = []
    for rows in parts:
        low, middle, high = np.quantile(guess[rows] - truth[rows], (0.1, 0.5, 0.9)).tolist()
        found.append(Band(*map(rounded, (float(guess[rows].mean()), low, middle, high))))
    return tuple(found)


def _few_classes(labels: list[str], matrix: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The most frequent classes, and the others as one."""
    if len(labels) <= _MOST_CLASSES:
        return labels, matrix
    order = np.argsort(-matrix.sum(axis=1), kind="stable")
    kept = np.sort(order[: _MOST_CLASSES - 1])
    into = np.full(len(labels), len(kept))
    into[kept] = np.arange(len(kept))
    few = np.zeros((len(kept) + 1,) * 2, matrix.dtype)
    np.add.at(few, (into[:, None], into[None]), matrix)
    return [*(labels[place] for place in kept), "(others)"], few
