"""Cross-entropies that weigh confident rows down, or bound what a wrong label costs.

Keras clips probabilities even where logits are given; here logits stay exact, so a row that is
wrong by far still has a gradient.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.losses.base import FunctionLoss
from rosenblatt.losses.crossentropy import (
    SPARSE_HINT,
    class_ids,
    elementwise_bce,
    log_probabilities,
    smooth,
    wide,
)
from rosenblatt.losses.shapes import align, as_float, mean_over


def _power(p: Any, exponent: Any) -> Any:
    """p to an exponent, which below 1 has no finite slope at 0: there the slope is 0."""
    return jnp.power(jnp.maximum(p, jnp.finfo(p.dtype).tiny), exponent)


@builtin("keras.metrics")
@builtin("keras.losses")
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: Any = 0.25,
    gamma: Any = 2.0,
    from_logits: bool = False,
    label_smoothing: Any = 0.0,
    axis: int = -1,
) -> Any:
    """mean_j (1 − p_t)^γ · BCE_j, where p_t = y p + (1 − y)(1 − p).

    Lin et al., "Focal loss for dense object detection", 2017, where γ = 2 and α = 0.25 did best.

    Args:
        y_true: (N, …, d) zeros and ones.
        y_pred: (N, …, d) probabilities or logits.
        apply_class_balancing: multiply by α for ones and 1 − α for zeros.
        alpha: weight of the ones.
        gamma: how strongly confident rows are weighed down.
        from_logits: whether the predictions are logits.
        label_smoothing: s in y (1 − s) + s / 2.
        axis: axis the mean goes over.

    Returns:
        (N, …) values.

    >>> binary_focal_crossentropy([[1.0]], [[0.5]]).round(4)
    Array([0.1733], dtype=float32)
    """
    y_true, y_pred = align(y_true, y_pred, "binary_focal_crossentropy")
    y = smooth(wide(y_true), label_smoothing, 2)
    bce = elementwise_bce(y, y_pred, from_logits)
    p = jax.nn.sigmoid(wide(y_pred)) if from_logits else wide(y_pred)
    q = jax.nn.sigmoid(-wide(y_pred)) if from_logits else 1.0 - p
    losses = _power(y * q + (1.0 - y) * p, gamma) * bce
    if apply_class_balancing:
        losses = losses * (y * alpha + (1.0 - y) * (1.0 - alpha))
    return mean_over(losses, axis).astype(y_pred.dtype)


@builtin("keras.metrics")
@builtin("keras.losses")
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: Any = 2.0,
    from_logits: bool = False,
    label_smoothing: Any = 0.0,
    axis: int = -1,
) -> Any:
    """−Σ_k α (1 − p_k)^γ y_k log p_k. Lin et al. 2017.

    Args:
        y_true: (N, …, K) one-hot rows.
        y_pred: (N, …, K) probabilities or logits.
        alpha: weight of all classes, or one for each.
        gamma: how strongly confident rows are weighed down.
        from_logits: whether the predictions are logits.
        label_smoothing: s in y (1 − s) + s / K.
        axis: axis of the classes.

    Returns:
        (N, …) values.

    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4)
    Array([0.0433], dtype=float32)
    """
    y_true, y_pred = align(y_true, y_pred, "categorical_focal_crossentropy", SPARSE_HINT)
    y = smooth(wide(y_true), label_smoothing, y_true.shape[axis])
    logs = log_probabilities(y_pred, from_logits, axis)
    weight = jnp.asarray(alpha, logs.dtype) * _power(-jnp.expm1(logs), gamma)
    return -jnp.sum(weight * y * logs, axis=axis).astype(y_pred.dtype)


@builtin("keras.losses")
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: Any) -> Any:
    """(1 − p_y^q) / q of the class id y: between cross-entropy (q → 0) and absolute error (q = 1).

    Zhang & Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy
    labels", 2018.

    Args:
        y_true: (N, …) or (N, …, 1) class ids.
        y_pred: (N, …, K) probabilities.
        q: 0 < q < 1.

    Returns:
        (N, …) values.

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5)
    Array([1.], dtype=float32)
    """
    y_pred = as_float(y_pred)
    ids = class_ids(y_true, y_pred, "categorical_generalized_cross_entropy")[..., None]
    p = jnp.sum(jnp.where(ids == jnp.arange(y_pred.shape[-1]), y_pred, 0), axis=-1)
    return (1 - _power(p, q)) / q


categorical_generalized_cross_entropy.takes_class_ids = True


@builtin("keras.losses")
class BinaryFocalCrossentropy(FunctionLoss):
    """Binary cross-entropy with confident rows weighed down: see `binary_focal_crossentropy`.

    >>> round(float(BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
    0.1733
    """

    runtime_parameters = ("alpha", "gamma", "label_smoothing")

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
        )


@builtin("keras.losses")
class CategoricalFocalCrossentropy(FunctionLoss):
    """Categorical cross-entropy with confident classes weighed down.

    See `categorical_focal_crossentropy`.

    >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.0433
    """

    runtime_parameters = ("alpha", "gamma", "label_smoothing")

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
            alpha=alpha,
            gamma=gamma,
        )


@builtin("keras.losses")
class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """Cross-entropy for noisy labels: see `categorical_generalized_cross_entropy`.

    Raises:
        ValueError: q outside (0, 1).

    >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    runtime_parameters = ("q",)

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ):
        if not 0 < q < 1:
            raise ValueError(
                explain(
                    "CategoricalGeneralizedCrossEntropy: `q` is out of range.",
                    given=q,
                    expected="0 < q < 1",
                )
            )
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
