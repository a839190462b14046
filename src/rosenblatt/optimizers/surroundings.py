"""What surrounds the rule: clipping, weight decay, accumulated gradients, averaged weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.variable import StatelessScope, Variable, moving_together
from rosenblatt.optimizers.gradients import clip_by_global_norm, clip_by_norm
from rosenblatt.optimizers.rate import LearningRate


def scalar_dtype() -> str:
    """The dtype of scalars in rules: 32 bits at least, whatever the default float type."""
    return "float64" if config.floatx() == "float64" else "float32"


class Surroundings(LearningRate):
    """The part of an optimizer around its rule."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    _averages: list[Variable | None]
    averages_are_exchanged = False  # whether the averages stand in the weights for a while
    _accumulators: list[Variable]
    _not_decayed: list[Variable]
    _not_decayed_names: str | None

    @property
    def iterations(self) -> Any:
        """Number of updates so far."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self._count("gradient_accumulation_steps")
        return self._iterations

    def scalar(self, name: str) -> Any:
        """A run-time parameter as an array of at least 32 bits."""
        return jnp.asarray(self.parameter(name), scalar_dtype())

    def _count(self, name: str) -> Any:
        """A run-time parameter that counts, as an integer array."""
        return jnp.asarray(self.parameter(name), "int32")

    def _step(self) -> Any:
        iterations = self.iterations
        count = iterations.value if isinstance(iterations, Variable) else iterations
        return (count + 1).astype(scalar_dtype())

    def _update_all(self, grads: list[Any], variables: list[Variable]) -> None:
        raise NotImplementedError

    def _apply(self, grads: list[Any], variables: list[Variable]) -> None:
        if self.loss_scale_factor is not None:
            scale = self.scalar("loss_scale_factor")
            grads = [g / scale.astype(g.dtype) for g in grads]
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables)
        else:
            self._update_all(grads, variables)
        if self.use_ema:
            self._update_averages()

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        if self.clipnorm and self.clipnorm > 0:
            return [clip_by_norm(g, self.scalar("clipnorm").astype(g.dtype)) for g in grads]
        if self.global_clipnorm and self.global_clipnorm > 0:
            return clip_by_global_norm(grads, self.scalar("global_clipnorm"))
        if self.clipvalue and self.clipvalue > 0:
            limit = self.scalar("clipvalue")
            return [jnp.clip(g, -limit.astype(g.dtype), limit.astype(g.dtype)) for g in grads]
        return grads

    def _apply_weight_decay(self, variables: list[Variable], rate: Any) -> None:
        if self.weight_decay is None:
            return
        part = self.scalar("weight_decay") * rate
        for variable in variables:
            if self._use_weight_decay(variable):
                variable.assign(variable.value - variable.value * part)

    def traced_facts(self) -> Any:
        """For each variable, whether it decays, and whether its gradient replaces it."""
        return [
            (self._use_weight_decay(v), v.overwrite_with_gradient)
            for v in self._trainable_variables
        ]

    def exclude_from_weight_decay(
        self,
        var_list: Sequence[Variable] | None = None,
        var_names: Sequence[str] | None = None,
    ) -> None:
        """Name the variables that do not decay.

        Args:
            var_list: the variables.
            var_names: parts of names: ["bias"] means every bias.

        Raises:
            ValueError: called after the optimizer was built.
        """
        if self.built:
            raise ValueError(
                explain(
                    f"Optimizer {self.name!r} is built: variables can no longer be excluded from "
                    "weight decay.",
                    fix="call `exclude_from_weight_decay()` right after making the optimizer.",
                )
            )
        self._not_decayed = list(var_list or ())
        self._not_decayed_names = "|".join(sorted(set(var_names))) if var_names else None

    def _use_weight_decay(self, variable: Variable) -> bool:
        if any(variable is excluded for excluded in self._not_decayed):
            return False
        pattern = self._not_decayed_names
        return pattern is None or re.search(pattern, variable.name) is None

    def _accumulate(self, grads: list[Any], variables: list[Variable]) -> None:
        """Collect gradients; after `gradient_accumulation_steps` calls, update with their mean."""
        steps = self._count("gradient_accumulation_steps")
        sums = [self._accumulators[self._get_variable_index(v)] for v in variables]
        state = [*variables, *self.variables]

        def update(values: list[Any]) -> list[Any]:
            with StatelessScope(list(zip(state, values, strict=True))) as scope:
                means = [(g + s.value) / steps for g, s in zip(grads, sums, strict=True)]
                self._update_all(means, variables)
                for total in sums:
                    total.assign(jnp.zeros(total.shape, total.dtype))
                return [scope.get_current_value(v) for v in state]

        def collect(values: list[Any]) -> list[Any]:
            with StatelessScope(list(zip(state, values, strict=True))) as scope:
                for gradient, total in zip(grads, sums, strict=True):
                    total.assign(total.value + gradient)
                return [scope.get_current_value(v) for v in state]

        due = (self._iterations.value + 1) % steps == 0
        new = jax.lax.cond(due, update, collect, [v.value for v in state])
        for variable, value in zip(state, new, strict=True):
            variable.assign(value)

    def _update_averages(self) -> None:
        """Move the averages towards the weights; in due course set the weights to them."""
        iterations = jnp.asarray(self.iterations)
        momentum = self.scalar("ema_momentum") * (iterations != 0)
        due = None
        if self.ema_overwrite_frequency:
            due = (iterations + 1) % self._count("ema_overwrite_frequency") == 0
        for variable, average in zip(self._trainable_variables, self._averages, strict=True):
            if average is None:
                continue
            average.assign(momentum * average.value + (1 - momentum) * variable.value)
            if due is not None:
                variable.assign(jnp.where(due, average.value, variable.value))

    def exchange_averages(self) -> None:
        """Put the averages into the weights, and the weights where the averages were; or back."""
        with moving_together:
            for variable, average in zip(self._trainable_variables, self._averages, strict=True):
                if average is not None:
                    value, averaged = variable.value, average.value
                    variable.assign(averaged)
                    average.assign(value)
        self.averages_are_exchanged = not self.averages_are_exchanged

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """At the end of training: set variables to their averages, where averages are kept."""
        if not self.use_ema:
            return
        with moving_together:
            for variable in var_list:
                average = self._averages[self._get_variable_index(variable)]
                if average is not None and self.averages_are_exchanged:
                    average.assign(variable)
                elif average is not None:
                    variable.assign(average)
        self.averages_are_exchanged = False

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`."""
        return loss if self.loss_scale_factor is None else loss * self.scalar("loss_scale_factor")
