"""What every schedule is: a function from the step to the learning rate."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.core.scope import HasParameters
from rosenblatt.core.variable import Variable


@builtin("keras.optimizers.schedules")
class LearningRateSchedule(HasParameters):
    """A rate for each step; subclasses write `__call__(step)` and `get_config()`.

    >>> class Halves(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.5**step
    >>> Halves()(2)
    0.25
    """

    name: str

    def __call__(self, step: Any) -> Any:
        """The rate at a step, counted from 0."""
        raise NotImplementedError(
            explain(
                f"Schedule {type(self).__name__} has no `__call__`.",
                fix="define `__call__(self, step)` that returns the learning rate.",
            )
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal schedule."""
        raise NotImplementedError(
            explain(
                f"Schedule {type(self).__name__} cannot be saved.",
                fix="define `get_config(self)` returning a dict of its `__init__` arguments.",
            )
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A schedule with the arguments of a config."""
        return cls(**config)

    def _inputs(self, step: Any, *names: str) -> Any:
        """The array module to compute in, the step, and run-time parameters, all as floats.

        NumPy outside programs: reading a rate compiles nothing.
        """
        step = step.value if isinstance(step, Variable) else step
        values = [step, *(self.parameter(name) for name in names)]
        traced = any(isinstance(value, jax.core.Tracer) for value in values)
        dtype = "float64" if config.floatx() == "float64" else "float32"
        if traced:
            return (jnp, *(jnp.asarray(value, dtype) for value in values))
        return (np, *(np.asarray(value).astype(dtype)[()] for value in values))


def check_steps(schedule: LearningRateSchedule, argument: str) -> None:
    """Raise where a number of steps is not positive."""
    if not getattr(schedule, argument) > 0:
        raise ValueError(
            explain(
                f"{type(schedule).__name__}: bad `{argument}`.",
                given=getattr(schedule, argument),
                expected="a number above 0",
            )
        )
