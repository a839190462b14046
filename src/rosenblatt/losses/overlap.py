"""Losses on sets and pairs of rows: overlap (Dice, Tversky) and circle loss."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.registry import builtin
from rosenblatt.core.scope import row_mask
from rosenblatt.losses.base import FunctionLoss
from rosenblatt.losses.shapes import align, as_float, real_rows


def _aligned(y_true: Any, y_pred: Any, where: str) -> tuple[Any, Any]:
    """Aligned arrays with padding rows emptied: sums may go over the rows here."""
    y_true, y_pred = align(y_true, y_pred, where)
    rows = real_rows(y_pred)
    if rows is None:
        return y_true, y_pred
    return jnp.where(rows, y_true, 0), jnp.where(rows, y_pred, 0)


@builtin("keras.losses")
def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
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
    y_true, y_pred = _aligned(y_true, y_pred, "dice")
    shared = jnp.sum(y_true * y_pred, axis=axis)
    return 1 - 2.0 * shared / (
        jnp.sum(y_true, axis=axis) + jnp.sum(y_pred, axis=axis) + config.epsilon()
    )


@builtin("keras.losses")
def tversky(y_true: Any, y_pred: Any, alpha: Any = 0.5, beta: Any = 0.5, axis: Any = None) -> Any:
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
    y_true, y_pred = _aligned(y_true, y_pred, "tversky")
    shared = jnp.sum(y_true * y_pred, axis=axis)
    missed = jnp.sum(y_true * (1 - y_pred), axis=axis)
    false = jnp.sum(y_pred * (1 - y_true), axis=axis)
    return 1 - shared / (shared + alpha * missed + beta * false + config.epsilon())


@builtin("keras.losses")
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: Any = 80,
    margin: Any = 0.4,
) -> Any:
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
    y_pred = as_float(y_pred)
    labels = jnp.asarray(y_true).astype("int32").reshape(-1, 1)
    keys = y_pred if ref_embeddings is None else as_float(ref_embeddings)
    key_labels = labels if ref_labels is None else jnp.asarray(ref_labels).astype("int32")
    distance = jnp.maximum(1 - y_pred @ keys.T, 0.0)
    same = labels == key_labels.reshape(1, -1)
    other = ~same
    if remove_diagonal:
        same = same & ~jnp.eye(same.shape[0], same.shape[1], dtype=bool)
    mask = row_mask()
    if ref_embeddings is None and mask is not None and mask.shape[0] == y_pred.shape[0]:
        same, other = same & mask, other & mask
    pull = -gamma * jnp.maximum(margin + distance, 0.0) * (margin - distance)
    push = gamma * jnp.maximum(1 + margin - distance, 0.0) * (1 - margin - distance)
    # Far below any score, but finite: a row without a partner has a gradient of 0, not NaN.
    nothing = jnp.asarray(-1e9, distance.dtype)
    attracted = jax.nn.logsumexp(jnp.where(same, pull, nothing), axis=1)
    repelled = jax.nn.logsumexp(jnp.where(other, push, nothing), axis=1)
    return jax.nn.softplus(attracted + repelled)


circle.takes_class_ids = True
circle.counted = lambda y_true, values, kwargs: values > 0


@builtin("keras.losses")
class Dice(FunctionLoss):
    """1 − the overlap of two sets: see `dice`. Other arguments as in `MeanSquaredError`.

    >>> round(float(Dice()([[1.0, 0.0]], [[1.0, 0.0]])), 4)
    0.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Any = None,
        dtype: Any = None,
    ):
        super().__init__(dice, reduction, name, dtype, axis=axis)


@builtin("keras.losses")
class Tversky(FunctionLoss):
    """Dice with a weight for each kind of error: see `tversky`.

    >>> round(float(Tversky()([[1.0, 0.0]], [[1.0, 0.0]])), 4)
    0.0
    """

    runtime_parameters = ("alpha", "beta")

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)


@builtin("keras.losses")
class Circle(FunctionLoss):
    """Circle loss on embeddings of length 1: see `circle`. The mean is over rows above 0.

    >>> float(Circle()([0, 0], [[1.0, 0.0], [1.0, 0.0]]))
    0.0
    """

    runtime_parameters = ("gamma", "margin")

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ):
        kwargs = {"gamma": gamma, "margin": margin, "remove_diagonal": remove_diagonal}
        super().__init__(circle, reduction, name, dtype, **kwargs)
