"""The same elements in another shape or order: joined, split, repeated, taken.

>>> reshape([1, 2, 3, 4], (2, 2))
Array([[1, 2],
       [3, 4]], dtype=int32)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.refusing import Unfit
from rosenblatt.core.types import Array, ArrayLike, Axes, DTypeLike
from rosenblatt.ops.define import as_array, op


@op()
def reshape(x: Array, newshape: Sequence[int]) -> Array:
    """Another shape of the same elements.

    Raises:
        ValueError: a negative size, or −1 twice.
    """
    sizes = newshape if isinstance(newshape, tuple) else (newshape,)
    if sizes.count(-1) > 1 or any(isinstance(s, int) and s < -1 for s in sizes):
        raise BadArgument(
            "`ops.reshape`: bad shape.",
            given=repr(newshape),
            expected="sizes from 0 on, and −1 once at most",
        )
    return jnp.reshape(x, newshape)


@op()
def ravel(x: Array) -> Array:
    """All elements in one row."""
    return jnp.ravel(x)


@op()
def transpose(x: Array, axes: Sequence[int] | None = None) -> Array:
    """Axes in another order; reversed if None."""
    return jnp.transpose(x, axes)


@op()
def moveaxis(x: Array, source: int | Sequence[int], destination: int | Sequence[int]) -> Array:
    """Axes moved to other places."""
    return jnp.moveaxis(x, source, destination)


@op()
def swapaxes(x: Array, axis1: int, axis2: int) -> Array:
    """Two axes exchanged."""
    return jnp.swapaxes(x, axis1, axis2)


@op()
def expand_dims(x: Array, axis: int | Sequence[int]) -> Array:
    """New axes of size 1."""
    return jnp.expand_dims(x, axis)


@op()
def squeeze(x: Array, axis: Axes = None) -> Array:
    """Axes of size 1 removed."""
    return jnp.squeeze(x, axis)


@op()
def broadcast_to(x: Array, shape: Sequence[int]) -> Array:
    """Repeated to a shape."""
    return jnp.broadcast_to(x, shape)


@op("*xs", joins=True)
def concatenate(xs: Sequence[ArrayLike], axis: int = 0) -> Array:
    """Arrays one after the other along an axis."""
    return jnp.concatenate([as_array(x) for x in xs], axis)


@op("*x", joins=True)
def stack(x: Sequence[ArrayLike], axis: int = 0) -> Array:
    """Arrays along a new axis."""
    return jnp.stack([as_array(one) for one in x], axis)


@op("*xs", joins=True)
def hstack(xs: Sequence[ArrayLike]) -> Array:
    """Arrays side by side: along axis 1, or 0 for those with one axis."""
    return jnp.hstack([as_array(x) for x in xs])


@op("*xs", joins=True)
def vstack(xs: Sequence[ArrayLike]) -> Array:
    """Arrays below each other, along axis 0."""
    return jnp.vstack([as_array(x) for x in xs])


@op("*xs", joins=True)
def dstack(xs: Sequence[ArrayLike]) -> Array:
    """Arrays behind each other, along axis 2."""
    return jnp.dstack([as_array(x) for x in xs])


@op("x1 x2", joins=True)
def append(x1: Array, x2: Array, axis: int | None = None) -> Array:
    """x2 after x1; both in one row if no axis is given."""
    return jnp.append(x1, x2, axis)


@op()
def split(x: Array, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    """A list of equal parts, or of the parts between indices."""
    return jnp.split(x, indices_or_sections, axis)


@op()
def array_split(x: Array, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Array]:
    """A list of parts whose sizes differ by one at most.

    Raises:
        TypeError: a number of parts or an axis that is not an integer.
        ValueError: no parts.
    """
    if not isinstance(indices_or_sections, int) or not isinstance(axis, int):
        raise WrongType(
            "`ops.array_split`: `indices_or_sections`, the number of parts, and `axis` must be "
            "integers.",
            given=f"{indices_or_sections!r}, axis={axis!r}",
            fix="use `ops.split` for parts between indices.",
        )
    if indices_or_sections < 1:
        raise BadArgument(
            "`ops.array_split`: `indices_or_sections`, the number of parts, must be positive.",
            given=repr(indices_or_sections),
        )
    return jnp.array_split(x, indices_or_sections, axis)


@op()
def hsplit(x: Array, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """A list of parts along axis 1."""
    return jnp.hsplit(x, indices_or_sections)  # type: ignore[arg-type]


@op()
def vsplit(x: Array, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """A list of parts along axis 0."""
    return jnp.vsplit(x, indices_or_sections)  # type: ignore[arg-type]


@op()
def dsplit(x: Array, indices_or_sections: int | Sequence[int]) -> list[Array]:
    """A list of parts along axis 2."""
    return jnp.dsplit(x, indices_or_sections)  # type: ignore[arg-type]


@op()
def flip(x: Array, axis: Axes = None) -> Array:
    """The elements in reverse order along axes, or along all."""
    return jnp.flip(x, axis)


@op()
def fliplr(x: Array) -> Array:
    """Reversed along axis 1."""
    return jnp.fliplr(x)


@op()
def flipud(x: Array) -> Array:
    """Reversed along axis 0."""
    return jnp.flipud(x)


@op()
def roll(x: Array, shift: int | Sequence[int], axis: Axes = None) -> Array:
    """Elements moved on along axes, the last to the front."""
    return jnp.roll(x, shift, axis)


@op("array")
def rot90(array: Array, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """Turned by k quarters of a circle in the plane of two axes."""
    return jnp.rot90(array, k, axes)


@op()
def repeat(x: Array, repeats: int | Sequence[int] | Array, axis: int | None = None) -> Array:
    """Each element several times."""
    counts = np.asarray(repeats) if isinstance(repeats, tuple) else repeats
    return jnp.repeat(x, counts, axis)  # type: ignore[arg-type]


@op()
def tile(x: Array, repeats: int | Sequence[int]) -> Array:
    """The whole array several times."""
    return jnp.tile(x, repeats)


@op("x constant_values")
def pad(
    x: Array,
    pad_width: int | Sequence[int] | Sequence[Sequence[int]],
    mode: str = "constant",
    constant_values: Array | None = None,
) -> Array:
    """Elements added before and after, along each axis."""
    if isinstance(pad_width, tuple) and isinstance(pad_width[0], int):
        pad_width = (pad_width,)
    if constant_values is None:
        return jnp.pad(x, pad_width, mode)
    if mode != "constant":
        raise BadArgument(
            "`ops.pad`: `constant_values` goes with `mode='constant'` only.",
            given=f"mode={mode!r}",
        )
    return jnp.pad(x, pad_width, mode, constant_values=constant_values)


@op("x *key")
def get_item(x: Array, key: Any) -> Array:
    """What `x[key]` is.

    Raises:
        ValueError: a number that is no index; an IndexError too.
    """
    key = tuple(key) if isinstance(key, list) else key
    parts = key if isinstance(key, tuple) else (key,)
    if all(isinstance(part, (int, slice)) for part in parts):
        # JAX would take the last element instead.
        for part, size in zip(parts, x.shape, strict=False):
            if type(part) is int and not -size <= part < size:
                raise Unfit(
                    f"`ops.get_item`: {part} is no index of an axis of size {size}.",
                    given=f"shape {x.shape}, key {key!r}",
                )
    return x[key]


@op("x indices")
def take(x: Array, indices: Array, axis: int | None = None) -> Array:
    """Elements at indices along an axis."""
    return jnp.take(x, indices, axis)


@op("x indices")
def take_along_axis(x: Array, indices: Array, axis: int | None = None) -> Array:
    """For each row its own elements at indices along an axis."""
    return jnp.take_along_axis(x, indices, axis)


@op()
def diag(x: Array, k: int = 0) -> Array:
    """The k-th diagonal of a matrix, or a matrix with that diagonal."""
    return jnp.diag(x, k)


@op()
def diagflat(x: Array, k: int = 0) -> Array:
    """A matrix with all elements on its k-th diagonal."""
    return jnp.diagflat(x, k)


@op()
def diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """A diagonal of the matrices that two axes make.

    Raises:
        ValueError: one axis twice.
    """
    if x.ndim and axis1 % x.ndim == axis2 % x.ndim:
        raise BadArgument(
            "`ops.diagonal`: `axis1` and `axis2` are equal.", given=f"{axis1}, {axis2}"
        )
    return jnp.diagonal(x, offset, axis1, axis2)


@op()
def tril(x: Array, k: int = 0) -> Array:
    """Zeros above the k-th diagonal."""
    return jnp.tril(x, k)


@op()
def triu(x: Array, k: int = 0) -> Array:
    """Zeros below the k-th diagonal."""
    return jnp.triu(x, k)


@op("x")
def meshgrid(*x: Array, indexing: str = "xy") -> list[Array]:
    """Grids of coordinates from the values of each axis."""
    return jnp.meshgrid(*x, indexing=indexing)


@op("*condlist *choicelist default")
def select(
    condlist: Sequence[ArrayLike], choicelist: Sequence[ArrayLike], default: float | Array = 0
) -> Array:
    """For each element the choice of the first condition that holds.

    Raises:
        ValueError: not two lists with something in them.
    """
    if not all(isinstance(one, (list, tuple)) and one for one in (condlist, choicelist)):
        raise BadArgument(
            "`ops.select`: `condlist` and `choicelist` must be lists with something in them.",
            given=f"{type(condlist).__name__}, {type(choicelist).__name__}",
        )
    conditions, choices = ([as_array(one) for one in part] for part in (condlist, choicelist))
    return jnp.select(conditions, choices, default)


@op("indices")
def unravel_index(indices: Array, shape: Sequence[int]) -> tuple[Array, ...]:
    """Indices along each axis from indices into all elements in one row."""
    return jnp.unravel_index(indices, shape)


@op()
def view(x: Array, dtype: DTypeLike = None) -> Array:
    """The same bits read as another dtype."""
    return x.view(dtype)


@op("*x")
def array(x: ArrayLike, dtype: DTypeLike = None) -> Array:
    """A new array of the values."""
    return jnp.array(x, dtype)


@op()
def ndim(x: Array) -> int:
    """How many axes there are."""
    return x.ndim


@op()
def size(x: Array) -> int:
    """How many elements there are."""
    return x.size
