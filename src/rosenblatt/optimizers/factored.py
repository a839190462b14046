"""Adafactor: second moments kept as a row and a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import jax.numpy as jnp

from rosenblatt.core.registry import builtin
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Common, Optimizer


def _rms(x: Any) -> Any:
    return jnp.sqrt(jnp.mean(jnp.square(x)))


@builtin("keras.optimizers")
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
        **common: the arguments of `Optimizer`.

    >>> Adafactor().get_config()["beta_2_decay"]
    -0.8
    """

    runtime_parameters = (
        *Optimizer.runtime_parameters, "beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold",
    )  # fmt: skip

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **common: Unpack[Common],
    ):
        super().__init__(learning_rate, **common)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: Sequence[Variable]) -> None:
        """Make row and column means for matrices, and means of squares for all."""
        if self.built:
            return
        super().build(variables)
        made: dict[str, list[Variable | None]] = {"row": [], "column": [], "velocity": []}
        for variable in self._trainable_variables:
            shape = variable.shape
            replaced = variable.overwrite_with_gradient
            factored = len(shape) >= 2 and not replaced
            for name, part in (("row", shape[:-1]), ("column", (*shape[:-2], *shape[-1:]))):
                if len(shape) < 2:  # Keras's files hold a zero in the places of these
                    self._track(Variable(0, dtype="int32", trainable=False, name=variable.name))
                made[name].append(
                    self.add_variable(part, dtype=variable.dtype, name=variable.name)
                    if factored
                    else None
                )
            made["velocity"].append(
                None if replaced else self.add_variable_from_reference(variable, "velocity")
            )
        self._slots = made

    def prepare(self, step: Any) -> Any:
        """1 / √t, what the means keep, ε₁, ε₂ and d."""
        kept = 1 - step ** self.scalar("beta_2_decay")
        names = ("epsilon_1", "epsilon_2", "clip_threshold")
        return (1 / jnp.sqrt(step), kept, *(self.scalar(name) for name in names))

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line."""
        falling, kept, epsilon_1, epsilon_2, threshold = shared
        scale = jnp.maximum(epsilon_2, _rms(value)) * jnp.minimum(learning_rate, falling)
        square = jnp.square(gradient) + epsilon_1
        new = {}
        if "row" in slots:
            new["row"] = kept * slots["row"] + (1 - kept) * jnp.mean(square, -1)
            new["column"] = kept * slots["column"] + (1 - kept) * jnp.mean(square, -2)
            share = new["row"] / jnp.mean(new["row"], -1, keepdims=True)
            new["velocity"] = share[..., None] * new["column"][..., None, :]
        else:
            new["velocity"] = kept * slots["velocity"] + (1 - kept) * square
        move = gradient / jnp.sqrt(new["velocity"])
        return value - scale * move / jnp.maximum(1.0, _rms(move) / threshold), new

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {
            **super().get_config(),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }
