"""The state of training as a pytree, and the way between it and a model's variables."""

from __future__ import annotations

from typing import Any, NamedTuple

from rosenblatt.core.forking import refuse_forked
from rosenblatt.core.variable import Variable, moving_together

# The groups of the state that each step takes and returns, in Keras's order.
GROUPS = {
    "train": ("trainable", "non_trainable", "optimizer", "metrics"),
    "test": ("trainable", "non_trainable", "metrics"),
}


class TrainState(NamedTuple):
    """The values that a training step reads and returns."""

    trainable: tuple[Any, ...]
    non_trainable: tuple[Any, ...]
    optimizer: tuple[Any, ...]
    metrics: tuple[Any, ...]


class StateVariables(NamedTuple):
    """The variables whose values make up a `TrainState`, in the same order."""

    trainable: tuple[Variable, ...]
    non_trainable: tuple[Variable, ...]
    optimizer: tuple[Variable, ...] = ()
    metrics: tuple[Variable, ...] = ()

    def gather(self) -> TrainState:
        """The values now, as the variables keep them: NumPy where none was computed with yet.

        Raises:
            RuntimeError: in a forked process, where computing would hang.
        """
        refuse_forked()
        with moving_together:
            return TrainState(*(tuple(v._value for v in group) for group in self))

    def scatter(self, state: TrainState) -> None:
        """Give the variables the state's values."""
        with moving_together:
            for group, values in zip(self, state, strict=True):
                for variable, value in zip(group, values, strict=True):
                    variable._value = value

    def bind(self, state: TrainState) -> dict[int, Any]:
        """`id(variable)` to the state's value, for a scope."""
        return {
            id(variable): value
            for group, values in zip(self, state, strict=True)
            for variable, value in zip(group, values, strict=True)
        }

    def read(self, values: dict[int, Any]) -> TrainState:
        """The state after a step, from a scope's values."""
        return TrainState(*(tuple(values[id(v)] for v in group) for group in self))
