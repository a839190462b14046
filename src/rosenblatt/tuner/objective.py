"""Objectives: what a search makes small or large."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rosenblatt.core.direction import Direction, direction_of
from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.scalars import as_number
from rosenblatt.losses.base import get as get_loss
from rosenblatt.metrics.base import get as get_metric

_MIN, _MAX = Direction
_SHORT = {"loss": _MIN, "crossentropy": _MIN, "ce": _MIN, "acc": _MAX, "accuracy": _MAX}


class Objective:
    """The log entry that a search makes as small or as large as it can.

    Args:
        name: of the entry, as `"val_loss"`.
        direction: "min" or "max".

    Raises:
        ValueError: another direction.

    >>> Objective("val_f1", "max").better_than(0.9, 0.8)
    True
    """

    def __init__(self, name: str, direction: Direction | str):
        self.name = name
        self.direction = read_direction(direction, f"Objective {name!r}: unknown `direction`.")

    @property
    def parts(self) -> Sequence[Objective]:
        """The objectives for one log entry each: this one alone."""
        return (self,)

    def has_value(self, logs: Mapping[str, Any]) -> bool:
        """Whether logs have the entry."""
        return self.name in logs

    def get_value(self, logs: Mapping[str, Any]) -> float:
        """The entry; the mean of one that holds several numbers."""
        return as_number(logs[self.name])

    def better_than(self, a: float, b: float) -> bool:
        """Whether a is better than b."""
        return self.direction.better(a, b)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Objective) and str(self) == str(other)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f'Objective(name="{self.name}", direction="{self.direction}")'

    __repr__ = __str__


class DefaultObjective(Objective):
    """What a search makes small where its trials return one number."""

    def __init__(self) -> None:
        super().__init__("default_objective", Direction.MIN)


class MultiObjective(Objective):
    """Several objectives as one: the sum of those to make small minus those to make large.

    Args:
        objectives: the objectives.

    >>> both = MultiObjective([Objective("loss", "min"), Objective("accuracy", "max")])
    >>> both.get_value({"loss": 0.5, "accuracy": 0.25})
    0.25
    """

    def __init__(self, objectives: list[Objective]):
        super().__init__("multi_objective", Direction.MIN)
        self.objectives = objectives
        self.name_to_direction = {one.name: one.direction for one in objectives}

    @property
    def parts(self) -> Sequence[Objective]:
        """The objectives."""
        return self.objectives

    def has_value(self, logs: Mapping[str, Any]) -> bool:
        """Whether logs have all entries."""
        return all(one.has_value(logs) for one in self.objectives)

    def get_value(self, logs: Mapping[str, Any]) -> float:
        """The sum."""
        return sum(one.direction.sign * one.get_value(logs) for one in self.objectives)

    def __str__(self) -> str:
        return f"Multi{super().__str__()}: [{', '.join(sorted(map(str, self.objectives)))}]"

    __repr__ = __str__


Goal = str | Objective | Sequence[str | Objective] | None
"""What names an objective."""


def create_objective(objective: Goal) -> Objective:
    """The objective of a name, an `Objective`, or a list of these; the default one of None.

    Raises:
        ValueError: a name of which it is not known whether higher is better.
        TypeError: something else.

    >>> create_objective("val_accuracy")
    Objective(name="val_accuracy", direction="max")
    """
    if objective is None:
        return DefaultObjective()
    if isinstance(objective, (list, tuple)):
        return MultiObjective([create_objective(one) for one in objective])
    if isinstance(objective, Objective):
        return objective
    if not isinstance(objective, str):
        raise WrongType(
            "`objective` is wrong.",
            given=repr(objective),
            expected="a name, an `Objective`, or a list of them",
        )
    direction = infer_direction(objective)
    if direction is None:
        raise BadArgument(
            f"`objective`: whether a higher {objective!r} is better is not known.",
            fix=f'write `Objective("{objective}", "min")`, or "max".',
        )
    return Objective(objective, direction)


def infer_direction(name: str) -> Direction | None:
    """Whether lower or higher is better for a log entry, by the metric or loss of that name."""
    name = name.removeprefix("val_").removeprefix("weighted_")
    if name in _SHORT:
        return _SHORT[name]
    for get in (get_metric, get_loss):
        for spelled in (name, "".join(part.capitalize() for part in name.split("_")), name.upper()):
            try:
                direction = direction_of(get(spelled))
            except (ValueError, TypeError, KeyError):
                continue
            if direction is not None or get is get_loss:
                return direction or Direction.MIN
    return None


def read_direction(direction: str, problem: str) -> Direction:
    """A direction by its name.

    Args:
        direction: "min" or "max".
        problem: the message where it is neither.

    Raises:
        ValueError: neither.
    """
    if direction not in tuple(Direction):
        raise BadArgument(problem, given=repr(direction), expected="'min' or 'max'")
    return Direction(direction)


__all__ = [
    "DefaultObjective",
    "Goal",
    "MultiObjective",
    "Objective",
    "create_objective",
    "infer_direction",
    "read_direction",
]
