"""Optax transforms as optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax

from rosenblatt.core.errors import explain
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Optimizer


def is_transform(candidate: Any) -> bool:
    """Whether a value is an Optax transform: a pair of functions `init` and `update`."""
    return (
        isinstance(candidate, tuple)
        and callable(getattr(candidate, "init", None))
        and callable(getattr(candidate, "update", None))
    )


class OptaxOptimizer(Optimizer):
    """Takes the steps of an Optax transform; its state is kept in the optimizer's variables.

    `compile(optimizer=optax.adam(1e-3))` makes one. Optax is imported by whoever makes the
    transform, never here. Rates and schedules are the transform's own.

    Args:
        transform: an `optax.GradientTransformation`.
        name: its name.

    Raises:
        ValueError: not a transform; or, when a model is saved, that code would have to be saved.

    >>> class Halve:  # what Optax calls a transform is any such pair
    ...     pass
    >>> is_transform(Halve())
    False
    """

    runtime_parameters = ()

    def __init__(self, transform: Any, name: str | None = None):
        if not is_transform(transform):
            raise ValueError(
                explain(
                    "OptaxOptimizer: not a transform.",
                    given=repr(transform),
                    expected="what a function of Optax returns, such as `optax.adam(1e-3)`",
                )
            )
        super().__init__(0.0, name=name)
        self._transform = transform
        self._structure: Any = None

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a variable for each array of the transform's state."""
        if self.built:
            return
        super().build(variables)
        state = self._transform.init([v.value for v in self._trainable_variables])
        leaves, self._structure = jax.tree_util.tree_flatten(state)
        self._state = []
        for number, leaf in enumerate(leaves):
            variable = Variable(
                leaf, dtype=str(leaf.dtype), trainable=False, name=f"state_{number}"
            )
            variable.path = f"{self.name}/{variable.name}"
            self._track(variable)
            self._state.append(variable)

    def _update_all(self, grads: list[Any], variables: list[Variable]) -> None:
        places = [self._get_variable_index(variable) for variable in variables]
        if places != list(range(len(self._trainable_variables))):
            raise ValueError(
                explain(
                    f"Optimizer {self.name!r}: an Optax transform needs all gradients at once.",
                    given=f"{len(grads)} gradients",
                    expected=f"{len(self._trainable_variables)}, in the order of `build`",
                )
            )
        state = jax.tree_util.tree_unflatten(self._structure, [v.value for v in self._state])
        values = [variable.value for variable in variables]
        moves, state = self._transform.update(grads, state, values)
        for variable, value, move in zip(variables, values, moves, strict=True):
            variable.assign(value + move)
        for kept, leaf in zip(self._state, jax.tree_util.tree_leaves(state), strict=True):
            kept.assign(leaf)

    def get_config(self) -> dict[str, Any]:
        """Nothing: a transform is code.

        Raises:
            ValueError: always, with what to do.
        """
        raise ValueError(
            explain(
                f"Optimizer {self.name!r} is an Optax transform, which is code and is not saved.",
                fix="save the weights, `model.save_weights(…)`, or compile with an optimizer of "
                "`rosenblatt.optimizers` before saving.",
            )
        )
