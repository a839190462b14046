"""Lamb and ScheduleFreeAdamW: Adam with steps of each layer's size, and Adam without a schedule."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import number
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.adam import Moments
from rosenblatt.optimizers.base import Slots, family
from rosenblatt.optimizers.rate import rate
from rosenblatt.optimizers.variables import Start


@family.entry()
class Lamb(Moments):
    """u = m̂ / (√v̂ + ε); w ← w − η (‖w‖ / ‖u‖) u, with Adam's corrected means m̂ and v̂.

    For large batches: every layer moves by the same share of its size. You et al., 2019,
    arXiv:1904.00962. Defaults are Keras's.

    Args:
        learning_rate: η.
        beta_1, beta_2, epsilon: as in `Adam`.

    >>> Lamb().get_config()["beta_1"]
    0.9
    """

    def prepare(self, step: Array) -> Any:
        """Also the two corrections."""
        numbers = super().prepare(step)
        numbers.correction_1 = 1 - numbers.beta_1**step
        numbers.correction_2 = 1 - numbers.beta_2**step
        return numbers

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        m, v = self.means(gradient, slots, numbers)
        move = (m / numbers.correction_1) / (jnp.sqrt(v / numbers.correction_2) + numbers.epsilon)
        size, moved = jnp.linalg.norm(value.ravel()), jnp.linalg.norm(move.ravel())
        both = (size > 0) & (moved > 0)
        ratio = jnp.where(both, size / jnp.where(both, moved, 1.0), 1.0)
        return value - ratio * learning_rate * move, {"momentum": m, "velocity": v}


@family.entry()
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

    >>> ScheduleFreeAdamW().get_config()["warmup_steps"]
    0
    """

    learning_rate: Any = rate(0.0025)
    beta_1: float = setting(number(), default=0.9, role=NUMBER)
    beta_2: float = setting(number(), default=0.999, role=NUMBER)
    epsilon: float = setting(number(), default=1e-8, role=NUMBER)
    warmup_steps: int = setting(number(), default=0, role=NUMBER)

    def make_slot(self, variable: Variable, name: str, start: Start) -> Variable | None:
        """A slot; z starts at the weights."""
        at_weights = name == "momentum"
        return super().make_slot(variable, name, variable.numpy() if at_weights else start)

    def prepare(self, step: Array) -> Any:
        """Also the correction, the share of the newest z, and how far the warm-up is."""
        numbers = super().prepare(step)
        numbers.correction = 1 - numbers.beta_2**step
        numbers.newest = 1 / step
        risen = jnp.minimum(step / jnp.maximum(numbers.warmup_steps, 1.0), 1.0)
        numbers.risen = jnp.where(numbers.warmup_steps > 0, risen, 1.0)
        return numbers

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        z, rest, newest = slots["momentum"], numbers.beta_1_rest, numbers.newest
        v = slots["velocity"] + (jnp.square(gradient) - slots["velocity"]) * numbers.beta_2_rest
        move = learning_rate * numbers.risen * gradient
        moved = z - move / (jnp.sqrt(v / numbers.correction) + numbers.epsilon)
        average = (value - rest * z) / numbers.beta_1
        average = (1 - newest) * average + newest * moved
        return rest * moved + numbers.beta_1 * average, {"momentum": moved, "velocity": v}
