"""Accuracies: shares of rows whose predicted class is right."""

from __future__ import annotations

import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.checks import flag, scalar, whole
from rosenblatt.core.direction import Direction
from rosenblatt.core.refusing import refusing
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, ArrayLike, Scalar
from rosenblatt.losses.crossentropy import SPARSE_HINT
from rosenblatt.losses.shapes import as_float, misaligned, squeeze_or_expand
from rosenblatt.metrics.base import family
from rosenblatt.metrics.reduction import FunctionMetric

_HINT = SPARSE_HINT.replace("crossentropy", "accuracy")


def _same_rank(y_true: ArrayLike, y_pred: ArrayLike, where: str) -> tuple[Array, Array]:
    true, pred = squeeze_or_expand(jnp.asarray(y_true), jnp.asarray(y_pred))
    if true.shape != pred.shape:
        raise misaligned(true.shape, pred.shape, where)
    return true, pred


def _ids(y_true: ArrayLike, y_pred: Array, where: str) -> Array:
    """Class ids with the predictions' shape less the last axis."""
    given = ids = jnp.asarray(y_true)
    if ids.ndim == y_pred.ndim and ids.shape[-1] == 1:
        ids = ids[..., 0]
    if ids.shape != y_pred.shape[:-1]:
        raise misaligned(given.shape, y_pred.shape, where, _HINT)
    return ids


def _one_hot_ids(y_true: ArrayLike, y_pred: Array, where: str) -> Array:
    true = jnp.asarray(y_true)
    if true.shape != y_pred.shape:
        raise misaligned(true.shape, y_pred.shape, where, _HINT)
    return jnp.argmax(true, axis=-1)


def _equal(ids: Array, best: Array) -> Array:
    """Where class ids equal predicted ones; 16-bit floats cannot hold every id."""
    if jnp.issubdtype(ids.dtype, jnp.floating):
        ids, best = ids.astype("float32"), best.astype("float32")
    return (ids == best).astype(config.floatx())


@refusing("`metrics.accuracy`")
def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """1 where the prediction equals the target, else 0.

    Args:
        y_true: (N, …) targets.
        y_pred: (N, …) predictions.

    Returns:
        (N, …) zeros and ones.

    Raises:
        ValueError: shapes that do not align.

    >>> accuracy([1, 2], [1, 0])
    Array([1., 0.], dtype=float32)
    """
    true, pred = _same_rank(y_true, y_pred, "accuracy")
    return (true.astype(pred.dtype) == pred).astype(config.floatx())


@builtin("keras.metrics")
@refusing("`metrics.binary_accuracy`")
def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: Scalar = 0.5) -> Array:
    """1 where (ŷ > threshold) equals the target, else 0.

    Args:
        y_true: (N, …) zeros and ones.
        y_pred: (N, …) probabilities.
        threshold: above it the prediction is 1.

    Returns:
        (N, …) zeros and ones.

    Raises:
        ValueError: shapes that do not align.

    >>> binary_accuracy([[1], [1]], [[0.7], [0.2]])
    Array([[1.],
           [0.]], dtype=float32)
    """
    true, pred = _same_rank(y_true, y_pred, "binary_accuracy")
    return (true == (pred > threshold).astype(true.dtype)).astype(config.floatx())


@builtin("keras.metrics")
@refusing("`metrics.categorical_accuracy`")
def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """1 where the largest prediction is at the largest target, else 0.

    Args:
        y_true: (N, …, K) one-hot rows.
        y_pred: (N, …, K) probabilities or logits.

    Returns:
        (N, …) zeros and ones.

    Raises:
        ValueError: shapes that do not align.

    >>> categorical_accuracy([[0, 1], [0, 1]], [[0.2, 0.8], [0.9, 0.1]])
    Array([1., 0.], dtype=float32)
    """
    pred = as_float(y_pred)
    ids = _one_hot_ids(y_true, pred, "categorical_accuracy")
    return _equal(ids, jnp.argmax(pred, axis=-1))


@builtin("keras.metrics")
@refusing("`metrics.sparse_categorical_accuracy`")
def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """1 where the largest prediction is that of the class id, else 0.

    Args:
        y_true: (N, …) or (N, …, 1) class ids.
        y_pred: (N, …, K) probabilities or logits.

    Returns:
        (N, …) zeros and ones.

    Raises:
        ValueError: shapes that do not align.

    >>> sparse_categorical_accuracy([1, 1], [[0.2, 0.8], [0.9, 0.1]])
    Array([1., 0.], dtype=float32)
    """
    pred = as_float(y_pred)
    ids = _ids(y_true, pred, "sparse_categorical_accuracy")
    return _equal(ids, jnp.argmax(pred, axis=-1))


