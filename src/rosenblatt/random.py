"""Keras's `random`: numbers drawn inside or outside of programs, by JAX.

A seed that is an integer gives the same numbers each time; a `SeedGenerator` other ones at each
call. The numbers are those of Keras on JAX.

>>> uniform((2,), seed=1)
Array([0.136..., 0.682...], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core import config, dtypes
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.random import SeedGenerator, key_of, set_random_seed
from rosenblatt.core.refusing import refusing
from rosenblatt.core.types import Array, ArrayLike, DTypeLike
from rosenblatt.ops.define import as_array

Seed = int | SeedGenerator | None


def _key(seed: Seed | jax.Array, name: str) -> Any:
    if isinstance(seed, jax.Array):
        return seed
    if seed is None and isinstance(jnp.zeros(()), jax.core.Tracer):
        raise BadArgument(
            f"random.{name}: a compiled function needs a seed; without one it would draw the "
            "same numbers at every call.",
            fix="keep a `SeedGenerator` in the layer and pass it as `seed=`.",
        )
    if isinstance(seed, float):
        raise BadArgument(
            f"random.{name}: bad `seed`.",
            given=repr(seed),
            expected="an integer or a `SeedGenerator`",
        )
    return key_of(seed)


def _sizes(shape: int | Sequence[int]) -> Any:
    """A shape; a number is that of a vector, and None that of a distribution's parameters."""
    if shape is None:
        return None
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _dtype(dtype: DTypeLike, name: str, kind: str = "float") -> Any:
    default = config.floatx() if kind == "float" else "int32"
    known = default if dtype is None else dtypes.standardize_dtype(dtype)
    if kind not in known:
        raise BadArgument(
            f"random.{name}: bad `dtype`.",
            given=repr(known),
            expected="a float type" if kind == "float" else "an integer type",
        )
    return dtypes.numpy_dtype(known)


@refusing("`random.normal`")
def normal(
    shape: int | Sequence[int],
    mean: float | Array = 0.0,
    stddev: float | Array = 1.0,
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Array:
    """Numbers of a normal distribution."""
    draw = jax.random.normal(_key(seed, "normal"), _sizes(shape), _dtype(dtype, "normal"))
    return draw * stddev + mean


@refusing("`random.truncated_normal`")
def truncated_normal(
    shape: int | Sequence[int],
    mean: float | Array = 0.0,
    stddev: float | Array = 1.0,
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Array:
    """Numbers of a normal distribution, those beyond two deviations drawn again."""
    kind = _dtype(dtype, "truncated_normal")
    key = _key(seed, "truncated_normal")
    return jax.random.truncated_normal(key, -2.0, 2.0, _sizes(shape), kind) * stddev + mean


@refusing("`random.uniform`")
def uniform(
    shape: int | Sequence[int],
    minval: float | Array = 0.0,
    maxval: float | Array = 1.0,
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Array:
    """Numbers of the interval [minval, maxval).

    Raises:
        ValueError: a dtype that is not a float type.
    """
    kind = _dtype(dtype, "uniform")
    return jax.random.uniform(_key(seed, "uniform"), _sizes(shape), kind, minval, maxval)


@refusing("`random.randint`")
def randint(
    shape: int | Sequence[int],
    minval: float | Array,
    maxval: float | Array,
    dtype: DTypeLike = "int32",
    seed: Seed = None,
) -> Array:
    """Integers of minval, …, maxval − 1.

    Raises:
        ValueError: a dtype that is not an integer type.
    """
    kind = _dtype(dtype, "randint", "int")
    low, high = as_array(minval), as_array(maxval)
    return jax.random.randint(_key(seed, "randint"), _sizes(shape), low, high, kind)


@refusing("`random.categorical`")
def categorical(
    logits: ArrayLike, num_samples: int, dtype: DTypeLike = "int32", seed: Seed = None
) -> Array:
    """Class numbers (N, num_samples), drawn from the softmax of (N, classes) logits.

    Raises:
        ValueError: logits with a different number of axes.
    """
    array = as_array(logits)
    if array.ndim != 2:
        raise BadArgument(
            "random.categorical: bad `logits`.",
            given=f"shape {array.shape}",
            expected="shape (batch, classes)",
        )
    shape = (array.shape[0], num_samples)
    draw = jax.random.categorical(_key(seed, "categorical"), array[..., None], axis=1, shape=shape)
    return draw.astype(_dtype(dtype, "categorical", "int"))


@refusing("`random.dropout`")
def dropout(
    inputs: ArrayLike,
    rate: float,
    noise_shape: Sequence[int | None] | None = None,
    seed: Seed = None,
) -> Array:
    """Inputs, each set to 0 with a probability, the others divided by 1 − rate.

    Args:
        inputs: array.
        rate: the probability of a 0.
        noise_shape: shape of the draw, 1 along axes that are dropped as a whole; None: the inputs'.
        seed: seed.

    Returns:
        An array of the inputs' shape.
    """
    array = as_array(inputs)
    if rate in (0.0, 1.0):
        return array if rate == 0.0 else jnp.zeros_like(array)
    shape = array.shape
    if noise_shape is not None:
        shape = tuple(shape[i] if size is None else size for i, size in enumerate(noise_shape))
    kept = jax.random.bernoulli(_key(seed, "dropout"), jnp.asarray(1.0 - rate, jnp.float32), shape)
    return jnp.where(kept, array / (1.0 - rate), jnp.zeros((), array.dtype))


@refusing("`random.shuffle`")
def shuffle(x: ArrayLike, axis: int = 0, seed: Seed = None) -> Array:
    """The elements along an axis in another order, each row in its own."""
    return jax.random.permutation(_key(seed, "shuffle"), as_array(x), axis, independent=True)


@refusing("`random.gamma`")
def gamma(
    shape: int | Sequence[int], alpha: ArrayLike, dtype: DTypeLike = None, seed: Seed = None
) -> Array:
    """Numbers of a gamma distribution of shape alpha and scale 1."""
    kind = _dtype(dtype, "gamma")
    return jax.random.gamma(_key(seed, "gamma"), as_array(alpha), _sizes(shape), kind)


@refusing("`random.beta`")
def beta(
    shape: int | Sequence[int],
    alpha: ArrayLike,
    beta: ArrayLike,
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Array:
    """Numbers of a beta distribution."""
    kind = _dtype(dtype, "beta")
    return jax.random.beta(_key(seed, "beta"), as_array(alpha), as_array(beta), _sizes(shape), kind)


@refusing("`random.binomial`")
def binomial(
    shape: int | Sequence[int],
    counts: ArrayLike,
    probabilities: ArrayLike,
    dtype: DTypeLike = None,
    seed: Seed = None,
) -> Array:
    """How many of so many trials succeed."""
    kind = _dtype(dtype, "binomial")
    exact = jnp.promote_types(kind, jnp.float32)  # JAX takes 64 bits for integers where it has them

    def real(given: ArrayLike) -> Array:
        array = as_array(given)
        return array if jnp.iscomplexobj(array) else array.astype(exact)  # JAX refuses it

    trials, share = real(counts), real(probabilities)
    return jax.random.binomial(_key(seed, "binomial"), trials, share, _sizes(shape), kind)


__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "set_random_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]
