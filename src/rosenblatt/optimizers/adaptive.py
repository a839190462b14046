"""Adagrad, Adadelta and Lion."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import number
from rosenblatt.core.settings import FIRST_VALUE, NUMBER, setting
from rosenblatt.core.types import Array
from rosenblatt.initializers.base import Initializer
from rosenblatt.initializers.constants import Constant
from rosenblatt.optimizers.base import Optimizer, Slots, family, rest_of
from rosenblatt.optimizers.rate import rate


@family.entry()
class Adagrad(Optimizer):
    """a ← a + g²; w ← w − η g / √(a + ε): rare features keep a large step.

    Duchi, Hazan and Singer, 2011. Defaults are Keras's.

    Args:
        learning_rate: η.
        initial_accumulator_value: where a starts.
        epsilon: ε.

    >>> Adagrad().get_config()["initial_accumulator_value"]
    0.1
    """

    learning_rate: Any = rate(0.001)
    initial_accumulator_value: float = setting(number(), default=0.1, role=FIRST_VALUE)
    epsilon: float = setting(number(), default=1e-7, role=NUMBER)

    @property
    def slot_initializer(self) -> Initializer:
        """Where the sum of squares starts."""
        return Constant(self.initial_accumulator_value)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """The sum of squares."""
        return [("accumulator",)]

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        total = slots["accumulator"] + jnp.square(gradient)
        move = learning_rate * gradient / jnp.sqrt(total + numbers.epsilon)
        return value - move, {"accumulator": total}


@family.entry()
class Adadelta(Optimizer):
    """a ← ρ a + (1 − ρ) g²; δ = −g √(d + ε) / √(a + ε); d ← ρ d + (1 − ρ) δ²; w ← w + η δ.

    Zeiler, 2012, arXiv:1212.5701 (there η = 1; 0.001 is Keras's default).

    Args:
        learning_rate: η.
        rho: ρ.
        epsilon: ε.

    >>> Adadelta().get_config()["rho"]
    0.95
    """

    learning_rate: Any = rate(0.001)
    rho: float = setting(number(), default=0.95, role=NUMBER)
    epsilon: float = setting(number(), default=1e-7, role=NUMBER)

    runtime_parameters = (*Optimizer.runtime_parameters, "rho_rest")
    rho_rest = rest_of("rho")

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Means of the squares of gradients and of steps."""
        return [("accumulated_grad", "accumulated_delta_var")]

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        rho, rest, epsilon = numbers.rho, numbers.rho_rest, numbers.epsilon
        squares = rho * slots["accumulated_grad"] + rest * jnp.square(gradient)
        steps = slots["accumulated_delta_var"]
        delta = -jnp.sqrt(steps + epsilon) * gradient / jnp.sqrt(squares + epsilon)
        steps = rho * steps + rest * jnp.square(delta)
        new = {"accumulated_grad": squares, "accumulated_delta_var": steps}
        return value + learning_rate * delta, new


@family.entry()
class Lion(Optimizer):
    """w ← w − η sign(β₁ m + (1 − β₁) g); m ← β₂ m + (1 − β₂) g.

    Chen et al., 2023, arXiv:2302.06675, which takes a rate 3 to 10 times smaller than Adam's.

    Args:
        learning_rate: η.
        beta_1: β₁, above 0 and at most 1 (0 would be the sign of the gradient alone).
        beta_2: β₂.

    >>> Lion().get_config()["beta_2"]
    0.99
    """

    learning_rate: Any = rate(0.001)
    beta_1: float = setting(
        number(above=0, high=1, expected="a number above 0 and at most 1"),
        default=0.9,
        role=NUMBER,
    )
    beta_2: float = setting(number(), default=0.99, role=NUMBER)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """The mean of gradients."""
        return [("momentum",)]

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        m, beta_1, beta_2 = slots["momentum"], numbers.beta_1, numbers.beta_2
        direction = jnp.sign(m * beta_1 + gradient * (1.0 - beta_1))
        return value - learning_rate * direction, {"momentum": m * beta_2 + gradient * (1 - beta_2)}
