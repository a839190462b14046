"""Cross-entropies and other losses for probabilities.

16-bit inputs are computed in float32: the fuzz factor that keeps logarithms finite is lost in
shorter floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.checks import anything, flag, optional, scalar, whole
from rosenblatt.core.errors import BadArgument, explain, warn_user
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, ArrayLike, Scalar
from rosenblatt.core.watched import watch
from rosenblatt.losses.base import FunctionLoss, Targets, equation, family
from rosenblatt.losses.shapes import (
    align,
    as_float,
    check_labels,
    is_off,
    mean_over,
    misaligned,
)
from rosenblatt.ops import networks
from rosenblatt.ops.define import wide

SPARSE_HINT = (
    "class ids, one for each row, go with `sparse_categorical_crossentropy`; one-hot rows go with "
    "`categorical_crossentropy` (`to_categorical(y, num_classes=...)` makes them)."
)


def smooth(y_true: Array, label_smoothing: Scalar, classes: int) -> Array:
    """Targets drawn towards the uniform distribution: (1 − s) y + s / K."""
    if is_off(label_smoothing):
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


@equation("bce", "BCE", targets=Targets.UNIT_INTERVAL)
def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: Scalar = 0.0,
    axis: int = -1,
) -> Array:
    """mean_j −y_j log p_j − (1 − y_j) log(1 − p_j), with p = sigmoid(ŷ) for logits.

    Args:
        y_true: (N, …, d) zeros and ones.
        y_pred: (N, …, d) probabilities, clipped to [ε, 1 − ε], or logits.
        from_logits: whether the predictions are logits.
        label_smoothing: s in y (1 − s) + s / 2.
        axis: axis the mean goes over.

    Returns:
        (N, …) values.

    Raises:
        ValueError: shapes that do not align.

    >>> binary_crossentropy([[1.0]], [[100.0]], from_logits=True)
    Array([0.], dtype=float32)
    """
    true, pred = jnp.asarray(y_true), as_float(y_pred)
    ids = pred.ndim > 1 and pred.shape[-1] > 2 and true.size == pred.shape[0]
    true, pred = align(true, pred, "binary_crossentropy", SPARSE_HINT if ids else None)
    true = wide(smooth(true, label_smoothing, 2))
    losses = networks.binary_crossentropy(true, wide(pred), from_logits)
    return mean_over(losses, axis).astype(pred.dtype)


def check_classes(y_pred: Array, where: str, axis: int) -> None:
    """Refuse an axis that is True or False, and warn where there is one class only."""
    if isinstance(axis, bool):
        raise BadArgument(f"{where}: bad `axis`.", given=repr(axis), expected="an integer")
    if y_pred.shape[-1] == 1:
        warn_user(
            explain(
                f"{where}: the predictions have one class only, whose probability is always 1.",
                given=f"y_pred of shape {y_pred.shape}",
                expected="(batch, classes) with classes > 1",
                fix="two classes with one output unit go with a sigmoid and `binary_crossentropy`.",
            ),
            SyntaxWarning,
        )


@equation(targets=Targets.ONE_HOT)
def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: Scalar = 0.0,
    axis: int = -1,
) -> Array:
    """−Σ_k y_k log p_k, with p = ŷ / Σ ŷ, or softmax(ŷ) for logits.

    Args:
        y_true: (N, …, K) one-hot rows or probabilities.
        y_pred: (N, …, K) probabilities, clipped to [ε, 1 − ε], or logits.
        from_logits: whether the predictions are logits.
        label_smoothing: s in y (1 − s) + s / K.
        axis: axis of the classes.

    Returns:
        (N, …) values.

    Raises:
        ValueError: shapes that do not align.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4)
    Array([0.6931], dtype=float32)
    """
    true, pred = align(y_true, y_pred, "categorical_crossentropy", SPARSE_HINT)
    check_classes(pred, "categorical_crossentropy", axis)
    true = smooth(true, label_smoothing, true.shape[axis])
    losses = networks.categorical_crossentropy(true, wide(pred), from_logits, axis)
    return losses.astype(pred.dtype)


def _not_ignored(y_true: Array, values: Array, arguments: Mapping[str, Any]) -> Array | None:
    ignored = arguments.get("ignore_class")
    return None if ignored is None else (y_true != ignored).reshape(values.shape)


@equation(targets=Targets.CLASS_IDS, counted=_not_ignored)
def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array:
    """−log p_y of the class id y, with p = ŷ / Σ ŷ, or softmax(ŷ) for logits.

    Args:
        y_true: (N, …) or (N, …, 1) class ids from 0 to K − 1.
        y_pred: (N, …, K) probabilities, clipped to [ε, 1 − ε], or logits.
        from_logits: whether the predictions are logits.
        ignore_class: a class id whose rows give 0 and do not count in the mean of the loss.
        axis: axis of the classes.

    Returns:
        (N, …) values.

    Raises:
        ValueError: shapes that do not align.

    >>> sparse_categorical_crossentropy([1], [[0.0, 0.5, 0.5]]).round(4)
    Array([0.6931], dtype=float32)
    """
    pred = as_float(y_pred)
    ids = class_ids(y_true, pred, "sparse_categorical_crossentropy", axis)
    classes = pred.shape[axis]
    watch(ids, lambda labels: check_labels(labels, classes, "The targets", ignore_class))
    scores = wide(pred)
    # Unlike the op, the logarithm is taken of the chosen class only (4.5 µs a step of a 32×10
    # softmax regression against 5.5).
    chosen = networks.of_class(scores, ids, axis)
    if from_logits:
        losses = jax.nn.logsumexp(scores, axis=axis) - chosen
    else:
        losses = -jnp.log(networks.clip_probability(chosen / jnp.sum(scores, axis=axis)))
    if ignore_class is not None:
        losses = jnp.where(ids != jnp.asarray(ignore_class), losses, 0)
    return losses.astype(pred.dtype)


def class_ids(y_true: ArrayLike, y_pred: Array, where: str, axis: int = -1) -> Array:
    """Class ids as int32 with the predictions' shape less the axis of the classes."""
    given = jnp.asarray(y_true)
    ids = given.astype("int32")
    if ids.ndim == y_pred.ndim and ids.shape[axis] == 1:
        ids = jnp.squeeze(ids, axis=axis)
    shape = list(y_pred.shape)
    del shape[axis]
    if ids.shape != tuple(shape):
        raise misaligned(given.shape, y_pred.shape, where, SPARSE_HINT)
    return ids


