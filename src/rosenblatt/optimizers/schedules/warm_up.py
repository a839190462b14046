"""WarmUp: a rate that rises before another schedule takes over."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.registry import builtin
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.optimizers.schedules.base import LearningRateSchedule, check_steps


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

    Raises:
        ValueError: a number of steps that is not positive.

    >>> rate = WarmUp(0.1, warmup_steps=4)
    >>> [round(float(rate(step)), 3) for step in range(6)]
    [0.0, 0.025, 0.05, 0.075, 0.1, 0.1]
    """

    runtime_parameters = ("warmup_steps", "initial_learning_rate", "rate")

    def __init__(
        self,
        learning_rate: Any,
        warmup_steps: int,
        initial_learning_rate: float = 0.0,
        name: str = "WarmUp",
    ):
        self.schedule = learning_rate if callable(learning_rate) else None
        self.rate = None if callable(learning_rate) else float(learning_rate)
        self.warmup_steps = warmup_steps
        self.initial_learning_rate = initial_learning_rate
        self.name = name
        check_steps(self, "warmup_steps")

    def __call__(self, step: Any) -> Any:
        """The rate at a step."""
        xp, now, n, start = self._inputs(step, "warmup_steps", "initial_learning_rate")
        if self.schedule is None:
            after = top = self._inputs(step, "rate")[2]
        else:
            after, top = self.schedule(xp.maximum(now - n, 0)), self.schedule(0 * now)
        return xp.where(now < n, start + (top - start) * now / n, after)

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {
            "learning_rate": serialize_keras_object(self.schedule)
            if self.rate is None
            else self.rate,
            "warmup_steps": self.warmup_steps,
            "initial_learning_rate": self.initial_learning_rate,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A schedule with the arguments of a config."""
        rate = config["learning_rate"]
        return cls(**{**config, "learning_rate": deserialize_keras_object(rate)})
