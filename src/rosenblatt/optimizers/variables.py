"""The variables an optimizer keeps: made, found, saved and loaded."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from rosenblatt import initializers
from rosenblatt.core.errors import explain
from rosenblatt.core.scope import HasParameters
from rosenblatt.core.variable import Variable


class OptimizerVariables(HasParameters):
    """The part of an optimizer that makes, finds, saves and loads its variables."""

    name: str
    built: bool
    _variables: list[Variable]
    _trainable_variables: list[Variable]
    _indices: dict[int, int]

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

    def __getstate__(self) -> dict[str, Any]:
        """Without the places of variables by identity: those of a copy are others."""
        return {key: value for key, value in self.__dict__.items() if key != "_indices"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._know(state.get("_trainable_variables", []))

    def _know(self, variables: Sequence[Variable]) -> None:
        """Remember the place of each variable that is to be updated."""
        object.__setattr__(self, "_indices", {id(v): index for index, v in enumerate(variables)})

    def _track(self, variable: Variable) -> None:
        if all(variable is not known for known in self._variables):
            self._variables.append(variable)

    @property
    def variables(self) -> list[Variable]:
        """Every variable of the optimizer, in the order files store them."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str | None = "none",
        layout: Any = None,
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
            initializers.get(initializer),
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
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
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
        initializer: Any = "zeros",
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
        each = list(initializer) if many else [initializer] * len(names)
        if len(each) != len(names):
            raise ValueError(
                explain(
                    "add_optimizer_variables: one initializer for each name is needed.",
                    given=f"{len(names)} names and {len(each)} initializers",
                )
            )
        made: list[list[Variable | None]] = [[] for _ in names]
        for variable in trainable_variables:
            for holder, label, start in zip(made, names, each, strict=True):
                overwritten = getattr(variable, "overwrite_with_gradient", False)
                holder.append(
                    None
                    if overwritten
                    else self.add_variable_from_reference(variable, label, start)
                )
        return made[0] if isinstance(name, str) else tuple(made)

    def _get_variable_index(self, variable: Variable) -> int:
        """The place of a model's variable among those the optimizer was built for."""
        if id(variable) not in self._indices:
            raise ValueError(
                explain(
                    f"Optimizer {self.name!r} was not built for variable {variable.path!r}.",
                    given=f"it knows {[v.path for v in self._trainable_variables]}",
                    fix="make a new optimizer for another set of variables; after a layer's "
                    "`trainable` has changed, compile the model again with one.",
                )
            )
        return self._indices[id(variable)]

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable (Keras's spelling inside `update_step`)."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set every variable.

        Args:
            weights: an array for each of `variables`, in their order.

        Raises:
            ValueError: not built yet, or arrays that do not fit.
        """
        if not self.built:
            raise ValueError(
                explain(
                    f"Optimizer {self.name!r} has no variables to set yet.",
                    fix="call `optimizer.build(model.trainable_variables)` first.",
                )
            )
        if len(weights) != len(self.variables):
            raise ValueError(
                explain(
                    f"Optimizer {self.name!r}: a different number of arrays than variables.",
                    given=len(weights),
                    expected=len(self.variables),
                )
            )
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store: Any) -> None:
        """Write every variable into a mapping, under "0", "1", … as Keras's files have them."""
        for index, variable in enumerate(self.variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read every variable from a mapping; with a warning, none where their number differs."""
        if len(store.keys()) != len(self.variables):
            warnings.warn(
                explain(
                    f"Optimizer {self.name!r}: the saved state does not fit and is not loaded.",
                    given=f"{len(store.keys())} saved variables",
                    expected=f"{len(self.variables)}"
                    + ("" if self.built else " (it is not built yet)"),
                ),
                stacklevel=2,
            )
            return
        for index, variable in enumerate(self.variables):
            variable.assign(store[str(index)])
