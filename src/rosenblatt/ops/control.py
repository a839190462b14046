"""Conversion, loops, branches, slices, gradients.

>>> cast([1.5, 2.5], "int32")
Array([1, 2], dtype=int32)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

from rosenblatt.core import dtypes
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.symbolic import KerasTensor, tree_map
from rosenblatt.core.types import Array, DTypeLike, Tree
from rosenblatt.core.variable import Variable
from rosenblatt.ops.define import CORE, as_array, op, plain

# -- conversion ---------------------------------------------------------------------------------


@op(module=CORE)
def cast(x: Array, dtype: DTypeLike) -> Array:
    """Values of another dtype."""
    return x.astype(dtype)


@op(module=CORE)
def saturate_cast(x: Array, dtype: DTypeLike) -> Array:
    """Values of another dtype, those it cannot hold limited to its smallest and largest."""

    def limits(kind: Any) -> tuple[Any, Any]:
        if kind.kind == "b":
            return 0, 1
        info = ml_dtypes.iinfo(kind) if np.issubdtype(kind, np.integer) else ml_dtypes.finfo(kind)
        return info.min, info.max

    source = np.dtype(x.dtype)
    (lowest, highest), (least, most) = limits(source), limits(dtype)
    smallest = np.maximum(lowest, least).astype(source)
    largest = np.minimum(highest, most).astype(source)
    # The limit itself may have no exact value in the source's type.
    if smallest < least:
        smallest = np.nextafter(smallest, source.type(0))
    if largest > most:
        largest = np.nextafter(largest, source.type(0))
    x = x.astype("int32") if source.kind == "b" else x
    return jnp.clip(x, smallest, largest).astype(dtype)


@op(module=CORE, name="convert_to_tensor")
def _convert(
    x: Array, dtype: DTypeLike = None, sparse: bool | None = None, ragged: bool | None = None
) -> Array:
    return x if dtype is None else x.astype(dtype)


@plain(CORE)
def convert_to_tensor(
    x: Any, dtype: DTypeLike = None, sparse: bool | None = None, ragged: bool | None = None
) -> Any:
    """An array of a dtype; always dense.

    Raises:
        ValueError: ragged arrays are asked for.
    """
    if ragged:
        raise BadArgument("`ops.convert_to_tensor`: arrays here are never ragged.")
    if isinstance(x, (jax.Array, Variable, KerasTensor)) or dtype is None:
        return _convert(x, dtype, sparse, ragged)
    return jnp.asarray(x, dtypes.numpy_dtype(dtypes.standardize_dtype(dtype)))


@plain(CORE)
def convert_to_numpy(x: Any) -> np.ndarray:
    """A NumPy array."""
    return np.asarray(x.value if isinstance(x, Variable) else x)


@plain(CORE)
def is_tensor(x: Any) -> bool:
    """Whether a value is a JAX array."""
    return isinstance(x, jax.Array)


@plain(CORE)
def shape(x: Any) -> tuple[Any, ...]:
    """The sizes, None for unknown ones."""
    return tuple(x.shape)


@plain(CORE)
def dtype(x: Any) -> str:
    """The dtype's name."""
    return dtypes.standardize_dtype(x.dtype)


# -- gradients ----------------------------------------------------------------------------------


@op("variable", module=CORE)
def stop_gradient(variable: Array) -> Array:
    """The value, with no gradient through it."""
    return jax.lax.stop_gradient(variable)


