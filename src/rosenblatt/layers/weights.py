"""What a layer holds: its variables and inner layers, and their values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rosenblatt import initializers
from rosenblatt.core import dtypes, registry
from rosenblatt.core.checks import boolean, checking, flag
from rosenblatt.core.errors import BadArgument, explain
from rosenblatt.core.faces import on_use
from rosenblatt.core.naming import current_path
from rosenblatt.core.refusing import refusing
from rosenblatt.core.scope import EVERYTHING, is_number, number_kind
from rosenblatt.core.tracing import announce_change
from rosenblatt.core.types import DTypeLike, Identifier, Shapes
from rosenblatt.core.variable import Variable, moving_together
from rosenblatt.layers import tracking
from rosenblatt.layers.spec import InputSpec

if TYPE_CHECKING:
    from rosenblatt import constraints, regularizers
else:
    constraints = on_use("rosenblatt.constraints")
    regularizers = on_use("rosenblatt.regularizers")


class HoldsWeights(tracking.Tracked):
    """The part of a layer that owns variables and finds those of the layers in its attributes."""

    # Whether it has nothing to build.
    always_built = False
    # Whether its outputs have the masks of its inputs; true of what has a `compute_mask` too.
    supports_masking = False
    # Rank and sizes that its inputs must have.
    input_spec: InputSpec | Sequence[InputSpec] | None = None
    name: str
    path: str | None
    _dtype_policy: dtypes.DTypePolicy
    _own_policy: dtypes.DTypePolicy
    built: bool
    variable_dtype: str
    _trainable: bool
    _trainable_weights: list[Variable]
    _non_trainable_weights: list[Variable]
    _revision = 0  # how often an attribute that tracing reads has changed since it was built

    def __setattr__(self, name: str, value: Any) -> None:
        is_part = isinstance(value, (Variable, HoldsWeights))
        if is_part and "_trainable_weights" not in self.__dict__:
            raise RuntimeError(
                explain(
                    f"{type(self).__name__}: attribute {name!r} was set before the layer was "
                    "initialized.",
                    fix="call `super().__init__()` first in `__init__`.",
                )
            )
        if is_part and self._is_in_call():
            raise RuntimeError(_made_in_call(self, f"attribute {name!r} was set"))
        if isinstance(value, Variable):
            self._track(value)
        if self.__dict__.get("built"):
            _announce(self, name, value)
        super().__setattr__(name, value)

    def _is_in_call(self) -> bool:
        """Whether its `call` is running: parts made there would be made again at each call."""
        return self.__dict__.get("_complete", False) and self.name in current_path()

    def _require_init(self) -> None:
        if "_trainable_weights" not in self.__dict__:
            raise RuntimeError(
                explain(
                    f"{type(self).__name__} was not initialized.",
                    fix="call `super().__init__()` first in `__init__`.",
                )
            )

    def _track(self, variable: Variable) -> None:
        known = (*self._trainable_weights, *self._non_trainable_weights)
        if not any(variable is v for v in known):
            kind = self._trainable_weights if variable.trainable else self._non_trainable_weights
            kind.append(variable)

    @refusing("`add_weight`")
    @checking("add_weight", autocast=flag, overwrite_with_gradient=boolean)
    def add_weight(
        self,
        shape: Sequence[int] | None = None,
        initializer: Identifier = None,
        dtype: DTypeLike = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Identifier = None,
        constraint: Identifier = None,
        aggregation: str | None = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> Variable:
        """Create a weight.

        Args:
            shape: its shape; () if None.
            initializer: name, object or function; Glorot uniform for floats and zeros otherwise if
                None.
            dtype: dtype name; the layer's variable dtype if None.
            trainable: whether training updates it.
            autocast: whether a compute dtype of lower precision applies to it.
            regularizer: name or object whose penalty is added to the loss.
            constraint: name or object applied after each update.
            aggregation: accepted for Keras's sake; one device holds the whole value.
            overwrite_with_gradient: whether its gradient is its next value, no step is taken.
            name: its name.

        Returns:
            The variable.
        """
        self._require_init()
        if self._is_in_call():
            raise RuntimeError(_made_in_call(self, f"weight {name!r} was made"))
        shape = _weight_shape(shape, self.name, name)
        dtype = dtypes.standardize_dtype(self.variable_dtype if dtype is None else dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float_dtype(dtype) else "zeros"
        variable = Variable(
            initializers.get(initializer),
            shape=shape,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            aggregation=aggregation,
            name=name or kwargs.pop("label", None),
        )
        variable.path = f"{self._path_now()}/{variable.name}"
        variable.overwrite_with_gradient = overwrite_with_gradient
        if regularizer is not None:
            variable.regularizer = regularizers.get(regularizer)
        if constraint is not None:
            variable.constraint = constraints.get(constraint)
        self._track(variable)
        return variable

    @refusing("`add_variable`")
    def add_variable(
        self,
        shape: Sequence[int] | None,
        initializer: Identifier,
        dtype: DTypeLike = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Identifier = None,
        constraint: Identifier = None,
        name: str | None = None,
    ) -> Variable:
        """`add_weight`, with fewer arguments."""
        return self.add_weight(
            shape, initializer, dtype, trainable, autocast, regularizer, constraint, name=name
        )

    def _path_now(self) -> str:
        """The names of the layers whose `call` or `build` runs around it, and its own."""
        path = current_path()
        return "/".join(path if path and path[-1] == self.name else (*path, self.name))

    def _find_path(self) -> None:
        """Remember where it is being built."""
        if self.path is None:
            self.path = self._path_now()
            self._own_policy = self._dtype_policy.at(self.path)

    def add_own_weight(
        self, name: str, shape: Sequence[Any], initializer: Identifier = None, **kwargs: Any
    ) -> Variable:
        """Create a weight that has settings: `<name>_initializer`, `_regularizer`, `_constraint`.

        Args:
            name: its name.
            shape: its shape.
            initializer: another initializer than the setting.
            kwargs: more for `add_weight`.
        """
        kinds = ("initializer", "regularizer", "constraint")
        given: dict[str, Any] = {kind: getattr(self, f"{name}_{kind}", None) for kind in kinds}
        given["initializer"] = initializer or given["initializer"]
        return self.add_weight(shape, name=name, **given, **kwargs)

    @property
    def _layers(self) -> list[Any]:
        """The layers in its attributes."""
        self._require_init()
        return tracking.parts_of(self).layers

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> Iterator[Any]:
        """The layer and the layers in it, each once, outermost first."""
        for layer, _ in self._flatten_parts(recursive):
            if layer is not self or include_self:
                yield layer

    def _flatten_parts(self, recursive: bool = True) -> Iterator[tuple[Any, tracking.Parts]]:
        """The layer and the layers in it, each once, outermost first, with the parts of each."""
        seen: set[int] = set()
        queue: list[Any] = [self]
        while queue:
            layer = queue.pop(0)
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            layer._require_init()
            parts = tracking.parts_of(layer)
            yield layer, parts
            if recursive or layer is self:
                queue[:0] = parts.layers

    def _own_variables(self) -> list[Variable]:
        return self._variables_in(tracking.parts_of(self))

    def _variables_in(self, parts: tracking.Parts) -> list[Variable]:
        """Its own variables, those made with `add_weight` first."""
        listed = [*self._trainable_weights, *self._non_trainable_weights]
        seen = {id(v) for v in listed}
        return listed + [v for v in parts.variables if id(v) not in seen]

    @property
    def variables(self) -> list[Variable]:
        """The weights and the seeds' states of this and inner layers; not the metrics' states."""
        held = (
            [*layer._variables_in(parts), *(seeds.state for seeds in parts.seeds)]
            for layer, parts in self._flatten_parts()
        )
        return list({id(variable): variable for own in held for variable in own}.values())

    @property
    def metrics(self) -> list[Any]:
        """The metrics held by this and inner layers."""
        held = [metric for _, parts in self._flatten_parts() for metric in parts.metrics]
        return list({id(metric): metric for metric in held}.values())

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def weights(self) -> list[Variable]:
        """The weights of this and inner layers."""
        held = (layer._variables_in(parts) for layer, parts in self._flatten_parts())
        return list({id(variable): variable for own in held for variable in own}.values())

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training updates."""
        return [v for v in self.variables if v.trainable]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that no gradient updates."""
        return [v for v in self.variables if not v.trainable]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training updates."""
        return [v for v in self.weights if v.trainable]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that no gradient updates."""
        return [v for v in self.weights if not v.trainable]

    @property
    def trainable(self) -> bool:
        """Whether training updates its weights; setting it sets every inner layer's too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable in self._trainable_weights:
            variable.trainable = bool(value)
        for layer in self._layers:
            layer.trainable = value

    def get_weights(self) -> list[np.ndarray]:
        """The values of its weights, as NumPy arrays."""
        return [variable.numpy() for variable in self.weights]

    @refusing("`set_weights`")
    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the values of its weights.

        Args:
            weights: arrays in the order of `get_weights()`.

        Raises:
            ValueError: a different number of arrays, or another shape.
        """
        variables = self.weights
        if len(weights) != len(variables):
            raise BadArgument(
                f"Layer {self.name!r}: `set_weights` got a different number of arrays.",
                given=len(weights),
                expected=f"{len(variables)}: {[v.path for v in variables]}",
                fix="build the layer first (call it once)."
                if not variables and not self.built
                else None,
            )
        for variable, value in zip(variables, weights, strict=True):
            if tuple(np.shape(value)) != variable.shape:
                raise BadArgument(
                    f"Layer {self.name!r}: weight {variable.path!r} has another shape.",
                    given=tuple(np.shape(value)),
                    expected=variable.shape,
                )
        with moving_together:
            for variable, value in zip(variables, weights, strict=True):
                variable.assign(value)

    def count_params(self) -> int:
        """Number of scalars in its weights.

        Raises:
            ValueError: the layer has no weights yet.
        """
        if not self.built and not self.weights:
            raise BadArgument(
                f"Layer {self.name!r} has no weights yet.",
                fix="build it first: call it on data, or `build(input_shape)`.",
            )
        return sum(math.prod(v.shape) for v in self.weights)

    # -- files -----------------------------------------------------------------------------

    @refusing("`save_own_variables`")
    def save_own_variables(self, store: Any) -> None:
        """Put the values of its own variables into a mapping by number."""
        for index, variable in enumerate(self._own_variables()):
            store[str(index)] = variable.numpy()

    @refusing("`load_own_variables`")
    def load_own_variables(self, store: Any) -> None:
        """Take the values of its own variables from a mapping by number.

        Raises:
            ValueError: a different number of values.
        """
        variables = self._own_variables()
        if len(store.keys()) != len(variables):
            hint = "" if self.built or not len(store.keys()) else " The layer was never built."
            raise BadArgument(
                f"Layer {self.name!r} ({type(self).__name__}): a different number of weights "
                f"in the file.{hint}",
                given=len(store.keys()),
                expected=f"{len(variables)}: {[v.path for v in variables]}",
            )
        for index, variable in enumerate(variables):
            variable.assign(store[str(index)])


def _made_in_call(layer: Any, what: str) -> str:
    return explain(
        f"Layer {layer.name!r} ({type(layer).__name__}): {what} in `call()`, which runs often.",
        fix="make weights and layers once, in `__init__()` or `build()`.",
    )


def _weight_shape(shape: Shapes, layer: str, name: str | None) -> tuple[int, ...]:
    if shape is None:
        return ()
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if any(isinstance(size, (int, np.integer)) and size < 0 for size in sizes):
        raise BadArgument(
            f"Layer {layer!r}: weight {name!r} has a negative size.", given=f"shape {sizes}"
        )
    if any(not isinstance(size, (int, np.integer)) for size in sizes):
        raise BadArgument(
            f"Layer {layer!r}: weight {name!r} has a size that is not known.",
            given=f"shape {sizes}",
            expected="integers",
            fix="give the layer's input a shape without None there.",
        )
    return tuple(int(size) for size in sizes)


def _announce(layer: Any, name: str, value: Any) -> None:
    """Tell whoever keeps programs that an attribute of a built library layer has changed."""
    kind = type(layer)
    if name in kind.untraced or kind.untraced is EVERYTHING or not registry.is_builtin(kind):
        return
    before = layer.__dict__.get(name, _announce)
    if name in kind.runtime_parameters and is_number(value) and is_number(before):
        changed = number_kind(value) != number_kind(before)
    else:
        changed = before is not value
    if changed:
        layer.__dict__["_revision"] = layer._revision + 1
        announce_change()
