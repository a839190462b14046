"""The optimizer: a rule and the step around it, in one file because Keras has one class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import jax.numpy as jnp

from rosenblatt.core import config as library
from rosenblatt.core.checks import flag, number, optional, whole
from rosenblatt.core.errors import BadArgument, NotBuilt, NotSupported
from rosenblatt.core.family import Family
from rosenblatt.core.refusing import refusing
from rosenblatt.core.registry import builtin, custom_object_scope
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, Config
from rosenblatt.core.variable import StatelessScope, Variable
from rosenblatt.optimizers.gradients import accumulate, clip, drop_missing
from rosenblatt.optimizers.rate import rate, scalar_dtype
from rosenblatt.optimizers.variables import OptimizerVariables
from rosenblatt.optimizers.weights import MovingAverages, WeightDecay, refuse_missing

Slots = dict[str, Array]

family = Family("optimizer", "keras.optimizers", "rosenblatt.optimizers", any_case=True)
_real, _limit = optional(number()), optional(number(0, expected="a number above 0"))


def rest_of(name: str) -> Any:
    """1 minus a number, taken in double precision: in single, 1 − 0.999 is off by 1e-5 of itself.

    A class that has one adds its name to `runtime_parameters`.
    """
    return property(lambda optimizer: 1 - getattr(optimizer, name))


# The arguments of every optimizer, after its own.
COMMON = (
    "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum",
    "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps", "name",
)  # fmt: skip


@builtin("keras.optimizers")
class Optimizer(OptimizerVariables):
    """Base of optimizers, in Keras's protocol.

    A subclass writes a pure rule `update(gradient, value, slots, learning_rate, shared)`, with
    `slot_groups()` naming the slots it keeps for each variable; or, as in Keras, `build()` and
    `update_step(gradient, variable, learning_rate)` on variables.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function that returns a number. The
            attribute is the rate now: the variable that holds a number, or what the schedule or
            function gives at this step. A number assigned to it sets the variable (no program is
            compiled again); a schedule replaces it.
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

    >>> import numpy as np
    >>> class Signs(Optimizer):
    ...     def update(self, gradient, value, slots, learning_rate, shared):
    ...         return value - learning_rate * jnp.sign(gradient), {}
    >>> weight = Variable(np.array([1.0, 2.0]), dtype="float32", name="weight")
    >>> Signs(learning_rate=0.5).apply([jnp.array([3.0, -3.0])], [weight])
    >>> weight.numpy()
    array([0.5, 2.5], dtype=float32)
    """

    __argument_order__: ClassVar[tuple[str, ...]] = COMMON
    learning_rate: Any = rate()
    weight_decay: float | None = setting(_real, role=NUMBER, kw_only=True, default=None)
    clipnorm: float | None = setting(_limit, role=NUMBER, kw_only=True, default=None)
    clipvalue: float | None = setting(_limit, role=NUMBER, kw_only=True, default=None)
    global_clipnorm: float | None = setting(_limit, role=NUMBER, kw_only=True, default=None)
    use_ema: bool = setting(flag, kw_only=True, default=False)
    ema_momentum: float = setting(number(0, 1), role=NUMBER, kw_only=True, default=0.99)
    ema_overwrite_frequency: int | None = setting(
        optional(whole(1, expected="an integer ≥ 1")), role=NUMBER, kw_only=True, default=None
    )
    loss_scale_factor: float | None = setting(_real, role=NUMBER, kw_only=True, default=None)
    gradient_accumulation_steps: int | None = setting(
        optional(whole(2, expected="an integer ≥ 2")), role=NUMBER, kw_only=True, default=None
    )

    untraced = (*OptimizerVariables.untraced, "_places")
    # Initial value of slots: one for all, or one for each slot of a group.
    slot_initializer: ClassVar[Any] = "zeros"

    def __post_init__(self) -> None:
        """Check what depends on several settings, and begin at step 0.

        Raises:
            ValueError: more than one kind of clipping.
        """
        limits = {n: getattr(self, n) for n in ("clipnorm", "clipvalue", "global_clipnorm")}
        if sum(limit is not None for limit in limits.values()) > 1:
            raise BadArgument(
                f"{type(self).__name__}: bad `clipnorm`.",
                given=limits,
                expected="only one of the three",
            )
        for variable in self._rate.variables:
            variable.path = f"{self.name}/{variable.name}"
        self._decay = WeightDecay()
        self._averages = MovingAverages()
        self._accumulators: list[Variable] = []
        self._slots: dict[str, list[Variable | None]] = {}
        self._shared: Any = None

    # The step.

    @property
    def iterations(self) -> Any:
        """Number of updates so far."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self._count("gradient_accumulation_steps")
        return self._iterations

    def scalar(self, name: str) -> Array:
        """A run-time number as an array of at least 32 bits, whatever the default float type."""
        return jnp.asarray(self.parameter(name), scalar_dtype())

    def _count(self, name: str) -> Array:
        """A run-time number that counts, as an integer array."""
        return jnp.asarray(self.parameter(name), "int32")

    def _step(self) -> Array:
        """The number of this update, from 1 on, as a float."""
        return (jnp.asarray(self.iterations) + 1).astype(scalar_dtype())

    # The rule, for subclasses.

    def slot_groups(self) -> list[tuple[str, ...]]:
        """Names of the slots kept for each variable.

        Files store the slots of a group interleaved (variable by variable), group after group.
        """
        return []

    def prepare(self, step: Array) -> Any:
        """Numbers that all variables share in this update, computed once.

        Args:
            step: the number of this update, from 1 on, as a float.

        Returns:
            What `update` gets as `shared`: by name, the run-time numbers of the rule as arrays.
        """
        names = [name for name in self.runtime_parameters if name not in _AROUND_THE_RULE]
        given = [name for name in names if getattr(self, name) is not None]
        return SimpleNamespace(**{name: self.scalar(name) for name in given})

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, shared: Any
    ) -> tuple[Array, Slots]:
        """The rule: the next value of one variable, and of its slots.

        Args:
            gradient, value: arrays of the variable's shape.
            slots: slot name to an array of the variable's shape.
            learning_rate: a scalar.
            shared: what `prepare` returned.
        """
        raise NotSupported(
            f"Optimizer {type(self).__name__} has no rule.",
            fix="define `update(self, gradient, value, slots, learning_rate, shared)` that "
            "returns the new value and slots, or Keras's `update_step`.",
        )

    # Keras's protocol.

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the optimizer's variables for a model's trainable variables."""
        if self.built:
            return
        variables = list(variables)
        super().build(variables)
        if self.use_ema:
            averages = self.add_optimizer_variables(variables, "average")
            self._averages = MovingAverages(variables, averages)
        if self.gradient_accumulation_steps:
            self._accumulators = [
                self.add_variable_from_reference(v, "gradient_accumulator") for v in variables
            ]
        for group in self.slot_groups():
            made = self.add_optimizer_variables(variables, list(group), self.slot_initializer)
            self._slots.update(zip(group, made, strict=True))
        self.built = True

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one variable and its slots from its gradient."""
        names = [name for group in self.slot_groups() for name in group]
        refuse_missing(self.name, **{name: name not in self._slots for name in names})
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

    @refusing("`apply_gradients`")
    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Update variables from pairs of a gradient and a variable."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    @refusing("`apply`")
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
        pairs = []
        for gradient, variable in drop_missing(grads, variables, self.name):
            if variable.overwrite_with_gradient:
                variable.assign(gradient)
            else:
                pairs.append((gradient, variable))
        if pairs:
            self._apply([g for g, _ in pairs], [v for _, v in pairs])
        for _, variable in pairs:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))
        self._iterations.assign(self._iterations.value + 1)

    def _apply(self, grads: list[Any], variables: list[Variable]) -> None:
        """Scale the gradients back, update, now or once in so many steps, and average."""
        refuse_missing(
            self.name,
            use_ema=self.use_ema and not self._averages.weights,
            gradient_accumulation_steps=self.gradient_accumulation_steps and not self._accumulators,
        )
        if self.loss_scale_factor is not None:
            scale = self.scalar("loss_scale_factor")
            grads = [g / scale.astype(g.dtype) for g in grads]
        if self.gradient_accumulation_steps:
            steps = self._count("gradient_accumulation_steps")
            accumulate(
                grads,
                [self._accumulators[self._get_variable_index(v)] for v in variables],
                steps,
                due=(self._iterations.value + 1) % steps == 0,
                update=lambda means: self._update_all(means, variables),
                state=[*variables, *self.variables],
            )
        else:
            self._update_all(grads, variables)
        if self.use_ema:
            step, due = jnp.asarray(self.iterations), None
            if self.ema_overwrite_frequency:
                due = (step + 1) % self._count("ema_overwrite_frequency") == 0
            self._averages.move(self.scalar("ema_momentum") * (step != 0), due)

    def _update_all(self, grads: list[Any], variables: list[Variable]) -> None:
        """One update of every variable."""
        limits = ("clipnorm", "clipvalue", "global_clipnorm")
        grads = clip(grads, *(self.scalar(n) if getattr(self, n) else None for n in limits))
        rate = jnp.asarray(self.learning_rate, library.floatx())
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
    ) -> tuple[list[Array], list[Array]]:
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
            raise NotBuilt(
                f"Optimizer {self.name!r}: `stateless_apply` needs a built optimizer.",
                fix="call `optimizer.build(model.trainable_variables)` first.",
            )
        own, trained = self.variables, self._trainable_variables
        for label, values, variables in (
            ("optimizer_variables", optimizer_variables, own),
            ("trainable_variables", trainable_variables, trained),
        ):
            if len(values) != len(variables):
                raise BadArgument(
                    f"Optimizer {self.name!r}: `{label}` does not fit.",
                    given=f"{len(values)} values",
                    expected=f"{len(variables)}",
                )
        values = [*trainable_variables, *optimizer_variables]
        with StatelessScope(list(zip([*trained, *own], values, strict=True))) as scope:
            self.apply(grads)
        now = scope.get_current_value
        return [now(v) for v in trained], [now(v) for v in own]

    # Weight decay, averages, scale of the loss.

    def _apply_weight_decay(self, variables: list[Variable], rate: Array) -> None:
        if self.weight_decay is not None:
            self._decay.apply(variables, self.scalar("weight_decay") * rate)

    @refusing("`exclude_from_weight_decay`")
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
            raise BadArgument(
                f"Optimizer {self.name!r} is built: variables can no longer be excluded from "
                "weight decay.",
                fix="call `exclude_from_weight_decay()` right after making the optimizer.",
            )
        self._decay = WeightDecay(var_list, var_names)

    def traced_facts(self) -> Any:
        """For each variable, whether it decays, and whether its gradient replaces it."""
        return [
            (self._decay.concerns(v), v.overwrite_with_gradient) for v in self._trainable_variables
        ]

    @property
    def moving_averages(self) -> MovingAverages:
        """The averages of the weights; of none where `use_ema` is False."""
        return self._averages

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """At the end of training: set variables to their averages, where averages are kept."""
        if self.use_ema:
            self._averages.put_in_place([self._get_variable_index(v) for v in var_list])

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`."""
        return loss if self.loss_scale_factor is None else loss * self.scalar("loss_scale_factor")

    # Configs.

    def get_config(self) -> Config:
        """The arguments that make an equal optimizer, without its state."""
        config = {**self.own_config(), "learning_rate": self._rate.get_config()}
        return {**{name: config.pop(name) for name in _FIRST_IN_CONFIGS}, **config}

    @classmethod
    @refusing("`from_config`")
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Self:
        """An optimizer with the arguments of a config."""
        with custom_object_scope(custom_objects or {}):
            return cls(**config)


_AROUND_THE_RULE = frozenset(Optimizer.runtime_parameters)
_FIRST_IN_CONFIGS = (
    "name", "learning_rate", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema",
    "ema_momentum", "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip
