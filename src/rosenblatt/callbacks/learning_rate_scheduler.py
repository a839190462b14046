"""LearningRateScheduler: the learning rate of each epoch from a function."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from rosenblatt.callbacks.callback import Callback
from rosenblatt.callbacks.rate import read_rate, require_settable_rate, with_rates
from rosenblatt.core.checks import anything, function
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.printing import say
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import Configured, setting
from rosenblatt.optimizers.base import Optimizer


@builtin("keras.callbacks")
class LearningRateScheduler(Callback, Configured):
    """Sets the learning rate at the beginning of each epoch.

    Args:
        schedule: a function of (epoch, rate) or (epoch) that returns the epoch's rate; epochs
            count from 0.
        verbose: 1 tells the rate of each epoch.

    Raises:
        ValueError: when training begins, a rate that follows a schedule; when an epoch begins,
            something else than a number returned.

    >>> LearningRateScheduler(lambda epoch, rate: rate * 0.9).verbose
    0
    """

    schedule: Callable[..., Any] = setting(function)
    verbose: int = setting(anything, default=0)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Look whether the rate can be set."""
        require_settable_rate(self.model.optimizer, "LearningRateScheduler")

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the epoch's rate, of each optimizer that has one."""
        rated = with_rates(self.model.optimizer)
        for optimizer in rated.values():
            self._set(optimizer, epoch, f"{optimizer.name} " if len(rated) > 1 else "")

    def _set(self, optimizer: Optimizer, epoch: int, named: str) -> None:
        now = read_rate(optimizer)
        rate = self.schedule(epoch, now) if self._takes_rate() else self.schedule(epoch)
        number = isinstance(rate, numbers.Real) or (hasattr(rate, "dtype") and not np.ndim(rate))
        if not number or isinstance(rate, (bool, np.bool_)):
            raise BadArgument(
                "LearningRateScheduler: `schedule` must return a number.",
                given=f"{type(rate).__name__}: {rate!r}",
                fix="end the function with `return rate`.",
            )
        optimizer.learning_rate = float(rate)
        if self.verbose:
            what = f"LearningRateScheduler setting {named}learning rate to {rate}."
            say(f"Epoch {epoch + 1}: {what}")

    def _takes_rate(self) -> bool:
        try:
            inspect.signature(self.schedule).bind(0, 0.0)
        except TypeError:
            return False
        return True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Log the rate."""
        if logs is not None:
            rated = with_rates(self.model.optimizer)
            logs.update({name: read_rate(one) for name, one in rated.items()})
