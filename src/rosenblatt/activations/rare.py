"""The activations in rarer use."""

from __future__ import annotations

from typing import Any

from rosenblatt import ops
from rosenblatt.activations.table import activation


@activation()
def hard_sigmoid(x: Any) -> Any:
    """relu6(x + 3) / 6

    >>> hard_sigmoid([-3.0, 0.0, 3.0])
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    return ops.hard_sigmoid(x)


@activation("hard_swish")
def hard_silu(x: Any) -> Any:
    """x · hard_sigmoid(x) (Howard et al., 2019, arXiv:1905.02244).

    >>> hard_silu([3.0])
    Array([3.], dtype=float32)
    """
    return ops.hard_silu(x)


@activation()
def hard_tanh(x: Any) -> Any:
    """min(max(x, −1), 1)

    >>> hard_tanh([-3.0, 0.5])
    Array([-1. ,  0.5], dtype=float32)
    """
    return ops.hard_tanh(x)


@activation()
def log_sigmoid(x: Any) -> Any:
    """log(1 / (1 + e⁻ˣ))

    >>> log_sigmoid([0.0]).round(3)
    Array([-0.693], dtype=float32)
    """
    return ops.log_sigmoid(x)


@activation()
def tanh_shrink(x: Any) -> Any:
    """x − tanh(x)

    >>> tanh_shrink([1.0]).round(3)
    Array([0.238], dtype=float32)
    """
    return ops.tanh_shrink(x)


@activation()
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by the threshold, and 0 within it.

    >>> soft_shrink([-1.0, 0.2])
    Array([-0.5,  0. ], dtype=float32)
    """
    return ops.soft_shrink(x, threshold)


@activation()
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x, and 0 within the threshold.

    >>> hard_shrink([-1.0, 0.2])
    Array([-1.,  0.], dtype=float32)
    """
    return ops.hard_shrink(x, threshold)


@activation()
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x above a threshold, a default value elsewhere.

    >>> threshold([-1.0, 2.0], 0.0, 7.0)
    Array([7., 2.], dtype=float32)
    """
    return ops.threshold(x, threshold, default_value)


@activation()
def squareplus(x: Any, b: float = 4) -> Any:
    """(x + √(x² + b)) / 2 (Barron, 2021, arXiv:2112.11687).

    >>> squareplus([0.0])
    Array([1.], dtype=float32)
    """
    return ops.squareplus(x, b)


@activation()
def sparse_plus(x: Any) -> Any:
    """0 up to −1, (x + 1)² / 4 up to 1, then x.

    >>> sparse_plus([-2.0, 0.0, 2.0])
    Array([0.  , 0.25, 2.  ], dtype=float32)
    """
    return ops.sparse_plus(x)


@activation()
def sparse_sigmoid(x: Any) -> Any:
    """0 up to −1, (x + 1) / 2 up to 1, then 1.

    >>> sparse_sigmoid([-2.0, 0.0, 2.0])
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    return ops.sparse_sigmoid(x)


@activation()
def glu(x: Any, axis: int = -1) -> Any:
    """a · sigmoid(b), a and b the halves of x along an axis (Dauphin et al., 2016, 1612.08083).

    >>> glu([3.0, 0.0])
    Array([1.5], dtype=float32)
    """
    return ops.glu(x, axis)


@activation()
def sparsemax(x: Any, axis: int = -1) -> Any:
    """The point of the probability simplex nearest to x (Martins and Astudillo, 2016, 1602.02068).

    >>> sparsemax([1.0, 0.5, -2.0])
    Array([0.75, 0.25, 0.  ], dtype=float32)
    """
    return ops.sparsemax(x, axis)
