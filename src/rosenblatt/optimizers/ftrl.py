"""Ftrl: follow the regularized leader, for sparse linear models."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import number
from rosenblatt.core.settings import FIRST_VALUE, NUMBER, setting
from rosenblatt.core.types import Array, Identifier
from rosenblatt.initializers.constants import Constant
from rosenblatt.optimizers.base import Optimizer, Slots, family
from rosenblatt.optimizers.rate import rate

_strength = number(0, expected="at least 0")


@family.entry()
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

    >>> Ftrl().get_config()["learning_rate_power"]
    -0.5
    """

    learning_rate: Any = rate(0.001)
    learning_rate_power: float = setting(
        number(high=0, expected="at most 0"), default=-0.5, role=NUMBER
    )
    initial_accumulator_value: float = setting(_strength, default=0.1, role=FIRST_VALUE)
    l1_regularization_strength: float = setting(_strength, default=0.0, role=NUMBER)
    l2_regularization_strength: float = setting(_strength, default=0.0, role=NUMBER)
    l2_shrinkage_regularization_strength: float = setting(_strength, default=0.0, role=NUMBER)
    beta: float = setting(number(), default=0.0, role=NUMBER)

    @property
    def slot_initializer(self) -> list[Identifier]:
        """Where n and z start."""
        return [Constant(self.initial_accumulator_value), "zeros"]

    def slot_groups(self) -> list[tuple[str, ...]]:
        """n and z."""
        return [("accumulator", "linear")]

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        power, l1 = numbers.learning_rate_power, numbers.l1_regularization_strength
        l2 = numbers.l2_regularization_strength + numbers.beta / (2 * learning_rate)
        total = slots["accumulator"] + jnp.square(gradient)
        before, after = slots["accumulator"] ** -power, total**-power
        linear = slots["linear"] + gradient
        linear = linear + 2 * numbers.l2_shrinkage_regularization_strength * value
        linear = linear - (after - before) / learning_rate * value
        new = (jnp.clip(linear, -l1, l1) - linear) / (after / learning_rate + 2 * l2)
        return new, {"accumulator": total, "linear": linear}
