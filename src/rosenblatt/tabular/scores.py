"""How good predictions are: scores, and the interval that a bootstrap gives each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rosenblatt.core.errors import BadArgument
from rosenblatt.tabular.predicted import Classes, Numbers, Predicted
from rosenblatt.tabular.task import TaskKind

# Weights of rows, (samples, rows), to the score of each sample; NaN where it is undefined.
Scorer: TypeAlias = Callable[[Numbers], Numbers]

_AT_ONCE = 1_000_000  # weights in memory
_MOST_DRAWS = 5_000_000  # rows times samples times classes
_FEWEST_SAMPLES = 200


class Measure(NamedTuple):
    """What a score is called, and which way is better.

    Attributes:
        title: as people write it.
        larger_is_better: a score, or an error where False.
    """

    title: str
    larger_is_better: bool


MEASURES = {
    "rmse": Measure("RMSE", False),
    "mae": Measure("MAE", False),
    "r2": Measure("R²", True),
    "log_loss": Measure("log-loss", False),
    "auc": Measure("AUC", True),
    "accuracy": Measure("accuracy", True),
    "balanced_accuracy": Measure("balanced accuracy", True),
    "f1": Measure("F1", True),  # of thresholds
}
MAIN_MEASURE: dict[TaskKind, str] = {
    "quantity": "rmse",
    "two classes": "auc",
    "classes": "log_loss",
}


class Interval(NamedTuple):
    """Where a number lies with some confidence.

    Attributes:
        low, high: its ends.
    """

    low: float
    high: float


def scores_of(
    task: TaskKind,
    targets: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike | None = None,
) -> dict[str, float]:
    """Score predictions.

    Of a quantity: RMSE = √(Σw(ŷ−y)²/Σw), MAE = Σw|ŷ−y|/Σw and R² = 1 − Σw(ŷ−y)²/Σw(y−ȳ)². Of
    classes: the log-loss −Σw·log p(true class)/Σw, the AUC (of the second of two classes; with
    more, the mean over classes of one against the rest), the accuracy and the balanced accuracy,
    which is the mean over classes of the share of their rows that are found.

    Args:
        task: "quantity", "two classes" or "classes".
        targets: (rows,): quantities, or the numbers of classes from 0.
        predictions: (rows,) quantities; (rows, classes) probabilities, or (rows,) those of the
            second class.
        weights: (rows,), how much a row counts; None: 1.

    Returns:
        Name of a score to its value: "rmse", "mae", "r2", or "log_loss", "auc", "accuracy",
        "balanced_accuracy". A score that is undefined for these rows is left out: the R² of
        targets that are all equal, the AUC of rows of one class.

    Raises:
        ValueError: predictions that do not fit their targets; NaN.

    >>> scores_of("quantity", [1, 2, 3], [1, 2, 5])["mae"]
    0.6666666666666666
    >>> scores_of("two classes", [0, 1, 1], [0.2, 0.9, 0.4])["auc"]
    1.0
    """
    judged = Predicted.of(task, targets, predictions, weights)
    once = judged.weights[None]
    values = {name: float(score(once)[0]) for name, score in scorers(judged).items()}
    return {name: value for name, value in values.items() if not np.isnan(value)}


def bootstrap(
    task: TaskKind,
    targets: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    coverage: float = 0.95,
    samples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """Percentile intervals of the scores: what they would be with other rows of the same kind.

    Each sample draws as many rows as there are, with replacement, and scores them; the interval
    holds the middle of these scores. It says nothing about training again.

    Args:
        task, targets, predictions, weights: as `scores_of` takes them.
        coverage: of the interval, between 0 and 1.
        samples: how many; fewer (200 at least) where there are more than 5,000 rows, whose
            intervals are narrow.
        seed: of the draws; equal seeds give equal intervals.

    Returns:
        Name of a score to its interval. Samples where a score is undefined do not count for it.

    Raises:
        ValueError: as `scores_of`, or a coverage outside 0 to 1, or no samples.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.

    >>> low, high = bootstrap("quantity", [1, 2, 3, 4], [1, 2, 3, 6])["mae"]
    >>> (low, high)
    (0.0, 1.5)
    """
    if not 0 < coverage < 1:
        raise BadArgument(
            "The coverage of an interval is outside 0 to 1.", given=coverage, expected="e.g. 0.95"
        )
    if samples < 1:
        raise BadArgument("`samples` is wrong.", given=samples, expected="a positive integer")
    judged = Predicted.of(task, targets, predictions, weights)
    rows = len(judged)
    outputs = judged.predictions.size // rows
    count = min(samples, max(_FEWEST_SAMPLES, _MOST_DRAWS // (rows * outputs)))
    step = max(1, _AT_ONCE // rows)
    found: dict[str, list[Numbers]] = {}
    every = scorers(judged)
    for start in range(0, count, step):
        drawn = [_drawn(rows, seed, one) for one in range(start, min(start + step, count))]
        # A sample without any weight is drawn where most rows weigh nothing; it says nothing.
        sampled = np.stack(drawn) * judged.weights
        sampled = sampled[sampled.any(axis=1)]
        for name, score in every.items():
            found.setdefault(name, []).append(score(sampled))
    return _middles({name: np.concatenate(parts) for name, parts in found.items()}, coverage)


def _drawn(rows: int, seed: int, sample: int) -> Numbers:
    """How often each row is drawn, by the number of the sample alone."""
    picked = np.random.default_rng([sample, seed]).integers(0, rows, rows)
    return np.bincount(picked, minlength=rows).astype(np.float64)


def _middles(samples: dict[str, Numbers], coverage: float) -> dict[str, Interval]:
    levels = [(1 - coverage) / 2, (1 + coverage) / 2]
    defined = {name: values[~np.isnan(values)] for name, values in samples.items()}
    return {
        name: Interval(*np.quantile(values, levels).tolist())
        for name, values in defined.items()
        if len(values)
    }


def scorers(judged: Predicted) -> dict[str, Scorer]:
    """The scores of a task as functions of the rows' weights, for many weights at once.

    Args:
        judged: the predictions.

    Returns:
        Name to a function of weights (samples, rows) that returns (samples,) scores.

    >>> judged = Predicted.of("quantity", [1.0, 2.0], [1.0, 4.0])
    >>> scorers(judged)["mae"](np.array([[1.0, 1.0], [3.0, 1.0]])).tolist()
    [1.0, 0.5]
    """
    if judged.task == "quantity":
        return _quantity_scorers(judged)
    return _class_scorers(judged)


def _mean(weights: Numbers, values: Numbers) -> Numbers:
    """Weighted means; summed row by row, so a sample's does not depend on the others beside it."""
    return np.asarray((weights * values).sum(axis=1) / weights.sum(axis=1))


