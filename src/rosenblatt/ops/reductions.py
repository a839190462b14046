"""Sums, means, extremes, quantiles: over all elements or along axes; and running ones.

>>> mean([[1.0, 3.0], [5.0, 7.0]], axis=0)
Array([3., 5.], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.types import Array, Axes, DTypeLike
from rosenblatt.ops.define import MATH, as_float, op

# fmt: off
_ALONG_AXES = (
    "all", "amax", "amin", "any", "median", "nanmax", "nanmean",
    "nanmedian", "nanmin", "nanprod", "nanstd", "nansum", "nanvar", "ptp", "std", "sum",
)
_RUNNING = ("cumprod", "cumsum", "nancumprod", "nancumsum")
_QUANTILES = ("nanpercentile", "nanquantile", "percentile", "quantile")
# fmt: on


def _along_axes(name: str) -> Callable[..., Array]:
    function = getattr(jnp, name)

    def reduce(x: Array, axis: Axes = None, keepdims: bool = False) -> Array:
        return function(x, axis=axis, keepdims=keepdims)

    reduce.__doc__ = f"`{name}` of all elements, or of those along axes."
    return op(name=name)(reduce)


def _extreme(name: str) -> Callable[..., Array]:
    function = getattr(jnp, name)

    def extreme(
        x: Array, axis: Axes = None, keepdims: bool = False, initial: float | None = None
    ) -> Array:
        return function(x, axis=axis, keepdims=keepdims, initial=initial)

    extreme.__doc__ = f"`{name}` of all elements, or of those along axes, and an initial value."
    return op(name=name)(extreme)


def _running(name: str) -> Callable[..., Array]:
    function = getattr(jnp, name)

    def running(x: Array, axis: Axes = None, dtype: DTypeLike = None) -> Array:
        return function(x, axis, dtype)

    running.__doc__ = f"`{name}`: the sums or products so far along an axis."
    return op(name=name)(running)


def _quantile(name: str) -> Callable[..., Array]:
    function = getattr(jnp, name)

    def quantile(
        x: Array, q: Array, axis: Axes = None, method: str = "linear", keepdims: bool = False
    ) -> Array:
        return function(x, q, axis=axis, method=method, keepdims=keepdims)

    quantile.__doc__ = f"`{name}` q of all elements, or of those along axes."
    return op("x q", name=name)(quantile)


def _place_of_extreme(name: str) -> Callable[..., Array]:
    function = getattr(jnp, name)

    def place(x: Array, axis: Axes = None, keepdims: bool = False) -> Array:
        return function(x, axis, keepdims=keepdims).astype("int32")

    place.__doc__ = f"`{name}`: the index of the extreme element along an axis, as int32."
    return op(name=name)(place)


for _make, _names in (
    (_along_axes, _ALONG_AXES),
    (_extreme, ("max", "min")),
    (_running, _RUNNING),
    (_quantile, _QUANTILES),
    (_place_of_extreme, ("argmax", "argmin", "nanargmax", "nanargmin")),
):
    for _name in _names:
        _make(_name)


@op()
def mean(x: Array, axis: Axes = None, keepdims: bool = False) -> Array:
    """The mean of all elements, or of those along axes, added up in float32 at least."""
    compute = jnp.promote_types(x.dtype, "float32")
    return jnp.mean(x, axis, dtype=compute, keepdims=keepdims).astype(as_float(x).dtype)


@op()
def var(x: Array, axis: Axes = None, keepdims: bool = False) -> Array:
    """The mean squared distance from the mean, added up in float32 at least."""
    compute = jnp.promote_types(x.dtype, "float32")
    return jnp.var(x, axis, dtype=compute, keepdims=keepdims).astype(as_float(x).dtype)


@op()
def prod(x: Array, axis: Axes = None, keepdims: bool = False, dtype: DTypeLike = None) -> Array:
    """The product of all elements, or of those along axes."""
    return jnp.prod(x, axis=axis, keepdims=keepdims, dtype=dtype)


@op("x weights")
def average(x: Array, axis: Axes = None, weights: Array | None = None) -> Array:
    """Σ w x / Σ w, over all elements or along axes."""
    if weights is None:
        return jnp.average(as_float(x), axis)
    dtype = jnp.promote_types(x.dtype, weights.dtype)
    if not jnp.issubdtype(dtype, jnp.inexact):
        dtype = jnp.dtype(config.floatx())
    return jnp.average(x.astype(dtype), axis, weights.astype(dtype))


@op()
def count_nonzero(x: Array, axis: Axes = None) -> Array:
    """How many elements are not 0, as int32."""
    return jnp.count_nonzero(x, axis).astype("int32")


@op(module=MATH)
def logsumexp(x: Array, axis: Axes = None, keepdims: bool = False) -> Array:
    """log Σ eˣ, without overflow."""
    return jax.scipy.special.logsumexp(x, axis=axis, keepdims=keepdims)
