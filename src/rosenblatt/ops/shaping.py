"""The same elements in another shape or order: joined, split, repeated, taken.

>>> reshape([1, 2, 3, 4], (2, 2))
Array([[1, 2],
       [3, 4]], dtype=int32)
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core.errors import explain
from rosenblatt.core.symbolic import tree_map
from rosenblatt.ops.define import as_array, op


@op()
def reshape(x: Any, newshape: Any) -> Any:
    """Another shape of the same elements."""
    return jnp.reshape(x, newshape)


@op()
def ravel(x: Any) -> Any:
    """All elements in one row."""
    return jnp.ravel(x)


@op()
def transpose(x: Any, axes: Any = None) -> Any:
    """Axes in another order; reversed if None."""
    return jnp.transpose(x, axes)


@op()
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places."""
    return jnp.moveaxis(x, source, destination)


@op()
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    return jnp.swapaxes(x, axis1, axis2)


@op()
def expand_dims(x: Any, axis: Any) -> Any:
    """New axes of size 1."""
    return jnp.expand_dims(x, axis)


@op()
def squeeze(x: Any, axis: Any = None) -> Any:
    """Axes of size 1 removed."""
    return jnp.squeeze(x, axis)


@op()
def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeated to a shape."""
    return jnp.broadcast_to(x, shape)


@op("*xs")
def concatenate(xs: Any, axis: int = 0) -> Any:
    """Arrays one after the other along an axis."""
    return jnp.concatenate([as_array(x) for x in xs], axis)


@op("*x")
def stack(x: Any, axis: int = 0) -> Any:
    """Arrays along a new axis."""
    return jnp.stack([as_array(one) for one in x], axis)


@op("*xs")
def hstack(xs: Any) -> Any:
    """Arrays side by side: along axis 1, or 0 for those with one axis."""
    return jnp.hstack([as_array(x) for x in xs])


@op("*xs")
def vstack(xs: Any) -> Any:
    """Arrays below each other, along axis 0."""
    return jnp.vstack([as_array(x) for x in xs])


@op("*xs")
def dstack(xs: Any) -> Any:
    """Arrays behind each other, along axis 2."""
    return jnp.dstack([as_array(x) for x in xs])


@op("x1 x2")
def append(x1: Any, x2: Any, axis: Any = None) -> Any:
    """x2 after x1; both in one row if no axis is given."""
    return jnp.append(x1, x2, axis)


@op()
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """A list of equal parts, or of the parts between indices."""
    return jnp.split(x, indices_or_sections, axis)


@op()
def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """A list of parts whose sizes differ by one at most."""
    return jnp.array_split(x, indices_or_sections, axis)


@op()
def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """A list of parts along axis 1."""
    return jnp.hsplit(x, indices_or_sections)


@op()
def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """A list of parts along axis 0."""
    return jnp.vsplit(x, indices_or_sections)


@op()
def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """A list of parts along axis 2."""
    return jnp.dsplit(x, indices_or_sections)


@op()
def flip(x: Any, axis: Any = None) -> Any:
    """The elements in reverse order along axes, or along all."""
    return jnp.flip(x, axis)


@op()
def fliplr(x: Any) -> Any:
    """Reversed along axis 1."""
    return jnp.fliplr(x)


@op()
def flipud(x: Any) -> Any:
    """Reversed along axis 0."""
    return jnp.flipud(x)


@op()
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved on along axes, the last to the front."""
    return jnp.roll(x, shift, axis)


@op("array")
def rot90(array: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turned by k quarters of a circle in the plane of two axes."""
    return jnp.rot90(array, k, axes)


@op()
def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    """Each element several times."""
    return jnp.repeat(x, np.asarray(repeats) if isinstance(repeats, tuple) else repeats, axis)


@op()
def tile(x: Any, repeats: Any) -> Any:
    """The whole array several times."""
    return jnp.tile(x, repeats)


@op("x constant_values")
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """Elements added before and after, along each axis."""
    if isinstance(pad_width, tuple) and isinstance(pad_width[0], int):
        pad_width = (pad_width,)
    if constant_values is None:
        return jnp.pad(x, pad_width, mode)
    if mode != "constant":
        raise ValueError(
            explain(
                "`ops.pad`: `constant_values` goes with `mode='constant'` only.",
                given=f"mode={mode!r}",
            )
        )
    return jnp.pad(x, pad_width, mode, constant_values=constant_values)


@op("x *key")
def get_item(x: Any, key: Any) -> Any:
    """What `x[key]` is."""
    return x[tuple(key) if isinstance(key, list) else key]


@op("x indices")
def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """Elements at indices along an axis."""
    return jnp.take(x, indices, axis)


@op("x indices")
def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    """For each row its own elements at indices along an axis."""
    return jnp.take_along_axis(x, indices, axis)


@op()
def diag(x: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix, or a matrix with that diagonal."""
    return jnp.diag(x, k)


@op()
def diagflat(x: Any, k: int = 0) -> Any:
    """A matrix with all elements on its k-th diagonal."""
    return jnp.diagflat(x, k)


@op()
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """A diagonal of the matrices that two axes make."""
    return jnp.diagonal(x, offset, axis1, axis2)


@op()
def tril(x: Any, k: int = 0) -> Any:
    """Zeros above the k-th diagonal."""
    return jnp.tril(x, k)


@op()
def triu(x: Any, k: int = 0) -> Any:
    """Zeros below the k-th diagonal."""
    return jnp.triu(x, k)


@op("x")
def meshgrid(*x: Any, indexing: str = "xy") -> Any:
    """Grids of coordinates from the values of each axis."""
    return jnp.meshgrid(*x, indexing=indexing)


@op("*condlist *choicelist default")
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """For each element the choice of the first condition that holds.

    Raises:
        ValueError: not two lists with something in them.
    """
    if not all(isinstance(one, (list, tuple)) and one for one in (condlist, choicelist)):
        raise ValueError(
            explain(
                "`ops.select`: the conditions and the choices must be lists with something in "
                "them.",
                given=f"{type(condlist).__name__}, {type(choicelist).__name__}",
            )
        )
    conditions, choices = ([as_array(one) for one in part] for part in (condlist, choicelist))
    return jnp.select(conditions, choices, default)


@op("indices")
def unravel_index(indices: Any, shape: Any) -> Any:
    """Indices along each axis from indices into all elements in one row."""
    return jnp.unravel_index(indices, shape)


@op()
def view(x: Any, dtype: Any = None) -> Any:
    """The same bits read as another dtype."""
    return x.view(dtype)


@op("*x")
def array(x: Any, dtype: Any = None) -> Any:
    """A new array of the values."""
    return jnp.array(tree_map(as_array, x) if isinstance(x, (list, tuple)) else x, dtype)


@op()
def ndim(x: Any) -> Any:
    """How many axes there are."""
    return x.ndim


@op()
def size(x: Any) -> Any:
    """How many elements there are."""
    return x.size


NAMES = (
    "reshape", "ravel", "transpose", "moveaxis", "swapaxes", "expand_dims", "squeeze",
    "broadcast_to", "concatenate", "stack", "hstack", "vstack", "dstack", "append", "split",
    "array_split", "hsplit", "vsplit", "dsplit", "flip", "fliplr", "flipud", "roll", "rot90",
    "repeat", "tile", "pad", "get_item", "take", "take_along_axis", "diag", "diagflat",
    "diagonal", "tril", "triu", "meshgrid", "select", "unravel_index", "view", "array", "ndim",
    "size",
)  # fmt: skip
TABLE = {name: globals()[name] for name in NAMES}