@plain(CORE)
def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with a gradient of its own.

    Args:
        f: returns its value and a function from the gradient of the value to those of the
            arguments.

    Returns:
        A function of the same arguments that returns the value only.

    >>> @custom_gradient
    ... def through(x):
    ...     return jnp.sign(x), lambda upstream: upstream
    >>> jax.grad(through)(3.0)
    Array(1., dtype=float32, weak_type=True)
    """
    inner = jax.custom_gradient(f)

    def call(*args: Any, **kwargs: Any) -> Array:
        args, kwargs = tree_map(lambda v: v.value if isinstance(v, Variable) else v, (args, kwargs))
        return inner(*args, **kwargs)

    return call


# -- slices -------------------------------------------------------------------------------------


@op(module=CORE)
def unstack(x: Array, num: int | None = None, axis: int = 0) -> list[Array]:
    """The list of the arrays along an axis."""
    return [jax.lax.index_in_dim(x, i, axis, keepdims=False) for i in range(x.shape[axis])]


@op("inputs *start_indices", module=CORE)
def slice(inputs: Array, start_indices: Sequence[int | Array], shape: Sequence[int]) -> Array:
    """The part of a shape that begins at indices; −1: all that is left."""
    sizes = [
        inputs.shape[i] - int(start_indices[i]) if size == -1 else int(size)
        for i, size in enumerate(shape)
    ]
    return jax.lax.dynamic_slice(inputs, list(start_indices), sizes)


@op("inputs *start_indices updates", module=CORE)
def slice_update(inputs: Array, start_indices: Sequence[int | Array], updates: Array) -> Array:
    """A copy in which the part that begins at indices is replaced."""
    return jax.lax.dynamic_update_slice(inputs, updates, list(start_indices))


@op("indices values", module=CORE)
def scatter(indices: Array, values: Array, shape: Sequence[int]) -> Array:
    """Zeros of a shape, with values added at indices (…, axes)."""
    return jnp.zeros(shape, values.dtype).at[tuple(jnp.moveaxis(indices, -1, 0))].add(values)


@op("inputs indices updates", module=CORE)
def scatter_update(
    inputs: Array, indices: Array, updates: Array, reduction: str | None = None
) -> Array:
    """A copy in which the elements at indices (N, axes) are replaced, or combined with updates.

    Raises:
        ValueError: another reduction than None, "add", "max", "min" or "mul".
    """
    at = inputs.at[tuple(jnp.transpose(indices))]
    ways = {None: at.set, "add": at.add, "max": at.max, "min": at.min, "mul": at.multiply}
    if reduction not in ways:
        raise BadArgument(
            "`ops.scatter_update`: unknown reduction.",
            given=repr(reduction),
            expected="None, 'add', 'max', 'min' or 'mul'",
        )
    return ways[reduction](updates)  # type: ignore[operator]


# -- loops and branches -------------------------------------------------------------------------


@op("pred *true_fn *false_fn", module=CORE)
def cond(pred: Array, true_fn: Callable[[], Tree], false_fn: Callable[[], Tree]) -> Tree:
    """One of two functions, chosen by a value when the program runs."""
    return jax.lax.cond(pred, true_fn, false_fn)


@op("index *branches *operands", module=CORE)
def switch(index: Array, branches: Sequence[Callable[..., Tree]], *operands: Tree) -> Tree:
    """One of several functions, chosen by its number when the program runs."""
    return jax.lax.switch(index, list(branches), *operands)


@op("*loop_vars", module=CORE)
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Tree,
    maximum_iterations: int | None = None,
) -> Tree:
    """Repeat a function of values while a condition on them holds."""
    single = not isinstance(loop_vars, (list, tuple))
    start = (loop_vars,) if single else tuple(loop_vars)

    def go(state: Any) -> Array:
        count, values = state
        within = True if maximum_iterations is None else count < maximum_iterations
        return jnp.logical_and(within, cond(*values))

    def step(state: Any) -> Any:
        count, values = state
        new = body(*values)
        return count + 1, (new,) if single else tuple(new)

    values = jax.lax.while_loop(go, step, (jnp.int32(0), start))[1]
    return values[0] if single else values


@op("*init_val", module=CORE)
def fori_loop(
    lower: int | Array, upper: int | Array, body_fun: Callable[..., Tree], init_val: Tree
) -> Tree:
    """state ← body_fun(i, state) for i from lower up to upper, that left out."""
    return jax.lax.fori_loop(lower, upper, body_fun, init_val)


@op("*f *xs", module=CORE)
def map(f: Callable[..., Tree], xs: Tree) -> Tree:
    """A function of each row, one after the other."""
    return jax.lax.map(f, tree_map(as_array, xs))


@op("*elements", module=CORE)
def vectorized_map(function: Callable[..., Tree], elements: Tree) -> Tree:
    """A function of each row, all at once."""
    return jax.vmap(function)(tree_map(as_array, elements))


@op("*f *init *xs", module=CORE)
def scan(
    f: Callable[..., Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> Any:
    """(carry, y) ← f(carry, x) row by row; the last carry, and all y stacked.

    Raises:
        ValueError: `unroll` is neither True, False nor a positive integer.
    """
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise BadArgument(
            "`ops.scan`: bad `unroll`.", given=repr(unroll), expected="a bool or a positive integer"
        )
    return jax.lax.scan(f, init, xs, length, reverse=reverse, unroll=unroll)


@op("*f *elems", module=CORE)
def associative_scan(
    f: Callable[..., Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """f of the first rows so far, for an f that may be applied in any grouping."""
    return jax.lax.associative_scan(f, elems, reverse, axis)
