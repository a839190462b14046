"""The base of losses: conversion, values of rows, weights, reduction, config."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import jax.numpy as jnp

from rosenblatt.core import config, dtypes
from rosenblatt.core.checks import anything
from rosenblatt.core.direction import Direction
from rosenblatt.core.errors import BadArgument, NotSupported
from rosenblatt.core.faces import on_use
from rosenblatt.core.family import Family
from rosenblatt.core.masks import mask_of
from rosenblatt.core.naming import name_for, to_snake_case
from rosenblatt.core.refusing import refusing
from rosenblatt.core.registry import is_ours
from rosenblatt.core.scope import row_count
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.core.settings import Configured, setting
from rosenblatt.core.types import Array, ArrayLike, Config, DTypeLike, Tree
from rosenblatt.losses.shapes import (
    align_mask,
    align_weights,
    as_arrays,
    as_real,
    divide_no_nan,
    is_off,
    kind_of_classes,
    real_rows,
    squeeze_or_expand,
)

if TYPE_CHECKING:
    from rosenblatt.core import rows
else:
    rows = on_use("rosenblatt.core.rows")

F = TypeVar("F", bound=Callable[..., Any])

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)

family = Family(
    "loss",
    "keras.losses",
    "rosenblatt.losses",
    ["regression", "crossentropy", "margin", "focal", "overlap"],
)
get, serialize, deserialize = family.get, family.serialize, family.deserialize


class Targets(Enum):
    """Which targets a loss takes."""

    ANY = "whatever its equation makes of them"
    SAME_SHAPE = "one number for each output"
    UNIT_INTERVAL = "one number from 0 to 1 for each output"
    ONE_HOT = "rows of one number for each class"
    CLASS_IDS = "a class id for each row, below the number of outputs"
    LABELS = "an integer for each row"


def equation(
    *aliases: str,
    targets: Targets = Targets.ANY,
    counted: Callable[[Array, Array, Mapping[str, Any]], Array | None] | None = None,
) -> Callable[[F], F]:
    """Enter a function of targets and predictions as a loss, with what is known of it.

    Args:
        aliases: further names that users may write.
        targets: which targets it takes.
        counted: from targets, values and keyword arguments to the mask of the values that count.

    >>> get("mse").targets, get("mse").direction
    (<Targets.SAME_SHAPE: 'one number for each output'>, 'min')
    """

    def enter(fn: F) -> F:
        facts = {"targets": targets, "counted": counted, "direction": Direction.MIN}
        call = refusing(f"`losses.{fn.__name__}`")(fn)
        vars(call).update(facts)
        return family.entry(*aliases)(call)

    return enter


def reduce_weighted(
    values: Array,
    sample_weight: ArrayLike | None = None,
    reduction: str | None = "sum_over_batch_size",
    counted: Array | None = None,
    where: str = "loss",
) -> Array:
    """Weight the values of rows and reduce them; padding rows and ignored values do not count.

    Args:
        values: (N, …) values, or a scalar that is already reduced.
        sample_weight: a number or (N, …) weights.
        reduction: a Keras reduction.
        counted: bool mask of the values' shape, or None where all count.
        where: name of the loss, for messages.

    Returns:
        A scalar, or the weighted values where the reduction is None or "none".

    Raises:
        ValueError: weights of a shape that does not fit.

    >>> float(reduce_weighted(jnp.array([1.0, 3.0]), [1.0, 0.5]))
    1.25
    """
    if sample_weight is not None:
        weight = as_real(sample_weight, "sample_weight").astype(values.dtype)
        values, weight = align_weights(values, weight, where)
        if 0 < weight.ndim < values.ndim:
            weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
        values = values * weight
    real = real_rows(values)
    keep = None if counted is None else counted.reshape(values.shape)
    if real is not None:
        keep = real if keep is None else keep & real
    if keep is not None:
        values = jnp.where(keep, values, 0)
    if reduction in (None, "none") or values.ndim == 0:
        return values
    total = jnp.sum(values)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        if keep is not None:
            weight = jnp.where(keep, weight, 0)
        return divide_no_nan(total, jnp.sum(weight))
    if keep is None:
        return total / max(values.size, 1)
    if keep is real:
        count = row_count() * math.prod(values.shape[1:])
    else:
        count = jnp.sum(jnp.broadcast_to(keep, values.shape))
    return divide_no_nan(total, count.astype(total.dtype))


@family.entry()
class Loss(Configured):
    """The base of losses: subclass it and write `call(y_true, y_pred)`.

    loss = reduce(w · call(y_true, y_pred))

    Args:
        name: its name; from the class name if None.
        reduction: "sum_over_batch_size" (= "mean": over the number of values), "sum",
            "mean_with_sample_weight" (over the sum of the weights), or None / "none".
        dtype: float type it computes in; the default float type if None.

    Raises:
        ValueError: an unknown reduction.

    >>> class Distance(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return jnp.abs(y_true - y_pred).max(axis=-1)
    >>> float(Distance()([[0.0, 1.0]], [[2.0, 2.0]]))
    2.0
    """

    __argument_order__: ClassVar[tuple[str, ...]] = ("reduction", "name", "dtype")
    direction: ClassVar[Direction | str | None] = Direction.MIN
    # Which targets it takes; class ids and labels stay integers, as short floats lose digits.
    targets: ClassVar[Targets] = Targets.ANY

    if TYPE_CHECKING:  # type checkers know the arguments of subclasses by settings alone
        name: Any = setting(anything, default=None, kw_only=True)
        reduction: str | None = setting(anything, default=None, kw_only=True)
        dtype: Any = setting(anything, default=None, kw_only=True)

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: DTypeLike = None,
    ):
        if not isinstance(reduction, str | None) or reduction not in REDUCTIONS:
            raise BadArgument(
                f"{type(self).__name__}: unknown `reduction`.",
                given=repr(reduction),
                expected=f"one of {REDUCTIONS}",
            )
        self.name = name_for(self, name)
        self.reduction = reduction
        self.dtype = dtypes.get_policy(config.floatx() if dtype is None else dtype).compute_dtype

    def call(self, y_true: Tree, y_pred: Tree) -> Array:
        """The values (N, …) of targets and predictions; to be written by subclasses."""
        raise NotSupported(
            f"Loss {type(self).__name__} has no `call`.",
            fix="write `def call(self, y_true, y_pred)` that returns one value for each row.",
        )

    @refusing("`__call__`")
    def __call__(self, y_true: Tree, y_pred: Tree, sample_weight: ArrayLike | None = None) -> Array:
        """The reduced loss; steps that the predictions' mask leaves out do not count.

        Args:
            y_true: targets.
            y_pred: predictions.
            sample_weight: a number or one weight for each row.

        Returns:
            A scalar, or (N, …) where nothing is reduced.
        """
        mask = mask_of(y_pred)
        y_true, y_pred = self._as_arrays(y_true, y_pred)
        values = jnp.asarray(self.call(y_true, y_pred)).astype(dtypes.numpy_dtype(self.dtype))
        counted = self._counted(y_true, values)
        if mask is not None and values.ndim:
            steps = jnp.broadcast_to(align_mask(mask, values.shape, self.name), values.shape)
            counted = steps if counted is None else counted.reshape(values.shape) & steps
        return reduce_weighted(values, sample_weight, self.reduction, counted, self.name)

    def _as_arrays(self, y_true: Tree, y_pred: Tree) -> tuple[Tree, Tree]:
        ids = self.targets is Targets.CLASS_IDS or self.targets is Targets.LABELS
        return as_arrays(y_true, self.dtype, ids), as_arrays(y_pred, self.dtype)

    def _counted(self, y_true: Tree, values: Array) -> Array | None:
        """Mask of the values that count, or None where all do."""
        return None

    def exact_on_padding(self, y_true: Tree, y_pred: Tree) -> bool:
        """Whether padding rows of a batch leave the loss what it is without them.

        True for the library's losses; for a user's loss if its class says `row_independent = True`
        or its trace shows one value for each row that depends on that row alone.

        Args:
            y_true: anything with the shapes and dtypes of a batch.
            y_pred: the same for the predictions.
        """
        if is_ours(self) or vars(type(self)).get("row_independent", False):
            return True
        return rows.stay_apart(lambda y, p: self.call(*self._as_arrays(y, p)), y_true, y_pred)

    def get_config(self) -> Config:
        """The arguments that make it again."""
        return {"name": self.name, "reduction": self.reduction, **self.own_config()}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class OfFunction(Configured):
    """What losses and metrics of a function share; the base of a `Loss` or `Metric` beside it.

    A class of the library names the function as `fn = staticmethod(mean_squared_error)` and
    declares its further arguments as settings. An object may be given another function and
    arguments instead, `self.fn` and `self._fn_kwargs`, which its config then holds.
    """

    _fn_kwargs: ClassVar[Mapping[str, Any]] = {}
    # Every setting, those too that a subclass gives a plain value.
    _fn_settings: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **kwargs: Any):
        if "fn" in vars(cls):  # the part is called as the function is
            said = vars(cls).get("__argument_defaults__", {})
            cls.__argument_defaults__ = {"name": cls.fn.__name__, **said}
        super().__init_subclass__(**kwargs)
        cls._fn_settings = {**cls._fn_settings, **cls.__settings__}

    @staticmethod
    def fn(*args: Any, **kwargs: Any) -> Any:
        """The function, from targets and predictions to the values (N, …)."""
        raise NotImplementedError

    def fn_arguments(self) -> dict[str, Any]:
        """The function's keyword arguments; numbers that programs take as traced values.

        A number that is zero stays a plain zero: the function then leaves its term out.
        """
        own = {
            name: self.parameter(name)
            if name in self.runtime_parameters and not is_off(getattr(self, name))
            else getattr(self, name)
            for name in self._fn_settings
        }
        return {**own, **self._fn_kwargs}

    def _counted(self, y_true: Tree, values: Array) -> Array | None:
        """Mask of the function's values that count, or None where all do."""
        counted = getattr(self.fn, "counted", None)
        return None if counted is None else counted(y_true, values, self.fn_arguments())

    def get_config(self) -> Config:
        """The arguments that make it again, a function that was given by its name."""
        own = super().get_config()
        if "fn" not in vars(self):
            return own
        function = serialize_keras_object(self.fn)
        if isinstance(function, str):  # Keras does not read the bare name inside another config
            named = {"module": "builtins", "class_name": "function", "config": function}
            function = {**named, "registered_name": "function"}
        return {**own, "fn": function, **serialize_keras_object(self._fn_kwargs)}

    @classmethod
    @refusing("`from_config`")
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The loss or metric of a config."""
        return cls(**(deserialize_keras_object(config) if "fn" in config else config))


class FunctionLoss(OfFunction, Loss):
    """The base of the library's losses; see `OfFunction`."""

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "fn" in vars(cls):
            cls.targets = getattr(cls.fn, "targets", Targets.ANY)
            vars(cls.fn).setdefault("loss_class", cls)

    def call(self, y_true: Tree, y_pred: Tree) -> Array:
        """The values of the function, with ranks brought together first."""
        if hasattr(y_true, "ndim") and hasattr(y_pred, "ndim"):
            y_true, y_pred = squeeze_or_expand(y_true, y_pred)
        return self.fn(y_true, y_pred, **self.fn_arguments())


@family.entry()
class LossFunctionWrapper(FunctionLoss):
    """A loss made of a function `fn(y_true, y_pred, **kwargs)` that gives the values of rows.

    Args:
        fn: the function.
        reduction: as in `Loss`.
        name: as in `Loss`.
        dtype: as in `Loss`.
        kwargs: passed on to the function.

    >>> def distance(y_true, y_pred, scale=1.0):
    ...     return scale * jnp.abs(y_true - y_pred).max(axis=-1)
    >>> float(LossFunctionWrapper(distance, scale=2.0)([[0.0, 1.0]], [[2.0, 2.0]]))
    4.0
    """

    untraced = ("name", "targets")

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn  # type: ignore[method-assign]
        self.targets = getattr(fn, "targets", Targets.ANY)  # type: ignore[misc]
        self._fn_kwargs = kwargs  # type: ignore[misc]


def resolve_crossentropy(y_true_shape: Sequence[int], y_pred_shape: Sequence[int]) -> Any:
    """The function that the loss "crossentropy" (or "ce") means for a batch, as in Keras.

    >>> resolve_crossentropy((32,), (32, 10)).__name__
    'sparse_categorical_crossentropy'
    """
    kind = kind_of_classes(y_true_shape, y_pred_shape)
    return family.find(to_snake_case(f"{kind}Crossentropy"))
