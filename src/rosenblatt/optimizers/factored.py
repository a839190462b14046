"""Adafactor: second moments kept as a row and a column."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import flag, number
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Optimizer, Slots, family
from rosenblatt.optimizers.rate import rate
from rosenblatt.optimizers.variables import Start


def _rms(x: Array) -> Array:
    return jnp.sqrt(jnp.mean(jnp.square(x)))


@family.entry()
class Adafactor(Optimizer):
    """v̂ = r cᵀ / mean(r); u = g / √v̂; w ← w − α u / max(1, rms(u) / d).

    r and c are running means of g² + ε₁ over columns and rows, so a matrix of n × m needs n + m
    numbers; α = max(ε₂, rms(w)) · min(η, 1 / √t). Shazeer and Stern, 2018, arXiv:1804.04235, whose
    defaults these are, but for η.

    Args:
        learning_rate: η.
        beta_2_decay: what the means keep at step t is 1 − t to this power.
        epsilon_1: ε₁, added to squared gradients.
        epsilon_2: ε₂, the least scale of a weight.
        clip_threshold: d.
        relative_step: let the rate fall as 1 / √t, where it is a number.

    >>> Adafactor().get_config()["beta_2_decay"]
    -0.8
    """

    learning_rate: Any = rate(0.001)
    beta_2_decay: float = setting(number(), default=-0.8, role=NUMBER)
    epsilon_1: float = setting(number(), default=1e-30, role=NUMBER)
    epsilon_2: float = setting(number(), default=1e-3, role=NUMBER)
    clip_threshold: float = setting(number(), default=1.0, role=NUMBER)
    relative_step: bool = setting(flag, default=True)

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Means of rows and of columns for matrices, and of squares."""
        return [("row", "column", "velocity")]

    def make_slot(self, variable: Variable, name: str, start: Start) -> Variable | None:
        """A slot; Keras's files hold a zero for row and column of what is no matrix."""
        shape = variable.shape
        if name not in ("row", "column"):
            return super().make_slot(variable, name, start)
        if len(shape) < 2:
            self._track(Variable(0, dtype="int32", trainable=False, name=variable.name))
        if len(shape) < 2 or variable.overwrite_with_gradient:
            return None
        part = shape[:-1] if name == "row" else (*shape[:-2], *shape[-1:])
        return self.add_variable(part, start, dtype=variable.dtype, name=variable.name)

    def prepare(self, step: Array) -> Any:
        """Also 1 / √t, and what the means keep."""
        numbers = super().prepare(step)
        numbers.falling = 1 / jnp.sqrt(step)
        numbers.kept = 1 - step**numbers.beta_2_decay
        return numbers

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line."""
        kept, new = numbers.kept, {}
        scale = jnp.maximum(numbers.epsilon_2, _rms(value))
        scale = scale * jnp.minimum(learning_rate, numbers.falling)
        square = jnp.square(gradient) + numbers.epsilon_1
        if "row" in slots:
            new["row"] = kept * slots["row"] + (1 - kept) * jnp.mean(square, -1)
            new["column"] = kept * slots["column"] + (1 - kept) * jnp.mean(square, -2)
            share = new["row"] / jnp.mean(new["row"], -1, keepdims=True)
            new["velocity"] = share[..., None] * new["column"][..., None, :]
        else:
            new["velocity"] = kept * slots["velocity"] + (1 - kept) * square
        move = gradient / jnp.sqrt(new["velocity"])
        return value - scale * move / jnp.maximum(1.0, _rms(move) / numbers.clip_threshold), new
