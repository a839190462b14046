"""Order and counts: sorting, searching, the largest, the distinct, histograms.

>>> argsort([3, 1, 2])
Array([1, 2, 0], dtype=int32)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.types import Array, ArrayLike
from rosenblatt.ops.define import MATH, op


@op()
def sort(x: Array, axis: int = -1) -> Array:
    """In rising order along an axis."""
    return jnp.sort(x, axis)


@op()
def argsort(x: Array, axis: int | None = -1) -> Array:
    """The indices that put an axis in rising order."""
    return jnp.argsort(x, axis=axis if x.ndim else None).astype("int32")


@op()
def argpartition(x: Array, kth: int, axis: int | None = -1) -> Array:
    """Indices that put the k-th smallest element in its place, smaller ones before it."""
    return jnp.argpartition(x.ravel() if axis is None else x, kth, 0 if axis is None else axis)


@op(module=MATH, class_name="TopK")
def top_k(x: Array, k: int, sorted: bool = True) -> tuple[Array, ...]:
    """The k largest elements of the last axis, the largest first, and their indices."""
    return tuple(jax.lax.top_k(x, k))


@op("targets predictions", module=MATH, class_name="InTopK")
def in_top_k(targets: Array, predictions: Array, k: int) -> Array:
    """Whether each target's prediction is among the k largest of its row."""
    own = jnp.take_along_axis(predictions, targets[..., None], -1)
    own = jnp.where(jnp.isnan(own), -jnp.inf, own)
    return 1 + jnp.sum(predictions > own, -1) <= k


@op("sorted_sequence values", class_name="SearchSorted")
def searchsorted(sorted_sequence: Array, values: Array, side: str = "left") -> Array:
    """The places at which values would be put into a sorted sequence.

    Raises:
        ValueError: a sequence with more than one axis.
    """
    if sorted_sequence.ndim != 1:
        raise BadArgument(
            "`ops.searchsorted`: the sorted sequence must have one axis.",
            given=f"shape {sorted_sequence.shape}",
            fix="use `ops.vectorized_map` for several sequences.",
        )
    return jnp.searchsorted(sorted_sequence, values, side)


@op("x bins")
def digitize(x: Array, bins: Array) -> Array:
    """The number of the bin that each element falls into."""
    return jnp.digitize(x, bins)


@op()
def histogram(
    x: Array, bins: int = 10, range: tuple[float, float] | None = None
) -> tuple[Array, ...]:
    """How many elements fall into each bin, and the bins' edges.

    Raises:
        TypeError: a number of bins that is not an integer.
        ValueError: a negative one, more than one axis, a range that is not (lowest, highest).
    """
    if not isinstance(bins, int):
        raise WrongType("`ops.histogram`: `bins` must be an integer.", given=repr(bins))
    fits = range is None or (isinstance(range, tuple) and len(range) == 2 and range[0] <= range[1])
    if bins < 0 or not fits or x.ndim > 1:
        raise BadArgument(
            "`ops.histogram` takes an array with one axis, `bins` from 0 on, and a range "
            "(lowest, highest).",
            given=f"shape {x.shape}, bins={bins}, range={range!r}",
        )
    return tuple(jnp.histogram(x, bins, range))


@op()
def bincount(
    x: Array, weights: ArrayLike | None = None, minlength: int = 0, sparse: bool = False
) -> Array:
    """How often each of 0, 1, 2 … occurs in a row, or the sum of its weights; always dense."""

    def count(row: Any, weight: Any) -> Array:
        return jnp.bincount(row, weight, minlength, length=length)

    length = None
    weights = None if weights is None else jnp.asarray(weights)
    if x.ndim == 1:
        return count(x, weights)
    length = max(int(x.max(initial=-1)) + 1, minlength)
    return jax.vmap(count, (0, None if weights is None else 0))(x, weights)


@op()
def nonzero(x: Array) -> tuple[Array, ...]:
    """The indices along each axis of the elements that are not 0."""
    return jnp.nonzero(x)


@op()
def unique(
    x: Array,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: float | None = None,
) -> Any:
    """The distinct elements; with `size` exactly so many, the rest filled up."""
    found = jnp.unique(
        x,
        return_index,
        return_inverse,
        return_counts,
        axis,
        equal_nan=False,
        size=size,
        sorted=sorted,
        fill_value=fill_value,
    )
    return found if isinstance(found, jax.Array) else tuple(found)
