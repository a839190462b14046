"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.checks import flag, number
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Optimizer, Slots, family
from rosenblatt.optimizers.rate import rate


@family.entry()
class SGD(Optimizer):
    """w ← w − η g; with momentum m ← μ m − η g, w ← w + m; Nesterov: w ← w + μ m − η g.

    Momentum: Polyak, 1964; Nesterov's: Sutskever et al., 2013. Defaults are Keras's.

    Args:
        learning_rate: η.
        momentum: μ from 0 to 1; 0: none.
        nesterov: take the gradient as if the momentum step were made already.

    >>> SGD(learning_rate=0.1, momentum=0.9).get_config()["momentum"]
    0.9
    """

    learning_rate: Any = rate(0.01)
    momentum: float = setting(number(0, 1), default=0.0, role=NUMBER)
    nesterov: bool = setting(flag, default=False)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """The momentum, where there is one."""
        return [("momentum",)] if self.momentum != 0 else []

    @property
    def momentums(self) -> list[Variable | None]:
        """The momentum of each variable; empty without momentum, and before `build`."""
        return list(self._slots.get("momentum", []))

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        move = gradient * learning_rate
        if "momentum" not in slots:
            return value - move, slots
        velocity = slots["momentum"] * numbers.momentum - move
        forward = velocity * numbers.momentum - move if self.nesterov else velocity
        return value + forward, {"momentum": velocity}
