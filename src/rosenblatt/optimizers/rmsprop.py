"""RMSprop."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import flag, number
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array
from rosenblatt.optimizers.base import Optimizer, Slots, family, rest_of
from rosenblatt.optimizers.rate import rate


@family.entry()
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

    >>> RMSprop().get_config()["rho"]
    0.9
    """

    learning_rate: Any = rate(0.001)
    rho: float = setting(number(), default=0.9, role=NUMBER)
    momentum: float = setting(number(), default=0.0, role=NUMBER)
    epsilon: float = setting(number(), default=1e-7, role=NUMBER)
    centered: bool = setting(flag, default=False)

    runtime_parameters = (*Optimizer.runtime_parameters, "rho_rest")
    rho_rest = rest_of("rho")

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Mean of squares; momentum and mean of gradients where asked for."""
        optional = [("momentum", self.momentum > 0), ("average_gradient", self.centered)]
        return [("velocity",), *((name,) for name, wanted in optional if wanted)]

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        rho, rest = numbers.rho, numbers.rho_rest
        new = {"velocity": rho * slots["velocity"] + rest * jnp.square(gradient)}
        variance = new["velocity"]
        if "average_gradient" in slots:
            new["average_gradient"] = rho * slots["average_gradient"] + rest * gradient
            variance = variance - jnp.square(new["average_gradient"])
        move = learning_rate * gradient / jnp.sqrt(variance + numbers.epsilon)
        if "momentum" in slots:
            new["momentum"] = move = numbers.momentum * slots["momentum"] + move
        return value - move, new
