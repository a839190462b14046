"""Rates that fall by a formula, without a cosine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.optimizers.schedules.base import LearningRateSchedule, check_steps


class _RateDecay(LearningRateSchedule):
    """The arguments that exponential decay and inverse-time decay share."""

    runtime_parameters = ("initial_learning_rate", "decay_steps", "decay_rate")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name or type(self).__name__
        check_steps(self, "decay_steps")

    def _progress(self, step: Any) -> Any:
        """Array module, first rate, decay rate, and steps over `decay_steps`."""
        xp, step, first, steps, rate = self._inputs(step, *self.runtime_parameters)
        part = step / steps
        return xp, first, rate, xp.floor(part) if self.staircase else part

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


@builtin("keras.optimizers.schedules")
class ExponentialDecay(_RateDecay):
    """η₀ · r^(t / s)

    Args:
        initial_learning_rate: η₀.
        decay_steps: s, steps in which the rate falls by the factor r.
        decay_rate: r.
        staircase: round t / s down: the rate falls once in s steps.
        name: a name.

    Raises:
        ValueError: `decay_steps` that is not positive.

    >>> float(ExponentialDecay(0.5, 10, 0.5)(20))
    0.125
    """

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        _, first, rate, part = self._progress(step)
        return first * rate**part


@builtin("keras.optimizers.schedules")
class InverseTimeDecay(_RateDecay):
    """η₀ / (1 + r t / s)

    Args:
        initial_learning_rate: η₀.
        decay_steps: s.
        decay_rate: r.
        staircase: round t / s down: the rate falls once in s steps.
        name: a name.

    Raises:
        ValueError: `decay_steps` that is not positive.

    >>> float(InverseTimeDecay(0.5, 10, 1.0)(10))
    0.25
    """

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        _, first, rate, part = self._progress(step)
        return first / (1 + rate * part)


@builtin("keras.optimizers.schedules")
class PolynomialDecay(LearningRateSchedule):
    """(η₀ − η₁) · (1 − t / s)^p + η₁, and η₁ after s steps.

    Args:
        initial_learning_rate: η₀.
        decay_steps: s.
        end_learning_rate: η₁.
        power: p.
        cycle: after s steps continue with the next multiple of s instead of staying at η₁.
        name: a name.

    Raises:
        ValueError: `decay_steps` that is not positive.

    >>> float(PolynomialDecay(0.5, 10, 0.0)(5))
    0.25
    """

    runtime_parameters = ("initial_learning_rate", "decay_steps", "end_learning_rate", "power")

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ):
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name
        check_steps(self, "decay_steps")

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        xp, step, first, steps, end, power = self._inputs(step, *self.runtime_parameters)
        if self.cycle:
            steps = steps * xp.maximum(xp.ceil(step / steps), 1)
        else:
            step = xp.minimum(step, steps)
        return (first - end) * (1 - step / steps) ** power + end

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }


@builtin("keras.optimizers.schedules")
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

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                explain(
                    "PiecewiseConstantDecay: `values` must be one more than `boundaries`.",
                    given=f"{len(boundaries)} boundaries and {len(values)} values",
                )
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        xp, step = self._inputs(step)
        passed = xp.sum(step > xp.asarray(self.boundaries, step.dtype))
        return xp.asarray(self.values, step.dtype)[passed]

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}
