"""Ranges: integers and numbers, with or without steps, on three scales."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from rosenblatt.core.scalars import is_number
from rosenblatt.tuner.kinds import HyperParameter, Parent

SAMPLINGS = ("linear", "log", "reverse_log")
"""The scales; None is the linear one too, on which an `Int` then has no steps, as long ago."""

_SAMPLES = 10  # values that a grid takes of a range without steps


class _Range(HyperParameter):
    """A range, with or without steps, on one of three scales."""

    settings = ("min_value", "max_value", "step", "sampling")
    usual_step: int | None = None  # of a linear range that is given none

    def __init__(
        self,
        name: str,
        min_value: float,
        max_value: float,
        step: float | None = None,
        sampling: str | None = "linear",
        default: float | None = None,
        conditions: Iterable[Parent] | None = None,
    ):
        super().__init__(name, default, conditions)
        step = self.usual_step if step is None and sampling == "linear" else step
        sampling = "linear" if sampling is None else sampling
        sampling = sampling.lower() if isinstance(sampling, str) else sampling
        self.min_value: Any = self._number("min_value", min_value)
        self.max_value: Any = self._number("max_value", max_value)
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

    def _number(self, argument: str, value: float) -> float:
        raise NotImplementedError

    @property
    def default(self) -> Any:
        """The given default, or `min_value`."""
        return self.min_value if self._default is None else self._default

    @property
    def values(self) -> Sequence[Any]:
        """Every step, or the values at ten evenly spaced probabilities."""
        count = self.number_of_values
        if count is not None:
            return [self._value_of(share) for share in range(count)]
        probs = [(i + 0.5) / _SAMPLES for i in range(_SAMPLES)]
        return list(dict.fromkeys(self.prob_to_value(p) for p in probs))

    def takes(self, value: Any) -> bool:
        """Whether a value is in the range."""
        return is_number(value) and bool(self.min_value <= value <= self.max_value)

    def _mirrored(self, value: float, top: float) -> float:
        """A value as the logarithmic scale has it: the reverse one begins at the other end."""
        return top + self.min_value - value if self.sampling == "reverse_log" else value

    # -- with steps ----------------------------------------------------------------------------

    @property
    def number_of_values(self) -> int | None:
        """How many steps there are; None without steps."""
        # A hair more, so that 0.3 / 0.1 counts as three steps.
        return None if self.step is None else int(self._steps_to(self.max_value) + 1e-8) + 1

    def _steps_to(self, grown: float) -> float:
        """Steps from `min_value` to a value, on the scale as it grows."""
        if self.sampling == "linear":
            return (grown - self.min_value) / self.step
        return math.log(grown / self.min_value, self.step)

    def _value_of(self, share: int) -> Any:
        if self.sampling == "linear":
            return self.min_value + share * self.step
        return self._mirrored(self.min_value * math.pow(self.step, share), self.max_value)

    def _share_of(self, value: Any) -> int:
        steps = int(self._steps_to(self._mirrored(value, self.max_value)) + 1e-8)
        return min(max(steps, 0), (self.number_of_values or 1) - 1)

    # -- without steps ---------------------------------------------------------------------------

    def _value_at(self, prob: float, top: float) -> float:
        low = self.min_value
        if self.sampling == "linear":
            return prob * (top - low) + low
        prob = 1 - prob if self.sampling == "reverse_log" else prob
        return self._mirrored(low * math.pow(top / low, prob), top)

    def _prob_of(self, value: float, top: float) -> float:
        low = self.min_value
        if top == low:
            return 0.5
        if self.sampling == "linear":
            return (value - low) / (top - low)
        prob = math.log(self._mirrored(value, top) / low) / math.log(top / low)
        return 1 - prob if self.sampling == "reverse_log" else prob


class Int(_Range):
    """An integer from `min_value` to `max_value`, both included.

    Args:
        name: its name.
        min_value, max_value: the range.
        step: distance of values, or their ratio on the logarithmic scales; 1 if None and linear.
        sampling: "linear", "log" or "reverse_log"; None is "linear" without steps.
        default: `min_value` if None.

    Raises:
        ValueError: a range, step or default that cannot be.

    >>> Int("batch_size", 2, 32, step=2, sampling="log").values
    [2, 4, 8, 16, 32]
    """

    usual_step = 1

    def _number(self, argument: str, value: float) -> int:
        if not is_number(value):
            self._refuse(argument, value, "an integer", kind=True)
        if not math.isfinite(value) or int(value) != value:
            self._refuse(argument, value, "an integer")
        return int(value)

    def _value_of(self, share: int) -> int:
        return round(super()._value_of(share))

    def prob_to_value(self, prob: float) -> int:
        """The integer at a cumulative probability."""
        if self.step is not None:
            return super().prob_to_value(prob)
        return min(int(self._value_at(prob, self.max_value + 1)), self.max_value)

    def value_to_prob(self, value: int) -> float:
        """The middle of the integer's share."""
        if self.step is not None:
            return super().value_to_prob(value)
        return self._prob_of(value + 0.5, self.max_value + 1)

    def get_config(self) -> dict[str, Any]:
        """All arguments; the default is None where none was given."""
        return {**super().get_config(), "default": self._default}


class Float(_Range):
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

    def _number(self, argument: str, value: float) -> float:
        if not is_number(value):
            self._refuse(argument, value, "a finite number", kind=True)
        if not math.isfinite(value):
            self._refuse(argument, value, "a finite number")
        return float(value)

    def prob_to_value(self, prob: float) -> float:
        """The number at a cumulative probability."""
        if self.step is not None:
            return float(super().prob_to_value(prob))
        return float(self._value_at(prob, self.max_value))

    def value_to_prob(self, value: float) -> float:
        """The cumulative probability of a number."""
        if self.step is not None:
            return super().value_to_prob(value)
        return float(self._prob_of(value, self.max_value))
