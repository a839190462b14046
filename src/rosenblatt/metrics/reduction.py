"""Sums and means over rows, and the metric made of a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp

from rosenblatt.core import dtypes, rows
from rosenblatt.core.masks import mask_of
from rosenblatt.core.registry import builtin
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.losses.base import (
    Loss,
    counted_values,
    function_config,
    function_kwargs,
    saved_kwargs,
)
from rosenblatt.losses.shapes import align_mask, align_weights, divide_no_nan, real_rows
from rosenblatt.metrics.base import Metric


def over_rows(
    values: Any, sample_weight: Any, mean: bool, dtype: str, where: str = "metric"
) -> tuple[Any, Any]:
    """The weighted sum of the rows' values and the sum of their weights.

    Args:
        values: a scalar, or (N, …) values; the axes after the first are reduced first.
        sample_weight: None, a number or (N, …) weights.
        mean: reduce the axes after the first by the mean; by the sum if false.
        dtype: float type of the results.
        where: name of the metric, for messages.

    Returns:
        Two scalars. Padding rows are in neither of them.

    Raises:
        ValueError: weights of a shape that does not fit.
    """
    reduce = jnp.mean if mean else jnp.sum
    kind = dtypes.numpy_dtype(dtype)
    values = jnp.asarray(values).astype(kind)
    if sample_weight is None:
        values = reduce(values, axis=range(1, values.ndim))
        rows = real_rows(values)
        if rows is None:
            return jnp.sum(values), jnp.asarray(values.size, kind)
        return jnp.sum(jnp.where(rows, values, 0)), jnp.sum(rows).astype(kind)
    weight = jnp.asarray(sample_weight).astype(kind)
    values, weight = align_weights(values, weight, where)
    if weight.ndim == 0:
        total, count = over_rows(values, None, mean, dtype, where)
        total = divide_no_nan(total, count) if mean else total
        return total * weight, weight
    values = reduce(values, axis=range(weight.ndim, values.ndim))
    weight = jnp.broadcast_to(weight, values.shape)
    values = reduce(values * weight, axis=range(1, values.ndim))
    weight = reduce(weight, axis=range(1, weight.ndim))
    rows = real_rows(values)
    if rows is not None:
        values, weight = jnp.where(rows, values, 0), jnp.where(rows, weight, 0)
    return jnp.sum(values), jnp.sum(weight)


@builtin("keras.metrics")
class Sum(Metric):
    """The sum of all values so far: Σ w v.

    Args:
        name: its name.
        dtype: float type it computes in.

    >>> float(Sum()([1.0, 3.0], sample_weight=[1.0, 0.0]))
    1.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", dtype=self.dtype, name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add (N, …) values, weighted."""
        total, _ = over_rows(values, sample_weight, False, self.dtype, self.name)
        self.total.assign_add(total)

    def result(self) -> Any:
        """The sum."""
        return self.total.value


@builtin("keras.metrics")
class Mean(Metric):
    """The mean of all values so far: Σ w v / Σ w.

    Args:
        name: its name.
        dtype: float type it computes in.

    >>> float(Mean()([1.0, 3.0, 5.0], sample_weight=[1.0, 1.0, 0.0]))
    2.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", dtype=self.dtype, name="total")
        self.count = self.add_variable((), "zeros", dtype=self.dtype, name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take in (N, …) values, or a scalar (which no row mask touches), weighted."""
        total, count = over_rows(values, sample_weight, True, self.dtype, self.name)
        self.total.assign_add(total)
        self.count.assign_add(count)

    def result(self) -> Any:
        """The mean; 0 before the first value."""
        return divide_no_nan(self.total.value, self.count.value)


