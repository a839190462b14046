"""Ranges: integers and numbers, with or without steps, on three scales."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rosenblatt.tuner.hyperparameter import HyperParameter, index_of

SAMPLINGS = ("linear", "log", "reverse_log")
_SAMPLES = 10  # values that a grid takes of a range without steps


class _Numerical(HyperParameter):
    """A range, with or without steps, on one of three scales."""

    def __init__(
        self,
        name: str,
        min_value: Any,
        max_value: Any,
        step: Any = None,
        sampling: str = "linear",
        default: Any = None,
        conditions: Any = None,
    ):
        super().__init__(name, default, conditions)
        self.min_value = self._number("min_value", min_value)
        self.max_value = self._number("max_value", max_value)
        self.step: Any = None if step is None else self._number("step", step)
        self.sampling = sampling
        if sampling not in SAMPLINGS:
            self._refuse("sampling", sampling, f"one of {SAMPLINGS}")
        if self.min_value > self.max_value:
            self._refuse("max_value", max_value, f"at least `min_value`, {min_value}")
        if sampling != "linear" and self.min_value <= 0:
            self._refuse("min_value", min_value, f"above 0 for sampling {sampling!r}")
        least = 0 if sampling == "linear" else 1
        if self.step is not None and self.step <= least:
            self._refuse("step", step, f"above {least} for sampling {sampling!r}")
        if default is not None:
            self._default = self._number("default", default)
            if not self.min_value <= self._default <= self.max_value:
                self._refuse("default", default, f"from {self.min_value} to {self.max_value}")

    def _number(self, argument: str, value: Any) -> Any:
        raise NotImplementedError

    @property
    def default(self) -> Any:
        """The given default, or `min_value`."""
        return self.min_value if self._default is None else self._default

    def get_config(self) -> dict[str, Any]:
        """All arguments."""
        names = ("min_value", "max_value", "step", "sampling")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    @property
    def values(self) -> Sequence[Any]:
        """Every step, or the values at ten evenly spaced probabilities."""
        if self.step is not None:
            return [self._at(i) for i in range(self._count())]
        probs = [(i + 0.5) / _SAMPLES for i in range(_SAMPLES)]
        return list(dict.fromkeys(self.prob_to_value(p) for p in probs))

    @property
    def number_of_values(self) -> int | None:
        """How many steps there are; None without steps."""
        return None if self.step is None else self._count()

    # -- with steps ----------------------------------------------------------------------------

    def _count(self) -> int:
        # A hair more, so that 0.3 / 0.1 counts as three steps.
        if self.sampling == "linear":
            return int((self.max_value - self.min_value) / self.step + 1e-8) + 1
        return int(math.log(self.max_value / self.min_value, self.step) + 1e-8) + 1

    def _at(self, index: int) -> Any:
        if self.sampling == "linear":
            return self.min_value + index * self.step
        grown = self.min_value * math.pow(self.step, index)
        return grown if self.sampling == "log" else self.max_value + self.min_value - grown

    def _step_of(self, value: Any) -> float:
        if self.sampling == "linear":
            return (value - self.min_value) / self.step
        if self.sampling == "reverse_log":
            value = self.max_value + self.min_value - value
        return math.log(value / self.min_value, self.step)

    # -- without steps ---------------------------------------------------------------------------

    def _value(self, prob: float, top: Any) -> Any:
        low = self.min_value
        if self.sampling == "linear":
            return prob * (top - low) + low
        if self.sampling == "log":
            return low * math.pow(top / low, prob)
        return top + low - low * math.pow(top / low, 1 - prob)

    def _prob(self, value: Any, top: Any) -> float:
        low = self.min_value
        if top == low:
            return 0.5
        if self.sampling == "linear":
            return (value - low) / (top - low)
        if self.sampling == "log":
            return math.log(value / low) / math.log(top / low)
        return 1 - math.log((top + low - value) / low) / math.log(top / low)

    def _steps_to_prob(self, value: Any) -> float:
        index = min(max(int(self._step_of(value) + 1e-8), 0), self._count() - 1)
        return (index + 0.5) / self._count()


class Int(_Numerical):
    """An integer from `min_value` to `max_value`, both included.

    Args:
        name: its name.
        min_value, max_value: the range.
        step: distance of values, or their ratio on the logarithmic scales; 1 if None and linear.
        sampling: "linear", "log" or "reverse_log".
        default: `min_value` if None.

    Raises:
        ValueError: a range, step or default that cannot be.

    >>> Int("batch_size", 2, 32, step=2, sampling="log").values
    [2, 4, 8, 16, 32]
    """

    def __init__(
        self,
        name: str,
        min_value: int,
        max_value: int,
        step: int | None = None,
        sampling: str = "linear",
        default: int | None = None,
        conditions: Any = None,
    ):
        if step is None and sampling == "linear":
            step = 1
        super().__init__(name, min_value, max_value, step, sampling, default, conditions)

    def _number(self, argument: str, value: Any) -> int:
        if isinstance(value, (bool, str)) or value is None or int(value) != value:
            self._refuse(argument, value, "an integer")
        return int(value)

    def _at(self, index: int) -> int:
        return round(super()._at(index))

    def get_config(self) -> dict[str, Any]:
        """All arguments; the default is None where none was given."""
        return {**super().get_config(), "default": self._default}

    def prob_to_value(self, prob: float) -> int:
        """The integer at a cumulative probability."""
        if self.step is not None:
            return self._at(index_of(prob, self._count()))
        return min(int(self._value(prob, self.max_value + 1)), self.max_value)

    def value_to_prob(self, value: int) -> float:
        """The middle of the integer's share."""
        if self.step is not None:
            return self._steps_to_prob(value)
        return self._prob(value + 0.5, self.max_value + 1)


class Float(_Numerical):
    """A number from `min_value` to `max_value`.

    Args:
        name: its name.
        min_value, max_value: the range.
        step: distance of values, or their ratio on the logarithmic scales.
        sampling: with p uniform in [0, 1): "linear" min + p (max − min), "log" min (max/min)^p,
            "reverse_log" max + min − min (max/min)^(1 − p).
        default: `min_value` if None.

    Raises:
        ValueError: a range, step or default that cannot be.

    >>> round(Float("rate", 1e-4, 1e-2, sampling="log").prob_to_value(0.5), 6)
    0.001
    """

    def _number(self, argument: str, value: Any) -> float:
        if isinstance(value, (bool, str)) or value is None or not math.isfinite(value):
            self._refuse(argument, value, "a finite number")
        return float(value)

    def prob_to_value(self, prob: float) -> float:
        """The number at a cumulative probability."""
        if self.step is not None:
            return float(self._at(index_of(prob, self._count())))
        return float(self._value(prob, self.max_value))

    def value_to_prob(self, value: float) -> float:
        """The cumulative probability of a number."""
        if self.step is not None:
            return self._steps_to_prob(value)
        return float(self._prob(value, self.max_value))