def _in_top(ids: Array, y_pred: Array, k: int) -> Array:
    """1 where fewer than k predictions are above that of the class id."""
    ids = ids.astype("int32")[..., None]
    chosen = jnp.max(jnp.where(ids == jnp.arange(y_pred.shape[-1]), y_pred, -jnp.inf), axis=-1)
    chosen = jnp.where(jnp.isnan(chosen), -jnp.inf, chosen)
    above = jnp.sum(y_pred > chosen[..., None], axis=-1)
    return (above < k).astype(config.floatx())


@builtin("keras.metrics")
@refusing("`metrics.top_k_categorical_accuracy`")
def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> Array:
    """1 where the target's class is among the k largest predictions, else 0.

    Shapes as in `categorical_accuracy`.

    >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.1, 0.5, 0.4]], k=2)
    Array([1.], dtype=float32)
    """
    pred = as_float(y_pred)
    return _in_top(_one_hot_ids(y_true, pred, "top_k_categorical_accuracy"), pred, k)


@builtin("keras.metrics")
@refusing("`metrics.sparse_top_k_categorical_accuracy`")
def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> Array:
    """1 where the class id is among the k largest predictions, else 0.

    Args:
        y_true: (N, …) or (N, …, 1) class ids.
        y_pred: (N, …, K) probabilities or logits; or class ids, likeliest first.
        k: how many predictions are looked at.
        from_sorted_ids: whether the predictions are class ids.

    Returns:
        (N, …) zeros and ones.

    >>> sparse_top_k_categorical_accuracy([2], [[0.1, 0.5, 0.4]], k=2)
    Array([1.], dtype=float32)
    """
    pred = jnp.asarray(y_pred)
    ids = _ids(y_true, pred, "sparse_top_k_categorical_accuracy")
    if from_sorted_ids:
        found = ids[..., None].astype(pred.dtype) == pred[..., :k]
        return jnp.any(found, axis=-1).astype(config.floatx())
    return _in_top(ids, as_float(pred), k)


@family.entry("acc")
class Accuracy(FunctionMetric):
    """Share of predictions that equal their targets.

    Args:
        name: its name.
        dtype: float type it computes in.

    >>> float(Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]))
    0.75
    """

    fn = staticmethod(accuracy)
    direction = Direction.MAX


@family.entry()
class BinaryAccuracy(FunctionMetric):
    """Share of targets 0 or 1 on the right side of the threshold.

    Args:
        name: its name.
        dtype: float type it computes in.
        threshold: above it the prediction is 1.

    >>> float(BinaryAccuracy()([[1], [1], [0], [0]], [[0.9], [0.4], [0.1], [0.2]]))
    0.75
    """

    fn = staticmethod(binary_accuracy)
    __argument_order__ = ("name", "dtype", "threshold")
    direction = Direction.MAX
    threshold: float = setting(scalar, default=0.5, role=NUMBER)


@family.entry()
class CategoricalAccuracy(FunctionMetric):
    """Share of one-hot rows whose class is predicted. Arguments as in `Accuracy`.

    >>> float(CategoricalAccuracy()([[0, 1], [0, 1]], [[0.2, 0.8], [0.9, 0.1]]))
    0.5
    """

    fn = staticmethod(categorical_accuracy)
    direction = Direction.MAX


@family.entry()
class SparseCategoricalAccuracy(FunctionMetric):
    """Share of class ids that are predicted. Arguments as in `Accuracy`.

    >>> float(SparseCategoricalAccuracy()([1, 1], [[0.2, 0.8], [0.9, 0.1]]))
    0.5
    """

    fn = staticmethod(sparse_categorical_accuracy)
    direction = Direction.MAX


@family.entry()
class TopKCategoricalAccuracy(FunctionMetric):
    """Share of one-hot rows whose class is among the k likeliest. Other arguments as in `Accuracy`.

    Args:
        k: how many predictions are looked at.

    >>> float(TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.1, 0.5, 0.4]]))
    1.0
    """

    fn = staticmethod(top_k_categorical_accuracy)
    direction = Direction.MAX
    k: int = setting(whole(least=1), default=5)


@family.entry()
class SparseTopKCategoricalAccuracy(FunctionMetric):
    """Share of class ids among the k likeliest. Other arguments as in `Accuracy`.

    Args:
        k: how many predictions are looked at.
        from_sorted_ids: whether predictions are class ids, likeliest first.

    >>> float(SparseTopKCategoricalAccuracy(k=2)([2], [[0.1, 0.5, 0.4]]))
    1.0
    """

    fn = staticmethod(sparse_top_k_categorical_accuracy)
    __argument_order__ = ("name", "dtype", "from_sorted_ids")
    direction = Direction.MAX
    k: int = setting(whole(least=1), default=5)
    from_sorted_ids: bool = setting(flag, default=False, saved=None)