@equation("kld", "KLD", "kullback_leibler_divergence", targets=Targets.ONE_HOT)
def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Kullback–Leibler divergence: Σ_k y_k log(y_k / p_k), both clipped to [ε, 1].

    Args:
        y_true: (N, …, K) probabilities.
        y_pred: (N, …, K) probabilities.

    Returns:
        (N, …) values.

    >>> round(float(kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])[0]), 4)
    0.1438
    """
    true, pred = align(y_true, y_pred, "kl_divergence", SPARSE_HINT)
    p, q = (jnp.clip(wide(y), config.epsilon(), 1) for y in (true, pred))
    return jnp.sum(p * jnp.log(p / q), axis=-1).astype(pred.dtype)


@equation(targets=Targets.SAME_SHAPE)
def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """For counts: mean_j ŷ_j − y_j log(ŷ_j + ε). Shapes as in `mean_squared_error`.

    >>> round(float(poisson([[2.0]], [[1.0]])[0]), 4)
    1.0
    """
    true, pred = align(y_true, y_pred, "poisson")
    return mean_over(pred - true * jnp.log(pred + config.epsilon()))


@equation(targets=Targets.SAME_SHAPE)
def poisson_deviance(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Half the Poisson deviance for counts, of logarithms of rates. Not in Keras.

    mean_j e^ŷ_j − y_j ŷ_j + y_j log y_j − y_j, which is 0 where e^ŷ = y. Unlike `poisson`, it takes
    what a layer without an activation gives, so no rate can be negative. Shapes as in
    `mean_squared_error`.

    >>> round(float(poisson_deviance([[2.0]], [[0.0]])[0]), 4)
    0.3863
    """
    true, pred = align(y_true, y_pred, "poisson_deviance")
    logs = jnp.where(true > 0, jnp.log(jnp.where(true > 0, true, 1.0)), 0.0)
    return mean_over(jnp.exp(pred) - true + true * (logs - pred))


@family.entry()
class BinaryCrossentropy(FunctionLoss):
    """−y log p − (1 − y) log(1 − p) for targets 0 or 1, one or several for each row.

    Args:
        from_logits: whether predictions are logits rather than probabilities.
        label_smoothing: s in y (1 − s) + s / 2.
        axis: axis the mean goes over.
        reduction: how per-sample values become one number.
        name: its name.
        dtype: float type it computes in.

    >>> round(float(BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]])), 4)
    0.6931
    """

    fn = staticmethod(binary_crossentropy)
    from_logits: bool = setting(flag, default=False)
    label_smoothing: float = setting(scalar, default=0.0, role=NUMBER)
    axis: int = setting(anything, default=-1)


@family.entry()
class CategoricalCrossentropy(FunctionLoss):
    """−Σ_k y_k log p_k for one-hot targets. Other arguments as in `BinaryCrossentropy`.

    Args:
        label_smoothing: s in y (1 − s) + s / K.
        axis: axis of the classes.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    fn = staticmethod(categorical_crossentropy)
    from_logits: bool = setting(flag, default=False)
    label_smoothing: float = setting(scalar, default=0.0, role=NUMBER)
    axis: int = setting(anything, default=-1)


@family.entry()
class SparseCategoricalCrossentropy(FunctionLoss):
    """−log p_y for class ids y. Other arguments as in `BinaryCrossentropy`.

    Args:
        ignore_class: a class id whose rows do not count.
        axis: axis of the classes.

    >>> round(float(SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [0.5, 0.5]])), 4)
    0.6931
    """

    fn = staticmethod(sparse_categorical_crossentropy)
    __argument_order__ = ("reduction", "axis", "name", "dtype")
    from_logits: bool = setting(flag, default=False)
    ignore_class: int | None = setting(optional(whole()), default=None)
    axis: int = setting(anything, default=-1, saved=None)


@family.entry()
class KLDivergence(FunctionLoss):
    """Σ_k y_k log(y_k / p_k). Arguments as in `MeanSquaredError`.

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    fn = staticmethod(kl_divergence)


@family.entry()
class Poisson(FunctionLoss):
    """ŷ − y log ŷ for counts. Arguments as in `MeanSquaredError`.

    >>> round(float(Poisson()([[2.0]], [[1.0]])), 4)
    1.0
    """

    fn = staticmethod(poisson)


@builtin("rosenblatt.losses")
@family.entry()
class PoissonDeviance(FunctionLoss):
    """Half the Poisson deviance of logarithms of rates: see `poisson_deviance`. Not in Keras.

    Arguments as in `MeanSquaredError`.

    >>> round(float(PoissonDeviance()([[2.0]], [[0.0]])), 4)
    0.3863
    """

    fn = staticmethod(poisson_deviance)
