"""Cross-entropies and other losses for probabilities.

16-bit inputs are computed in float32: the fuzz factor that keeps logarithms finite is lost in
shorter floats.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.core.watched import watch
from rosenblatt.losses.base import FunctionLoss, PlainLoss
from rosenblatt.losses.labels import check_labels
from rosenblatt.losses.shapes import align, as_float, is_off, mean_over, misaligned

SPARSE_HINT = (
    "class ids, one for each row, go with `sparse_categorical_crossentropy`; one-hot rows go with "
    "`categorical_crossentropy` (`to_categorical(y, num_classes=...)` makes them)."
)


def wide(x: Any) -> Any:
    """x in float32 where its type is shorter."""
    return x.astype("float32") if x.dtype.itemsize < 4 else x


def smooth(y_true: Any, label_smoothing: Any, classes: int) -> Any:
    """Targets drawn towards the uniform distribution: (1 − s) y + s / K."""
    if is_off(label_smoothing):
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


def clip_probability(p: Any) -> Any:
    """Probabilities kept ε away from 0 and 1, so that their logarithms are finite."""
    return jnp.clip(p, config.epsilon(), 1.0 - config.epsilon())


def elementwise_bce(y_true: Any, y_pred: Any, from_logits: bool) -> Any:
    """−y log p − (1 − y) log(1 − p) for each element, in float32."""
    y_true, y_pred = wide(y_true), wide(y_pred)
    if from_logits:
        log_p, log_q = jax.nn.log_sigmoid(y_pred), jax.nn.log_sigmoid(-y_pred)
        return -(y_true * log_p + (1.0 - y_true) * log_q)
    p = clip_probability(y_pred)
    return -(y_true * jnp.log(p) + (1.0 - y_true) * jnp.log(1.0 - p))


@builtin("keras.metrics")
@builtin("keras.losses")
def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: Any = 0.0, axis: int = -1
) -> Any:
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
    y_true, y_pred = jnp.asarray(y_true), as_float(y_pred)
    ids = y_pred.ndim > 1 and y_pred.shape[-1] > 2 and y_true.size == y_pred.shape[0]
    y_true, y_pred = align(y_true, y_pred, "binary_crossentropy", SPARSE_HINT if ids else None)
    losses = elementwise_bce(smooth(y_true, label_smoothing, 2), y_pred, from_logits)
    return mean_over(losses, axis).astype(y_pred.dtype)


def _check_classes(y_pred: Any, where: str) -> None:
    if y_pred.shape[-1] == 1:
        warnings.warn(
            explain(
                f"{where}: the predictions have one class only, whose probability is always 1.",
                given=f"y_pred of shape {y_pred.shape}",
                expected="(batch, classes) with classes > 1",
                fix="two classes with one output unit go with a sigmoid and `binary_crossentropy`.",
            ),
            SyntaxWarning,
            stacklevel=4,
        )


def log_probabilities(y_pred: Any, from_logits: bool, axis: int) -> Any:
    """log p of each class, in float32: by log-sum-exp for logits, else clipped."""
    y_pred = wide(y_pred)
    if from_logits:
        return jax.nn.log_softmax(y_pred, axis=axis)
    return jnp.log(clip_probability(y_pred / jnp.sum(y_pred, axis=axis, keepdims=True)))


@builtin("keras.metrics")
@builtin("keras.losses")
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: Any = 0.0, axis: int = -1
) -> Any:
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
    y_true, y_pred = align(y_true, y_pred, "categorical_crossentropy", SPARSE_HINT)
    _check_classes(y_pred, "categorical_crossentropy")
    y_true = smooth(y_true, label_smoothing, y_true.shape[axis])
    logs = log_probabilities(y_pred, from_logits, axis)
    return -jnp.sum(y_true * logs, axis=axis).astype(y_pred.dtype)


@builtin("keras.metrics")
@builtin("keras.losses")
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
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
    y_pred = as_float(y_pred)
    y_true = class_ids(y_true, y_pred, "sparse_categorical_crossentropy", axis)
    classes = y_pred.shape[axis]
    watch(y_true, lambda labels: check_labels(labels, classes, "The targets", ignore_class))
    scores = wide(y_pred)
    # A comparison and a sum: on CPU faster than a gather, and the logarithm is taken of the chosen
    # class only (4.5 µs a step of a 32×10 softmax regression against 5.5 with a one-hot product).
    ids = jnp.arange(classes)
    ids = ids.reshape((-1,) + (1,) * (y_pred.ndim - 1 - axis % y_pred.ndim))
    chosen = jnp.sum(jnp.where(jnp.expand_dims(y_true, axis) == ids, scores, 0), axis=axis)
    if from_logits:
        losses = jax.nn.logsumexp(scores, axis=axis) - chosen
    else:
        losses = -jnp.log(clip_probability(chosen / jnp.sum(scores, axis=axis)))
    if ignore_class is not None:
        losses = jnp.where(y_true != ignore_class, losses, 0)
    return losses.astype(y_pred.dtype)


sparse_categorical_crossentropy.takes_class_ids = True


def _not_ignored(y_true: Any, values: Any, kwargs: Mapping[str, Any]) -> Any:
    ignored = kwargs.get("ignore_class")
    return None if ignored is None else (y_true != ignored).reshape(values.shape)


sparse_categorical_crossentropy.counted = _not_ignored


def class_ids(y_true: Any, y_pred: Any, where: str, axis: int = -1) -> Any:
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


@builtin("keras.metrics")
@builtin("keras.losses")
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Kullback–Leibler divergence: Σ_k y_k log(y_k / p_k), both clipped to [ε, 1].

    Args:
        y_true: (N, …, K) probabilities.
        y_pred: (N, …, K) probabilities.

    Returns:
        (N, …) values.

    >>> round(float(kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])[0]), 4)
    0.1438
    """
    y_true, y_pred = align(y_true, y_pred, "kl_divergence", SPARSE_HINT)
    p, q = (jnp.clip(wide(y), config.epsilon(), 1) for y in (y_true, y_pred))
    return jnp.sum(p * jnp.log(p / q), axis=-1).astype(y_pred.dtype)


