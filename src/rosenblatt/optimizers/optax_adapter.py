"""Optax transforms as optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.errors import BadArgument, explain
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Optimizer, family
from rosenblatt.optimizers.lookup import is_transform

_RATE = "hyperparams['learning_rate']"
_RATE_OF_SCHEDULE = "hyperparams_states['learning_rate']"


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


@family.entry()
class OptaxOptimizer(Optimizer):
    """Takes the steps of an Optax transform; its state is kept in the optimizer's variables.

    `compile(optimizer=optax.adam(1e-3))` makes one. Optax is imported by whoever makes the
    transform, never here. The transform sees the weights as a list, in the order of
    `model.trainable_variables`. Its numbers are constants of the compiled program, but for those of
    `optax.inject_hyperparams(optax.adam)(learning_rate=1e-3)`: they are state, and the rate is then
    `learning_rate`, which callbacks can set.

    Args:
        transform: an `optax.GradientTransformation`.
        name: its name.

    Raises:
        ValueError: not a transform; in training, one that needs more than gradients and weights;
            and, when a model is saved, that code would have to be saved.

    >>> import jax.numpy as jnp, numpy as np
    >>> from collections import namedtuple
    >>> descent = namedtuple("Descent", "init update")(
    ...     lambda weights: (), lambda grads, state, weights: ([-0.1 * g for g in grads], state)
    ... )
    >>> weight = Variable(np.array([1.0, 2.0]), dtype="float32", name="weight")
    >>> OptaxOptimizer(descent).apply([jnp.array([10.0, 0.0])], [weight])
    >>> weight.numpy()
    array([0., 2.], dtype=float32)
    """

    def __init__(self, transform: Any, name: str | None = None):
        if not is_transform(transform):
            raise BadArgument(
                "OptaxOptimizer: not a transform.",
                given=repr(transform),
                expected="what a function of Optax returns, such as `optax.adam(1e-3)`",
            )
        super().__init__(lambda: 0.0, name=name)
        self._known_rate: Variable | None = None  # known once the transform's state is
        self._transform = transform
        self._structure: Any = None
        self._key_kinds: list[Any] = []
        self._state: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a variable for each array of the transform's state."""
        if self.built:
            return
        super().build(variables)
        state = self._transform.init([v.value for v in self._trainable_variables])
        entries, self._structure = jax.tree_util.tree_flatten_with_path(state)
        leaves = [jnp.asarray(leaf) for _, leaf in entries]
        self._key_kinds = [jax.random.key_impl(leaf) if _is_key(leaf) else None for leaf in leaves]
        for number, leaf in enumerate(self._plain(leaves)):
            variable = Variable(
                leaf, dtype=str(leaf.dtype), trainable=False, name=f"state_{number}"
            )
            variable.path = f"{self.name}/{variable.name}"
            self._track(variable)
            self._state.append(variable)
        places = [jax.tree_util.keystr(path) for path, _ in entries]
        rates = [v for v, p in zip(self._state, places, strict=True) if p.endswith(_RATE)]
        if len(rates) == 1 and not any(_RATE_OF_SCHEDULE in place for place in places):
            self._known_rate = rates[0]

    def _plain(self, leaves: Sequence[Any]) -> list[Any]:
        """A state's arrays, random keys as the numbers that files can hold."""
        kinds = zip(leaves, self._key_kinds, strict=True)
        return [leaf if kind is None else jax.random.key_data(leaf) for leaf, kind in kinds]

    @property  # type: ignore[misc]
    def learning_rate(self) -> Any:
        """The rate that `optax.inject_hyperparams` keeps in the state.

        Raises:
            AttributeError: no such rate, or not built yet.
        """
        if self._known_rate is None:
            raise AttributeError(
                explain(
                    f"Optimizer {self.name!r}: an Optax transform's learning rate is part of it.",
                    fix="to read and set it, compile with "
                    "`optax.inject_hyperparams(optax.adam)(learning_rate=0.001)`; it is known from "
                    "`fit` on.",
                )
            )
        return self._known_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.learning_rate.assign(learning_rate)

    @property
    def learning_rate_source(self) -> Variable | None:
        """The variable of such a rate, or None."""
        return self._known_rate

    def _update_all(self, grads: list[Any], variables: list[Variable]) -> None:
        places = [self._get_variable_index(variable) for variable in variables]
        if places != list(range(len(self._trainable_variables))):
            raise BadArgument(
                f"Optimizer {self.name!r}: an Optax transform needs all gradients at once.",
                given=f"{len(grads)} gradients",
                expected=f"{len(self._trainable_variables)}, in the order of `build`",
                fix="after a layer's `trainable` has changed, compile the model again.",
            )
        held = zip(self._state, self._key_kinds, strict=True)
        leaves = [
            v.value if kind is None else jax.random.wrap_key_data(v.value, impl=kind)
            for v, kind in held
        ]
        values = [variable.value for variable in variables]
        try:
            moves, state = self._transform.update(
                grads, jax.tree_util.tree_unflatten(self._structure, leaves), values
            )
        except TypeError as error:
            raise BadArgument(
                f"Optimizer {self.name!r}: the Optax transform cannot take this step.",
                given=str(error),
                expected="a transform that needs gradients and weights only",
            ) from error
        for variable, value, move in zip(variables, values, moves, strict=True):
            variable.assign(value + move)
        leaves = jax.tree_util.tree_leaves(state)
        for kept, leaf in zip(self._state, self._plain(leaves), strict=True):
            kept.assign(leaf)

    def get_config(self) -> dict[str, Any]:
        """Nothing: a transform is code.

        Raises:
            ValueError: always, with what to do.
        """
        raise BadArgument(
            f"Optimizer {self.name!r} is an Optax transform, which is code and is not saved.",
            fix="save the weights, `model.save_weights(…)`, or compile with an optimizer of "
            "`rosenblatt.optimizers` before saving.",
        )
