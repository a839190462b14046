"""The functions between the layers of networks.

>>> relu([-1.0, 2.0])
Array([0., 2.], dtype=float32)
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import nn

from rosenblatt.core.types import Array, Axes
from rosenblatt.ops.define import NN, op


@op(module=NN)
def relu(x: Array) -> Array:
    """max(x, 0)"""
    return nn.relu(x)


@op(module=NN)
def relu6(x: Array) -> Array:
    """min(max(x, 0), 6)

    >>> relu6([-2.0, 9.0])
    Array([0., 6.], dtype=float32)
    """
    return nn.relu6(x)


@op(module=NN)
def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ)

    >>> sigmoid([0.0])
    Array([0.5], dtype=float32)
    """
    return nn.sigmoid(x)


@op(module=NN)
def sparse_sigmoid(x: Array) -> Array:
    """0 up to −1, (x + 1) / 2 up to 1, then 1.

    >>> sparse_sigmoid([-2.0, 0.0, 2.0])
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    return nn.sparse_sigmoid(x)


@op(module=NN)
def hard_sigmoid(x: Array) -> Array:
    """relu6(x + 3) / 6

    >>> hard_sigmoid([-3.0, 0.0, 3.0])
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    return nn.hard_sigmoid(x)


@op(module=NN)
def log_sigmoid(x: Array) -> Array:
    """log(1 / (1 + e⁻ˣ))

    >>> log_sigmoid([0.0]).round(3)
    Array([-0.693], dtype=float32)
    """
    return nn.log_sigmoid(x)


@op(module=NN)
def softplus(x: Array) -> Array:
    """log(1 + eˣ)

    >>> softplus([0.0]).round(3)
    Array([0.693], dtype=float32)
    """
    return nn.softplus(x)


@op(module=NN)
def sparse_plus(x: Array) -> Array:
    """0 up to −1, (x + 1)² / 4 up to 1, then x.

    >>> sparse_plus([-2.0, 0.0, 2.0])
    Array([0.  , 0.25, 2.  ], dtype=float32)
    """
    return nn.sparse_plus(x)


@op(module=NN)
def softsign(x: Array) -> Array:
    """x / (1 + |x|)

    >>> softsign([1.0])
    Array([0.5], dtype=float32)
    """
    return nn.soft_sign(x)


@op(module=NN, also="swish")
def silu(x: Array) -> Array:
    """x · sigmoid(x), also called swish (Ramachandran et al., 2017, arXiv:1710.05941).

    >>> silu([1.0]).round(3)
    Array([0.731], dtype=float32)
    """
    return nn.silu(x)


@op(module=NN, also="hard_swish")
def hard_silu(x: Array) -> Array:
    """x · hard_sigmoid(x) (Howard et al., 2019, arXiv:1905.02244).

    >>> hard_silu([3.0])
    Array([3.], dtype=float32)
    """
    return nn.hard_silu(x)


@op(module=NN)
def hard_tanh(x: Array) -> Array:
    """min(max(x, −1), 1)

    >>> hard_tanh([-3.0, 0.5])
    Array([-1. ,  0.5], dtype=float32)
    """
    return nn.hard_tanh(x)


@op(module=NN)
def selu(x: Array) -> Array:
    """1.0507 · elu(x, 1.67326): keeps mean 0, variance 1 (Klambauer et al., 2017, 1706.02515).

    >>> selu([-1.0, 2.0])
    Array([-1.111..., 2.101...], dtype=float32)
    """
    return nn.selu(x)


@op(module=NN)
def tanh_shrink(x: Array) -> Array:
    """x − tanh(x)

    >>> tanh_shrink([1.0]).round(3)
    Array([0.238], dtype=float32)
    """
    return x - jnp.tanh(x)


@op(module=NN)
def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    """x, times negative_slope where it is negative (Maas et al., 2013).

    >>> leaky_relu([-1.0, 2.0])
    Array([-0.2,  2. ], dtype=float32)
    """
    return nn.leaky_relu(x, negative_slope)


