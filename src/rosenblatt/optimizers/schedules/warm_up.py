"""WarmUp: a rate that rises before another schedule takes over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rosenblatt.core.checks import Check, number, optional, or_config, text
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import LABEL, NUMBER, setting
from rosenblatt.optimizers.rate import LearningRateSchedule, some_steps

_rate = or_config(
    Check(
        lambda rate: callable(rate) or number().fits(rate),
        "a schedule or a number",
        lambda rate: rate if callable(rate) else float(rate),
        wrong=["fast", None],
    )
)


@builtin("rosenblatt.optimizers.schedules")
class WarmUp(LearningRateSchedule):
    """η(t) = η₀ + (η₁ − η₀) t / n for t < n, then the other schedule's rate at t − n.

    η₁ is that schedule's rate at its start. Large first steps of Adam and large batches are what it
    avoids: Goyal et al., "Accurate, large minibatch SGD", 2017, arXiv:1706.02677.

    Args:
        learning_rate: the schedule that follows, or a number.
        warmup_steps: n.
        initial_learning_rate: η₀.
        name: its name.

    >>> rate = WarmUp(0.1, warmup_steps=4)
    >>> [round(float(rate(step)), 3) for step in range(6)]
    [0.0, 0.025, 0.05, 0.075, 0.1, 0.1]
    """

    learning_rate: float | Callable[..., Any] = setting(_rate, role=NUMBER)
    warmup_steps: int = setting(some_steps, role=NUMBER)
    initial_learning_rate: float = setting(number(), default=0.0, role=NUMBER)
    name: str | None = setting(optional(text), default="WarmUp", role=LABEL)

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        xp, now, n, start = self._inputs(step, "warmup_steps", "initial_learning_rate")
        if callable(self.learning_rate):
            after, top = self.learning_rate(xp.maximum(now - n, 0)), self.learning_rate(0 * now)
        else:
            after = top = self._inputs(step, "learning_rate")[2]
        return xp.where(now < n, start + (top - start) * now / n, after)
