"""Muon: orthogonalized momentum for matrices, Adam for the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.registry import builtin
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Optimizer

_SETTINGS = (
    "adam_beta_1", "adam_beta_2", "epsilon", "exclude_layers", "muon_a", "muon_b", "muon_c",
    "adam_lr_ratio", "momentum", "ns_steps", "nesterov", "exclude_embeddings",
    "adam_weight_decay", "rms_rate",
)  # fmt: skip


@builtin("keras.optimizers")
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
        **common: the arguments of `Optimizer`.

    >>> Muon().get_config()["ns_steps"]
    5
    """

    runtime_parameters = (
        *Optimizer.runtime_parameters, "adam_beta_1", "adam_beta_2", "epsilon", "adam_lr_ratio",
        "adam_weight_decay", "momentum", "muon_a", "muon_b", "muon_c", "rms_rate",
    )  # fmt: skip
    untraced = (*Optimizer.untraced, "exclude_layers")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        *,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **common: Any,
    ):
        super().__init__(learning_rate, weight_decay=weight_decay, **common)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def _takes_adam(self, variable: Variable) -> bool:
        embedding = self.exclude_embeddings and "embedding" in variable.path.lower()
        excluded = any(re.search(pattern, variable.path) for pattern in self.exclude_layers)
        return len(variable.shape) != 2 or embedding or excluded

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a momentum for every variable, and Adam's second mean where it is used."""
        if self.built:
            return
        super().build(variables)
        made: dict[str, list[Variable | None]] = {"momentum": [], "velocity": []}
        for variable in self._trainable_variables:
            kept = not variable.overwrite_with_gradient
            for name, wanted in (
                ("momentum", kept),
                ("velocity", kept and self._takes_adam(variable)),
            ):
                made[name].append(
                    self.add_variable_from_reference(variable, name) if wanted else None
                )
        self._slots = made

    def traced_facts(self) -> Any:
        """Also which variables take Adam's step."""
        return [*super().traced_facts(), [self._takes_adam(v) for v in self._trainable_variables]]

    def prepare(self, step: Any) -> Any:
        """Adam's correction for the means' start at 0."""
        beta_1, beta_2 = self.scalar("adam_beta_1"), self.scalar("adam_beta_2")
        return jnp.sqrt(1 - beta_2**step) / (1 - beta_1**step)

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule in the class's first line, or Adam's."""
        m = slots["momentum"]
        if "velocity" in slots:
            rate = learning_rate * self.scalar("adam_lr_ratio") * shared
            m = m + (gradient - m) * (1 - self.scalar("adam_beta_1"))
            v = slots["velocity"]
            v = v + (jnp.square(gradient) - v) * (1 - self.scalar("adam_beta_2"))
            return value - m * rate / (jnp.sqrt(v) + self.scalar("epsilon")), {
                "momentum": m,
                "velocity": v,
            }
        momentum = self.scalar("momentum")
        m = gradient + momentum * m
        move = self._orthogonal(gradient + momentum * m if self.nesterov else m)
        scale = learning_rate
        if self.rms_rate is not None:
            scale = scale * self.scalar("rms_rate") * float(max(value.shape)) ** 0.5
        return value - scale * move, {"momentum": m}

    def _orthogonal(self, x: Any) -> Any:
        """A matrix with the singular vectors of x and singular values near 1."""
        a, b, c = (self.scalar(name) for name in ("muon_a", "muon_b", "muon_c"))
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / (jnp.linalg.norm(x) + 1e-7)
        for _ in range(self.ns_steps):
            square = x @ x.T
            x = a * x + (b * square + c * square @ square) @ x
        return x.T if tall else x

    def _apply_weight_decay(self, variables: list[Variable], rate: Any) -> None:
        for variable in variables:
            name = "adam_weight_decay" if self._takes_adam(variable) else "weight_decay"
            if self._use_weight_decay(variable) and getattr(self, name) is not None:
                variable.assign(variable.value - variable.value * self.scalar(name) * rate)

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {**super().get_config(), **{name: getattr(self, name) for name in _SETTINGS}}
