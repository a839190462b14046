"""LossScaleOptimizer: a loss scale that finds itself, for training in float16."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.core.variable import StatelessScope, Variable
from rosenblatt.initializers.constants import Constant
from rosenblatt.optimizers.base import Common, Optimizer


@builtin("keras.optimizers", "LossScaleOptimizer")
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

    runtime_parameters = ("initial_scale", "dynamic_growth_steps")

    def __init__(
        self,
        inner_optimizer: Any,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ):
        if not isinstance(inner_optimizer, Optimizer):
            raise ValueError(
                explain(
                    "LossScaleOptimizer: bad `inner_optimizer`.",
                    given=repr(inner_optimizer),
                    expected="an object of an `Optimizer` class",
                )
            )
        idle = {"use_ema": False, "ema_momentum": 0.99}  # what older files hold
        for key, value in kwargs.items():
            if key not in Common.__annotations__ or value != idle.get(key):
                raise ValueError(
                    explain(
                        f"LossScaleOptimizer has no argument {key!r}.",
                        fix=f"give it to the inner optimizer: `{type(inner_optimizer).__name__}"
                        f"({key}=…)`.",
                    )
                )
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None  # one scale is enough

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
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        if "inner_optimizer" in self.__dict__:
            self.inner_optimizer.learning_rate = learning_rate

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
        finite = jnp.stack([jnp.all(jnp.isfinite(g)) for g in grads if g is not None]).all()
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

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the scale."""
        return loss * (self.dynamic_scale.value if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """The inner optimizer's."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """Every argument."""
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """The optimizer of a config."""
        config = dict(config)
        inner = deserialize_keras_object(config.pop("inner_optimizer"), custom_objects)
        return cls(inner, **config)
