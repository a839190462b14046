"""The base of metrics: state in variables, updated batch by batch, reduced to a result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

import jax
import numpy as np

from rosenblatt import initializers
from rosenblatt.core import config, dtypes
from rosenblatt.core.checks import anything
from rosenblatt.core.direction import Direction
from rosenblatt.core.errors import BadArgument, NotSupported, explain
from rosenblatt.core.faces import on_use
from rosenblatt.core.family import Family
from rosenblatt.core.naming import name_for
from rosenblatt.core.refusing import refusing
from rosenblatt.core.registry import is_builtin, is_ours
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.types import Array, ArrayLike, Config, DTypeLike, Identifier, Shape, Tree
from rosenblatt.core.variable import StatelessScope, Variable
from rosenblatt.losses.shapes import kind_of_classes

if TYPE_CHECKING:
    from rosenblatt.core import rows
else:
    rows = on_use("rosenblatt.core.rows")

# What these names mean for a batch depends on its shapes; see `resolve_accuracy`.
BY_SHAPES = {
    "accuracy": "Accuracy", "acc": "Accuracy", "crossentropy": "Crossentropy", "ce": "Crossentropy",
}  # fmt: skip

family = Family(
    "metric",
    "keras.metrics",
    "rosenblatt.metrics",
    [
        "reduction", "regression", "classification", "probabilistic", "confusion", "curves",
        "fscore", "iou",
    ],
    snake_case=True,
)  # fmt: skip
get, serialize, deserialize = family.get, family.serialize, family.deserialize


@family.entry()
class Metric(Configured):
    """The base of metrics: make variables in `__init__`, write `update_state` and `result`.

    The attribute `direction`, "min" or "max", says which way is better, so that callbacks with
    `mode="auto"` know it.

    Args:
        dtype: float type it computes in; the default float type if None.
        name: its name; from the class name if None.

    >>> class Largest(Metric):
    ...     direction = "min"
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.largest = self.add_variable((), "zeros", name="largest")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         error = abs(np.asarray(y_true) - np.asarray(y_pred)).max()
    ...         self.largest.assign(max(self.largest, error))
    ...     def result(self):
    ...         return self.largest.value
    >>> float(Largest()([1.0, 2.0], [1.5, 5.0]))
    3.0
    """

    __explained__ = ("update_state",)

    __argument_order__: ClassVar[tuple[str, ...]] = ("name", "dtype")
    untraced = ("name", "direction")
    # Which way is better, for `mode="auto"` of callbacks; None if that is unknown.
    direction = cast("Direction | str | None", None)
    # Whether variables are made at the first batch, from its shapes.
    waits_for_shapes = False
    # The float type it computes in where it is given none; the default float type if None.
    usual_dtype: ClassVar[str | None] = None

    if TYPE_CHECKING:  # type checkers know the arguments of subclasses by settings alone
        name: Any = setting(anything, default=None, kw_only=True)
        dtype: Any = setting(anything, default=None, kw_only=True)

    def __init__(self, dtype: DTypeLike = None, name: str | None = None):
        self.name = name_for(self, name)
        usual = self.usual_dtype or config.floatx()
        self.dtype = dtypes.get_policy(usual if dtype is None else dtype).compute_dtype
        self._variables: list[Variable] = []

    @property
    def variables(self) -> list[Variable]:
        """Its variables in order of creation, then those of metrics in its attributes."""
        self._require_init()
        found = {id(v): v for v in self._walk(vars(self))}
        return list(found.values())

    def _walk(self, value: object) -> Iterator[Variable]:
        if isinstance(value, Mapping):
            yield from self._walk(list(value.values()))
        elif isinstance(value, (list, tuple)):
            own = [item for item in value if not isinstance(item, Metric)]
            inner = [item for item in value if isinstance(item, Metric)]
            for item in own:
                if isinstance(item, Variable):
                    yield item
                else:
                    yield from self._walk(item)
            for metric in inner:
                yield from metric.variables

    def _require_init(self) -> None:
        if "_variables" not in vars(self):
            raise RuntimeError(
                explain(
                    f"Metric {type(self).__name__} was not initialized.",
                    fix="call `super().__init__()` first in `__init__`.",
                )
            )

    @refusing("`add_variable`")
    def add_variable(
        self,
        shape: Sequence[int] = (),
        initializer: Identifier = "zeros",
        dtype: DTypeLike = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Variable:
        """Create a variable of the state.

        Args:
            shape: its shape.
            initializer: name, object or function of its first value; zeros if None.
            dtype: dtype name; the default float type if None.
            aggregation: accepted for Keras's sake.
            name: its name.

        Returns:
            The variable.

        Raises:
            RuntimeError: `super().__init__()` was not called.
        """
        self._require_init()
        variable = Variable(
            initializers.get("zeros" if initializer is None else initializer),
            shape=tuple(shape),
            dtype=dtypes.standardize_dtype(dtype),
            trainable=False,
            autocast=False,
            aggregation=aggregation,
            name=name,
        )
        variable.path = f"{self.name.replace('/', '>')}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Identifier = None,
        dtype: DTypeLike = None,
        name: str | None = None,
    ) -> Variable:
        """The older name of `add_variable`."""
        return self.add_variable(shape, initializer, dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in a batch: assign to the variables; to be written by subclasses."""
        raise NotSupported(self._missing("update_state(self, y_true, y_pred, ...)"))

    def result(self) -> Any:
        """A scalar, or a dict of scalars, from the variables; to be written by subclasses."""
        raise NotSupported(self._missing("result(self)"))

    def _missing(self, method: str) -> str:
        name = method.partition("(")[0]
        return explain(f"Metric {type(self).__name__} has no `{name}`.", fix=f"write `{method}`.")

    def reset_state(self) -> None:
        """Set every variable to zeros; nothing is compiled."""
        for variable in self.variables:
            variable.assign(_zeros(variable))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in a batch and give the result of all so far."""
        self._require_init()
        self.update_state(*args, **kwargs)
        return self.result()

    def build(self, y_true: Tree, y_pred: Tree) -> None:
        """Make the variables that wait for the shapes of the data.

        Nothing is computed. To be called before the metric is traced in a program.

        Args:
            y_true: anything with the shapes and dtypes of a batch.
            y_pred: the same for the predictions.
        """
        if not self.waits_for_shapes and is_builtin(type(self)):
            return
        batch = [rows.with_rows(tree, 2) for tree in (y_true, y_pred)]
        with use_scope(Scope(binds_all=True)):
            jax.eval_shape(lambda y, p: self.update_state(y, p), *batch)

    def exact_on_padding(self, y_true: Tree, y_pred: Tree) -> bool:
        """Whether padding rows of a batch leave the result what it is without them.

        True of the library's own metrics, and where a class says `row_independent = True`; a user's
        `update_state` knows nothing of padding.

        Args:
            y_true: anything with the shapes and dtypes of a batch.
            y_pred: the same for the predictions.
        """
        return is_ours(self) or vars(type(self)).get("row_independent", False)

    def stateless_update_state(
        self, metric_variables: Sequence[ArrayLike], *args: Any, **kwargs: Any
    ) -> list[Array]:
        """The values of the variables after a batch, from those before it.

        Args:
            metric_variables: one value for each variable.
            args: arguments of `update_state`.
            kwargs: arguments of `update_state`.

        Raises:
            ValueError: a different number of values.
        """
        with self._bound(metric_variables) as scope:
            self.update_state(*args, **kwargs)
        return [scope.get_current_value(v) for v in self.variables]

    def stateless_result(self, metric_variables: Sequence[ArrayLike]) -> Any:
        """The result from values of the variables. Arguments as in `stateless_update_state`."""
        with self._bound(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Array]:
        """The values of the variables after a reset."""
        with self._bound([_zeros(v) for v in self.variables]) as scope:
            self.reset_state()
        return [scope.get_current_value(v) for v in self.variables]

    def _bound(self, values: Sequence[ArrayLike]) -> StatelessScope:
        variables = self.variables
        if len(values) != len(variables):
            raise BadArgument(
                f"Metric {self.name!r}: `metric_variables` has the wrong length.",
                given=len(values),
                expected=f"{len(variables)}, one value for each of `metric.variables`",
            )
        return StatelessScope(list(zip(variables, values, strict=True)))

    def get_config(self) -> Config:
        """The arguments that make it again."""
        return {"name": self.name, "dtype": self.dtype, **self.own_config()}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _zeros(variable: Variable) -> np.ndarray:
    return np.zeros(variable.shape, dtypes.numpy_dtype(variable.dtype))


def resolve_accuracy(kind: str, y_true_shape: Shape, y_pred_shape: Shape) -> type[Metric]:
    """The class that "accuracy" or "crossentropy" means for a batch, as in Keras's compile.

    Args:
        kind: "accuracy", "acc", "crossentropy" or "ce", in any case.
        y_true_shape: shape of the targets.
        y_pred_shape: shape of the predictions.

    Returns:
        The binary class where the predictions' last axis is 1, the sparse one where the targets
        have fewer axes or a last axis of 1, else the categorical one.

    Raises:
        ValueError: another kind.

    >>> resolve_accuracy("accuracy", (32,), (32, 10)).__name__
    'SparseCategoricalAccuracy'
    """
    if kind.lower() not in BY_SHAPES:
        raise BadArgument(
            "resolve_accuracy: unknown kind.", given=repr(kind), expected=f"one of {(*BY_SHAPES,)}"
        )
    return family.find(f"{kind_of_classes(y_true_shape, y_pred_shape)}{BY_SHAPES[kind.lower()]}")
