"""New arrays: zeros, ones, numbers at equal steps, windows.

>>> linspace(0.0, 1.0, 3)
Array([0. , 0.5, 1. ], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from rosenblatt.core import config, dtypes
from rosenblatt.core.errors import explain
from rosenblatt.ops.define import as_array, op


def _dtype(dtype: Any) -> Any:
    return dtypes.numpy_dtype(dtypes.standardize_dtype(dtype))


def _dtype_or_none(dtype: Any) -> Any:
    return None if dtype is None else _dtype(dtype)


def zeros(shape: Any, dtype: Any = None) -> Any:
    """An array of zeros."""
    return jnp.zeros(shape, _dtype(dtype))


def ones(shape: Any, dtype: Any = None) -> Any:
    """An array of ones."""
    return jnp.ones(shape, _dtype(dtype))


def empty(shape: Any, dtype: Any = None) -> Any:
    """An array whose values do not matter: zeros."""
    return zeros(shape, dtype)


@op("fill_value")
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """An array of one value."""
    return jnp.full(shape, fill_value, _dtype(dtype))


@op()
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of an array."""
    return jnp.zeros_like(x, dtype)


@op()
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of an array."""
    return jnp.ones_like(x, dtype)


@op()
def empty_like(x: Any, dtype: Any = None) -> Any:
    """An array in the shape of another, whose values do not matter: zeros."""
    return jnp.zeros_like(x, dtype)


@op("x fill_value")
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """One value in the shape of an array."""
    return jnp.full_like(x, fill_value, dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on the k-th diagonal of (N, M) zeros."""
    return jnp.eye(N, M, k, _dtype(dtype))


def identity(n: int, dtype: Any = None) -> Any:
    """Ones on the diagonal of (n, n) zeros."""
    return jnp.identity(n, _dtype(dtype))


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on and below the k-th diagonal of (N, M) zeros."""
    return jnp.tri(N, M, k, _dtype(dtype))


@op("*start *stop *step")
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Numbers at equal steps, the end left out.

    Without a dtype it is that of the arguments: int32 for integers, float32 for floats.
    """
    if dtype is None:
        dtype = jnp.result_type(*(v for v in (start, stop, step) if v is not None))
        if dtype == jnp.float32:
            dtype = _dtype(None)
    return jnp.arange(start, stop, step, dtype)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers at equal distances; with `retstep` the distance too."""
    return jnp.linspace(
        as_array(start), as_array(stop), num, endpoint, retstep, _dtype_or_none(dtype), axis
    )


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers from base^start to base^stop, at equal ratios."""
    return jnp.logspace(
        as_array(start), as_array(stop), num, endpoint, base, _dtype_or_none(dtype), axis
    )


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` numbers from start to stop, at equal ratios."""
    return jnp.geomspace(
        as_array(start), as_array(stop), num, endpoint, _dtype_or_none(dtype), axis
    )


def _window(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def window(x: Any) -> Any:
        return function(int(x)).astype(config.floatx())

    window.__name__ = window.__qualname__ = name
    window.__doc__ = f"The `{name}` window of x points."
    return window


WINDOWS = {name: _window(name) for name in ("bartlett", "blackman", "hamming", "hanning")}
globals().update(WINDOWS)


def kaiser(x: Any, beta: Any) -> Any:
    """The `kaiser` window of x points and a shape beta."""
    return jnp.kaiser(int(x), beta).astype(config.floatx())


def vectorize(pyfunc: Callable[..., Any], *, excluded: Any = None, signature: Any = None) -> Any:
    """A function of single elements (or of the arrays that a signature names), for whole arrays.

    Raises:
        ValueError: not a function.
    """
    if not callable(pyfunc):
        raise ValueError(
            explain(
                "`ops.vectorize`: `pyfunc` is not a function.",
                given=f"{type(pyfunc).__name__}: {pyfunc!r}",
            )
        )
    return jnp.vectorize(pyfunc, excluded=excluded or set(), signature=signature)


TABLE: dict[str, Callable[..., Any]] = {
    **WINDOWS,
    "zeros": zeros, "ones": ones, "empty": empty, "full": full, "zeros_like": zeros_like,
    "ones_like": ones_like, "empty_like": empty_like, "full_like": full_like, "eye": eye,
    "identity": identity, "tri": tri, "arange": arange, "linspace": linspace,
    "logspace": logspace, "geomspace": geomspace, "kaiser": kaiser, "vectorize": vectorize,
}  # fmt: skip
