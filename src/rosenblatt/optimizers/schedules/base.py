"""What every schedule is: a function from the step to the learning rate."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.checks import number
from rosenblatt.core.errors import NotSupported
from rosenblatt.core.family import Family
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import Configured
from rosenblatt.core.types import Config
from rosenblatt.core.variable import Variable

family = Family("schedule", "keras.optimizers.schedules", "rosenblatt.optimizers.schedules")
serialize, deserialize = family.serialize, family.deserialize
some_steps = number(above=0, expected="a number above 0")


def scalar_dtype() -> str:
    """The dtype of scalars: 32 bits at least, whatever the default float type."""
    return "float64" if config.floatx() == "float64" else "float32"


@builtin("keras.optimizers.schedules")
class LearningRateSchedule(Configured):
    """A rate for each step; subclasses write `__call__(step)` and `get_config()`.

    >>> class Halves(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.5**step
    >>> Halves()(2)
    0.25
    """

    def __call__(self, step: Any) -> Any:
        """The rate at a step, counted from 0."""
        raise NotSupported(
            f"Schedule {type(self).__name__} has no `__call__`.",
            fix="define `__call__(self, step)` that returns the learning rate.",
        )

    def get_config(self) -> Config:
        """The arguments that make an equal schedule.

        Raises:
            NotImplementedError: a subclass with neither settings nor a `get_config`.
        """
        if not self.__settings__:
            raise NotSupported(
                f"Schedule {type(self).__name__} cannot be saved.",
                fix="define `get_config(self)` returning a dict of its `__init__` arguments.",
            )
        return self.own_config()

    def _inputs(self, step: Any, *names: str) -> Any:
        """The array module to compute in, the step, and run-time numbers, all as floats.

        NumPy outside programs: reading a rate compiles nothing.
        """
        step = step.value if isinstance(step, Variable) else step
        values = [step, *(self.parameter(name) for name in names)]
        traced = any(isinstance(value, jax.core.Tracer) for value in values)
        dtype = scalar_dtype()
        if traced:
            return (jnp, *(jnp.asarray(value, dtype) for value in values))
        return (np, *(np.asarray(value).astype(dtype)[()] for value in values))
