"""The variables of an optimizer: made, found, saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, TypeAlias

import jax
import numpy as np

from rosenblatt import initializers
from rosenblatt.core.checks import optional, text
from rosenblatt.core.errors import BadArgument, NotBuilt, explain, nearest, warn_user
from rosenblatt.core.naming import auto_name
from rosenblatt.core.refusing import refusing
from rosenblatt.core.settings import LABEL, Configured, setting
from rosenblatt.core.types import ArrayLike, DTypeLike, Identifier
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.rate import Rate, Source

# What slots begin with: an initializer in any form, or an array.
Start: TypeAlias = "Identifier | np.ndarray | jax.Array"


class Places:
    """Variables by their place, which is found by identity; in a copy, by that of its variables.

    >>> a, b = Variable(np.zeros(1)), Variable(np.zeros(1))
    >>> places = Places([a, b])
    >>> places.of(b), places.of(Variable(np.zeros(1)))
    (1, None)
    """

    def __init__(self, variables: Sequence[Variable] = ()):
        self.variables = list(variables)
        self._by_id = {id(variable): place for place, variable in enumerate(self.variables)}

    def __reduce__(self) -> tuple[type[Places], tuple[list[Variable]]]:
        return Places, (self.variables,)

    def of(self, variable: Variable) -> int | None:
        """The place of a variable, or None."""
        return self._by_id.get(id(variable))


class OptimizerVariables(Configured):
    """Variables in the order files store them: the step count first.

    Args:
        name: the optimizer's name; "sgd", "sgd_1" … if None.
        unknown: what no setting takes: `decay`, from before Keras 3, is ignored with a warning.

    Raises:
        ValueError: another argument.
    """

    name: str | None = setting(optional(text), default=None, role=LABEL, kw_only=True)

    def __init__(self, name: str | None = None, **unknown: Any):
        if unknown.pop("decay", None) is not None:
            warn_user(
                explain(
                    f"{type(self).__name__}: `decay` is not an argument of Keras 3 and is ignored.",
                    fix="pass `learning_rate=InverseTimeDecay(rate, 1, decay)`.",
                )
            )
        for wrong in unknown:
            raise BadArgument(
                f"{type(self).__name__}: unknown argument {wrong!r}.",
                fix=nearest(wrong, self.__settings__),
            )
        self._variables: list[Variable]
        self._rate: Rate  # what the setting `learning_rate` makes
        object.__setattr__(self, "_variables", [])
        self.settle(name=name)
        self.name = self.name or auto_name(type(self).__name__)
        self.built = False
        self._places = Places()
        self._iterations = Variable(np.zeros((), "int32"), trainable=False, name="iteration")
        self._iterations.path = f"{self.name}/iteration"

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a variable is remembered as one of the optimizer's."""
        if "_variables" not in self.__dict__:
            raise RuntimeError(
                explain(
                    f"Optimizer {type(self).__name__}: attribute {name!r} was set before "
                    "`super().__init__()`.",
                    fix="call `super().__init__(learning_rate=…)` first in `__init__()`.",
                )
            )
        if isinstance(value, Variable):
            self._track(value)
        super().__setattr__(name, value)

    def _track(self, variable: Variable) -> None:
        if all(variable is not known for known in self._variables):
            self._variables.append(variable)

    @property
    def variables(self) -> list[Variable]:
        """Every variable of the optimizer, in the order files store them."""
        count, *others = self._variables
        rate = self._rate.variables
        return [count, *rate, *(v for v in others if all(v is not one for one in rate))]

    @property
    def learning_rate(self) -> Any:
        """The rate now: a variable, or the value of the schedule or function at this step.

        Assigning a number sets the variable (no program is compiled again); assigning a schedule
        replaces it.
        """
        return self._rate.at(self._iterations)

    @learning_rate.setter
    def learning_rate(self, rate: float | Source) -> None:
        kind = type(self).__name__
        new = self.__settings__["learning_rate"].take(kind, rate)
        self._rate = self._rate.changed(new, rate, f"Optimizer {self.name!r}", kind)

    @property
    def learning_rate_source(self) -> Source | None:
        """What decides the rate: a variable, a schedule or a function; None where nothing does."""
        return self._rate.source

    @property
    def _trainable_variables(self) -> list[Variable]:
        """The model's variables that the optimizer was built for."""
        return self._places.variables

    def build(self, variables: Sequence[Variable]) -> None:
        """Remember the model's variables."""
        self._places = Places(variables)

    def _get_variable_index(self, variable: Variable) -> int:
        """The place of a model's variable among those the optimizer was built for."""
        place = self._places.of(variable)
        if place is None:
            raise BadArgument(
                f"Optimizer {self.name!r} was not built for variable {variable.path!r}.",
                given=f"it knows {[v.path for v in self._trainable_variables]}",
                fix="make a new optimizer for another set of variables; after a layer's "
                "`trainable` has changed, compile the model again with one.",
            )
        return place

    def _variables_of(
        self, grads: list[Any], trainable_variables: Sequence[Variable] | None
    ) -> list[Variable]:
        """The variables of gradients, for which the optimizer is built."""
        if trainable_variables is None and not self.built:
            raise NotBuilt(
                f"Optimizer {self.name!r} does not know which variables to update.",
                fix="pass them, `apply(grads, variables)`, or call `build(variables)` first.",
            )
        variables = list(
            self._trainable_variables if trainable_variables is None else trainable_variables
        )
        if len(grads) != len(variables):
            raise BadArgument(
                f"Optimizer {self.name!r}: each variable needs one gradient.",
                given=f"{len(grads)} gradients for {len(variables)} variables",
            )
        if not self.built:
            self.build(variables)
            self.built = True
        for variable in variables:
            self._get_variable_index(variable)
        return variables

    @refusing("`add_variable`")
    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Start = "zeros",
        dtype: DTypeLike = None,
        aggregation: str | None = "none",
        layout: object = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the optimizer.

        Args:
            shape: its shape.
            initializer: an initializer or its name.
            dtype: dtype name; the default float type if None.
            aggregation, layout: accepted for Keras's sake.
            name: its name.
        """
        variable = Variable(
            initializers.get("zeros" if initializer is None else initializer),
            shape=tuple(shape),
            dtype=dtype,
            trainable=False,
            aggregation=aggregation,
            name=name,
        )
        variable.path = f"{self.name}/{variable.name}"
        self._track(variable)
        return variable

    def add_variable_from_reference(
        self,
        reference_variable: Variable,
        name: str | None = None,
        initializer: Start = "zeros",
    ) -> Variable:
        """Make a variable of the shape and dtype of a model's variable.

        Args:
            reference_variable: the model's variable.
            name: what it holds, such as "momentum".
            initializer: an initializer or its name.
        """
        reference = getattr(reference_variable, "path", None) or reference_variable.name
        return self.add_variable(
            reference_variable.shape,
            initializer,
            dtype=reference_variable.dtype,
            name=f"{reference.replace('/', '_').replace(':', '_')}_{name or 'var'}",
        )

    def add_optimizer_variables(
        self,
        trainable_variables: Sequence[Variable],
        name: str | Sequence[str],
        initializer: Start | Sequence[Start] = "zeros",
    ) -> Any:
        """Make one variable, or one of each name, for each of a model's variables.

        Args:
            trainable_variables: the model's variables.
            name: what they hold, "momentum" or ["momentum", "velocity"].
            initializer: one for all, or one for each name.

        Returns:
            A list with one variable for each of the model's, or such a list for each name.

        Raises:
            ValueError: as many initializers as names are needed.
        """
        names = [name] if isinstance(name, str) else list(name)
        many = isinstance(initializer, (list, tuple))
        each: list[Any] = list(initializer) if many else [initializer] * len(names)  # type: ignore[arg-type]
        if len(each) != len(names):
            raise BadArgument(
                "add_optimizer_variables: one initializer for each name is needed.",
                given=f"{len(names)} names and {len(each)} initializers",
            )
        made: list[list[Variable | None]] = [[] for _ in names]
        for variable in trainable_variables:
            for held, label, start in zip(made, names, each, strict=True):
                held.append(self.make_slot(variable, label, start))
        return made[0] if isinstance(name, str) else tuple(made)

    def make_slot(self, variable: Variable, name: str, start: Start) -> Variable | None:
        """A variable that goes with one of the model's; None where there is nothing to keep.

        Args:
            variable: the model's variable.
            name: what the slot holds, such as "momentum".
            start: its initializer.
        """
        if getattr(variable, "overwrite_with_gradient", False):
            return None
        return self.add_variable_from_reference(variable, name, start)

    def assign(self, variable: Variable, value: ArrayLike) -> None:
        """Set a variable (Keras's spelling inside `update_step`)."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: ArrayLike) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: ArrayLike) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    @refusing("`set_weights`")
    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Set every variable.

        Args:
            weights: an array for each of `variables`, in their order.

        Raises:
            ValueError: not built yet, or arrays that do not fit.
        """
        if not self.built:
            raise NotBuilt(
                f"Optimizer {self.name!r} has no variables to set yet.",
                fix="call `optimizer.build(model.trainable_variables)` first.",
            )
        if len(weights) != len(self.variables):
            raise BadArgument(
                f"Optimizer {self.name!r}: a different number of arrays than variables.",
                given=len(weights),
                expected=len(self.variables),
            )
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    @refusing("`save_own_variables`")
    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Write every variable into a mapping, under "0", "1", … as Keras's files have them."""
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy()

    @refusing("`load_own_variables`")
    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read every variable from a mapping; with a warning, none where their number differs."""
        if len(store.keys()) != len(self.variables):
            not_yet = "" if self.built else " (it is not built yet)"
            warn_user(
                explain(
                    f"Optimizer {self.name!r}: the saved state does not fit and is not loaded.",
                    given=f"{len(store.keys())} saved variables",
                    expected=f"{len(self.variables)}{not_yet}",
                )
            )
            return
        for index, variable in enumerate(self.variables):
            variable.assign(store[str(index)])
