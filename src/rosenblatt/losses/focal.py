"""Cross-entropies that weigh confident rows down, or bound what a wrong label costs.

Keras clips probabilities even where logits are given; here logits stay exact, so a row that is
wrong by far still has a gradient.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from rosenblatt.core.checks import anything, flag, number, scalar
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, ArrayLike, Scalar
from rosenblatt.losses.base import FunctionLoss, Targets, equation, family
from rosenblatt.losses.crossentropy import SPARSE_HINT, check_classes, class_ids, smooth
from rosenblatt.losses.shapes import align, as_float, mean_over
from rosenblatt.ops import networks
from rosenblatt.ops.define import wide


def _power(p: Array, exponent: Scalar) -> Array:
    """p to an exponent, which below 1 has no finite slope at 0: there the slope is 0."""
    return jnp.power(jnp.maximum(p, jnp.finfo(p.dtype).tiny), exponent)


@equation(targets=Targets.UNIT_INTERVAL)
def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: Scalar = 0.25,
    gamma: Scalar = 2.0,
    from_logits: bool = False,
    label_smoothing: Scalar = 0.0,
    axis: int = -1,
) -> Array:
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
    true, pred = align(y_true, y_pred, "binary_focal_crossentropy")
    y, scores = smooth(wide(true), label_smoothing, 2), wide(pred)
    bce = networks.binary_crossentropy(y, scores, from_logits)
    p = jax.nn.sigmoid(scores) if from_logits else scores
    q = jax.nn.sigmoid(-scores) if from_logits else 1.0 - p
    losses = _power(y * q + (1.0 - y) * p, gamma) * bce
    if apply_class_balancing:
        losses = losses * (y * alpha + (1.0 - y) * (1.0 - alpha))
    return mean_over(losses, axis).astype(pred.dtype)


@equation(targets=Targets.ONE_HOT)
def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: Scalar | Sequence[float] = 0.25,
    gamma: Scalar = 2.0,
    from_logits: bool = False,
    label_smoothing: Scalar = 0.0,
    axis: int = -1,
) -> Array:
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
    true, pred = align(y_true, y_pred, "categorical_focal_crossentropy", SPARSE_HINT)
    check_classes(pred, "categorical_focal_crossentropy", axis)
    y = smooth(wide(true), label_smoothing, true.shape[axis])
    logs = networks.log_probabilities(wide(pred), from_logits, axis)
    weight = jnp.asarray(alpha, logs.dtype) * _power(-jnp.expm1(logs), gamma)
    return -jnp.sum(weight * y * logs, axis=axis).astype(pred.dtype)


@equation(targets=Targets.CLASS_IDS)
def categorical_generalized_cross_entropy(y_true: ArrayLike, y_pred: ArrayLike, q: Scalar) -> Array:
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
    pred = as_float(y_pred)
    ids = class_ids(y_true, pred, "categorical_generalized_cross_entropy")
    return (1 - _power(networks.of_class(pred, ids, -1), q)) / q


@family.entry()
class BinaryFocalCrossentropy(FunctionLoss):
    """Binary cross-entropy with confident rows weighed down: see `binary_focal_crossentropy`.

    >>> round(float(BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
    0.1733
    """

    fn = staticmethod(binary_focal_crossentropy)
    apply_class_balancing: bool = setting(flag, default=False)
    alpha: float = setting(scalar, default=0.25, role=NUMBER)
    gamma: float = setting(scalar, default=2.0, role=NUMBER)
    from_logits: bool = setting(flag, default=False)
    label_smoothing: float = setting(scalar, default=0.0, role=NUMBER)
    axis: int = setting(anything, default=-1)


@family.entry()
class CategoricalFocalCrossentropy(FunctionLoss):
    """Categorical cross-entropy with confident classes weighed down.

    See `categorical_focal_crossentropy`.

    >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.0433
    """

    fn = staticmethod(categorical_focal_crossentropy)
    alpha: float | Sequence[float] = setting(anything, default=0.25, role=NUMBER)
    gamma: float = setting(scalar, default=2.0, role=NUMBER)
    from_logits: bool = setting(flag, default=False)
    label_smoothing: float = setting(scalar, default=0.0, role=NUMBER)
    axis: int = setting(anything, default=-1)


@family.entry()
class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """Cross-entropy for noisy labels: see `categorical_generalized_cross_entropy`.

    Raises:
        ValueError: q outside (0, 1).

    >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    fn = staticmethod(categorical_generalized_cross_entropy)
    q: float = setting(number(above=0, below=1, expected="0 < q < 1"), default=0.5, role=NUMBER)
