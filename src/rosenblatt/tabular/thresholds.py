"""From which probability on a row is said to be of the second class."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from rosenblatt.core.errors import BadArgument
from rosenblatt.tabular.predicted import Numbers, Predicted

Goal: TypeAlias = Literal["accuracy", "balanced_accuracy", "f1"]

_GOALS = ("accuracy", "balanced_accuracy", "f1")


class Threshold(NamedTuple):
    """A threshold of the second class's probability, and what it brings.

    Attributes:
        value: rows with at least this probability are of the second class.
        goal: the score it was chosen for.
        score: with this threshold, on the rows it was chosen on.
        at_half: the same score with 0.5.
    """

    value: float
    goal: str
    score: float
    at_half: float


def best_threshold(
    targets: ArrayLike,
    probabilities: ArrayLike,
    goal: Goal = "accuracy",
    weights: ArrayLike | None = None,
) -> Threshold:
    """The threshold of the largest score, of all that tell two of the probabilities apart.

    With TP, FP, FN, TN the weights of rows rightly and wrongly said to be of the second class or
    not: accuracy (TP+TN)/all, balanced accuracy (TP/(TP+FN) + TN/(TN+FP))/2, F1 2TP/(2TP+FP+FN).

    Args:
        targets: (rows,) 0 and 1, of rows that the model has not learned from.
        probabilities: (rows,) of the second class, or (rows, 2).
        goal: "accuracy", "balanced_accuracy" or "f1".
        weights: (rows,), how much a row counts; None: 1.

    Returns:
        The threshold, half-way between two probabilities. Of equally good ones it is the one
        nearest to 0.5, and 0.5 itself where that is as good or the rows have only one class.

    Raises:
        ValueError: an unknown goal, or probabilities that do not fit the targets.

    >>> best_threshold([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    Threshold(value=0.25, goal='accuracy', score=1.0, at_half=0.5)
    """
    if goal not in _GOALS:
        raise BadArgument(
            "The goal of a threshold is unknown.", given=repr(goal), expected=", ".join(_GOALS)
        )
    judged = Predicted.of("two classes", targets, probabilities, weights)
    chance = judged.predictions[:, 1]
    levels, place = np.unique(chance, return_inverse=True)
    positive = np.bincount(place, judged.weights * judged.targets, len(levels))
    negative = np.bincount(place, judged.weights * (1 - judged.targets), len(levels))
    # Cut i says "second class" from level i on; the last cut says it of no row.
    above = np.append(levels, max(1.0, np.nextafter(levels[-1], 2)))
    cuts = (np.insert(levels, 0, 0.0) + above) / 2
    cuts[1:] = np.where(cuts[1:] > levels, cuts[1:], above[1:])  # neighbours have none between
    found = np.concatenate([[0.0], positive.cumsum()])
    kept = np.concatenate([[0.0], negative.cumsum()])
    scores = _scores(goal, positive.sum() - found, found, negative.sum() - kept, kept)
    half = float(scores[np.searchsorted(levels, 0.5)])
    best = scores.max()
    rounding = 1e-12
    if not (positive.any() and negative.any()) or half >= best - rounding:
        return Threshold(0.5, goal, half, half)
    equal = np.flatnonzero(scores >= best - rounding)
    chosen = equal[np.argmin(np.abs(cuts[equal] - 0.5))]
    return Threshold(float(cuts[chosen]), goal, float(best), half)


def _scores(goal: Goal, tp: Numbers, fn: Numbers, fp: Numbers, tn: Numbers) -> Numbers:
    if goal == "accuracy":
        return np.asarray((tp + tn) / (tp + fn + fp + tn))
    if goal == "f1":
        return np.asarray(2 * tp / np.maximum(2 * tp + fp + fn, np.finfo(np.float64).tiny))
    with np.errstate(invalid="ignore"):  # a class without rows; then the cut does not matter
        sides = np.stack([tp / (tp + fn), tn / (fp + tn)])
    seen = ~np.isnan(sides[:, 0])
    return np.asarray(sides[seen].mean(axis=0))
