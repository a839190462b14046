"""Functions of each element, of one array or of two, by the names they have in NumPy.

>>> multiply([1.0, 2.0], 3.0)
Array([3., 6.], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp

from rosenblatt.core.errors import BadArgument, WrongType
from rosenblatt.core.types import Array
from rosenblatt.ops.define import as_float, op

# fmt: off
_OF_ONE = (
    "absolute", "bitwise_not", "cbrt", "conjugate", "copy", "deg2rad", "fabs", "imag", "isfinite",
    "isinf", "isnan", "isneginf", "isposinf", "isreal", "log", "log10", "log1p", "log2",
    "logical_not", "negative", "rad2deg", "real", "reciprocal", "signbit", "sqrt",
    "square",
)
# Those of which integers come out as floats.
_OF_ONE_FLOAT = (
    "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "ceil", "cos", "cosh",
    "exp2", "expm1", "floor", "i0", "sin", "sinc", "sinh", "tan", )
_OF_TWO = (
    "equal", "floor_divide", "fmax", "fmin", "fmod", "gcd", "greater",
    "greater_equal", "heaviside", "hypot", "lcm", "less", "less_equal", "logical_and",
    "logical_or", "logical_xor", "maximum", "mod", "nextafter", "not_equal", "power",
    "subtract", "true_divide",
)
# Those in which a Python number counts as an array of the default type, as in Keras.
_OF_TWO_ARRAYS = ("arctan2", "logaddexp", "logaddexp2")
_OF_TWO_BITS = {
    "bitwise_and": "bitwise_and", "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor",
    "bitwise_left_shift": "left_shift", "bitwise_right_shift": "right_shift",
    "left_shift": "left_shift", "right_shift": "right_shift",
}
# fmt: on
_SHORT = {"absolute": "abs", "conjugate": "conj"}


def _of_one(name: str, in_floats: bool) -> Callable[..., Array]:
    function = getattr(jnp, name)

    def one(x: Array) -> Array:
        return function(as_float(x) if in_floats else x)

    one.__doc__ = f"`{name}` of each element."
    return op(name=name, also=_SHORT.get(name, ""))(one)


def _of_two(name: str) -> Callable[..., Array]:
    function, as_arrays = getattr(jnp, name), name in _OF_TWO_ARRAYS

    def two(x1: Array, x2: Array) -> Array:
        if as_arrays:
            x1, x2 = x1.astype(x1.dtype), x2.astype(x2.dtype)
        return function(x1, x2)

    two.__doc__ = f"`{name}` of the elements of two arrays."
    return op("x1 x2", name=name)(two)


def _of_bits(name: str, numpys: str) -> Callable[..., Array]:
    function = getattr(jnp, numpys)

    def bits(x: Array, y: Array) -> Array:
        return function(x, y)

    bits.__doc__ = f"`{name}` of the elements of two arrays of integers."
    return op("x y", name=name)(bits)


# Those that activations are made of, by their names.
exp, tanh, sign = _of_one("exp", True), _of_one("tanh", True), _of_one("sign", False)
multiply, add, divide, minimum = map(_of_two, ("multiply", "add", "divide", "minimum"))
for _name in _OF_ONE:
    _of_one(_name, False)
for _name in _OF_ONE_FLOAT:
    _of_one(_name, True)
for _name in (*_OF_TWO, *_OF_TWO_ARRAYS):
    _of_two(_name)
for _name, _numpys in _OF_TWO_BITS.items():
    _of_bits(_name, _numpys)


@op("x1 x2")
def ldexp(x1: Array, x2: Array) -> Array:
    """x1 · 2^x2 of the elements of two arrays.

    Raises:
        TypeError: an exponent that is not of integers.
    """
    if not jnp.issubdtype(x2.dtype, jnp.integer):
        raise WrongType(
            "`ops.ldexp`: the exponent `x2` must be of integers.", given=f"dtype {x2.dtype}"
        )
    return jnp.ldexp(x1, x2)


@op()
def bitwise_invert(x: Array) -> Array:
    """The bits of integers, inverted."""
    return jnp.invert(x)


@op()
def trunc(x: Array) -> Array:
    """Each element without its fraction."""
    return jnp.trunc(x) if jnp.issubdtype(x.dtype, jnp.inexact) else x


@op("x1 x2")
def divide_no_nan(x1: Array, x2: Array) -> Array:
    """x1 / x2, and 0 where x2 is 0."""
    return jnp.where(x2 == 0, 0, jnp.divide(x1, jnp.where(x2 == 0, 1, x2)))


@op()
def clip(x: Array, x_min: float, x_max: float) -> Array:
    """Values limited to an interval."""
    return jnp.clip(x.astype("int32") if x.dtype == bool else x, x_min, x_max)


@op(name="round")
def round_(x: Array, decimals: int = 0) -> Array:
    """Each element rounded to decimals, halves to the even neighbour."""
    if decimals < 0 and jnp.issubdtype(x.dtype, jnp.integer):
        factor = jnp.asarray(10.0**decimals, as_float(x).dtype)
        return (jnp.round(x * factor) / factor).astype(x.dtype)
    return jnp.round(x, decimals)


@op()
def nan_to_num(
    x: Array, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """Numbers in place of NaN and of infinities."""
    return jnp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@op("x1 x2 rtol atol")
def isclose(
    x1: Array,
    x2: Array,
    rtol: float | Array = 1e-5,
    atol: float | Array = 1e-8,
    equal_nan: bool = False,
) -> Array:
    """|x1 − x2| ≤ atol + rtol · |x2|, of each element."""
    return jnp.isclose(x1, x2, rtol, atol, equal_nan)


@op("x1 x2", class_name="AllClose")
def allclose(
    x1: Array, x2: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Whether |x1 − x2| ≤ atol + rtol · |x2| everywhere."""
    return jnp.allclose(x1, x2, rtol, atol, equal_nan)


@op("x1 x2", class_name="IsIn")
def isin(x1: Array, x2: Array, assume_unique: bool = False, invert: bool = False) -> Array:
    """Whether each element of x1 is among those of x2."""
    return jnp.isin(x1, x2, assume_unique=assume_unique, invert=invert)


@op("condition x1 x2")
def where(condition: Array, x1: Array | None = None, x2: Array | None = None) -> Array:
    """x1 where a condition holds, x2 elsewhere; without them, where it holds.

    Raises:
        ValueError: one of x1 and x2 without the other.
    """
    if (x1 is None) != (x2 is None):
        raise BadArgument("`ops.where` needs both `x1` and `x2`, or neither of them.")
    return jnp.where(condition, x1, x2)  # type: ignore[arg-type]