@builtin("keras.metrics")
class MeanMetricWrapper(Mean):
    """The mean of a function `fn(y_true, y_pred, **kwargs)` that gives one value for each row.

    Args:
        fn: the function.
        name: its name.
        dtype: float type it computes in.
        kwargs: passed on to the function.

    >>> def close(y_true, y_pred, within=0.5):
    ...     return jnp.abs(jnp.asarray(y_true) - jnp.asarray(y_pred)) < within
    >>> float(MeanMetricWrapper(close, within=1.0)([0.0, 0.0], [0.6, 2.0]))
    0.5
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ):
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        # A loss is to be made small, whichever way it is used.
        if self.direction is None and (isinstance(fn, Loss) or _is_loss_function(fn)):
            self.direction = "min"

    def _kwargs(self) -> dict[str, Any]:
        return self._fn_kwargs

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take in the function's values of a batch."""
        kwargs = self._kwargs()
        values = self._fn(y_true, y_pred, **kwargs)
        step_mask = mask_of(y_pred)
        if step_mask is not None and jnp.ndim(values):
            step_mask = align_mask(step_mask, jnp.shape(values), self.name)
            sample_weight = _masked_weight(step_mask, sample_weight)
        if sample_weight is not None:
            # As in Keras: ignored classes drop out where rows are weighted, else they count as 0.
            mask = counted_values(self._fn, jnp.asarray(y_true), values, kwargs)
            if mask is not None:
                mask, weight = align_weights(mask, jnp.asarray(sample_weight), self.name)
                if 0 < weight.ndim < mask.ndim:
                    weight = weight.reshape(weight.shape + (1,) * (mask.ndim - weight.ndim))
                sample_weight = jnp.where(mask, weight, 0)
        super().update_state(values, sample_weight)

    def _is_own(self) -> bool:
        fn = self._fn
        own = fn._is_own() if isinstance(fn, Loss) else _is_own_function(fn)
        return super()._is_own() and own

    def exact_on_padding(self, y_true: Any, y_pred: Any) -> bool:
        """As in `Metric`; true also of a user's function whose values depend on their own row."""
        if super().exact_on_padding(y_true, y_pred):
            return True
        if type(self).update_state is not MeanMetricWrapper.update_state:
            return False
        kwargs = self._kwargs()
        return rows.stay_apart(lambda y, p: self._fn(y, p, **kwargs), y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again, the function by its name."""
        config = {**super().get_config(), "fn": function_config(self._fn)}
        return {**config, **serialize_keras_object(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The metric of a config."""
        return cls(**(deserialize_keras_object(config) if "fn" in config else config))


def _masked_weight(mask: Any, weight: Any) -> Any:
    """Weights that are 0 where predictions are masked."""
    weight = jnp.asarray(1.0 if weight is None else weight)
    weight = weight.reshape(weight.shape + (1,) * (mask.ndim - weight.ndim))
    return jnp.where(mask, weight, 0)


def _is_own_function(fn: Any) -> bool:
    return str(getattr(fn, "__module__", "")).startswith("rosenblatt.")


def _is_loss_function(fn: Any) -> bool:
    return str(getattr(fn, "__module__", "")).startswith("rosenblatt.losses.")


class FunctionMetric(MeanMetricWrapper):
    """The base of the library's metrics that are means of a function.

    A class names its function and which way is better; keyword arguments of the function become
    attributes. Those in `unsaved` are written to configs only where they differ from their
    default, as Keras leaves them out.

    Args:
        name: its name; the function's if None.
        dtype: float type it computes in; the default float type if None.
    """

    function: Callable[..., Any]
    default_name: str | None = None
    unsaved: Mapping[str, Any] = {}

    def __init__(self, name: str | None = None, dtype: Any = None):
        self._setup(name, dtype)

    def _setup(self, name: str | None, dtype: Any, **kwargs: Any) -> None:
        fn = type(self).function
        MeanMetricWrapper.__init__(
            self, fn, name or self.default_name or fn.__name__, dtype, **kwargs
        )
        for key, value in kwargs.items():
            setattr(self, key, value)

    def _kwargs(self) -> dict[str, Any]:
        return function_kwargs(self, self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {**Metric.get_config(self), **saved_kwargs(self, self._fn_kwargs, self.unsaved)}
