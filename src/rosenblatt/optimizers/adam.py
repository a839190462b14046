"""Adam and its relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import flag, number, optional
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import COMMON, Optimizer, Slots, family, rest_of
from rosenblatt.optimizers.rate import rate


class Moments(Optimizer):
    """Running means of gradients and of their squares: m ← m + (1 − β₁)(g − m), and v of g²."""

    learning_rate: Any = rate(0.001)
    beta_1: float = setting(number(), default=0.9, role=NUMBER)
    beta_2: float = setting(number(), default=0.999, role=NUMBER)
    epsilon: float = setting(number(), default=1e-7, role=NUMBER)

    runtime_parameters = (*Optimizer.runtime_parameters, "beta_1_rest", "beta_2_rest")
    beta_1_rest, beta_2_rest = rest_of("beta_1"), rest_of("beta_2")

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Means of gradients and of squares."""
        return [("momentum", "velocity")]

    def means(self, gradient: Array, slots: Slots, numbers: Any) -> tuple[Array, Array]:
        """Both means after a gradient."""
        m, v = slots["momentum"], slots["velocity"]
        m = m + (gradient - m) * numbers.beta_1_rest
        return m, v + (jnp.square(gradient) - v) * numbers.beta_2_rest


@family.entry()
class Adam(Moments):
    """m ← m + (1 − β₁)(g − m); v ← v + (1 − β₂)(g² − v); w ← w − η c m / (√v + ε).

    c = √(1 − β₂ᵗ) / (1 − β₁ᵗ) corrects for the means' start at 0. Kingma and Ba, 2014,
    arXiv:1412.6980, in the form before section 2.1, whose ε is outside the correction, as Keras
    has it. AMSGrad (Reddi et al., 2018) divides by the largest v so far.

    Args:
        learning_rate: η.
        beta_1: β₁, what the mean of gradients keeps.
        beta_2: β₂, what the mean of squares keeps.
        epsilon: ε (1e-7 in Keras, 1e-8 in the paper).
        amsgrad: use AMSGrad.

    >>> Adam().get_config()["beta_2"]
    0.999
    """

    learning_rate: Any = rate(0.001)
    beta_1: float = setting(number(), default=0.9, role=NUMBER)
    beta_2: float = setting(number(), default=0.999, role=NUMBER)
    epsilon: float = setting(number(), default=1e-7, role=NUMBER)
    amsgrad: bool = setting(flag, default=False)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Means of gradients and of squares; the largest of those where asked for."""
        return [*super().slot_groups(), *([("velocity_hat",)] if self.amsgrad else [])]

    def prepare(self, step: Array) -> Any:
        """Also the correction c."""
        numbers = super().prepare(step)
        numbers.correction = jnp.sqrt(1 - numbers.beta_2**step) / (1 - numbers.beta_1**step)
        return numbers

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        m, v = self.means(gradient, slots, numbers)
        new = {"momentum": m, "velocity": v}
        if "velocity_hat" in slots:
            new["velocity_hat"] = v = jnp.maximum(slots["velocity_hat"], v)
        move = m * (learning_rate * numbers.correction) / (jnp.sqrt(v) + numbers.epsilon)
        return value - move, new


@family.entry()
class AdamW(Adam):
    """Adam, and w ← w − η λ w: weight decay apart from the gradient.

    Loshchilov and Hutter, 2017, arXiv:1711.05101. λ = 0.004 is Keras's default.

    Args:
        learning_rate: η.
        weight_decay: λ.
        beta_1, beta_2, epsilon, amsgrad: as in `Adam`.

    Raises:
        ValueError: no weight decay.

    >>> AdamW().get_config()["weight_decay"]
    0.004
    """

    learning_rate: Any = rate(0.001)
    weight_decay: float = setting(optional(number()), default=0.004, role=NUMBER)
    __argument_order__ = ("beta_1", "beta_2", "epsilon", "amsgrad", *COMMON[1:])

    def __post_init__(self) -> None:
        """Refuse to be Adam."""
        super().__post_init__()
        if self.weight_decay is None:
            raise BadArgument(
                "AdamW: bad `weight_decay`.",
                given="None",
                expected="a number",
                fix="for no weight decay use `Adam`.",
            )


@family.entry()
class Adamax(Moments):
    """m ← m + (1 − β₁)(g − m); u ← max(β₂ u, |g|); w ← w − η m / ((1 − β₁ᵗ)(u + ε)).

    Kingma and Ba, 2014, arXiv:1412.6980, section 7.1: Adam with the largest gradient for the norm.

    Args:
        learning_rate: η.
        beta_1, beta_2, epsilon: β₁, β₂, ε.

    >>> Adamax().get_config()["beta_1"]
    0.9
    """

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Mean and norm of gradients."""
        return [("momentum", "norm")]

    def prepare(self, step: Array) -> Any:
        """Also 1 − β₁ᵗ."""
        numbers = super().prepare(step)
        numbers.correction = 1 - numbers.beta_1**step
        return numbers

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        m = slots["momentum"] + (gradient - slots["momentum"]) * numbers.beta_1_rest
        u = jnp.maximum(numbers.beta_2 * slots["norm"], jnp.abs(gradient))
        move = learning_rate * m / (numbers.correction * (u + numbers.epsilon))
        return value - move, {"momentum": m, "norm": u}


@family.entry()
class Nadam(Moments):
    """Adam with Nesterov's momentum (Dozat, 2016).

    With uₜ = β₁ (1 − 0.5 · 0.96ᵗ) and Uₜ = u₁ … uₜ, the mean of gradients is replaced by
    m̂ = uₜ₊₁ m / (1 − Uₜ₊₁) + (1 − uₜ) g / (1 − Uₜ); w ← w − η m̂ / (√(v / (1 − β₂ᵗ)) + ε).

    Args:
        learning_rate: η.
        beta_1, beta_2, epsilon: β₁, β₂, ε.

    >>> Nadam().get_config()["beta_1"]
    0.9
    """

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots, and the running product U."""
        if self.built:
            return
        variables = list(variables)
        super().build(variables)
        dtype = variables[0].dtype if variables else None
        self._u_product: Variable = self.add_variable((), "ones", dtype, name="u_product")

    def prepare(self, step: Array) -> Any:
        """Also the factors of m and of g in m̂, and 1 − β₂ᵗ."""
        numbers = super().prepare(step)
        u_now = numbers.beta_1 * (1.0 - 0.5 * 0.96**step)
        u_next = numbers.beta_1 * (1.0 - 0.5 * 0.96 ** (step + 1))
        product = self._u_product.value * u_now
        self._u_product.assign(product)
        numbers.of_mean = u_next / (1 - product * u_next)
        numbers.of_gradient = (1 - u_now) / (1 - product)
        numbers.correction = 1 - numbers.beta_2**step
        return numbers

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's lines."""
        m, v = self.means(gradient, slots, numbers)
        mean = numbers.of_mean * m + numbers.of_gradient * gradient
        move = mean * learning_rate / (jnp.sqrt(v / numbers.correction) + numbers.epsilon)
        return value - move, {"momentum": m, "velocity": v}
