"""Losses on sets and pairs of rows: overlap (Dice, Tversky) and circle loss."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.checks import anything, flag, scalar
from rosenblatt.core.scope import row_mask
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, ArrayLike, Scalar
from rosenblatt.losses.base import FunctionLoss, Targets, equation, family
from rosenblatt.losses.shapes import align, as_float, real_rows

Axes = int | Sequence[int] | None


def _aligned(y_true: ArrayLike, y_pred: ArrayLike, where: str) -> tuple[Array, Array]:
    """Aligned arrays with padding rows emptied: sums may go over the rows here."""
    true, pred = align(y_true, y_pred, where)
    rows = real_rows(pred)
    if rows is None:
        return true, pred
    return jnp.where(rows, true, 0), jnp.where(rows, pred, 0)


@equation(targets=Targets.SAME_SHAPE)
def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: Axes = None) -> Array:
    """1 − 2 Σ y ŷ / (Σ y + Σ ŷ + ε).

    Args:
        y_true: (N, …) zeros and ones.
        y_pred: (N, …) probabilities.
        axis: axes of the sums; all of them, rows too, if None.

    Returns:
        A scalar, or the axes that are left.

    >>> dice([[1.0, 0.0]], [[1.0, 0.0]]).round(4)
    Array(0., dtype=float32)
    """
    true, pred = _aligned(y_true, y_pred, "dice")
    shared = jnp.sum(true * pred, axis=axis)
    return 1 - 2.0 * shared / (
        jnp.sum(true, axis=axis) + jnp.sum(pred, axis=axis) + config.epsilon()
    )


@equation(targets=Targets.SAME_SHAPE)
def tversky(
    y_true: ArrayLike, y_pred: ArrayLike, alpha: Scalar = 0.5, beta: Scalar = 0.5, axis: Axes = None
) -> Array:
    """1 − Σ y ŷ / (Σ y ŷ + α Σ y (1 − ŷ) + β Σ ŷ (1 − y) + ε).

    Salehi et al., "Tversky loss function for image segmentation", 2017.

    Args:
        y_true: (N, …) zeros and ones.
        y_pred: (N, …) probabilities.
        alpha: weight of ones that were missed.
        beta: weight of zeros that were taken for ones.
        axis: axes of the sums; all of them, rows too, if None.

    Returns:
        A scalar, or the axes that are left.

    >>> tversky([[1.0, 0.0]], [[1.0, 0.0]]).round(4)
    Array(0., dtype=float32)
    """
    true, pred = _aligned(y_true, y_pred, "tversky")
    shared = jnp.sum(true * pred, axis=axis)
    missed = jnp.sum(true * (1 - pred), axis=axis)
    false = jnp.sum(pred * (1 - true), axis=axis)
    return 1 - shared / (shared + alpha * missed + beta * false + config.epsilon())


@equation(targets=Targets.LABELS, counted=lambda y_true, values, arguments: values > 0)
def circle(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ref_labels: ArrayLike | None = None,
    ref_embeddings: ArrayLike | None = None,
    remove_diagonal: bool = True,
    gamma: Scalar = 80,
    margin: Scalar = 0.4,
) -> Array:
    """softplus(logsumexp of what pulls rows of other classes + that of rows of the same class).

    Sun et al., "Circle loss: a unified perspective of pair similarity optimization", 2020.

    Args:
        y_true: (N,) or (N, 1) class ids.
        y_pred: (N, d) embeddings of length 1.
        ref_labels: (M,) class ids of the rows to compare with; the batch's own if None.
        ref_embeddings: (M, d) their embeddings.
        remove_diagonal: leave out the pair of a row with itself.
        gamma: scale.
        margin: margin, from 0 to 1.

    Returns:
        (N,) values.

    >>> circle([0, 0], [[1.0, 0.0], [1.0, 0.0]])
    Array([0., 0.], dtype=float32)
    """
    pred = as_float(y_pred)
    labels = jnp.asarray(y_true).astype("int32").reshape(-1, 1)
    keys = pred if ref_embeddings is None else as_float(ref_embeddings)
    key_labels = labels if ref_labels is None else jnp.asarray(ref_labels).astype("int32")
    distance = jnp.maximum(1 - pred @ keys.T, 0.0)
    same = labels == key_labels.reshape(1, -1)
    other = ~same
    if remove_diagonal:
        same = same & ~jnp.eye(same.shape[0], same.shape[1], dtype=bool)
    mask = row_mask()
    if ref_embeddings is None and mask is not None and mask.shape[0] == pred.shape[0]:
        same, other = same & mask, other & mask
    pull = -gamma * jnp.maximum(margin + distance, 0.0) * (margin - distance)
    push = gamma * jnp.maximum(1 + margin - distance, 0.0) * (1 - margin - distance)
    # Far below any score, but finite: a row without a partner has a gradient of 0, not NaN.
    nothing = jnp.asarray(-1e9, distance.dtype)
    attracted = jax.nn.logsumexp(jnp.where(same, pull, nothing), axis=1)
    repelled = jax.nn.logsumexp(jnp.where(other, push, nothing), axis=1)
    return jax.nn.softplus(attracted + repelled)


@family.entry()
class Dice(FunctionLoss):
    """1 − the overlap of two sets: see `dice`. Other arguments as in `MeanSquaredError`.

    >>> round(float(Dice()([[1.0, 0.0]], [[1.0, 0.0]])), 4)
    0.0
    """

    fn = staticmethod(dice)
    __argument_order__ = ("reduction", "name", "axis", "dtype")
    axis: Axes = setting(anything, default=None)


@family.entry()
class Tversky(FunctionLoss):
    """Dice with a weight for each kind of error: see `tversky`.

    >>> round(float(Tversky()([[1.0, 0.0]], [[1.0, 0.0]])), 4)
    0.0
    """

    fn = staticmethod(tversky)
    __argument_order__ = ("reduction", "name", "axis", "dtype")
    alpha: float = setting(scalar, default=0.5, role=NUMBER)
    beta: float = setting(scalar, default=0.5, role=NUMBER)
    axis: Axes = setting(anything, default=None)


@family.entry()
class Circle(FunctionLoss):
    """Circle loss on embeddings of length 1: see `circle`. The mean is over rows above 0.

    >>> float(Circle()([0, 0], [[1.0, 0.0], [1.0, 0.0]]))
    0.0
    """

    fn = staticmethod(circle)
    gamma: float = setting(scalar, default=80.0, role=NUMBER)
    margin: float = setting(scalar, default=0.4, role=NUMBER)
    remove_diagonal: bool = setting(flag, default=True)
