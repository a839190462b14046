"""Lamb and ScheduleFreeAdamW: Adam with steps of each layer's size, and Adam without a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import jax.numpy as jnp

from rosenblatt.core.registry import builtin
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.adam import Moments
from rosenblatt.optimizers.base import Common


@builtin("keras.optimizers")
class Lamb(Moments):
    """u = m̂ / (√v̂ + ε); w ← w − η (‖w‖ / ‖u‖) u, with Adam's corrected means m̂ and v̂.

    For large batches: every layer moves by the same share of its size. You et al., 2019,
    arXiv:1904.00962. Defaults are Keras's.

    Args:
        learning_rate: η.
        beta_1, beta_2, epsilon: as in `Adam`.
        **common: the arguments of `Optimizer`.

    >>> Lamb().get_config()["beta_1"]
    0.9
    """

    def prepare(self, step: Any) -> Any:
        """1 − β₁, 1 − β₂, ε and the two corrections."""
        corrections = (1 - self.scalar(name) ** step for name in ("beta_1", "beta_2"))
        rests = self.scalar("beta_1_rest"), self.scalar("beta_2_rest")
        return (*rests, self.scalar("epsilon"), *corrections)

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        rest_1, rest_2, epsilon, correction_1, correction_2 = shared
        m = slots["momentum"] + (gradient - slots["momentum"]) * rest_1
        v = slots["velocity"] + (jnp.square(gradient) - slots["velocity"]) * rest_2
        move = (m / correction_1) / (jnp.sqrt(v / correction_2) + epsilon)
        size, moved = jnp.linalg.norm(value.ravel()), jnp.linalg.norm(move.ravel())
        both = (size > 0) & (moved > 0)
        ratio = jnp.where(both, size / jnp.where(both, moved, 1.0), 1.0)
        return value - ratio * learning_rate * move, {"momentum": m, "velocity": v}


@builtin("keras.optimizers")
class ScheduleFreeAdamW(Moments):
    """z ← z − η g / (√v̂ + ε); x ← (1 − 1/t) x + z / t; w = (1 − β₁) z + β₁ x.

    The average x takes the place of a falling rate. The weights in training are w, where gradients
    are taken; slot `momentum` holds z. Defazio et al., "The road less scheduled", 2024,
    arXiv:2405.15682.

    Args:
        learning_rate: η.
        beta_1: β₁, the share of the average.
        beta_2, epsilon: as in `Adam`.
        warmup_steps: steps in which the rate rises from 0.
        **common: the arguments of `Optimizer`.

    >>> ScheduleFreeAdamW().get_config()["warmup_steps"]
    0
    """

    runtime_parameters = (*Moments.runtime_parameters, "warmup_steps")

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **common)
        self.warmup_steps = warmup_steps

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the slots; z starts at the weights."""
        if self.built:
            return
        super().build(variables)
        pairs = zip(self._slots["momentum"], self._trainable_variables, strict=True)
        for slot, variable in pairs:
            if slot is not None:
                slot.assign(variable.value)

    def prepare(self, step: Any) -> Any:
        """1 − β₁, 1 − β₂, β₁, ε, the correction, the share of the newest z, and the warm-up."""
        rises = self.scalar("warmup_steps")
        rate = jnp.where(rises > 0, jnp.minimum(step / jnp.maximum(rises, 1.0), 1.0), 1.0)
        names = ("beta_1_rest", "beta_2_rest", "beta_1", "epsilon")
        numbers = (self.scalar(name) for name in names)
        return (*numbers, 1 - self.scalar("beta_2") ** step, 1 / step, rate)

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        rest_1, rest_2, beta_1, epsilon, correction, newest, rises = shared
        z = slots["momentum"]
        v = slots["velocity"] + (jnp.square(gradient) - slots["velocity"]) * rest_2
        moved = z - learning_rate * rises * gradient / (jnp.sqrt(v / correction) + epsilon)
        average = (value - rest_1 * z) / beta_1
        average = (1 - newest) * average + newest * moved
        return rest_1 * moved + beta_1 * average, {"momentum": moved, "velocity": v}

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {**super().get_config(), "warmup_steps": self.warmup_steps}
