"""Rates that fall by a formula, without a cosine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rosenblatt.core.checks import Check, flag, number, optional, text
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import LABEL, NUMBER, setting
from rosenblatt.optimizers.rate import LearningRateSchedule, schedules, some_steps

_NUMBERS = Check(
    lambda value: not isinstance(value, str) and all(number().fits(one) for one in value),
    "a list of numbers",
    wrong=[3, "ab", [None]],
)


class _RateDecay(LearningRateSchedule):
    """The arguments that exponential decay and inverse-time decay share."""

    initial_learning_rate: float = setting(number(), role=NUMBER)
    decay_steps: float = setting(some_steps, role=NUMBER)
    decay_rate: float = setting(number(), role=NUMBER)
    staircase: bool = setting(flag, default=False)
    name: str | None = setting(optional(text), default=None, role=LABEL)

    def __post_init__(self) -> None:
        """Take the class's name where none is given."""
        self.name = self.name or type(self).__name__

    def _progress(self, step: Any) -> Any:
        """First rate, decay rate, and steps over `decay_steps`."""
        xp, step, first, steps, rate = self._inputs(step, *self.runtime_parameters)
        part = step / steps
        return first, rate, xp.floor(part) if self.staircase else part


@schedules.entry()
class ExponentialDecay(_RateDecay):
    """η₀ · r^(t / s)

    Args:
        initial_learning_rate: η₀.
        decay_steps: s, steps in which the rate falls by the factor r.
        decay_rate: r.
        staircase: round t / s down: the rate falls once in s steps.
        name: a name.

    >>> float(ExponentialDecay(0.5, 10, 0.5)(20))
    0.125
    """

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        first, rate, part = self._progress(step)
        return first * rate**part


@schedules.entry()
class InverseTimeDecay(_RateDecay):
    """η₀ / (1 + r t / s)

    Args:
        initial_learning_rate: η₀.
        decay_steps: s.
        decay_rate: r.
        staircase: round t / s down: the rate falls once in s steps.
        name: a name.

    >>> float(InverseTimeDecay(0.5, 10, 1.0)(10))
    0.25
    """

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        first, rate, part = self._progress(step)
        return first / (1 + rate * part)


@schedules.entry()
class PolynomialDecay(LearningRateSchedule):
    """(η₀ − η₁) · (1 − t / s)^p + η₁, and η₁ after s steps.

    Args:
        initial_learning_rate: η₀.
        decay_steps: s.
        end_learning_rate: η₁.
        power: p.
        cycle: after s steps continue with the next multiple of s instead of staying at η₁.
        name: a name.

    >>> float(PolynomialDecay(0.5, 10, 0.0)(5))
    0.25
    """

    initial_learning_rate: float = setting(number(), role=NUMBER)
    decay_steps: float = setting(some_steps, role=NUMBER)
    end_learning_rate: float = setting(number(), default=0.0001, role=NUMBER)
    power: float = setting(number(), default=1.0, role=NUMBER)
    cycle: bool = setting(flag, default=False)
    name: str | None = setting(optional(text), default="PolynomialDecay", role=LABEL)

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        xp, step, first, steps, end, power = self._inputs(step, *self.runtime_parameters)
        if self.cycle:
            steps = steps * xp.maximum(xp.ceil(step / steps), 1)
        else:
            step = xp.minimum(step, steps)
        return (first - end) * (1 - step / steps) ** power + end


@schedules.entry()
class PiecewiseConstantDecay(LearningRateSchedule):
    """One rate up to and with each boundary, the last one after all of them.

    Args:
        boundaries: rising steps.
        values: rates, one more than boundaries.
        name: a name.

    Raises:
        ValueError: a different number of values.

    >>> schedule = PiecewiseConstantDecay([2, 4], [0.5, 0.25, 0.125])
    >>> [float(schedule(step)) for step in range(6)]
    [0.5, 0.5, 0.5, 0.25, 0.25, 0.125]
    """

    boundaries: Sequence[float] = setting(_NUMBERS)
    values: Sequence[float] = setting(_NUMBERS)
    name: str | None = setting(optional(text), default="PiecewiseConstant", role=LABEL)

    def __post_init__(self) -> None:
        """Check that there is a rate on both sides of each boundary."""
        if len(self.boundaries) != len(self.values) - 1:
            raise BadArgument(
                "PiecewiseConstantDecay: `values` must be one more than `boundaries`.",
                given=f"{len(self.boundaries)} boundaries and {len(self.values)} values",
            )

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        xp, step = self._inputs(step)
        passed = xp.sum(step > xp.asarray(self.boundaries, step.dtype))
        return xp.asarray(self.values, step.dtype)[passed]
