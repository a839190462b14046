"""What a report says, as plain values: of the data, the model and how well it predicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rosenblatt.tabular.calibration import reliability
from rosenblatt.tabular.explain import Importance
from rosenblatt.tabular.intervals import Conformal, Coverage, cross_intervals
from rosenblatt.tabular.predicted import Numbers, Predicted
from rosenblatt.tabular.task import TaskKind
from rosenblatt.tabular.thresholds import Threshold

_COVERAGES = (0.5, 0.8, 0.9, 0.95)
_MAIN_COVERAGE = 0.9
_MOST_POINTS = 400  # of a picture
_MOST_CLASSES = 30  # of a confusion matrix
_BANDS = 12
_DIGITS = 6

Setting = str | int | float | bool | None


class ColumnFacts(NamedTuple):
    """What was found about a column.

    Attributes:
        name: of the column.
        kind: what it holds, e.g. "number".
        reason: why, or why it was left out, in words.
        used: whether the model reads it.
        missing: the share of training rows without a value.
        distinct: how many different values the training rows have; None: not counted.
    """

    name: str
    kind: str
    reason: str = ""
    used: bool = True
    missing: float = 0.0
    distinct: int | None = None


class Score(NamedTuple):
    """A score and its bootstrap interval, where there is one."""

    value: float
    low: float | None = None
    high: float | None = None


class Curve(NamedTuple):
    """How a network did during its training.

    Attributes:
        name: of the network.
        epochs: when it was judged.
        validation: its loss on rows it does not learn from, at each of them.
        training: its loss on those it learns from; may be empty.
        best: the epoch that was kept.
    """

    name: str
    epochs: tuple[float, ...]
    validation: tuple[float, ...]
    training: tuple[float, ...] = ()
    best: float | None = None


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
        points = tuple(Point(*map(_rounded, row)) for row in np.stack(columns, 1)[some].tolist())
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
        bins = tuple(Bin(*map(_rounded, row)) for row in np.stack(columns, axis=1).tolist())
        return cls(
            part,
            len(judged),
            labels=tuple(labels),
            confusion=tuple(tuple(row) for row in matrix.tolist()),
            bins=bins,
            calibration_error=_rounded(found.error),
        )


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _coverage(wanted: float, truth: Numbers, ends: Numbers) -> Coverage:
    inside = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    width = float((ends[:, 1] - ends[:, 0]).mean())
    return Coverage(wanted, _rounded(float(inside.mean())), _rounded(width))


def _bands(truth: Numbers, guess: Numbers) -> tuple[Band, ...]:
    """Bands of as many rows each, from the smallest prediction to the largest."""
    parts = np.array_split(np.argsort(guess, kind="stable"), max(1, min(_BANDS, len(guess) // 10)))
    found = []
    for rows in parts:
        low, middle, high = np.quantile(guess[rows] - truth[rows], (0.1, 0.5, 0.9)).tolist()
        found.append(Band(*map(_rounded, (float(guess[rows].mean()), low, middle, high))))
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


@dataclass(frozen=True)
class Facts:
    """All that a report says.

    Args:
        source: where the data are from.
        target: the column that is predicted.
        task: "quantity", "two classes" or "classes".
        task_reason: why, in words.
        rows: part ("training", "validation", "test") to how many.
        notes: what reading the data found.
        columns: in the order of the table, those left out too.
        warnings: about the data, in words.
        classes: label to its training rows.
        split: how the parts were made.
        seeds: of the split and the networks.
        versions: package to version.
        recipe: the constants of training.
        seconds: what was done to how long it took.
        curves: of each network.
        scores: name, as `scores_of` has it, to the score on the held-out rows.
        held_out: their predictions.
        threshold: of two classes, where one was chosen.
        temperature: of the probabilities; 1: unchanged.
        importance: of columns, the most important one first.
        importance_measure: the score that importance is about.
        drift: of a table compared with the training rows, in words.
        made: when, e.g. "2026-01-31".
    """

    source: str
    target: str
    task: TaskKind
    task_reason: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    columns: tuple[ColumnFacts, ...] = ()
    warnings: tuple[str, ...] = ()
    classes: Mapping[str, int] = field(default_factory=dict)
    split: str = ""
    seeds: tuple[int, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    recipe: Mapping[str, Setting] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    curves: tuple[Curve, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)
    held_out: HeldOut | None = None
    threshold: Threshold | None = None
    temperature: float = 1.0
    importance: tuple[Importance, ...] = ()
    importance_measure: str = ""
    drift: tuple[str, ...] = ()
    made: str = ""

    def to_config(self) -> dict[str, Any]:
        """The facts as plain values, for JSON."""
        return _plain(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Facts:
        """The facts that `to_config` was called on; names it does not know are left out."""
        known = {one.name for one in dataclasses.fields(cls)}
        values = {name: value for name, value in config.items() if name in known}
        for name in ("notes", "warnings", "seeds", "drift"):
            values[name] = tuple(values.get(name, ()))
        for name, of in (("columns", ColumnFacts), ("importance", Importance)):
            values[name] = tuple(of(**one) for one in values.get(name, ()))
        values["curves"] = tuple(_curve(one) for one in values.get("curves", ()))
        values["scores"] = {k: Score(**one) for k, one in values.get("scores", {}).items()}
        for name, make in (("threshold", lambda v: Threshold(**v)), ("held_out", _held_out)):
            if values.get(name) is not None:
                values[name] = make(values[name])
        return cls(**values)


def _curve(config: Mapping[str, Any]) -> Curve:
    epochs, validation, training = (
        tuple(np.nan if value is None else float(value) for value in config[name])
        for name in ("epochs", "validation", "training")
    )
    return Curve(config["name"], epochs, validation, training, config["best"])


def _held_out(config: Mapping[str, Any]) -> HeldOut:
    values = dict(config)
    for name, of in (("points", Point), ("bands", Band), ("coverage", Coverage), ("bins", Bin)):
        values[name] = tuple(of(*one) for one in values[name])
    values["labels"] = tuple(values["labels"])
    values["confusion"] = tuple(tuple(row) for row in values["confusion"])
    return HeldOut(**values)


_MARKS = (Point, Band, Bin, Coverage)  # of pictures; many, so written without their names


def _plain(value: Any) -> Any:
    """A value as dicts, lists and what JSON has; NaN, which it lacks, as None."""
    if dataclasses.is_dataclass(value):
        names = [one.name for one in dataclasses.fields(value)]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple) and hasattr(value, "_asdict") and not isinstance(value, _MARKS):
        return {name: _plain(one) for name, one in value._asdict().items()}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not np.isfinite(value) else value
