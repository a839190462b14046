"""Batch renormalization: running statistics that training sees too. Ioffe, 2017, arXiv:1702.03275.

x̂ = (x − μ_B) / σ_B · r + d with r = σ_B / σ and d = (μ_B − μ) / σ, μ_B and σ_B of the batch, μ and
σ running; no gradient goes through r and d. Without clipping x̂ is (x − μ) / σ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core.checks import Check
from rosenblatt.core.types import Array

if TYPE_CHECKING:
    from rosenblatt.layers.normalization import BatchNormalization

_BOUNDS = ("rmax", "rmin", "dmax")


def _fits(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, Mapping) or set(value) - set(_BOUNDS):
        return False
    low, high, most = value.get("rmin"), value.get("rmax"), value.get("dmax")
    ordered = low is None or high is None or low <= high
    return ordered and (most is None or most >= 0)


CLIPPING = Check(
    _fits,
    "None, or a dict of 'rmin', 'rmax' (not below it) and 'dmax' (not negative)",
    wrong=[{"max": 1.0}, {"dmax": -1.0}],
)


def add_weights(layer: BatchNormalization, shape: tuple[int, ...]) -> None:
    """Create the running mean and deviation that training sees, and the deviation of inference."""

    def root(shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
        return np.sqrt(np.asarray(layer.moving_variance_initializer(shape, dtype=dtype)))

    for name, start in (
        ("moving_stddev", root),
        ("renorm_mean", layer.moving_mean_initializer),
        ("renorm_stddev", root),
    ):
        weight = layer.add_weight(shape, start, name=name, trainable=False, autocast=False)
        setattr(layer, name, weight)


def corrected(layer: BatchNormalization, mean: Array, variance: Array) -> tuple[Array, Array]:
    """The factor r and the offset d for the statistics of a batch; updates the running ones.

    Args:
        layer: a built layer with `renorm=True`.
        mean, variance: of the batch, (features,).
    """
    deviation = jnp.sqrt(variance + layer.epsilon)
    running = jnp.maximum(layer.renorm_stddev.value, layer.epsilon**0.5)
    bounds = layer.renorm_clipping or {}
    factor = jnp.clip(deviation / running, bounds.get("rmin"), bounds.get("rmax"))
    offset = (mean - layer.renorm_mean.value) / running
    if (most := bounds.get("dmax")) is not None:
        offset = jnp.clip(offset, -most, most)
    fast, slow = layer.parameter("renorm_momentum"), layer.parameter("momentum")
    for weight, now, share in (
        (layer.renorm_mean, mean, fast),
        (layer.renorm_stddev, deviation, fast),
        (layer.moving_mean, mean, slow),
        (layer.moving_stddev, deviation, slow),
    ):
        kept = jnp.asarray(share, weight.value.dtype)
        weight.assign(weight.value * kept + now * (1.0 - kept))
    square = jnp.square(layer.moving_stddev.value)
    layer.moving_variance.assign(jnp.maximum(square - layer.epsilon, 0.0))
    return jax.lax.stop_gradient(factor), jax.lax.stop_gradient(offset)
