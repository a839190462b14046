"""Error functions, sums over segments, distances, complex views, sequences.

>>> segment_sum([1.0, 2.0, 4.0], [0, 1, 1], num_segments=2)
Array([1., 6.], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.ops.define import MATH, op


def _segments(name: str) -> Callable[..., Any]:
    function = getattr(jax.ops, name)

    def segments(
        data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False
    ) -> Any:
        if num_segments is None:
            raise ValueError(
                explain(
                    f"`ops.{name}` needs to know how many segments there are.",
                    fix="pass `num_segments=`.",
                )
            )
        return function(data, segment_ids, num_segments, indices_are_sorted=sorted)

    segments.__doc__ = f"`{name}`: of the rows that have the same id."
    return op("data segment_ids", module=MATH, name=name)(segments)


TABLE: dict[str, Callable[..., Any]] = {
    name: _segments(name) for name in ("segment_sum", "segment_max", "segment_min", "segment_prod")
}
globals().update(TABLE)


@op(module=MATH)
def erf(x: Any) -> Any:
    """2/√π ∫₀ˣ e^(−t²) dt"""
    return jax.lax.erf(x)


@op(module=MATH)
def erfc(x: Any) -> Any:
    """1 − erf(x)"""
    return jax.scipy.special.erfc(x)


@op(module=MATH)
def erfinv(x: Any) -> Any:
    """The y with erf(y) = x."""
    return jax.scipy.special.erfinv(x)


@op(module=MATH)
def rsqrt(x: Any) -> Any:
    """1 / √x"""
    return jax.lax.rsqrt(x)


@op("x y", module=MATH, class_name="CDist")
def cdist(x: Any, y: Any) -> Any:
    """The Euclidean distance of each row of x to each row of y.

    Raises:
        ValueError: no rows, or rows of different lengths.
    """
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ValueError(
            explain(
                "`ops.cdist` takes (…, N, D) and (…, M, D).",
                given=f"shapes {x.shape}, {y.shape}",
            )
        )
    return jnp.sqrt(jnp.sum(jnp.square(x[..., :, None, :] - y[..., None, :, :]), -1))


@op(module=MATH)
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Windows of the last axis: (…, windows, sequence_length)."""
    starts = jnp.arange(0, x.shape[-1] - sequence_length + 1, sequence_stride)
    return x[..., starts[:, None] + jnp.arange(sequence_length)]


@op(module=MATH)
def view_as_complex(x: Any) -> Any:
    """Complex numbers of the real and imaginary parts that lie along the last axis.

    Raises:
        ValueError: a last axis of another size than 2.
    """
    if x.ndim < 1 or x.shape[-1] != 2:
        raise ValueError(
            explain(
                "`ops.view_as_complex`: the last axis must hold a real and an imaginary part.",
                given=f"shape {x.shape}",
                expected="shape (…, 2)",
            )
        )
    return x[..., 0].astype("complex64") + 1j * x[..., 1].astype("complex64")


@op(module=MATH)
def view_as_real(x: Any) -> Any:
    """Real and imaginary parts along a new last axis."""
    return jnp.stack((jnp.real(x), jnp.imag(x)), -1)


TABLE.update(
    {
        "erf": erf, "erfc": erfc, "erfinv": erfinv, "rsqrt": rsqrt, "cdist": cdist,
        "extract_sequences": extract_sequences, "view_as_complex": view_as_complex,
        "view_as_real": view_as_real,
    }
)  # fmt: skip
