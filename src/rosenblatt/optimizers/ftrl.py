"""Ftrl: follow the regularized leader, for sparse linear models."""

from __future__ import annotations

from typing import Any, Unpack

import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.initializers.constants import Constant
from rosenblatt.optimizers.base import Common, Optimizer

_STRENGTHS = (
    "l1_regularization_strength",
    "l2_regularization_strength",
    "l2_shrinkage_regularization_strength",
)


@builtin("keras.optimizers")
class Ftrl(Optimizer):
    """n' = n + g²; z ← z + g − (n'⁻ᵖ − n⁻ᵖ) w / η; w ← (clip(z, ±λ₁) − z) / (n'⁻ᵖ / η + 2 λ₂).

    Weights whose |z| is at most λ₁ are exactly zero. McMahan et al., "Ad click prediction", 2013.

    Args:
        learning_rate: η.
        learning_rate_power: p, at most 0.
        initial_accumulator_value: where n starts.
        l1_regularization_strength: λ₁.
        l2_regularization_strength: λ₂; `beta / (2 η)` is added to it.
        l2_shrinkage_regularization_strength: s; g becomes g + 2 s w.
        beta: the paper's β.
        **common: the arguments of `Optimizer`.

    Raises:
        ValueError: a negative strength or start, or a power above 0.

    >>> Ftrl().get_config()["learning_rate_power"]
    -0.5
    """

    runtime_parameters = (
        *Optimizer.runtime_parameters, "learning_rate_power", "initial_accumulator_value", "beta",
        *_STRENGTHS,
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, **common)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        at_least_0 = {name: getattr(self, name) for name in _STRENGTHS}
        at_least_0["initial_accumulator_value"] = initial_accumulator_value
        for name, value in at_least_0.items():
            if value < 0:
                raise ValueError(
                    explain(f"Ftrl: bad `{name}`.", given=value, expected="at least 0")
                )
        if learning_rate_power > 0:
            raise ValueError(
                explain(
                    "Ftrl: bad `learning_rate_power`.",
                    given=learning_rate_power,
                    expected="at most 0",
                )
            )

    @property
    def slot_initializer(self) -> Any:
        """Where n and z start."""
        return [Constant(self.initial_accumulator_value), "zeros"]

    def slot_groups(self) -> list[tuple[str, ...]]:
        """n and z."""
        return [("accumulator", "linear")]

    def prepare(self, step: Any) -> Any:
        """p, β and the strengths."""
        names = ("learning_rate_power", "beta", *_STRENGTHS)
        return tuple(self.scalar(name) for name in names)

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        power, beta, l1, l2, shrinkage = shared
        total = slots["accumulator"] + jnp.square(gradient)
        before, after = slots["accumulator"] ** -power, total**-power
        linear = slots["linear"] + gradient + 2 * shrinkage * value
        linear = linear - (after - before) / learning_rate * value
        quadratic = after / learning_rate + 2 * (l2 + beta / (2 * learning_rate))
        new = (jnp.clip(linear, -l1, l1) - linear) / quadratic
        return new, {"accumulator": total, "linear": linear}

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        names = ("learning_rate_power", "initial_accumulator_value", *_STRENGTHS, "beta")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
