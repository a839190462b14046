"""Products of vectors and matrices, differences and sums along curves.

>>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
Array([[11.]], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.errors import BadArgument, WrongType, nearest
from rosenblatt.core.symbolic import any_symbolic
from rosenblatt.core.types import Array, ArrayLike
from rosenblatt.ops.define import as_array, op, plain

_EINSUM = ("optimize", "precision", "preferred_element_type", "out")


def _sum_dtype(*arrays: Array) -> str | None:
    """int32 where all factors are int8: their sums do not fit into 8 bits."""
    return "int32" if all(a.dtype == "int8" for a in arrays) else None


@op("x1 x2")
def matmul(x1: Array, x2: Array) -> Array:
    """The matrix product."""
    return jnp.matmul(x1, x2, preferred_element_type=_sum_dtype(x1, x2))


@op("operands", name="einsum")
def _einsum(subscripts: str, *operands: Array) -> Array:
    return jnp.einsum(subscripts, *operands, preferred_element_type=_sum_dtype(*operands))


@plain()
def einsum(subscripts: str, *operands: ArrayLike, **kwargs: Any) -> Array:
    """The sum of products over the indices that the result lacks, in Einstein's notation.

    Args:
        subscripts: the indices, "ij,jk->ik".
        operands: the factors.
        kwargs: `optimize`, the order of the products, and `precision`, as `jax.numpy.einsum` takes
            them; `preferred_element_type` is accepted, and follows from the factors. Symbolic
            tensors take none: files have no place for them.

    Raises:
        WrongType: another argument, or one with symbolic tensors.
    """
    if not kwargs:
        return _einsum(subscripts, *operands)
    wrong = next((key for key in kwargs if key not in _EINSUM), None)
    if wrong is not None or any_symbolic(operands):
        raise WrongType(
            f"`ops.einsum` has no argument {wrong or next(iter(kwargs))!r}"
            + (" here." if wrong else " for symbolic tensors."),
            fix=nearest(wrong, _EINSUM) if wrong else "leave it out, or compute with arrays.",
        )
    arrays = [as_array(one) for one in operands]
    kwargs["preferred_element_type"] = _sum_dtype(*arrays)
    return jnp.einsum(subscripts, *arrays, **kwargs)


@op("x1 x2")
def dot(x1: Array, x2: Array) -> Array:
    """The dot product."""
    return jnp.dot(x1, x2)


@op("x1 x2")
def vdot(x1: Array, x2: Array) -> Array:
    """The dot product of all elements, those of x1 conjugated."""
    return jnp.vdot(x1, x2)


@op("x1 x2")
def inner(x1: Array, x2: Array) -> Array:
    """Products summed over the last axes."""
    return jnp.inner(x1, x2)


@op("x1 x2")
def outer(x1: Array, x2: Array) -> Array:
    """Each element of x1 times each of x2."""
    return jnp.outer(x1, x2)


@op("x1 x2")
def tensordot(x1: Array, x2: Array, axes: int | Sequence[Sequence[int]] = 2) -> Array:
    """Products summed over axes."""
    return jnp.tensordot(x1, x2, axes)


@op("x1 x2")
def kron(x1: Array, x2: Array) -> Array:
    """The Kronecker product."""
    return jnp.kron(x1, x2)


@op("x1 x2")
def cross(
    x1: Array, x2: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Array:
    """The cross product of vectors of 2 or 3 elements."""
    return jnp.cross(x1, x2, axisa, axisb, axisc, axis)


@op("x1 x2")
def correlate(x1: Array, x2: Array, mode: str = "valid") -> Array:
    """The cross-correlation of two sequences."""
    return jnp.correlate(x1, x2, mode)


@op()
def corrcoef(x: Array) -> Array:
    """Pearson's correlation of each pair of rows."""
    return jnp.corrcoef(x)


@op()
def trace(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The sum of a diagonal of the matrices that two axes make."""
    return jnp.trace(x, offset, axis1, axis2)


@op("a")
def diff(a: Array, n: int = 1, axis: int = -1) -> Array:
    """Differences of neighbours along an axis, n times over."""
    return jnp.diff(a, n, axis)


@op("y")
def trapezoid(y: Array, x: ArrayLike | None = None, dx: float = 1.0, axis: int = -1) -> Array:
    """The integral along an axis by the trapezoidal rule."""
    return jnp.trapezoid(y, x if x is None else jnp.asarray(x), dx, axis)


@op()
def vander(x: Array, N: int | None = None, increasing: bool = False) -> Array:
    """The powers of each element, as rows of a Vandermonde matrix.

    Raises:
        TypeError: `N` is not an integer, `increasing` not a boolean.
        ValueError: more than one axis, or a negative `N`.
    """
    if x.ndim != 1 or (isinstance(N, int) and N < 0):
        raise BadArgument(
            "`ops.vander` takes an array with one axis, and an `N` from 0 on.",
            given=f"shape {x.shape}, N={N!r}",
        )
    if not (N is None or isinstance(N, int)) or not isinstance(increasing, bool):
        raise WrongType(
            "`ops.vander`: `N` must be an integer, `increasing` a boolean.",
            given=f"N={N!r}, increasing={increasing!r}",
        )
    return jnp.vander(x, N, increasing)
