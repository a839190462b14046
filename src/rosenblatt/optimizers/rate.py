"""The learning rate: a number in a variable, a schedule (what each is), or a function."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable
from inspect import Parameter
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.checks import Check, number, or_config
from rosenblatt.core.errors import NotSupported, WrongType
from rosenblatt.core.family import Family
from rosenblatt.core.registry import builtin
from rosenblatt.core.scope import HasParameters
from rosenblatt.core.serialization import serialize_keras_object
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.types import Config
from rosenblatt.core.variable import Variable

# A variable that holds a number, a schedule, or a function.
Source: TypeAlias = "Variable | Callable[..., Any]"

schedules = Family("schedule", "keras.optimizers.schedules", "rosenblatt.optimizers.schedules")
serialize_schedule, deserialize_schedule = schedules.serialize, schedules.deserialize
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

    __explained__ = ("__call__",)

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
        if np.asarray(step).dtype.kind not in "biuf":
            raise WrongType(
                f"Schedule {type(self).__name__}: bad `step`.",
                given=repr(step),
                expected="a number of steps",
            )
        return (np, *(np.asarray(value).astype(dtype)[()] for value in values))


class Rate(HasParameters):
    """What decides an optimizer's learning rate. It is never changed, but replaced.

    Args:
        source: a number, which a variable will hold; a schedule; a function of the step or of
            nothing.

    >>> Rate(lambda step: 0.5**step).at(2), Rate(lambda: 0.125).at(2)
    (0.25, 0.125)
    """

    runtime_parameters = ("called",)

    def __init__(self, source: float | Source):
        self.source: Any = source
        if not _is_followed(source):
            number = source if isinstance(source, jax.Array) else np.asarray(source, "float64")
            dtype, name = config.floatx(), "learning_rate"
            self.source = Variable(number, dtype=dtype, trainable=False, name=name)
        self.takes_step = _takes_step(self.source)

    @property
    def variables(self) -> list[Variable]:
        """The variable that holds a number; none where the rate follows something."""
        return [self.source] if isinstance(self.source, Variable) else []

    def changed(self, new: Rate, given: object, optimizer: str, kind: str) -> Rate:
        """What decides the rate after something was assigned to it.

        Args:
            new: what was assigned.
            given: the same as it was written.
            optimizer: which optimizer it is, for the message.
            kind: the name of its class.

        Raises:
            TypeError: a number for a rate that follows a schedule or function.
        """
        if not new.variables:
            return new
        if self.variables:
            self.source.assign(new.source.held)
            return self
        followed = "schedule" if isinstance(self.source, LearningRateSchedule) else "function"
        raise WrongType(
            f"{optimizer}: its learning rate follows a {followed} and cannot be set to a number.",
            given=f"{given!r} while the rate is of class {type(self.source).__name__}",
            fix=f"make the optimizer with a number, `{kind}(learning_rate=0.01)`, or assign "
            "another schedule.",
        )

    def at(self, step: Any) -> Any:
        """The variable, or the number that a schedule or function gives at a step."""
        if isinstance(self.source, Variable):
            return self.source
        return self.source(step) if self.takes_step else self.parameter("called")

    @property
    def called(self) -> float | None:
        """What a function of nothing returns now; None where the rate is something else."""
        if isinstance(self.source, Variable) or self.takes_step:
            return None
        return float(self.source())

    def get_config(self) -> Any:
        """A number, or the config of a schedule or function."""
        if isinstance(self.source, Variable):
            return float(self.source.numpy())
        return serialize_keras_object(self.source)


def _is_followed(rate: Any) -> bool:
    """Whether something is not a number but a schedule or function that gives one."""
    return callable(rate) and not hasattr(rate, "dtype")


def _is_rate(rate: Any) -> bool:
    is_array = hasattr(rate, "dtype") and np.ndim(rate) == 0
    is_number = isinstance(rate, numbers.Real) or is_array
    return _is_followed(rate) or (is_number and not isinstance(rate, (bool, np.bool_)))


def _takes_step(source: Source) -> bool:
    """Whether something is a schedule, or a function with an argument that it needs."""
    if isinstance(source, (Variable, LearningRateSchedule)):
        return isinstance(source, LearningRateSchedule)
    try:
        parameters = inspect.signature(source).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.kind in positional and p.default is p.empty for p in parameters)


_any_rate = or_config(
    Check(
        _is_rate,
        "a number, a `LearningRateSchedule`, or a function that returns one",
        Rate,
        wrong=["fast", None, True],
    )
)


def rate(default: Any = Parameter.empty) -> Any:
    """The argument `learning_rate` of an optimizer, with its default."""
    return setting(_any_rate, default=default, attribute="_rate", saved=False)
