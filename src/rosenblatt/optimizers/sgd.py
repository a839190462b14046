"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any, Unpack

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.optimizers.base import Common, Optimizer


@builtin("keras.optimizers")
class SGD(Optimizer):
    """w ← w − η g; with momentum m ← μ m − η g, w ← w + m; Nesterov: w ← w + μ m − η g.

    Momentum: Polyak, 1964; Nesterov's: Sutskever et al., 2013. Defaults are Keras's.

    Args:
        learning_rate: η.
        momentum: μ from 0 to 1; 0: none.
        nesterov: take the gradient as if the momentum step were made already.
        **common: the arguments of `Optimizer`.

    Raises:
        ValueError: a momentum that is not a number from 0 to 1.

    >>> SGD(learning_rate=0.1, momentum=0.9).get_config()["momentum"]
    0.9
    """

    runtime_parameters = (*Optimizer.runtime_parameters, "momentum")

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, **common)
        if not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise ValueError(
                explain(
                    "SGD: bad `momentum`.", given=repr(momentum), expected="a number from 0 to 1"
                )
            )
        self.momentum = momentum
        self.nesterov = nesterov

    def slot_groups(self) -> list[tuple[str, ...]]:
        """The momentum, where there is one."""
        return [("momentum",)] if self.momentum != 0 else []

    def prepare(self, step: Any) -> Any:
        """The momentum's factor."""
        return self.scalar("momentum")

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        move = gradient * learning_rate
        if "momentum" not in slots:
            return value - move, slots
        velocity = slots["momentum"] * shared - move
        forward = velocity * shared - move if self.nesterov else velocity
        return value + forward, {"momentum": velocity}

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
