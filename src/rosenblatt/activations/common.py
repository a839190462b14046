"""The activations in common use."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import nn

from rosenblatt import ops
from rosenblatt.activations.table import TABLE, activation
from rosenblatt.ops.define import op


@activation()
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """max(x, 0), or with settings: max_value above it, x from threshold, slope · (x − threshold).

    Args:
        x: an array.
        negative_slope: slope below the threshold.
        max_value: the largest output; None: no limit.
        threshold: the input from which the output is the input.

    Returns:
        An array of x's shape.

    >>> relu([-2.0, 3.0])
    Array([0., 3.], dtype=float32)
    >>> relu([-2.0, 9.0], negative_slope=0.5, max_value=6.0)
    Array([-1.,  6.], dtype=float32)
    """
    return _relu(x, negative_slope, max_value, threshold)


@op(module="keras.src.activations.activations", class_name="ReLU", name="relu")
def _relu(x: Any, negative_slope: Any = 0.0, max_value: Any = None, threshold: Any = 0.0) -> Any:
    slopes, shifted = not _is_zero(negative_slope), not _is_zero(threshold)
    if slopes and max_value is None and not shifted:
        return nn.leaky_relu(x, negative_slope)
    positive = jnp.where(x > threshold, x, jnp.zeros_like(x)) if shifted else nn.relu(x)
    if max_value is not None:
        positive = jnp.clip(positive, 0, jnp.asarray(max_value, x.dtype))
    if not slopes:
        return positive
    return positive - jnp.asarray(negative_slope, x.dtype) * nn.relu(threshold - x)


def _is_zero(value: Any) -> bool:
    """Whether a setting is the number 0; one that is an argument of a program is not known."""
    return isinstance(value, (int, float)) and value == 0


@activation()
def relu6(x: Any) -> Any:
    """min(max(x, 0), 6)

    >>> relu6([-2.0, 9.0])
    Array([0., 6.], dtype=float32)
    """
    return ops.relu6(x)


@activation()
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x, times negative_slope where it is negative (Maas et al., 2013).

    >>> leaky_relu([-1.0, 2.0])
    Array([-0.2,  2. ], dtype=float32)
    """
    return ops.leaky_relu(x, negative_slope)


@activation()
def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ)

    >>> sigmoid([0.0])
    Array([0.5], dtype=float32)
    """
    return ops.sigmoid(x)


@activation()
def tanh(x: Any) -> Any:
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)

    >>> tanh([0.0])
    Array([0.], dtype=float32)
    """
    return ops.tanh(x)


@activation()
def softmax(x: Any, axis: Any = -1) -> Any:
    """eˣ / Σ eˣ along an axis.

    >>> softmax([[1.0, 1.0]])
    Array([[0.5, 0.5]], dtype=float32)
    """
    return ops.softmax(x, axis)


@activation()
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """log(eˣ / Σ eˣ) along an axis.

    >>> log_softmax([[1.0, 1.0]]).round(3)
    Array([[-0.693, -0.693]], dtype=float32)
    """
    return ops.log_softmax(x, axis)


@activation()
def softplus(x: Any) -> Any:
    """log(1 + eˣ)

    >>> softplus([0.0]).round(3)
    Array([0.693], dtype=float32)
    """
    return ops.softplus(x)


@activation()
def softsign(x: Any) -> Any:
    """x / (1 + |x|)

    >>> softsign([1.0])
    Array([0.5], dtype=float32)
    """
    return ops.softsign(x)


@activation()
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x, or alpha · (eˣ − 1) where it is negative (Clevert et al., 2015, arXiv:1511.07289).

    >>> elu([-1.0, 2.0]).round(3)
    Array([-0.632,  2.   ], dtype=float32)
    """
    return ops.elu(x, alpha)


@activation()
def selu(x: Any) -> Any:
    """1.0507 · elu(x, 1.67326): keeps mean 0, variance 1 (Klambauer et al., 2017, 1706.02515).

    >>> selu([-1.0, 2.0])
    Array([-1.111..., 2.101...], dtype=float32)
    """
    return ops.selu(x)


@activation()
def celu(x: Any, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(0, alpha · (e^(x/alpha) − 1)) (Barron, 2017, arXiv:1704.07483).

    >>> celu([-1.0, 2.0]).round(3)
    Array([-0.632,  2.   ], dtype=float32)
    """
    return ops.celu(x, alpha)


@activation()
def gelu(x: Any, approximate: bool = False) -> Any:
    """x · Φ(x), Φ the normal distribution (Hendrycks and Gimpel, 2016, arXiv:1606.08415).

    Args:
        x: an array.
        approximate: take the tanh formula for Φ, cheaper and off by less than 0.001.

    >>> gelu([-1.0, 2.0])
    Array([-0.158..., 1.954...], dtype=float32)
    """
    return ops.gelu(x, approximate)


@activation("swish")
def silu(x: Any) -> Any:
    """x · sigmoid(x), also called swish (Ramachandran et al., 2017, arXiv:1710.05941).

    >>> silu([1.0]).round(3)
    Array([0.731], dtype=float32)
    """
    return ops.silu(x)


@activation()
def mish(x: Any) -> Any:
    """x · tanh(softplus(x)) (Misra, 2019, arXiv:1908.08681).

    >>> float(mish(1.0))
    0.8650...
    """
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


@activation()
def exponential(x: Any) -> Any:
    """eˣ

    >>> exponential([0.0])
    Array([1.], dtype=float32)
    """
    return ops.exp(x)


def linear(x: Any) -> Any:
    """x

    >>> linear(3.0)
    3.0
    """
    return x


TABLE["linear"] = linear
