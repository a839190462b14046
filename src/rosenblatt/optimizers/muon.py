"""Muon: orthogonalized momentum for matrices, Adam for the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.checks import Check, flag, number, optional, whole
from rosenblatt.core.settings import HOST, NUMBER, setting
from rosenblatt.core.types import Array, Config
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import COMMON, Optimizer, Slots, family
from rosenblatt.optimizers.rate import rate
from rosenblatt.optimizers.variables import Start

_patterns = Check(
    lambda value: (
        value is None or (not isinstance(value, str) and all(isinstance(one, str) for one in value))
    ),
    "patterns of paths",
    lambda value: [] if value is None else list(value),
    wrong=["embedding", 3],
)


@family.entry()
class Muon(Optimizer):
    """m ← μ m + g; w ← w − η ρ √max(rows, columns) · orthogonal(g + μ m) for matrices.

    `orthogonal` is a few steps of Newton and Schulz's iteration, x ← a x + (b x xᵀ + c (x xᵀ)²) x,
    which moves singular values towards 1. Everything else takes Adam's step. Jordan, "Muon", 2024;
    the scale ρ √max is Liu et al.'s, 2025, arXiv:2502.16982.

    Args:
        learning_rate: η.
        adam_beta_1, adam_beta_2, epsilon: of Adam's steps.
        adam_weight_decay: weight decay where Adam is used.
        weight_decay: weight decay of matrices.
        exclude_layers: patterns of paths for which Adam is used.
        exclude_embeddings: use Adam for paths with "embedding".
        muon_a, muon_b, muon_c: a, b, c.
        adam_lr_ratio: Adam's rate as a share of η.
        momentum: μ.
        ns_steps: steps of the iteration.
        nesterov: look ahead, as written above; otherwise `orthogonal(m)`.
        rms_rate: ρ; None leaves the scale out.

    >>> Muon().get_config()["ns_steps"]
    5
    """

    learning_rate: Any = rate(0.001)
    adam_beta_1: float = setting(number(), default=0.9, role=NUMBER)
    adam_beta_2: float = setting(number(), default=0.999, role=NUMBER)
    adam_weight_decay: float | None = setting(optional(number()), default=0.004, role=NUMBER)
    epsilon: float = setting(number(), default=1e-7, role=NUMBER)
    weight_decay: float | None = setting(optional(number()), default=0.004, role=NUMBER)
    exclude_layers: Sequence[str] | None = setting(_patterns, kw_only=True, default=None, role=HOST)
    muon_a: float = setting(number(), kw_only=True, default=3.4445, role=NUMBER)
    muon_b: float = setting(number(), kw_only=True, default=-4.7750, role=NUMBER)
    muon_c: float = setting(number(), kw_only=True, default=2.0315, role=NUMBER)
    adam_lr_ratio: float = setting(number(), kw_only=True, default=1, role=NUMBER)
    momentum: float = setting(number(), kw_only=True, default=0.95, role=NUMBER)
    ns_steps: int = setting(whole(0), kw_only=True, default=5)
    nesterov: bool = setting(flag, kw_only=True, default=True)
    exclude_embeddings: bool = setting(flag, kw_only=True, default=True, role=HOST)
    rms_rate: float | None = setting(optional(number()), kw_only=True, default=0.2, role=NUMBER)
    __argument_order__ = (
        *COMMON[1:], "exclude_layers", "exclude_embeddings", "muon_a", "muon_b", "muon_c",
        "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "rms_rate",
    )  # fmt: skip

    def _takes_adam(self, variable: Variable) -> bool:
        embedding = self.exclude_embeddings and "embedding" in variable.path.lower()
        excluded = any(re.search(pattern, variable.path) for pattern in self.exclude_layers or ())
        return len(variable.shape) != 2 or embedding or excluded

    def slot_groups(self) -> list[tuple[str, ...]]:
        """A momentum, and Adam's mean of squares."""
        return [("momentum", "velocity")]

    def make_slot(self, variable: Variable, name: str, start: Start) -> Variable | None:
        """A slot; the mean of squares only where Adam is used."""
        if name == "velocity" and not self._takes_adam(variable):
            return None
        return super().make_slot(variable, name, start)

    @property
    def momentums(self) -> list[Variable | None]:
        """The momentum of each variable; empty before `build`."""
        return list(self._slots.get("momentum", []))

    @property
    def adam_velocities(self) -> list[Variable | None]:
        """Adam's mean of squares for each variable, None where Adam is not used."""
        return list(self._slots.get("velocity", []))

    def traced_facts(self) -> Any:
        """Also which variables take Adam's step."""
        return [*super().traced_facts(), [self._takes_adam(v) for v in self._trainable_variables]]

    def prepare(self, step: Array) -> Any:
        """Also Adam's correction for the means' start at 0."""
        numbers = super().prepare(step)
        beta_1, beta_2 = numbers.adam_beta_1, numbers.adam_beta_2
        numbers.correction = jnp.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        return numbers

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, numbers: Any
    ) -> tuple[Array, Slots]:
        """The rule in the class's first line, or Adam's."""
        m = slots["momentum"]
        if "velocity" in slots:
            v, rate = slots["velocity"], learning_rate * numbers.adam_lr_ratio * numbers.correction
            m = m + (gradient - m) * (1 - numbers.adam_beta_1)
            v = v + (jnp.square(gradient) - v) * (1 - numbers.adam_beta_2)
            move = m * rate / (jnp.sqrt(v) + numbers.epsilon)
            return value - move, {"momentum": m, "velocity": v}
        m = gradient + numbers.momentum * m
        ahead = gradient + numbers.momentum * m if self.nesterov else m
        scale = learning_rate
        if self.rms_rate is not None:
            scale = scale * numbers.rms_rate * float(max(value.shape)) ** 0.5
        return value - scale * self._orthogonal(ahead, numbers), {"momentum": m}

    def _orthogonal(self, x: Array, numbers: Any) -> Array:
        """A matrix with the singular vectors of x and singular values near 1."""
        a, b, c = numbers.muon_a, numbers.muon_b, numbers.muon_c
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / (jnp.linalg.norm(x) + 1e-7)
        for _ in range(self.ns_steps):
            square = x @ x.T
            x = a * x + (b * square + c * square @ square) @ x
        return x.T if tall else x

    def _apply_weight_decay(self, variables: list[Variable], rate: Array) -> None:
        for adam, name in ((True, "adam_weight_decay"), (False, "weight_decay")):
            if getattr(self, name) is not None:
                chosen = [v for v in variables if self._takes_adam(v) is adam]
                self._decay.apply(chosen, self.scalar(name) * rate)

    def get_config(self) -> Config:
        """Every argument, in the order of Keras's files."""
        config = super().get_config()
        last = {name: config.pop(name) for name in ("adam_weight_decay", "rms_rate")}
        return {**config, **last}
