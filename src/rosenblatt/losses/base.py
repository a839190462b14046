"""The base of losses: conversion, per-sample values, weights, reduction, config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp

from rosenblatt.core import config, dtypes, rows
from rosenblatt.core.errors import explain
from rosenblatt.core.masks import mask_of
from rosenblatt.core.naming import auto_name
from rosenblatt.core.registry import builtin, is_builtin
from rosenblatt.core.scope import HasParameters
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.losses.shapes import (
    align_mask,
    align_weights,
    as_arrays,
    divide_no_nan,
    is_off,
    real_rows,
    squeeze_or_expand,
)

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


def reduce_weighted(
    values: Any,
    sample_weight: Any = None,
    reduction: str | None = "sum_over_batch_size",
    counted: Any = None,
    where: str = "loss",
) -> Any:
    """Weight per-sample values and reduce them; padding rows and ignored values do not count.

    Args:
        values: (N, …) values, or a scalar that is already reduced.
        sample_weight: a number or (N, …) weights.
        reduction: one of Keras's reductions.
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
        weight = jnp.asarray(sample_weight).astype(values.dtype)
        values, weight = align_weights(values, weight, where)
        if 0 < weight.ndim < values.ndim:
            weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
        values = values * weight
    rows = real_rows(values)
    keep = None if counted is None else counted.reshape(values.shape)
    if rows is not None:
        keep = rows if keep is None else keep & rows
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
    return divide_no_nan(total, jnp.sum(jnp.broadcast_to(keep, values.shape)).astype(total.dtype))


