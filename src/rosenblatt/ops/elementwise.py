"""Functions of each element, of one array or of two, by the names they have in NumPy.

>>> add([1.0, 2.0], 1.0)
Array([2., 3.], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from rosenblatt.ops.define import as_float, op

# fmt: off
_OF_ONE = (
    "absolute", "bitwise_not", "cbrt", "conjugate", "copy", "deg2rad", "fabs", "imag", "isfinite",
    "isinf", "isnan", "isneginf", "isposinf", "isreal", "log", "log10", "log1p", "log2",
    "logical_not", "negative", "rad2deg", "real", "reciprocal", "sign", "signbit", "sqrt",
    "square",
)
# Those of which integers come out as floats.
_OF_ONE_FLOAT = (
    "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "ceil", "cos", "cosh",
    "exp", "exp2", "expm1", "floor", "i0", "sin", "sinc", "sinh", "tan", "tanh",
)
_OF_TWO = (
    "add", "arctan2", "divide", "equal", "floor_divide", "fmax", "fmin", "fmod", "gcd", "greater",
    "greater_equal", "heaviside", "hypot", "lcm", "ldexp", "less", "less_equal", "logaddexp",
    "logaddexp2", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "mod",
    "multiply", "nextafter", "not_equal", "power", "subtract", "true_divide",
)
_OF_TWO_BITS = {
    "bitwise_and": "bitwise_and", "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor",
    "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift",
    "left_shift": "left_shift", "right_shift": "right_shift",
}
# fmt: on


def _of_one(name: str, in_floats: bool) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def one(x: Any) -> Any:
        return function(as_float(x) if in_floats else x)

    one.__doc__ = f"`{name}` of each element."
    return op(name=name)(one)


def _of_two(name: str) -> Callable[..., Any]:
    function = getattr(jnp, name)

    def two(x1: Any, x2: Any) -> Any:
        return function(x1, x2)

    two.__doc__ = f"`{name}` of the elements of two arrays."
    return op("x1 x2", name=name)(two)


def _of_bits(name: str, numpys: str) -> Callable[..., Any]:
    function = getattr(jnp, numpys)

    def bits(x: Any, y: Any) -> Any:
        return function(x, y)

    bits.__doc__ = f"`{name}` of the elements of two arrays of integers."
    return op("x y", name=name)(bits)


TABLE: dict[str, Callable[..., Any]] = {
    **{name: _of_one(name, False) for name in _OF_ONE},
    **{name: _of_one(name, True) for name in _OF_ONE_FLOAT},
    **{name: _of_two(name) for name in _OF_TWO},
    **{name: _of_bits(name, numpys) for name, numpys in _OF_TWO_BITS.items()},
}
globals().update(TABLE)


@op()
def bitwise_invert(x: Any) -> Any:
    """The bits of integers, inverted."""
    return jnp.invert(x)


@op()
def trunc(x: Any) -> Any:
    """Each element without its fraction."""
    return jnp.trunc(x) if jnp.issubdtype(x.dtype, jnp.inexact) else x


@op("x1 x2")
def divide_no_nan(x1: Any, x2: Any) -> Any:
    """x1 / x2, and 0 where x2 is 0."""
    return jnp.where(x2 == 0, 0, jnp.divide(x1, jnp.where(x2 == 0, 1, x2)))


@op()
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Values limited to an interval."""
    return jnp.clip(x.astype("int32") if x.dtype == bool else x, x_min, x_max)


@op(name="round")
def round_(x: Any, decimals: int = 0) -> Any:
    """Each element rounded to decimals, halves to the even neighbour."""
    if decimals < 0 and jnp.issubdtype(x.dtype, jnp.integer):
        factor = jnp.asarray(10.0**decimals, as_float(x).dtype)
        return (jnp.round(x * factor) / factor).astype(x.dtype)
    return jnp.round(x, decimals)


@op()
def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Numbers in place of NaN and of infinities."""
    return jnp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@op("x1 x2 rtol atol")
def isclose(x1: Any, x2: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """|x1 − x2| ≤ atol + rtol · |x2|, of each element."""
    return jnp.isclose(x1, x2, rtol, atol, equal_nan)


@op("x1 x2", class_name="AllClose")
def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Whether |x1 − x2| ≤ atol + rtol · |x2| everywhere."""
    return jnp.allclose(x1, x2, rtol, atol, equal_nan)


@op("x1 x2", class_name="IsIn")
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of x1 is among those of x2."""
    return jnp.isin(x1, x2, assume_unique=assume_unique, invert=invert)


@op("condition x1 x2")
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where a condition holds, x2 elsewhere; without them, where it holds."""
    return jnp.where(condition, x1, x2)


TABLE.update(
    {
        "bitwise_invert": bitwise_invert, "trunc": trunc, "divide_no_nan": divide_no_nan,
        "clip": clip, "round": round_, "nan_to_num": nan_to_num, "isclose": isclose,
        "allclose": allclose, "isin": isin, "where": where,
        "abs": TABLE["absolute"], "conj": TABLE["conjugate"],
    }
)  # fmt: skip
