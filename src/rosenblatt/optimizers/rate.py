"""The learning rate: a variable, a schedule or a function."""

from __future__ import annotations

import inspect
import numbers
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.serialization import serialize_keras_object
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.schedules.base import LearningRateSchedule
from rosenblatt.optimizers.variables import OptimizerVariables


def _is_number(value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, numbers.Real) or (hasattr(value, "dtype") and np.ndim(value) == 0)


def _takes_step(function: Any) -> bool:
    """Whether a callable wants the step number."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(p.kind in positional and p.default is p.empty for p in parameters)


class LearningRate(OptimizerVariables):
    """The part of an optimizer that knows its learning rate."""

    runtime_parameters: ClassVar[tuple[str, ...]] = ("called_rate",)
    _iterations: Variable
    _learning_rate: Any

    def _set_up_rate(self, learning_rate: Any) -> None:
        if callable(learning_rate) and not hasattr(learning_rate, "dtype"):
            self._learning_rate = learning_rate
            return
        self._check_rate(learning_rate)
        variable = Variable(
            np.asarray(float(learning_rate), "float64"),
            dtype=config.floatx(),
            trainable=False,
            name="learning_rate",
        )
        variable.path = f"{self.name}/learning_rate"
        self._learning_rate = variable

    def _check_rate(self, learning_rate: Any) -> None:
        if not _is_number(learning_rate):
            raise ValueError(
                explain(
                    f"{type(self).__name__}: bad `learning_rate`.",
                    given=repr(learning_rate),
                    expected="a number, a `LearningRateSchedule`, or a function that returns one",
                )
            )

    @property
    def learning_rate(self) -> Any:
        """The rate now: a variable, or the value of the schedule or function at this step.

        Assigning a number sets the variable (no program is compiled again); assigning a schedule
        replaces it.
        """
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return rate
        if isinstance(rate, LearningRateSchedule) or _takes_step(rate):
            return rate(self._iterations)
        return self.parameter("called_rate")

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        current = self._learning_rate
        if callable(learning_rate) and not hasattr(learning_rate, "dtype"):
            if isinstance(current, Variable):
                object.__setattr__(
                    self, "_variables", [v for v in self._variables if v is not current]
                )
            self._learning_rate = learning_rate
        elif isinstance(current, Variable):
            self._check_rate(learning_rate)
            current.assign(learning_rate)
        else:
            kind = "schedule" if isinstance(current, LearningRateSchedule) else "function"
            raise TypeError(
                explain(
                    f"Optimizer {self.name!r}: its learning rate follows a {kind} and cannot be "
                    "set to a number.",
                    given=f"{learning_rate!r} while the rate is of class {type(current).__name__}",
                    fix=f"make the optimizer with a number, `{type(self).__name__}"
                    "(learning_rate=0.01)`, or assign another schedule.",
                )
            )

    @property
    def called_rate(self) -> float | None:
        """What a learning rate given as a function without arguments returns now, or None."""
        rate = self._learning_rate
        if isinstance(rate, (Variable, LearningRateSchedule)) or _takes_step(rate):
            return None
        return float(rate())

    def _current_rate(self) -> Any:
        """The rate as an array, for the update of this step."""
        return jnp.asarray(self.learning_rate, config.floatx())

    def _rate_config(self) -> Any:
        rate = self._learning_rate
        return float(rate.numpy()) if isinstance(rate, Variable) else serialize_keras_object(rate)
