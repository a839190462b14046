"""Adam and its relatives."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Common, Optimizer


class Moments(Optimizer):
    """The arguments β₁, β₂, ε, and running means of gradients and of their squares."""

    runtime_parameters = (
        *Optimizer.runtime_parameters,
        "beta_1", "beta_2", "beta_1_rest", "beta_2_rest", "epsilon",
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    @property
    def beta_1_rest(self) -> float:
        """1 − β₁, taken in double precision."""
        return 1 - self.beta_1

    @property
    def beta_2_rest(self) -> float:
        """1 − β₂, taken in double precision: in single, 1 − 0.999 is off by 1e-5 of itself."""
        return 1 - self.beta_2

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Means of gradients and of squares."""
        return [("momentum", "velocity")]

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


@builtin("keras.optimizers")
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
        **common: the arguments of `Optimizer`.

    >>> Adam().get_config()["beta_2"]
    0.999
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **common)
        self.amsgrad = amsgrad

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Means of gradients and of squares; the largest of those where asked for."""
        return [*super().slot_groups(), *([("velocity_hat",)] if self.amsgrad else [])]

    def prepare(self, step: Any) -> Any:
        """1 − β₁, 1 − β₂, ε and the correction c."""
        correction = jnp.sqrt(1 - self.scalar("beta_2") ** step) / (
            1 - self.scalar("beta_1") ** step
        )
        rests = self.scalar("beta_1_rest"), self.scalar("beta_2_rest")
        return (*rests, self.scalar("epsilon"), correction)

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        rest_1, rest_2, epsilon, correction = shared
        m = slots["momentum"] + (gradient - slots["momentum"]) * rest_1
        v = slots["velocity"] + (jnp.square(gradient) - slots["velocity"]) * rest_2
        new = {"momentum": m, "velocity": v}
        if "velocity_hat" in slots:
            new["velocity_hat"] = v = jnp.maximum(slots["velocity_hat"], v)
        return value - m * (learning_rate * correction) / (jnp.sqrt(v) + epsilon), new

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {**super().get_config(), "amsgrad": self.amsgrad}


@builtin("keras.optimizers")
class AdamW(Adam):
    """Adam, and w ← w − η λ w: weight decay apart from the gradient.

    Loshchilov and Hutter, 2017, arXiv:1711.05101. λ = 0.004 is Keras's default.

    Args:
        learning_rate: η.
        weight_decay: λ.
        beta_1, beta_2, epsilon, amsgrad: as in `Adam`.
        **common: the arguments of `Optimizer`.

    Raises:
        ValueError: no weight decay.

    >>> AdamW().get_config()["weight_decay"]
    0.004
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ):
        if weight_decay is None:
            raise ValueError(
                explain(
                    "AdamW: bad `weight_decay`.",
                    given="None",
                    expected="a number",
                    fix="for no weight decay use `Adam`.",
                )
            )
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **common
        )


@builtin("keras.optimizers")
class Adamax(Moments):
    """m ← m + (1 − β₁)(g − m); u ← max(β₂ u, |g|); w ← w − η m / ((1 − β₁ᵗ)(u + ε)).

    Kingma and Ba, 2014, arXiv:1412.6980, section 7.1: Adam with the largest gradient for the norm.

    Args:
        learning_rate: η.
        beta_1, beta_2, epsilon: β₁, β₂, ε.
        **common: the arguments of `Optimizer`.

    >>> Adamax().get_config()["beta_1"]
    0.9
    """

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Mean and norm of gradients."""
        return [("momentum", "norm")]

    def prepare(self, step: Any) -> Any:
        """1 − β₁, β₂, ε and 1 − β₁ᵗ."""
        names = ("beta_1_rest", "beta_2", "epsilon")
        return (*map(self.scalar, names), 1 - self.scalar("beta_1") ** step)

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        rest_1, beta_2, epsilon, correction = shared
        m = slots["momentum"] + (gradient - slots["momentum"]) * rest_1
        u = jnp.maximum(beta_2 * slots["norm"], jnp.abs(gradient))
        move = learning_rate * m / (correction * (u + epsilon))
        return value - move, {"momentum": m, "norm": u}


@builtin("keras.optimizers")
class Nadam(Moments):
    """Adam with Nesterov's momentum (Dozat, 2016).

    With uₜ = β₁ (1 − 0.5 · 0.96ᵗ) and Uₜ = u₁ … uₜ, the mean of gradients is replaced by
    m̂ = uₜ₊₁ m / (1 − Uₜ₊₁) + (1 − uₜ) g / (1 − Uₜ); w ← w − η m̂ / (√(v / (1 − β₂ᵗ)) + ε).

    Args:
        learning_rate: η.
        beta_1, beta_2, epsilon: β₁, β₂, ε.
        **common: the arguments of `Optimizer`.

    >>> Nadam().get_config()["beta_1"]
    0.9
    """

    def build(self, variables: Any) -> None:
        """Make the slots, and the running product U."""
        if self.built:
            return
        variables = list(variables)
        super().build(variables)
        dtype = variables[0].dtype if variables else None
        self._u_product: Variable = self.add_variable((), "ones", dtype, name="u_product")

    def prepare(self, step: Any) -> Any:
        """1 − β₁, 1 − β₂, ε, the factors of m and of g in m̂, and 1 − β₂ᵗ."""
        beta_1 = self.scalar("beta_1")
        u_now = beta_1 * (1.0 - 0.5 * 0.96**step)
        u_next = beta_1 * (1.0 - 0.5 * 0.96 ** (step + 1))
        product = self._u_product.value * u_now
        self._u_product.assign(product)
        of_mean = u_next / (1 - product * u_next)
        of_gradient = (1 - u_now) / (1 - product)
        names = ("beta_1_rest", "beta_2_rest", "epsilon")
        correction = 1 - self.scalar("beta_2") ** step
        return (*map(self.scalar, names), of_mean, of_gradient, correction)

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's lines."""
        rest_1, rest_2, epsilon, of_mean, of_gradient, correction = shared
        m = slots["momentum"] + (gradient - slots["momentum"]) * rest_1
        v = slots["velocity"] + (jnp.square(gradient) - slots["velocity"]) * rest_2
        mean = of_mean * m + of_gradient * gradient
        move = mean * learning_rate / (jnp.sqrt(v / correction) + epsilon)
        return value - move, {"momentum": m, "velocity": v}
