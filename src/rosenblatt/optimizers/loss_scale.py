"""LossScaleOptimizer: a loss scale that finds itself, for training in float16."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.checks import Check, number, or_config
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Config
from rosenblatt.core.variable import StatelessScope, Variable
from rosenblatt.initializers.constants import Constant
from rosenblatt.optimizers.base import Optimizer, family
from rosenblatt.optimizers.rate import Source

an_optimizer = Check(
    lambda value: isinstance(value, Optimizer), "an object of an `Optimizer` class", wrong=["adam"]
)


@family.entry()
class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale, divides gradients by it, and adapts the scale.

    float16 cannot hold small gradients; a scale lifts them. Where a gradient is infinite or NaN the
    step is left out and the scale halved; after `dynamic_growth_steps` good steps it is doubled.
    Micikevicius et al., "Mixed precision training", 2017, arXiv:1710.03740.

    Args:
        inner_optimizer: the optimizer that takes the steps.
        initial_scale: the first scale.
        dynamic_growth_steps: good steps before the scale is doubled.
        name: its name.

    Raises:
        ValueError: arguments that belong to the inner optimizer.

    >>> from rosenblatt.optimizers import SGD
    >>> LossScaleOptimizer(SGD()).initial_scale
    32768.0
    """

    inner_optimizer: Optimizer = setting(or_config(an_optimizer), kw_only=True)
    initial_scale: float = setting(number(), default=2.0**15, role=NUMBER)
    dynamic_growth_steps: int = setting(number(), default=2000, role=NUMBER)

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **others: Any,
    ):
        super().__init__(0.0, name=name)
        self.settle(
            inner_optimizer=inner_optimizer,
            initial_scale=initial_scale,
            dynamic_growth_steps=dynamic_growth_steps,
        )
        if not others.pop("dynamic", True):
            raise BadArgument(
                "LossScaleOptimizer: `dynamic=False` is of Keras 2.",
                fix="leave it out: the scale is always adapted; or give the inner optimizer "
                "`loss_scale_factor=…` for one that stays.",
            )
        for key, value in others.items():
            known = Optimizer.__settings__.get(key)
            if known is None or not np.array_equal(
                value, known.default
            ):  # older files hold the defaults of some
                raise BadArgument(
                    f"LossScaleOptimizer has no argument {key!r}.",
                    fix=f"give it to the inner optimizer: `{type(inner_optimizer).__name__}"
                    f"({key}=…)`.",
                )
        self.inner_optimizer.loss_scale_factor = None  # one scale is enough

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the scale and the counter, and build the inner optimizer."""
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        start = Constant(self.initial_scale)
        self.dynamic_scale = self.add_variable((), start, dtype="float32", name="dynamic_scale")
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own, then the inner optimizer's."""
        return [*super().variables, *self.inner_optimizer.variables]

    @property  # type: ignore[misc]
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def learning_rate_source(self) -> Source | None:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate_source

    @property
    def iterations(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.iterations

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Take the step where every gradient is finite, and adapt the scale."""
        grads = list(grads)
        if not grads:
            return
        variables = self._variables_of(grads, trainable_variables)
        finite = self.check_finite(grads)
        scale = self.dynamic_scale.value
        unscaled = [
            g if g is None or v.overwrite_with_gradient else g / scale.astype(g.dtype)
            for g, v in zip(grads, variables, strict=True)
        ]
        state = [*variables, *self.inner_optimizer.variables]
        with StatelessScope([(v, v.value) for v in state]) as scope:
            self.inner_optimizer.apply(unscaled, variables)
        for variable in state:
            value = scope.get_current_value(variable)
            variable.assign(jnp.where(finite, value, variable.value))
        count = self.step_counter.value
        grows = count == self._count("dynamic_growth_steps") - 1
        self.step_counter.assign(jnp.where(finite & ~grows, count + 1, 0))
        self.dynamic_scale.assign(scale * jnp.where(finite, jnp.where(grows, 2.0, 1.0), 0.5))

    def check_finite(self, grads: Sequence[Any]) -> Any:
        """Whether every number of every gradient is finite."""
        return jnp.stack([jnp.all(jnp.isfinite(g)) for g in grads if g is not None]).all()

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the scale."""
        return loss * (self.dynamic_scale.value if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """The inner optimizer's."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> Config:
        """Every argument."""
        config = self.own_config()
        names = ("name", "inner_optimizer", "initial_scale", "dynamic_growth_steps")
        return {name: config[name] for name in names}
