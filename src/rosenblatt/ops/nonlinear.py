"""The functions between the layers of networks.

>>> relu([-1.0, 2.0])
Array([0., 2.], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import nn

from rosenblatt.ops.define import NN, op

_OF_ONE = {
    "relu": (nn.relu, "max(x, 0)"),
    "relu6": (nn.relu6, "min(max(x, 0), 6)"),
    "sigmoid": (nn.sigmoid, "1 / (1 + e⁻ˣ)"),
    "sparse_sigmoid": (nn.sparse_sigmoid, "0 up to −1, (x + 1) / 2 up to 1, then 1"),
    "hard_sigmoid": (nn.hard_sigmoid, "relu6(x + 3) / 6"),
    "log_sigmoid": (nn.log_sigmoid, "log(1 / (1 + e⁻ˣ))"),
    "softplus": (nn.softplus, "log(1 + eˣ)"),
    "sparse_plus": (nn.sparse_plus, "0 up to −1, (x + 1)² / 4 up to 1, then x"),
    "softsign": (nn.soft_sign, "x / (1 + |x|)"),
    "silu": (nn.silu, "x · sigmoid(x)"),
    "hard_silu": (nn.hard_silu, "x · hard_sigmoid(x)"),
    "hard_tanh": (nn.hard_tanh, "min(max(x, −1), 1)"),
    "selu": (nn.selu, "1.0507 · elu(x, 1.67326)"),
    "tanh_shrink": (lambda x: x - jnp.tanh(x), "x − tanh(x)"),
}


def _of_one(name: str, function: Callable[..., Any], equation: str) -> Callable[..., Any]:
    def one(x: Any) -> Any:
        return function(x)

    one.__doc__ = equation
    return op(module=NN, name=name)(one)


TABLE: dict[str, Callable[..., Any]] = {
    name: _of_one(name, *entry) for name, entry in _OF_ONE.items()
}
TABLE["swish"], TABLE["hard_swish"] = TABLE["silu"], TABLE["hard_silu"]
globals().update(TABLE)


@op(module=NN)
def leaky_relu(x: Any, negative_slope: Any = 0.2) -> Any:
    """x, times negative_slope where it is negative."""
    return nn.leaky_relu(x, negative_slope)


@op(module=NN)
def elu(x: Any, alpha: Any = 1.0) -> Any:
    """x, or alpha · (eˣ − 1) where it is negative."""
    return nn.elu(x, alpha)


@op(module=NN)
def celu(x: Any, alpha: Any = 1.0) -> Any:
    """max(x, 0) + min(0, alpha · (e^(x/alpha) − 1))"""
    return nn.celu(x, alpha)


@op(module=NN)
def gelu(x: Any, approximate: bool = True) -> Any:
    """x · Φ(x), Φ the normal distribution, or its tanh formula."""
    return nn.gelu(x, approximate)


@op(module=NN)
def glu(x: Any, axis: int = -1) -> Any:
    """a · sigmoid(b), a and b the halves of x along an axis."""
    return nn.glu(x, axis)


@op(module=NN)
def squareplus(x: Any, b: Any = 4) -> Any:
    """(x + √(x² + b)) / 2"""
    return nn.squareplus(x, b)


@op(module=NN)
def softmax(x: Any, axis: Any = -1) -> Any:
    """eˣ / Σ eˣ along axes."""
    return nn.softmax(x, axis)


@op(module=NN)
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """log(eˣ / Σ eˣ) along axes."""
    return nn.log_softmax(x, axis)


@op(module=NN)
def soft_shrink(x: Any, threshold: Any = 0.5) -> Any:
    """x moved towards 0 by the threshold, and 0 within it."""
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0.0))


@op(module=NN)
def hard_shrink(x: Any, threshold: Any = 0.5) -> Any:
    """x, and 0 within the threshold."""
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@op(module=NN)
def threshold(x: Any, threshold: Any, default_value: Any) -> Any:
    """x above a threshold, a default value elsewhere."""
    return jnp.where(x > threshold, x, default_value)


@op(module=NN)
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to x (Martins and Astudillo, 2016)."""
    descending = -jnp.sort(-jnp.moveaxis(x, axis, -1))
    excess = jnp.cumsum(descending, -1) - 1
    counts = jnp.arange(1, descending.shape[-1] + 1, dtype=x.dtype)
    support = descending * counts > excess
    count = jnp.sum(support, -1, keepdims=True)
    tau = jnp.take_along_axis(excess, count - 1, -1) / count
    return jnp.maximum(x - jnp.moveaxis(tau, -1, axis), 0.0)


TABLE.update(
    {
        "leaky_relu": leaky_relu, "elu": elu, "celu": celu, "gelu": gelu, "glu": glu,
        "squareplus": squareplus, "softmax": softmax, "log_softmax": log_softmax,
        "soft_shrink": soft_shrink, "hard_shrink": hard_shrink, "threshold": threshold,
        "sparsemax": sparsemax,
    }
)  # fmt: skip
