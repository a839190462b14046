"""Adagrad, Adadelta and Lion."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.initializers.constants import Constant
from rosenblatt.optimizers.base import Common, Optimizer


@builtin("keras.optimizers")
class Adagrad(Optimizer):
    """a ← a + g²; w ← w − η g / √(a + ε): rare features keep a large step.

    Duchi, Hazan and Singer, 2011. Defaults are Keras's.

    Args:
        learning_rate: η.
        initial_accumulator_value: where a starts.
        epsilon: ε.
        **common: the arguments of `Optimizer`.

    >>> Adagrad().get_config()["initial_accumulator_value"]
    0.1
    """

    runtime_parameters = (
        *Optimizer.runtime_parameters, "epsilon", "initial_accumulator_value",
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    @property
    def slot_initializer(self) -> Any:
        """Where the sum of squares starts."""
        return Constant(self.initial_accumulator_value)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """The sum of squares."""
        return [("accumulator",)]

    def prepare(self, step: Any) -> Any:
        """ε."""
        return self.scalar("epsilon")

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        total = slots["accumulator"] + jnp.square(gradient)
        move = learning_rate * gradient / jnp.sqrt(total + shared)
        return value - move, {"accumulator": total}

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }


@builtin("keras.optimizers")
class Adadelta(Optimizer):
    """a ← ρ a + (1 − ρ) g²; δ = −g √(d + ε) / √(a + ε); d ← ρ d + (1 − ρ) δ²; w ← w + η δ.

    Zeiler, 2012, arXiv:1212.5701 (there η = 1; 0.001 is Keras's default).

    Args:
        learning_rate: η.
        rho: ρ.
        epsilon: ε.
        **common: the arguments of `Optimizer`.

    >>> Adadelta().get_config()["rho"]
    0.95
    """

    runtime_parameters = (*Optimizer.runtime_parameters, "rho", "rho_rest", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.epsilon = epsilon

    @property
    def rho_rest(self) -> float:
        """1 − ρ, taken in double precision."""
        return 1 - self.rho

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Means of the squares of gradients and of steps."""
        return [("accumulated_grad", "accumulated_delta_var")]

    def prepare(self, step: Any) -> Any:
        """ρ, 1 − ρ, ε."""
        return tuple(self.scalar(name) for name in ("rho", "rho_rest", "epsilon"))

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        rho, rest, epsilon = shared
        squares = rho * slots["accumulated_grad"] + rest * jnp.square(gradient)
        steps = slots["accumulated_delta_var"]
        delta = -jnp.sqrt(steps + epsilon) * gradient / jnp.sqrt(squares + epsilon)
        steps = rho * steps + rest * jnp.square(delta)
        new = {"accumulated_grad": squares, "accumulated_delta_var": steps}
        return value + learning_rate * delta, new

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}


@builtin("keras.optimizers")
class Lion(Optimizer):
    """w ← w − η sign(β₁ m + (1 − β₁) g); m ← β₂ m + (1 − β₂) g.

    Chen et al., 2023, arXiv:2302.06675, which takes a rate 3 to 10 times smaller than Adam's.

    Args:
        learning_rate: η.
        beta_1: β₁, above 0 and at most 1 (0 would be the sign of the gradient alone).
        beta_2: β₂.
        **common: the arguments of `Optimizer`.

    Raises:
        ValueError: β₁ out of range.

    >>> Lion().get_config()["beta_2"]
    0.99
    """

    runtime_parameters = (*Optimizer.runtime_parameters, "beta_1", "beta_2")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, **common)
        if not 0 < beta_1 <= 1:
            raise ValueError(
                explain(
                    "Lion: bad `beta_1`.", given=beta_1, expected="a number above 0 and at most 1"
                )
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def slot_groups(self) -> list[tuple[str, ...]]:
        """The mean of gradients."""
        return [("momentum",)]

    def prepare(self, step: Any) -> Any:
        """β₁, β₂."""
        return self.scalar("beta_1"), self.scalar("beta_2")

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        beta_1, beta_2 = shared
        m = slots["momentum"]
        direction = jnp.sign(m * beta_1 + gradient * (1.0 - beta_1))
        return value - learning_rate * direction, {"momentum": m * beta_2 + gradient * (1 - beta_2)}

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
