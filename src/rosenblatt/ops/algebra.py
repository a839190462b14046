"""Linear algebra: decompositions, inverses, determinants, systems of equations.

>>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
Array([1. , 0.5], dtype=float32)
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy as jsp

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import Array, Axes
from rosenblatt.ops.define import LINALG, MATH, NUMPY, as_float, op


def _matrices(x: Any, name: str, square: bool = True) -> Array:
    """Check for (…, M, N), or (…, M, M).

    Raises:
        ValueError: another shape.
    """
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        kind = "(…, M, M)" if square else "(…, M, N)"
        raise BadArgument(
            f"`ops.{name}` takes {'square ' if square else ''}matrices.",
            given=f"shape {x.shape}",
            expected=f"shape {kind}",
        )
    return x


@op(module=LINALG)
def cholesky(x: Array, upper: bool = False) -> Array:
    """L with x = L Lᵀ, or its transpose.

    Raises:
        ValueError: not a positive definite matrix.
    """
    factor = jnp.linalg.cholesky(_matrices(x, "cholesky"), upper=upper)
    if not isinstance(factor, jax.core.Tracer) and bool(jnp.isnan(factor).any()):
        raise BadArgument("`ops.cholesky`: the matrix is not positive definite.")
    return factor


@op(module=LINALG)
def cholesky_inverse(x: Array, upper: bool = False) -> Array:
    """The inverse of L Lᵀ, L being the Cholesky factor that is given."""
    identity = jnp.eye(_matrices(x, "cholesky_inverse").shape[-1], dtype=x.dtype)
    inverse = jsp.linalg.solve_triangular(x, identity, lower=not upper)
    return inverse @ inverse.T if upper else inverse.T @ inverse


@op(module=LINALG)
def det(x: Array) -> Array:
    """The determinant."""
    return jnp.linalg.det(_matrices(x, "det"))


@op(module=NUMPY)
def slogdet(x: Array) -> tuple[Array, ...]:
    """The sign of the determinant and the logarithm of its size."""
    return tuple(jnp.linalg.slogdet(x))


@op(module=MATH)
def logdet(x: Array) -> Array:
    """The logarithm of the determinant's size."""
    return jnp.linalg.slogdet(x)[1]


@op(module=LINALG)
def eig(x: Array) -> tuple[Array, ...]:
    """Eigenvalues and right eigenvectors, complex."""
    return tuple(jnp.linalg.eig(_matrices(x, "eig")))


@op(module=LINALG)
def eigh(x: Array) -> tuple[Array, ...]:
    """Eigenvalues, rising, and eigenvectors of symmetric matrices."""
    return tuple(jnp.linalg.eigh(_matrices(x, "eigh")))


@op(module=LINALG)
def inv(x: Array) -> Array:
    """The inverse."""
    return jnp.linalg.inv(_matrices(x, "inv"))


@op(module=LINALG)
def pinv(x: Array, rcond: float | None = None) -> Array:
    """The Moore–Penrose inverse."""
    return jnp.linalg.pinv(_matrices(x, "pinv", square=False), rcond)


@op(module=LINALG)
def matrix_rank(x: Array, tol: float | None = None) -> Array:
    """How many singular values are above a tolerance, as int32."""
    return jnp.linalg.matrix_rank(_matrices(x, "matrix_rank", square=False), tol=tol).astype(
        "int32"
    )


@op(module=LINALG)
def lu_factor(x: Array) -> tuple[Array, ...]:
    """L and U in one matrix, and the pivots."""
    factor = jsp.linalg.lu_factor
    for _ in range(_matrices(x, "lu_factor", square=False).ndim - 2):
        factor = jax.vmap(factor)
    return tuple(factor(x))


@op(module=LINALG)
def norm(
    x: Array, ord: int | str | None = None, axis: Axes = None, keepdims: bool = False
) -> Array:
    """The norm of vectors or matrices: √Σ x² where no order is given."""
    return jnp.linalg.norm(as_float(x), ord, axis, keepdims)


@op(module=LINALG)
def qr(x: Array, mode: str = "reduced") -> tuple[Array, ...]:
    """Q with orthonormal columns and R upper triangular, x = Q R.

    Raises:
        ValueError: another mode than "reduced" or "complete".
    """
    if mode not in ("reduced", "complete"):
        raise BadArgument(
            "`ops.qr`: unknown mode.", given=repr(mode), expected="'reduced' or 'complete'"
        )
    return tuple(jnp.linalg.qr(_matrices(x, "qr", square=False), mode))


@op(module=LINALG, class_name="SVD")
def svd(x: Array, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, the singular values, falling, and Vᵀ."""
    found = jnp.linalg.svd(_matrices(x, "svd", square=False), full_matrices, compute_uv)
    return tuple(found) if compute_uv else found


@op("a b", module=LINALG)
def solve(a: Array, b: Array) -> Array:
    """x with a x = b; b (…, M) or (…, M, N)."""
    return jnp.linalg.solve(_matrices(a, "solve"), b)


@op("a b", module=LINALG)
def solve_triangular(a: Array, b: Array, lower: bool = False) -> Array:
    """x with a x = b, a being triangular."""
    return jsp.linalg.solve_triangular(_matrices(a, "solve_triangular"), b, lower=lower)


@op("a b", module=LINALG)
def lstsq(a: Array, b: Array, rcond: float | None = None) -> Array:
    """x with the smallest ‖a x − b‖."""
    return jnp.linalg.lstsq(a, b, rcond)[0]


@op("*fun *primals *tangents", module=LINALG, class_name="JVP")
def jvp(fun: Any, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """A function's value and its derivative in the direction of the tangents."""
    return jax.jvp(fun, tuple(primals), tuple(tangents), has_aux=has_aux)