def _quantity_scorers(judged: Predicted) -> dict[str, Scorer]:
    error = judged.predictions - judged.targets
    centred = judged.targets - judged.targets.mean()
    # Below this a spread is what rounding leaves of equal targets.
    nothing = 1e-14 * float(np.abs(judged.targets).max()) ** 2

    def r2(weights: Numbers) -> Numbers:
        spread = _mean(weights, centred**2) - _mean(weights, centred) ** 2
        spread = np.where(spread > nothing, spread, np.nan)
        return 1 - _mean(weights, error**2) / spread

    return {
        "rmse": lambda weights: np.sqrt(_mean(weights, error**2)),
        "mae": lambda weights: _mean(weights, np.abs(error)),
        "r2": r2,
    }


def _class_scorers(judged: Predicted) -> dict[str, Scorer]:
    truth, chances = judged.classes, judged.predictions
    right = (chances.argmax(axis=1) == truth).astype(np.float64)
    of_truth = chances[np.arange(len(truth)), truth].clip(judged.resolution, 1.0)
    if chances.shape[1] == 2:
        auc = _auc_scorer(truth == 1, chances[:, 1])
    else:
        auc = _one_against_the_rest(truth, chances)
    return {
        "log_loss": lambda weights: _mean(weights, -np.log(of_truth)),
        "auc": auc,
        "accuracy": lambda weights: _mean(weights, right),
        "balanced_accuracy": _balanced(truth, right),
    }


def _balanced(truth: Classes, right: Numbers) -> Scorer:
    order = np.argsort(truth, kind="stable")
    starts = np.flatnonzero(np.diff(truth[order], prepend=-1))

    def score(weights: Numbers) -> Numbers:
        ordered = weights[:, order]
        total = np.add.reduceat(ordered, starts, axis=1)
        found = np.add.reduceat(ordered * right[order], starts, axis=1)
        seen = total > 0
        shares = np.divide(found, total, out=np.zeros_like(total), where=seen)
        return np.asarray(shares.sum(axis=1) / seen.sum(axis=1))

    return score


def _auc_scorer(positive: NDArray[np.bool_], chances: Numbers) -> Scorer:
    """How often a positive row has the larger chance than a negative one; equal ones count half."""
    order = np.argsort(chances, kind="stable")
    starts = np.flatnonzero(np.diff(chances[order], prepend=-1.0))
    is_positive = positive[order].astype(np.float64)

    def score(weights: Numbers) -> Numbers:
        ordered = weights[:, order]
        up = np.add.reduceat(ordered * is_positive, starts, axis=1)
        down = np.add.reduceat(ordered * (1 - is_positive), starts, axis=1)
        below = down.cumsum(axis=1) - down / 2
        pairs = up.sum(axis=1) * down.sum(axis=1)
        wins = (up * below).sum(axis=1)
        return np.divide(wins, pairs, out=np.full(len(weights), np.nan), where=pairs > 0)

    return score


def _one_against_the_rest(truth: Classes, chances: Numbers) -> Scorer:
    seen = np.unique(truth)
    each = [_auc_scorer(truth == one, chances[:, one]) for one in seen]

    def score(weights: Numbers) -> Numbers:
        values = np.stack([one(weights) for one in each])
        defined = ~np.isnan(values)
        count = defined.sum(axis=0)
        total = np.where(defined, values, 0.0).sum(axis=0)
        return np.divide(total, count, out=np.full(len(weights), np.nan), where=count > 0)

    return score
