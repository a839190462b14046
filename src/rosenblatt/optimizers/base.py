"""The optimizer: gradients in, new values of variables out."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, TypedDict

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.errors import explain, nearest
from rosenblatt.core.naming import auto_name
from rosenblatt.core.registry import builtin
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.core.variable import StatelessScope, Variable
from rosenblatt.optimizers.gradients import drop_missing
from rosenblatt.optimizers.surroundings import Surroundings


class Common(TypedDict, total=False):
    """The arguments every optimizer takes; `Optimizer` says what they mean."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


@builtin("keras.optimizers")
class Optimizer(Surroundings):
    """Base of optimizers, in Keras's protocol.

    A subclass writes a pure rule `update(gradient, value, slots, learning_rate, shared)`, with
    `slot_groups()` naming the slots it keeps for each variable; or, as in Keras, `build()` and
    `update_step(gradient, variable, learning_rate)` on variables.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function that returns a number.
        weight_decay: each step first takes `weight_decay * learning_rate` of every weight away.
        clipnorm: the largest norm of each gradient.
        clipvalue: the largest absolute value in each gradient.
        global_clipnorm: the largest norm of all gradients together.
        use_ema: keep an exponential moving average of the weights.
        ema_momentum: what an average keeps at each step.
        ema_overwrite_frequency: steps between setting the weights to their averages; None: at the
            end of training only.
        loss_scale_factor: the loss is multiplied, gradients are divided by it (16-bit training).
        gradient_accumulation_steps: update once in so many steps, with the mean gradient.
        name: its name; "sgd", "sgd_1" … if None.

    Raises:
        ValueError: an argument out of range or unknown.

    >>> class Signs(Optimizer):
    ...     def update(self, gradient, value, slots, learning_rate, shared):
    ...         return value - learning_rate * jnp.sign(gradient), {}
    >>> weight = Variable(np.array([1.0, 2.0]), dtype="float32", name="weight")
    >>> Signs(learning_rate=0.5).apply([jnp.array([3.0, -3.0])], [weight])
    >>> weight.numpy()
    array([0.5, 2.5], dtype=float32)
    """

    runtime_parameters: ClassVar[tuple[str, ...]] = (
        "called_rate",
        "weight_decay",
        "clipnorm",
        "clipvalue",
        "global_clipnorm",
        "ema_momentum",
        "ema_overwrite_frequency",
        "loss_scale_factor",
        "gradient_accumulation_steps",
    )
    # Identities and names; `traced_facts` tells what they decide.
    untraced: ClassVar[tuple[str, ...]] = ("name", "_indices", "_not_decayed", "_not_decayed_names")
    # Initial value of slots.
    slot_initializer: Any = "zeros"

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ):
        object.__setattr__(self, "_variables", [])
        self._refuse(unknown)
        self.name = name or auto_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_settings()
        self.built = False
        self._trainable_variables = []
        self._know([])
        self._slots: dict[str, list[Variable | None]] = {}
        self._averages: list[Variable | None] = []
        self._accumulators: list[Variable] = []
        self._not_decayed: list[Variable] = []
        self._not_decayed_names: str | None = None
        self._shared: Any = None
        self._iterations = Variable(
            np.zeros((), "int32"), dtype="int32", trainable=False, name="iteration"
        )
        self._iterations.path = f"{self.name}/iteration"
        self._set_up_rate(learning_rate)

    def _refuse(self, unknown: dict[str, Any]) -> None:
        if unknown.pop("decay", None) is not None:
            warnings.warn(
                explain(
                    f"{type(self).__name__}: `decay` is not an argument of Keras 3 and is ignored.",
                    fix="pass `learning_rate=InverseTimeDecay(rate, 1, decay)`.",
                ),
                stacklevel=3,
            )
        if unknown:
            known = ("learning_rate", *Common.__annotations__, *self.runtime_parameters)
            raise ValueError(
                explain(
                    f"{type(self).__name__}: unknown argument {next(iter(unknown))!r}.",
                    fix=nearest(next(iter(unknown)), known),
                )
            )

    def _check_settings(self) -> None:
        """Raise where a setting is out of range."""
        given = {name: getattr(self, name) for name in ("clipnorm", "clipvalue", "global_clipnorm")}
        clips = list(given.items())
        steps, frequency = self.gradient_accumulation_steps, self.ema_overwrite_frequency
        for wrong, argument, value, expected in (
            (steps and steps < 2, "gradient_accumulation_steps", steps, "an integer ≥ 2, or None"),
            (
                self.use_ema and not 0 <= self.ema_momentum <= 1,
                "ema_momentum",
                self.ema_momentum,
                "a number from 0 to 1",
            ),
            (
                self.use_ema and frequency and (not isinstance(frequency, int) or frequency < 1),
                "ema_overwrite_frequency",
                frequency,
                "an integer ≥ 1, or None",
            ),
            (
                sum(v is not None for v in given.values()) > 1,
                "clipnorm",
                given,
                "only one of the three",
            ),
            *((v is not None and v < 0, n, v, "a number above 0, or None") for n, v in clips),
        ):
            if wrong:
                raise ValueError(
                    explain(
                        f"{type(self).__name__}: bad `{argument}`.", given=value, expected=expected
                    )
                )

    # The rule, for subclasses.

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Names of the slots kept for each variable.

        Files store the slots of a group interleaved (variable by variable), group after group.
        """
        return []

    def prepare(self, step: Any) -> Any:
        """Numbers that all variables share in this update, computed once.

        Args:
            step: the number of this update, from 1 on, as a float.

        Returns:
            What `update` gets as `shared`.
        """
        return None

    def update(
        self, gradient: Any, value: Any, slots: dict[str, Any], learning_rate: Any, shared: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The rule: the next value of one variable, and of its slots.

        Args:
            gradient, value: arrays of the variable's shape.
            slots: slot name to an array of the variable's shape.
            learning_rate: a scalar.
            shared: what `prepare` returned.
        """
        raise NotImplementedError(
            explain(
                f"Optimizer {type(self).__name__} has no rule.",
                fix="define `update(self, gradient, value, slots, learning_rate, shared)` that "
                "returns the new value and slots, or Keras's `update_step`.",
            )
        )

    # Keras's protocol.

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the optimizer's variables for a model's trainable variables."""
        if self.built:
            return
        variables = list(variables)
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        self._know(variables)
        if self.gradient_accumulation_steps:
            self._accumulators = [
                self.add_variable_from_reference(v, "gradient_accumulator") for v in variables
            ]
        for group in self.slot_groups():
            made = self.add_optimizer_variables(variables, list(group), self.slot_initializer)
            self._slots.update(zip(group, made, strict=True))
        self._trainable_variables = variables
        self.built = True

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one variable and its slots from its gradient."""
        index = self._get_variable_index(variable)
        kept = {name: slots[index] for name, slots in self._slots.items()}
        slots = {name: slot for name, slot in kept.items() if slot is not None}
        shared = self.prepare(self._step()) if self._shared is None else self._shared
        value, new = self.update(
            jnp.asarray(gradient, variable.dtype),
            variable.value,
            {name: slot.value for name, slot in slots.items()},
            learning_rate,
            shared,
        )
        variable.assign(value)
        for name, slot in slots.items():
            slot.assign(new[name])

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Update variables from pairs of a gradient and a variable."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Update variables from their gradients.

        Args:
            grads: a gradient for each variable.
            trainable_variables: the variables; those the optimizer was built for if None.

        Raises:
            ValueError: not built yet and no variables given, a different number of gradients than
                variables, a variable it was not built for, or no gradient at all.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._variables_of(grads, trainable_variables)
        grads, variables = drop_missing(grads, variables, self.name)
        for gradient, variable in zip(grads, variables, strict=True):
            if variable.overwrite_with_gradient:
                variable.assign(gradient)
        pairs = [p for p in zip(grads, variables, strict=True) if not p[1].overwrite_with_gradient]
        if pairs:
            self._apply([g for g, _ in pairs], [v for _, v in pairs])
        for _, variable in pairs:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))
        self._iterations.assign(self._iterations.value + 1)

    def _variables_of(
        self, grads: list[Any], trainable_variables: Sequence[Variable] | None
    ) -> list[Variable]:
        if trainable_variables is None and not self.built:
            raise ValueError(
                explain(
                    f"Optimizer {self.name!r} does not know which variables to update.",
                    fix="pass them, `apply(grads, variables)`, or call `build(variables)` first.",
                )
            )
        variables = list(
            self._trainable_variables if trainable_variables is None else trainable_variables
        )
        if len(grads) != len(variables):
            raise ValueError(
                explain(
                    f"Optimizer {self.name!r}: each variable needs one gradient.",
                    given=f"{len(grads)} gradients for {len(variables)} variables",
                )
            )
        if not self.built:
            self.build(variables)
            self.built = True
        for variable in variables:
            self._get_variable_index(variable)
        return variables

    def _update_all(self, grads: list[Any], variables: list[Variable]) -> None:
        """One update of every variable."""
        grads = self._clip_gradients(grads)
        rate = self._current_rate()
        self._apply_weight_decay(variables, rate)
        self._shared = self.prepare(self._step())
        try:
            for gradient, variable in zip(grads, variables, strict=True):
                self.update_step(gradient, variable, rate)
        finally:
            self._shared = None

    def stateless_apply(
        self,
        optimizer_variables: Sequence[Any],
        grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[Any], list[Any]]:
        """The values after an update, from values before it; no variable changes.

        Args:
            optimizer_variables: values of `variables`.
            grads: gradients of the variables it was built for.
            trainable_variables: values of the variables it was built for.

        Returns:
            New values of the trainable and of the optimizer's variables.

        Raises:
            ValueError: not built, or a different number of values than variables.
        """
        if not self.built:
            raise ValueError(
                explain(
                    f"Optimizer {self.name!r}: `stateless_apply` needs a built optimizer.",
                    fix="call `optimizer.build(model.trainable_variables)` first.",
                )
            )
        for label, values, variables in (
            ("optimizer_variables", optimizer_variables, self.variables),
            ("trainable_variables", trainable_variables, self._trainable_variables),
        ):
            if len(values) != len(variables):
                raise ValueError(
                    explain(
                        f"Optimizer {self.name!r}: `{label}` does not fit.",
                        given=f"{len(values)} values",
                        expected=f"{len(variables)}",
                    )
                )
        state = [
            *zip(self._trainable_variables, trainable_variables, strict=True),
            *zip(self.variables, optimizer_variables, strict=True),
        ]
        with StatelessScope(state) as scope:
            self.apply(grads)
        trained = [scope.get_current_value(v) for v in self._trainable_variables]
        return trained, [scope.get_current_value(v) for v in self.variables]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal optimizer, without its state."""
        return {
            "name": self.name,
            "learning_rate": self._rate_config(),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """An optimizer with the arguments of a config."""
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config = {**config, "learning_rate": deserialize_keras_object(rate, custom_objects)}
        return cls(**config)