@builtin("keras.metrics")
@builtin("keras.losses")
def poisson(y_true: Any, y_pred: Any) -> Any:
    """For counts: mean_j ŷ_j − y_j log(ŷ_j + ε). Shapes as in `mean_squared_error`.

    >>> round(float(poisson([[2.0]], [[1.0]])[0]), 4)
    1.0
    """
    y_true, y_pred = align(y_true, y_pred, "poisson")
    return mean_over(y_pred - y_true * jnp.log(y_pred + config.epsilon()))


@builtin("rosenblatt.losses")
def poisson_deviance(y_true: Any, y_pred: Any) -> Any:
    """Half the Poisson deviance for counts, of logarithms of rates. Not in Keras.

    mean_j e^ŷ_j − y_j ŷ_j + y_j log y_j − y_j, which is 0 where e^ŷ = y. Unlike `poisson`, it takes
    what a layer without an activation gives, so no rate can be negative. Shapes as in
    `mean_squared_error`.

    >>> round(float(poisson_deviance([[2.0]], [[0.0]])[0]), 4)
    0.3863
    """
    y_true, y_pred = align(y_true, y_pred, "poisson_deviance")
    logs = jnp.where(y_true > 0, jnp.log(jnp.where(y_true > 0, y_true, 1.0)), 0.0)
    return mean_over(jnp.exp(y_pred) - y_true + y_true * (logs - y_pred))


@builtin("keras.losses")
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

    runtime_parameters = ("label_smoothing",)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ):
        kwargs = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **kwargs)


@builtin("keras.losses")
class CategoricalCrossentropy(FunctionLoss):
    """−Σ_k y_k log p_k for one-hot targets. Other arguments as in `BinaryCrossentropy`.

    Args:
        label_smoothing: s in y (1 − s) + s / K.
        axis: axis of the classes.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    runtime_parameters = ("label_smoothing",)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ):
        kwargs = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **kwargs)


@builtin("keras.losses")
class SparseCategoricalCrossentropy(FunctionLoss):
    """−log p_y for class ids y. Other arguments as in `BinaryCrossentropy`.

    Args:
        ignore_class: a class id whose rows do not count.
        axis: axis of the classes.

    >>> round(float(SparseCategoricalCrossentropy()([1, 0], [[0.5, 0.5], [0.5, 0.5]])), 4)
    0.6931
    """

    unsaved = {"axis": -1}

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ):
        kwargs = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **kwargs)


@builtin("keras.losses")
class KLDivergence(PlainLoss):
    """Σ_k y_k log(y_k / p_k). Arguments as in `MeanSquaredError`.

    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    function = staticmethod(kl_divergence)


@builtin("keras.losses")
class Poisson(PlainLoss):
    """ŷ − y log ŷ for counts. Arguments as in `MeanSquaredError`.

    >>> round(float(Poisson()([[2.0]], [[1.0]])), 4)
    1.0
    """

    function = staticmethod(poisson)


@builtin("rosenblatt.losses")
class PoissonDeviance(PlainLoss):
    """Half the Poisson deviance of logarithms of rates: see `poisson_deviance`. Not in Keras.

    Arguments as in `MeanSquaredError`.

    >>> round(float(PoissonDeviance()([[2.0]], [[0.0]])), 4)
    0.3863
    """

    function = staticmethod(poisson_deviance)
