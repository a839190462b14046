"""Losses that ask for a margin between classes."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core.registry import builtin
from rosenblatt.losses.base import PlainLoss
from rosenblatt.losses.crossentropy import SPARSE_HINT
from rosenblatt.losses.shapes import align, mean_over


def _margins(y_true: Any, y_pred: Any, where: str) -> Any:
    """max(1 − y ŷ, 0), with targets 0 and 1 turned into −1 and 1."""
    y_true, y_pred = align(y_true, y_pred, where)
    binary = jnp.all((y_true == 0) | (y_true == 1))
    signs = jnp.where(binary, 2.0 * y_true - 1.0, y_true)
    return jnp.maximum(1.0 - signs * y_pred, 0.0)


@builtin("keras.metrics")
@builtin("keras.losses")
def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean_j max(1 − y_j ŷ_j, 0), the loss of support vector machines.

    Args:
        y_true: (N, …, d) targets −1 or 1; all 0 or 1 are taken for −1 and 1.
        y_pred: (N, …, d) scores.

    Returns:
        (N, …) values.

    >>> hinge([[1.0], [-1.0]], [[0.5], [0.5]])
    Array([0.5, 1.5], dtype=float32)
    """
    return mean_over(_margins(y_true, y_pred, "hinge"))


@builtin("keras.metrics")
@builtin("keras.losses")
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean_j max(1 − y_j ŷ_j, 0)². Arguments as in `hinge`.

    >>> squared_hinge([[1.0], [-1.0]], [[0.5], [0.5]])
    Array([0.25, 2.25], dtype=float32)
    """
    return mean_over(jnp.square(_margins(y_true, y_pred, "squared_hinge")))


@builtin("keras.metrics")
@builtin("keras.losses")
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(1 + max_k (1 − y_k) ŷ_k − Σ_k y_k ŷ_k, 0).

    Args:
        y_true: (N, …, K) one-hot rows.
        y_pred: (N, …, K) scores.

    Returns:
        (N, …) values.

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]])
    Array([0.5], dtype=float32)
    """
    y_true, y_pred = align(y_true, y_pred, "categorical_hinge", SPARSE_HINT)
    right = jnp.sum(y_true * y_pred, axis=-1)
    wrong = jnp.max((1.0 - y_true) * y_pred, axis=-1)
    return jnp.maximum(wrong - right + 1.0, 0.0)


@builtin("keras.losses")
class Hinge(PlainLoss):
    """max(1 − y ŷ, 0): see `hinge`. Arguments as in `MeanSquaredError`.

    >>> float(Hinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
    1.0
    """

    function = staticmethod(hinge)


@builtin("keras.losses")
class SquaredHinge(PlainLoss):
    """max(1 − y ŷ, 0)²: see `squared_hinge`. Arguments as in `MeanSquaredError`.

    >>> float(SquaredHinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
    1.25
    """

    function = staticmethod(squared_hinge)


@builtin("keras.losses")
class CategoricalHinge(PlainLoss):
    """A margin between the right class and the best wrong one: see `categorical_hinge`.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
    0.5
    """

    function = staticmethod(categorical_hinge)
