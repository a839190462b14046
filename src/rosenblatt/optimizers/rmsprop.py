"""RMSprop."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from rosenblatt.core.registry import builtin
from rosenblatt.optimizers.base import Common, Optimizer


@builtin("keras.optimizers")
class RMSprop(Optimizer):
    """v ← ρ v + (1 − ρ) g²; w ← w − η g / √(v + ε).

    Centered: √(v − ḡ² + ε) with the running mean ḡ of gradients (Graves, 2013). With momentum:
    m ← μ m + η g / √…, w ← w − m. Hinton's lecture 6e, 2012. Defaults are Keras's.

    Args:
        learning_rate: η.
        rho: ρ, what the mean of squares keeps.
        momentum: μ; 0: none.
        epsilon: ε.
        centered: divide by the deviation instead of the root mean square.
        **common: the arguments of `Optimizer`.

    >>> RMSprop().get_config()["rho"]
    0.9
    """

    runtime_parameters = (
        *Optimizer.runtime_parameters, "rho", "rho_rest", "momentum", "epsilon",
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    @property
    def rho_rest(self) -> float:
        """1 − ρ, taken in double precision."""
        return 1 - self.rho

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Mean of squares; momentum and mean of gradients where asked for."""
        groups: list[tuple[str, ...]] = [("velocity",)]
        if self.momentum > 0:
            groups.append(("momentum",))
        if self.centered:
            groups.append(("average_gradient",))
        return groups

    def prepare(self, step: Any) -> Any:
        """ρ, 1 − ρ, μ, ε."""
        return tuple(self.scalar(name) for name in ("rho", "rho_rest", "momentum", "epsilon"))

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        rho, rest, momentum, epsilon = shared
        new = {"velocity": rho * slots["velocity"] + rest * jnp.square(gradient)}
        variance = new["velocity"]
        if "average_gradient" in slots:
            new["average_gradient"] = rho * slots["average_gradient"] + rest * gradient
            variance = variance - jnp.square(new["average_gradient"])
        move = learning_rate * gradient / jnp.sqrt(variance + epsilon)
        if "momentum" in slots:
            new["momentum"] = move = momentum * slots["momentum"] + move
        return value - move, new

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
