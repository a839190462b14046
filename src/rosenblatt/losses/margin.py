"""Losses that ask for a margin between classes."""

from __future__ import annotations

import jax.numpy as jnp

from rosenblatt.core.types import Array, ArrayLike
from rosenblatt.losses.base import FunctionLoss, Targets, equation, family
from rosenblatt.losses.crossentropy import SPARSE_HINT
from rosenblatt.losses.shapes import align, mean_over


def _margins(y_true: ArrayLike, y_pred: ArrayLike, where: str) -> Array:
    """max(1 − y ŷ, 0), with targets 0 and 1 turned into −1 and 1."""
    true, pred = align(y_true, y_pred, where)
    binary = jnp.all((true == 0) | (true == 1))
    signs = jnp.where(binary, 2.0 * true - 1.0, true)
    return jnp.maximum(1.0 - signs * pred, 0.0)


@equation(targets=Targets.SAME_SHAPE)
def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
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


@equation(targets=Targets.SAME_SHAPE)
def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """mean_j max(1 − y_j ŷ_j, 0)². Arguments as in `hinge`.

    >>> squared_hinge([[1.0], [-1.0]], [[0.5], [0.5]])
    Array([0.25, 2.25], dtype=float32)
    """
    return mean_over(jnp.square(_margins(y_true, y_pred, "squared_hinge")))


@equation(targets=Targets.ONE_HOT)
def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """max(1 + max_k (1 − y_k) ŷ_k − Σ_k y_k ŷ_k, 0).

    Args:
        y_true: (N, …, K) one-hot rows.
        y_pred: (N, …, K) scores.

    Returns:
        (N, …) values.

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]])
    Array([0.5], dtype=float32)
    """
    true, pred = align(y_true, y_pred, "categorical_hinge", SPARSE_HINT)
    right = jnp.sum(true * pred, axis=-1)
    wrong = jnp.max((1.0 - true) * pred, axis=-1)
    return jnp.maximum(wrong - right + 1.0, 0.0)


@family.entry()
class Hinge(FunctionLoss):
    """max(1 − y ŷ, 0): see `hinge`. Arguments as in `MeanSquaredError`.

    >>> float(Hinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
    1.0
    """

    fn = staticmethod(hinge)


@family.entry()
class SquaredHinge(FunctionLoss):
    """max(1 − y ŷ, 0)²: see `squared_hinge`. Arguments as in `MeanSquaredError`.

    >>> float(SquaredHinge()([[1.0], [-1.0]], [[0.5], [0.5]]))
    1.25
    """

    fn = staticmethod(squared_hinge)


@family.entry()
class CategoricalHinge(FunctionLoss):
    """A margin between the right class and the best wrong one: see `categorical_hinge`.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
    0.5
    """

    fn = staticmethod(categorical_hinge)
