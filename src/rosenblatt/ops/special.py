"""Error functions, sums over segments, distances, complex views, sequences.

>>> rsqrt([4.0])
Array([0.5], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import Array
from rosenblatt.ops.define import MATH, op


def _segments(name: str) -> Callable[..., Array]:
    function = getattr(jax.ops, name)

    def segments(
        data: Array, segment_ids: Array, num_segments: int | None = None, sorted: bool = False
    ) -> Array:
        if segment_ids.ndim > 1 or segment_ids.shape[:1] != data.shape[:1]:
            raise BadArgument(
                f"`ops.{name}`: one id is needed for each row.",
                given=f"shapes {data.shape}, {segment_ids.shape}",
            )
        if num_segments is None:
            raise BadArgument(
                f"`ops.{name}` needs to know how many segments there are.",
                fix="pass `num_segments=`.",
            )
        return function(data, segment_ids, num_segments, indices_are_sorted=sorted)

    segments.__doc__ = f"`{name}`: of the rows that have the same id."
    return op("data segment_ids", module=MATH, name=name)(segments)


for _name in ("segment_sum", "segment_max", "segment_min", "segment_prod"):
    _segments(_name)


@op(module=MATH)
def erf(x: Array) -> Array:
    """2/√π ∫₀ˣ e^(−t²) dt"""
    return jax.lax.erf(x)


@op(module=MATH)
def erfc(x: Array) -> Array:
    """1 − erf(x)"""
    return jax.scipy.special.erfc(x)


@op(module=MATH)
def erfinv(x: Array) -> Array:
    """The y with erf(y) = x."""
    return jax.scipy.special.erfinv(x)


@op(module=MATH)
def rsqrt(x: Array) -> Array:
    """1 / √x"""
    return jax.lax.rsqrt(x)


@op("x y", module=MATH, class_name="CDist")
def cdist(x: Array, y: Array) -> Array:
    """The Euclidean distance of each row of x to each row of y.

    Raises:
        ValueError: no rows, or rows of different lengths.
    """
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise BadArgument(
            "`ops.cdist` takes (…, N, D) and (…, M, D).",
            given=f"shapes {x.shape}, {y.shape}",
        )
    return jnp.sqrt(jnp.sum(jnp.square(x[..., :, None, :] - y[..., None, :, :]), -1))


@op(module=MATH)
def extract_sequences(x: Array, sequence_length: int, sequence_stride: int) -> Array:
    """Windows of the last axis: (…, windows, sequence_length)."""
    starts = jnp.arange(0, x.shape[-1] - sequence_length + 1, sequence_stride)
    return x[..., starts[:, None] + jnp.arange(sequence_length)]


@op(module=MATH)
def view_as_complex(x: Array) -> Array:
    """Complex numbers of the real and imaginary parts that lie along the last axis.

    Raises:
        ValueError: a last axis of another size than 2.
    """
    if x.ndim < 1 or x.shape[-1] != 2:
        raise BadArgument(
            "`ops.view_as_complex`: the last axis must hold a real and an imaginary part.",
            given=f"shape {x.shape}",
            expected="shape (…, 2)",
        )
    return x[..., 0].astype("complex64") + 1j * x[..., 1].astype("complex64")


@op(module=MATH)
def view_as_real(x: Array) -> Array:
    """Real and imaginary parts along a new last axis."""
    return jnp.stack((jnp.real(x), jnp.imag(x)), -1)
