"""Sums and means over rows, and the metric made of a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from rosenblatt.core import dtypes
from rosenblatt.core.direction import direction_of
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.faces import on_use
from rosenblatt.core.masks import mask_of
from rosenblatt.core.scope import row_count
from rosenblatt.core.types import Array, ArrayLike, DTypeLike, Tree
from rosenblatt.losses.base import OfFunction
from rosenblatt.losses.shapes import align_mask, align_weights, as_real, divide_no_nan, real_rows
from rosenblatt.metrics.base import Metric, family

if TYPE_CHECKING:
    from rosenblatt.core import rows
else:
    rows = on_use("rosenblatt.core.rows")


def over_rows(
    values: ArrayLike,
    sample_weight: ArrayLike | None,
    mean: bool,
    dtype: str,
    where: str = "metric",
) -> tuple[Array, Array]:
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
    kind = dtypes.numpy_dtype(dtype)
    values = as_real(values, "values").astype(kind)
    if sample_weight is None:
        values = _flat(values, 1, mean)
        rows = real_rows(values)
        if rows is None:
            return jnp.sum(values), jnp.asarray(values.size, kind)
        return jnp.sum(jnp.where(rows, values, 0)), row_count().astype(kind)
    weight = as_real(sample_weight, "sample_weight").astype(kind)
    values, weight = align_weights(values, weight, where)
    if values.ndim == weight.ndim == 0:
        return values * weight, weight
    if weight.ndim == 0:
        total, count = over_rows(values, None, mean, dtype, where)
        total = divide_no_nan(total, count) if mean else total
        return total * weight, weight
    values = _flat(values, weight.ndim, mean)
    weight = jnp.broadcast_to(weight, values.shape)
    values, weight = _flat(values * weight, 1, mean), _flat(weight, 1, mean)
    rows = real_rows(values)
    if rows is not None:
        values, weight = jnp.where(rows, values, 0), jnp.where(rows, weight, 0)
    return jnp.sum(values), jnp.sum(weight)


def _flat(values: Array, axes: int, mean: bool) -> Array:
    """The mean or sum over all axes but the first ones."""
    if values.ndim <= axes:
        return values
    return (jnp.mean if mean else jnp.sum)(values, axis=range(axes, values.ndim))


def element_weights(
    values: Array, sample_weight: ArrayLike | None, mask: ArrayLike | None, where: str
) -> Array:
    """One weight for each value: the user's, and 0 on padding rows and masked steps.

    Args:
        values: (N, …) values of a float type.
        sample_weight: None, a number, or (N, …) weights of the values' leading axes.
        mask: the mask of the predictions, or None.
        where: name of the metric, for messages.

    Returns:
        Weights of the values' shape and type.

    Raises:
        ValueError: weights or a mask of a shape that does not fit.
    """
    weight = as_real(1 if sample_weight is None else sample_weight, "sample_weight")
    weight = weight.astype(values.dtype)
    _, weight = align_weights(values, weight, where)
    if weight.ndim:
        weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
    weight = jnp.broadcast_to(weight, values.shape)
    rows = real_rows(values)
    for keep in (rows, None if mask is None else align_mask(mask, values.shape, where)):
        if keep is not None:
            weight = jnp.where(keep, weight, 0)
    return weight


@family.entry()
class Sum(Metric):
    """The sum of all values so far: Σ w v.

    Args:
        name: its name.
        dtype: float type it computes in.

    >>> float(Sum()([1.0, 3.0], sample_weight=[1.0, 0.0]))
    1.0
    """

    __argument_defaults__ = {"name": "sum"}

    def __post_init__(self) -> None:
        """Make the variable."""
        self.total = self.add_variable((), "zeros", dtype=self.dtype, name="total")

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Add (N, …) values, weighted."""
        total, _ = over_rows(values, sample_weight, False, self.dtype, self.name)
        self.total.assign_add(total)

    def result(self) -> Array:
        """The sum."""
        return self.total.value


@family.entry()
class Mean(Metric):
    """The mean of all values so far: Σ w v / Σ w.

    Args:
        name: its name.
        dtype: float type it computes in.

    >>> float(Mean()([1.0, 3.0, 5.0], sample_weight=[1.0, 1.0, 0.0]))
    2.0
    """

    __argument_defaults__ = {"name": "mean"}

    def __post_init__(self) -> None:
        """Make the variables."""
        self.total = self.add_variable((), "zeros", dtype=self.dtype, name="total")
        self.count = self.add_variable((), "zeros", dtype=self.dtype, name="count")

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in (N, …) values, or a scalar (which no row mask touches), weighted."""
        total, count = over_rows(values, sample_weight, True, self.dtype, self.name)
        self.total.assign_add(total)
        self.count.assign_add(count)

    def result(self) -> Array:
        """The mean; 0 before the first value."""
        return divide_no_nan(self.total.value, self.count.value)


class FunctionMetric(OfFunction, Mean):
    """The base of the library's metrics that are means of a function; see `OfFunction`.

    A loss is to be made small, whichever way it is used; so its function says the direction.
    """

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        cls.direction = cls.direction or direction_of(cls.fn)

    def update_state(  # type: ignore[override]
        self, y_true: Tree, y_pred: Tree, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in the function's values of a batch."""
        values = self.fn(y_true, y_pred, **self.fn_arguments())
        step_mask = mask_of(y_pred)
        if step_mask is not None and jnp.ndim(values):
            step_mask = align_mask(step_mask, jnp.shape(values), self.name)
            sample_weight = _masked_weight(step_mask, sample_weight)
        if sample_weight is not None:
            # As in Keras: ignored classes drop out where rows are weighted, else they count as 0.
            mask = self._counted(jnp.asarray(y_true), values)
            if mask is not None:
                mask, weight = align_weights(mask, jnp.asarray(sample_weight), self.name)
                if 0 < weight.ndim < mask.ndim:
                    weight = weight.reshape(weight.shape + (1,) * (mask.ndim - weight.ndim))
                sample_weight = jnp.where(mask, weight, 0)
        super().update_state(values, sample_weight)

    def exact_on_padding(self, y_true: Tree, y_pred: Tree) -> bool:
        """As in `Metric`; true also of a user's function whose values depend on their own row."""
        if super().exact_on_padding(y_true, y_pred):
            return True
        if type(self).update_state is not FunctionMetric.update_state:
            return False
        arguments = self.fn_arguments()
        return rows.stay_apart(lambda y, p: self.fn(y, p, **arguments), y_true, y_pred)


@family.entry()
class MeanMetricWrapper(FunctionMetric):
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
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: DTypeLike = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, dtype=dtype)
        if not callable(fn):
            raise BadArgument(
                f"{type(self).__name__}: bad `fn`.", given=repr(fn), expected="a function"
            )
        self.fn = fn  # type: ignore[method-assign]
        self._fn_kwargs = kwargs  # type: ignore[misc]
        self.direction = self.direction or direction_of(fn)


def _masked_weight(mask: Array, weight: ArrayLike | None) -> Array:
    """Weights that are 0 where predictions are masked."""
    weight = jnp.asarray(1.0 if weight is None else weight)
    weight = weight.reshape(weight.shape + (1,) * (mask.ndim - weight.ndim))
    return jnp.where(mask, weight, 0)
