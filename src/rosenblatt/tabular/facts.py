"""What a report says, as plain values: of the data, the model and how well it predicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from rosenblatt.tabular.explain import Dependence, Importance
from rosenblatt.tabular.held_out import Band, Bin, HeldOut, Point
from rosenblatt.tabular.intervals import Coverage
from rosenblatt.tabular.task import TaskKind
from rosenblatt.tabular.thresholds import Threshold
from rosenblatt.tabular.wording import rounded

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


class Effect(NamedTuple):
    """What a model predicts on average, by the value of one column.

    Attributes:
        name: of the column.
        values: of it: numbers in order, or texts; None: missing.
        means: the mean prediction of each: a quantity, or the last class's probability.
        low, high: 10 % and 90 % of the rows' predictions.
    """

    name: str
    values: tuple[float | str | None, ...]
    means: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def of(cls, found: Dependence) -> Effect:
        """The last output of a partial dependence.

        >>> one = np.array([[1.0], [2.0]])
        >>> Effect.of(Dependence("a", "number", (0.0, 5.0), one, one, one)).means
        (1.0, 2.0)
        """
        columns = (found.means, found.low, found.high)
        means, low, high = (tuple(map(rounded, one[:, -1].tolist())) for one in columns)
        return cls(found.name, found.values, means, low, high)


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
        effects: of a quantity or two classes, of the most important columns.
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
    effects: tuple[Effect, ...] = ()
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
        values["effects"] = tuple(
            Effect(one["name"], *(tuple(one[name]) for name in Effect._fields[1:]))
            for one in values.get("effects", ())
        )
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