@op(module=NN)
def elu(x: Array, alpha: float = 1.0) -> Array:
    """x, or alpha · (eˣ − 1) where it is negative (Clevert et al., 2015, arXiv:1511.07289).

    >>> elu([-1.0, 2.0]).round(3)
    Array([-0.632,  2.   ], dtype=float32)
    """
    return nn.elu(x, alpha)


@op(module=NN)
def celu(x: Array, alpha: float = 1.0) -> Array:
    """max(x, 0) + min(0, alpha · (e^(x/alpha) − 1)) (Barron, 2017, arXiv:1704.07483).

    >>> celu([-1.0, 2.0]).round(3)
    Array([-0.632,  2.   ], dtype=float32)
    """
    return nn.celu(x, alpha)


@op(module=NN)
def gelu(x: Array, approximate: bool = True) -> Array:
    """x · Φ(x), Φ the normal distribution, or its tanh formula."""
    return nn.gelu(x, approximate)


@op(module=NN)
def glu(x: Array, axis: int = -1) -> Array:
    """a · sigmoid(b), a and b the halves of x along an axis (Dauphin et al., 2016, 1612.08083).

    >>> glu([3.0, 0.0])
    Array([1.5], dtype=float32)
    """
    return nn.glu(x, axis)


@op(module=NN)
def squareplus(x: Array, b: float = 4) -> Array:
    """(x + √(x² + b)) / 2 (Barron, 2021, arXiv:2112.11687).

    >>> squareplus([0.0])
    Array([1.], dtype=float32)
    """
    return nn.squareplus(x, b)


@op(module=NN)
def softmax(x: Array, axis: Axes = -1) -> Array:
    """eˣ / Σ eˣ along axes.

    >>> softmax([[1.0, 1.0]])
    Array([[0.5, 0.5]], dtype=float32)
    """
    return nn.softmax(x, axis)


@op(module=NN)
def log_softmax(x: Array, axis: Axes = -1) -> Array:
    """log(eˣ / Σ eˣ) along axes.

    >>> log_softmax([[1.0, 1.0]]).round(3)
    Array([[-0.693, -0.693]], dtype=float32)
    """
    return nn.log_softmax(x, axis)


@op(module=NN)
def soft_shrink(x: Array, threshold: float = 0.5) -> Array:
    """x moved towards 0 by the threshold, and 0 within it.

    >>> soft_shrink([-1.0, 0.2])
    Array([-0.5,  0. ], dtype=float32)
    """
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0.0))


@op(module=NN)
def hard_shrink(x: Array, threshold: float = 0.5) -> Array:
    """x, and 0 within the threshold.

    >>> hard_shrink([-1.0, 0.2])
    Array([-1.,  0.], dtype=float32)
    """
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@op(module=NN)
def threshold(x: Array, threshold: float, default_value: float) -> Array:
    """x above a threshold, a default value elsewhere.

    >>> threshold([-1.0, 2.0], 0.0, 7.0)
    Array([7., 2.], dtype=float32)
    """
    return jnp.where(x > threshold, x, default_value)


@op(module=NN)
def sparsemax(x: Array, axis: int = -1) -> Array:
    """The point of the probability simplex nearest to x (Martins and Astudillo, 2016, 1602.02068).

    >>> sparsemax([1.0, 0.5, -2.0])
    Array([0.75, 0.25, 0.  ], dtype=float32)
    """
    descending = -jnp.sort(-jnp.moveaxis(x, axis, -1))
    excess = jnp.cumsum(descending, -1) - 1
    counts = jnp.arange(1, descending.shape[-1] + 1, dtype=x.dtype)
    support = descending * counts > excess
    count = jnp.sum(support, -1, keepdims=True)
    tau = jnp.take_along_axis(excess, count - 1, -1) / count
    return jnp.maximum(x - jnp.moveaxis(tau, -1, axis), 0.0)
