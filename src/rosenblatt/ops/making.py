"""New arrays: zeros, ones, numbers at equal steps, windows.

>>> linspace(0.0, 1.0, 3)
Array([0. , 0.5, 1. ], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config, dtypes
from rosenblatt.core.dtypes import is_float_dtype
from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.refusing import Unfit
from rosenblatt.core.types import Array, DTypeLike
from rosenblatt.ops.define import op, plain

# Python's numbers have 32 bits here, also where JAX computes in 64.
_NARROW = {"int64": "int32", "float64": "float32", "complex128": "complex64"}


def _is_number(value: Any) -> bool:
    """Whether a value is a Python number, or an array that was made of one."""
    plain_number = isinstance(value, (int, float, complex)) and not isinstance(value, np.generic)
    return bool(getattr(value, "weak_type", plain_number))


def _together(*given: Any) -> np.dtype:
    """The type that arrays and numbers have together."""
    found = jnp.result_type(*given)
    if all(map(_is_number, given)):
        found = jnp.dtype(_NARROW.get(found.name, found.name))
    return _dtype(None) if found == jnp.float32 else found


def _inexact(*given: Any) -> np.dtype:
    """The same of values between them."""
    strong = [v.dtype for v in given if not _is_number(v) and jnp.issubdtype(v.dtype, jnp.inexact)]
    return jnp.result_type(*strong) if strong else jnp.dtype("float32")


def _dtype(dtype: DTypeLike) -> np.dtype:
    return dtypes.numpy_dtype(dtypes.standardize_dtype(dtype))


@plain()
def zeros(shape: int | Sequence[int], dtype: DTypeLike = None) -> Array:
    """An array of zeros."""
    return jnp.zeros(shape, _dtype(dtype))


@plain()
def ones(shape: int | Sequence[int], dtype: DTypeLike = None) -> Array:
    """An array of ones."""
    return jnp.ones(shape, _dtype(dtype))


@plain()
def empty(shape: int | Sequence[int], dtype: DTypeLike = None) -> Array:
    """An array whose values do not matter: zeros."""
    return zeros(shape, dtype)


@op("fill_value")
def full(shape: int | Sequence[int], fill_value: Array, dtype: DTypeLike = None) -> Array:
    """An array of one value."""
    return jnp.full(shape, fill_value, _dtype(dtype))


@op()
def zeros_like(x: Array, dtype: DTypeLike = None) -> Array:
    """Zeros in the shape of an array."""
    return jnp.zeros_like(x, dtype)


@op()
def ones_like(x: Array, dtype: DTypeLike = None) -> Array:
    """Ones in the shape of an array."""
    return jnp.ones_like(x, dtype)


@op()
def empty_like(x: Array, dtype: DTypeLike = None) -> Array:
    """An array in the shape of another, whose values do not matter: zeros."""
    return jnp.zeros_like(x, dtype)


@op("x fill_value")
def full_like(x: Array, fill_value: Array, dtype: DTypeLike = None) -> Array:
    """One value in the shape of an array."""
    return jnp.full_like(x, fill_value, dtype)


@plain()
def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = None) -> Array:
    """Ones on the k-th diagonal of (N, M) zeros.

    Raises:
        TypeError: a size that is a float.
    """
    for name, size in (("N", N), ("M", M)):
        if isinstance(size, float) or is_float_dtype(getattr(size, "dtype", "int32")):
            raise WrongType(f"`ops.eye`: `{name}` must be an integer.", given=repr(size))
    return jnp.eye(N, M, k, _dtype(dtype))


@plain()
def identity(n: int, dtype: DTypeLike = None) -> Array:
    """Ones on the diagonal of (n, n) zeros."""
    return jnp.identity(n, _dtype(dtype))


@plain()
def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = None) -> Array:
    """Ones on and below the k-th diagonal of (N, M) zeros."""
    return jnp.tri(N, M, k, _dtype(dtype))


@op("*start *stop *step")
def arange(
    start: float, stop: float | None = None, step: float | None = None, dtype: DTypeLike = None
) -> Array:
    """Numbers at equal steps, the end left out.

    Without a dtype it is that of the arguments: int32 for integers, float32 for floats.
    """
    if dtype is None:
        dtype = _together(*(v for v in (start, stop, step) if v is not None))
    return jnp.arange(start, stop, step, dtype)


@op("start stop")
def linspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike = None,
    axis: int = 0,
) -> Any:
    """`num` numbers at equal distances; with `retstep` the distance too."""
    kind = _inexact(start, stop) if dtype is None else dtype
    found = jnp.linspace(start, stop, num, endpoint, retstep, kind, axis)
    return tuple(found) if retstep else found


@op("start stop")
def logspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    base: float | Array = 10,
    dtype: DTypeLike = None,
    axis: int = 0,
) -> Array:
    """`num` numbers from base^start to base^stop, at equal ratios."""
    kind = _inexact(start, stop) if dtype is None else dtype
    return jnp.logspace(start, stop, num, endpoint, base, kind, axis)


@op("start stop")
def geomspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    dtype: DTypeLike = None,
    axis: int = 0,
) -> Array:
    """`num` numbers from start to stop, at equal ratios."""
    kind = _inexact(start, stop) if dtype is None else dtype
    return jnp.geomspace(start, stop, num, endpoint, kind, axis)


def _points(x: int) -> int:
    """How many points a window has.

    Raises:
        TypeError: not a number, or a symbolic tensor.
    """
    if x is None or isinstance(x, str):
        raise Unfit("A window's length `x` must be a number.", given=repr(x))
    return int(x)


def _window(name: str) -> Callable[..., Array]:
    function = getattr(jnp, name)

    def window(x: int) -> Array:
        return function(_points(x)).astype(config.floatx())

    window.__name__ = window.__qualname__ = name
    window.__doc__ = f"The `{name}` window of x points."
    return plain()(window)


for _name in ("bartlett", "blackman", "hamming", "hanning"):
    _window(_name)


@plain()
def kaiser(x: int, beta: float) -> Array:
    """The `kaiser` window of x points and a shape beta."""
    return jnp.kaiser(_points(x), beta).astype(config.floatx())


@plain()
def vectorize(
    pyfunc: Callable[..., Any],
    *,
    excluded: set[int | str] | None = None,
    signature: str | None = None,
) -> Any:
    """A function of single elements (or of the arrays that a signature names), for whole arrays.

    Raises:
        ValueError: not a function.
    """
    if not callable(pyfunc):
        raise BadArgument(
            "`ops.vectorize`: `pyfunc` is not a function.",
            given=f"{type(pyfunc).__name__}: {pyfunc!r}",
        )
    return jnp.vectorize(pyfunc, excluded=excluded or set(), signature=signature)
