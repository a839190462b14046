"""Sums, means, extremes, quantiles: over all elements or along axes; and running ones.

>>> mean([[1.0, 3.0], [5.0, 7.0]], axis=0)
Array([3., 5.], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.ops.define import MATH, as_float, op

# fmt: off
_ALONG_AXES = (
    "all", "amax", "amin", "any", "median", "nanargmax", "nanargmin", "nanmax", "nanmean",
    "nanmedian", "nanmin", "nanprod", "nanstd", "nansum", "nanvar", "ptp", "std", "sum",
)
_RUNNING = ("cumprod", "cumsum", "nancumprod", "nancumsum")
_QUANTILES = ("nanpercentile", "nanquantile", "percentile", "quantile")
# fmt: on


def _along_axes(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(x, axis=axis, keepdims=keepdims)

    reduce.__doc__ = f"`{name}` of all elements, or of those along axes."
    return op(name=name)(reduce)


def _extreme(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def extreme(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
        return function(x, axis=axis, keepdims=keepdims, initial=initial)

    extreme.__doc__ = f"`{name}` of all elements, or of those along axes, and an initial value."
    return op(name=name)(extreme)


def _running(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def running(x: Any, axis: Any = None, dtype: Any = None) -> Any:
        return function(x, axis, dtype)

    running.__doc__ = f"`{name}`: the sums or products so far along an axis."
    return op(name=name)(running)


def _quantile(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def quantile(
        x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
    ) -> Any:
        return function(x, q, axis=axis, method=method, keepdims=keepdims)

    quantile.__doc__ = f"`{name}` q of all elements, or of those along axes."
    return op("x q", name=name)(quantile)


def _place_of_extreme(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def place(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(x, axis, keepdims=keepdims).astype("int32")

    place.__doc__ = f"`{name}`: the index of the extreme element along an axis, as int32."
    return op(name=name)(place)


TABLE: dict[str, Callable[..., Any]] = {
    **{name: _along_axes(name) for name in _ALONG_AXES},
    **{name: _extreme(name) for name in ("max", "min")},
    **{name: _running(name) for name in _RUNNING},
    **{name: _quantile(name) for name in _QUANTILES},
    **{name: _place_of_extreme(name) for name in ("argmax", "argmin")},
}
globals().update(TABLE)


@op()
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of all elements, or of those along axes, added up in float32 at least."""
    compute = jnp.promote_types(x.dtype, "float32")
    return jnp.mean(x, axis, dtype=compute, keepdims=keepdims).astype(as_float(x).dtype)


@op()
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean squared distance from the mean, added up in float32 at least."""
    compute = jnp.promote_types(x.dtype, "float32")
    return jnp.var(x, axis, dtype=compute, keepdims=keepdims).astype(as_float(x).dtype)


@op()
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product of all elements, or of those along axes."""
    return jnp.prod(x, axis=axis, keepdims=keepdims, dtype=dtype)


@op("x weights")
def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """Σ w x / Σ w, over all elements or along axes."""
    return jnp.average(as_float(x), axis, weights if weights is None else as_float(weights))


@op()
def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements are not 0, as int32."""
    return jnp.count_nonzero(x, axis).astype("int32")


@op(module=MATH)
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ eˣ, without overflow."""
    return jax.scipy.special.logsumexp(x, axis=axis, keepdims=keepdims)


TABLE.update(
    {
        "mean": mean, "var": var, "prod": prod, "average": average,
        "count_nonzero": count_nonzero, "logsumexp": logsumexp,
    }
)  # fmt: skip