@builtin("keras.losses")
class Loss(HasParameters):
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

    # Whether `call` gets integer targets as they are: class ids lose digits in short floats.
    _keeps_integers = False

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ):
        if reduction not in REDUCTIONS:
            raise ValueError(
                explain(
                    f"{type(self).__name__}: unknown `reduction`.",
                    given=repr(reduction),
                    expected=f"one of {REDUCTIONS}",
                )
            )
        self.name = name or auto_name(type(self).__name__)
        self.reduction = reduction
        self._dtype = dtypes.get_policy(dtype or config.floatx()).compute_dtype

    @property
    def dtype(self) -> str:
        """The float type it computes in."""
        return self._dtype

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Per-sample values (N, …) of targets and predictions; to be written by subclasses."""
        raise NotImplementedError(
            explain(
                f"Loss {type(self).__name__} has no `call`.",
                fix="write `def call(self, y_true, y_pred)` that returns one value for each row.",
            )
        )

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss; steps that the predictions' mask leaves out do not count.

        Args:
            y_true: targets.
            y_pred: predictions.
            sample_weight: a number or one weight for each row.

        Returns:
            A scalar, or (N, …) where nothing is reduced.
        """
        mask = mask_of(y_pred)
        y_pred = as_arrays(y_pred, self.dtype)
        y_true = as_arrays(y_true, self.dtype, self._keeps_integers)
        values = jnp.asarray(self.call(y_true, y_pred)).astype(dtypes.numpy_dtype(self.dtype))
        counted = self._counted(y_true, values)
        if mask is not None and values.ndim:
            steps = jnp.broadcast_to(align_mask(mask, values.shape, self.name), values.shape)
            counted = steps if counted is None else counted.reshape(values.shape) & steps
        return reduce_weighted(values, sample_weight, self.reduction, counted, self.name)

    def _counted(self, y_true: Any, values: Any) -> Any:
        """Mask of the values that count, or None where all do."""
        return None

    def _is_own(self) -> bool:
        return is_builtin(type(self))

    def exact_on_padding(self, y_true: Any, y_pred: Any) -> bool:
        """Whether padding rows of a batch leave the loss what it is without them.

        True of the library's own losses; of a user's, where its class says `row_independent = True`
        or its trace shows one value for each row that depends on that row alone.

        Args:
            y_true: anything with the shapes and dtypes of a batch.
            y_pred: the same for the predictions.
        """
        if self._is_own() or vars(type(self)).get("row_independent", False):
            return True

        def values(y_true: Any, y_pred: Any) -> Any:
            y_true = as_arrays(y_true, self.dtype, self._keeps_integers)
            return self.call(y_true, as_arrays(y_pred, self.dtype))

        return rows.stay_apart(values, y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The loss of a config."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


@builtin("keras.losses")
class LossFunctionWrapper(Loss):
    """A loss made of a function `fn(y_true, y_pred, **kwargs)` that gives per-sample values.

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

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs
        self._keeps_integers = getattr(fn, "takes_class_ids", False)

    def _kwargs(self) -> dict[str, Any]:
        return self._fn_kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Per-sample values of the function, with ranks brought together first."""
        if hasattr(y_true, "ndim") and hasattr(y_pred, "ndim"):
            y_true, y_pred = squeeze_or_expand(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._kwargs())

    def _counted(self, y_true: Any, values: Any) -> Any:
        return counted_values(self.fn, y_true, values, self._kwargs())

    def _is_own(self) -> bool:
        return super()._is_own() and getattr(self.fn, "__module__", "").startswith("rosenblatt.")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again, the function by its name."""
        config = {**super().get_config(), "fn": function_config(self.fn)}
        return {**config, **serialize_keras_object(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The loss of a config."""
        return cls(**(deserialize_keras_object(config) if "fn" in config else config))


class FunctionLoss(LossFunctionWrapper):
    """The base of the library's losses: a function whose keyword arguments are attributes.

    A class lists in `unsaved` the arguments Keras leaves out of its config; they are written only
    where they differ from their default, so that configs equal Keras's and nothing gets lost.
    """

    unsaved: Mapping[str, Any] = {}

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None,
        name: str | None,
        dtype: Any,
        **kwargs: Any,
    ):
        super().__init__(fn, reduction, name, dtype, **kwargs)
        for key, value in kwargs.items():
            setattr(self, key, value)

    def _kwargs(self) -> dict[str, Any]:
        return function_kwargs(self, self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {**Loss.get_config(self), **saved_kwargs(self, self._fn_kwargs, self.unsaved)}


class PlainLoss(FunctionLoss):
    """The base of the library's losses without further arguments: a class names its function.

    Args:
        reduction: how per-sample values become one number.
        name: its name; the function's if None.
        dtype: float type it computes in; the default float type if None.
    """

    function: Callable[..., Any]

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ):
        fn = type(self).function
        super().__init__(fn, reduction, name or fn.__name__, dtype)


def counted_values(fn: Any, y_true: Any, values: Any, kwargs: Mapping[str, Any]) -> Any:
    """Mask of a function's values that count, or None where all do.

    A function some of whose values do not count has an attribute `counted`.
    """
    counted = getattr(fn, "counted", None)
    return None if counted is None else counted(y_true, values, kwargs)


def function_config(fn: Callable[..., Any]) -> Any:
    """The config of a function as Keras reads it inside another config: never the bare name."""
    config = serialize_keras_object(fn)
    if not isinstance(config, str):
        return config
    named = {"module": "builtins", "class_name": "function", "config": config}
    return {**named, "registered_name": "function"}


def function_kwargs(owner: HasParameters, names: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments from attributes; those that are run-time parameters as traced values.

    A parameter that is zero stays a plain zero: the function then leaves its term out.
    """
    return {
        name: owner.parameter(name)
        if name in owner.runtime_parameters and not is_off(getattr(owner, name))
        else getattr(owner, name)
        for name in names
    }


def saved_kwargs(
    owner: Any, names: Mapping[str, Any], unsaved: Mapping[str, Any]
) -> dict[str, Any]:
    """The keyword arguments that belong in a config."""
    values = {name: getattr(owner, name) for name in names}
    return {k: v for k, v in values.items() if k not in unsaved or v != unsaved[k]}
