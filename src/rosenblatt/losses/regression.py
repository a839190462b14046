"""Losses for numbers: squared, absolute, relative and robust errors."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.checks import anything, number, scalar, several
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, ArrayLike, Scalar
from rosenblatt.losses.base import FunctionLoss, Targets, equation, family
from rosenblatt.losses.shapes import align, as_float, mean_over, misaligned

_QUANTILE = number(above=0, below=1)


@equation("mse", "MSE", targets=Targets.SAME_SHAPE)
def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Squared error: mean_j (y_j − ŷ_j)².

    Args:
        y_true: (N, …, d) targets.
        y_pred: (N, …, d) predictions.

    Returns:
        (N, …) values.

    Raises:
        ValueError: shapes that do not align.

    >>> mean_squared_error([[1.0, 2.0]], [[2.0, 4.0]])
    Array([2.5], dtype=float32)
    """
    true, pred = align(y_true, y_pred, "mean_squared_error")
    return mean_over(jnp.square(true - pred))


@equation("mae", "MAE", targets=Targets.SAME_SHAPE)
def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Absolute error: mean_j |y_j − ŷ_j|. Shapes as in `mean_squared_error`.

    >>> mean_absolute_error([[1.0, 2.0]], [[2.0, 4.0]])
    Array([1.5], dtype=float32)
    """
    true, pred = align(y_true, y_pred, "mean_absolute_error")
    return mean_over(jnp.abs(true - pred))


@equation("mape", "MAPE", targets=Targets.SAME_SHAPE)
def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Error in per cent: 100 mean_j |y_j − ŷ_j| / max(|y_j|, ε). Shapes as in `mean_squared_error`.

    >>> mean_absolute_percentage_error([[4.0]], [[5.0]])
    Array([25.], dtype=float32)
    """
    true, pred = align(y_true, y_pred, "mean_absolute_percentage_error")
    scale = jnp.maximum(jnp.abs(true), jnp.asarray(config.epsilon(), pred.dtype))
    return 100.0 * mean_over(jnp.abs((true - pred) / scale))


@equation("msle", "MSLE", targets=Targets.SAME_SHAPE)
def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Squared error of logarithms: mean_j (log(1 + y_j) − log(1 + ŷ_j))², both raised to ε first.

    Shapes as in `mean_squared_error`.

    >>> round(float(mean_squared_logarithmic_error([[0.0]], [[1.0]])[0]), 4)
    0.4805
    """
    true, pred = align(y_true, y_pred, "mean_squared_logarithmic_error")
    eps = jnp.asarray(config.epsilon(), pred.dtype)
    log_true, log_pred = (jnp.log1p(jnp.maximum(y, eps)) for y in (true, pred))
    return mean_over(jnp.square(log_true - log_pred))


@equation(targets=Targets.SAME_SHAPE)
def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: Scalar = 1.0) -> Array:
    """Squared near zero, absolute beyond δ: mean_j of e²/2 where |e| ≤ δ, else δ|e| − δ²/2.

    Huber, "Robust estimation of a location parameter", 1964; δ = 1 is Keras's default.

    Args:
        y_true: (N, …, d) targets.
        y_pred: (N, …, d) predictions.
        delta: where the square ends.

    Returns:
        (N, …) values.

    >>> huber([[0.0], [0.0]], [[0.5], [3.0]])
    Array([0.125, 2.5  ], dtype=float32)
    """
    true, pred = align(y_true, y_pred, "huber")
    delta = jnp.asarray(delta, pred.dtype)
    error = jnp.abs(pred - true)
    near = jnp.minimum(error, delta)
    return mean_over(near * (error - 0.5 * near))


@equation("logcosh", targets=Targets.SAME_SHAPE)
def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """mean_j log cosh(ŷ_j − y_j): about e²/2 near zero and |e| − log 2 far away.

    Shapes as in `mean_squared_error`.

    >>> round(float(log_cosh([[0.0]], [[1.0]])[0]), 4)
    0.4338
    """
    true, pred = align(y_true, y_pred, "log_cosh")
    error = pred - true
    return mean_over(jnp.logaddexp(error, -error) - jnp.asarray(np.log(2.0), error.dtype))


@equation(targets=Targets.SAME_SHAPE)
def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """Minus the cosine of the angle between targets and predictions: −Σ_j y_j ŷ_j / (‖y‖ ‖ŷ‖).

    Args:
        y_true: (N, …, d) targets.
        y_pred: (N, …, d) predictions.
        axis: axis of the vectors.

    Returns:
        (N, …) values from −1 (same direction) to 1.

    >>> cosine_similarity([[1.0, 0.0]], [[3.0, 0.0]])
    Array([-1.], dtype=float32)
    """
    true, pred = align(y_true, y_pred, "cosine_similarity")
    return -jnp.sum(unit(true, axis) * unit(pred, axis), axis=axis)


def unit(x: Array, axis: int) -> Array:
    """x over its length along an axis; a vector of zeros stays zero, with a finite gradient."""
    eps = jnp.asarray(config.epsilon(), x.dtype)
    square = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    tiny = jnp.asarray(jnp.finfo(x.dtype).tiny, x.dtype)
    return x * jnp.minimum(1 / jnp.sqrt(jnp.maximum(square, tiny)), 1 / eps)


@equation()
def quantile(
    y_true: ArrayLike, y_pred: ArrayLike, quantiles: Scalar | Sequence[float] = 0.5
) -> Array:
    """Pinball loss: mean_j max(q e_j, (q − 1) e_j) with e = y − ŷ; least at the q-quantile.

    Koenker & Bassett, "Regression quantiles", 1978. Not in Keras.

    Args:
        y_true: (N, …, d) targets; (N, …) or (N, …, 1) where there are several quantiles.
        y_pred: (N, …, d) predictions; (N, …, K), one output for each of K quantiles.
        quantiles: q with 0 < q < 1, or K of them.

    Returns:
        (N, …) values; q = 0.5 gives half the absolute error.

    Raises:
        ValueError: shapes that do not align.

    >>> quantile([[0.0], [0.0]], [[-1.0], [1.0]], 0.75)
    Array([0.75, 0.25], dtype=float32)
    >>> quantile([2.0], [[1.0, 3.0]], [0.25, 0.75])
    Array([0.25], dtype=float32)
    """
    pred = as_float(y_pred)
    q = jnp.asarray(quantiles, pred.dtype)
    true, pred = align(_one_target(y_true, pred, q) if q.ndim else y_true, pred, "quantile")
    error = true - pred
    return mean_over(jnp.maximum(q * error, (q - 1) * error))


def _one_target(y_true: ArrayLike, y_pred: Array, q: Array) -> Array:
    """Targets repeated for each of the quantiles."""
    given = jnp.asarray(y_true)
    target = given[..., 0] if given.ndim == y_pred.ndim and given.shape[-1] == 1 else given
    if y_pred.shape != (*target.shape, *q.shape):
        raise misaligned(
            given.shape,
            y_pred.shape,
            "quantile",
            f"give the output layer one unit for each quantile, units={q.size}, and pass one "
            "target for each row.",
        )
    return jnp.broadcast_to(target[..., None], y_pred.shape)


@family.entry()
class MeanSquaredError(FunctionLoss):
    """Squared error: mean (y − ŷ)².

    Args:
        reduction: how per-sample values become one number.
        name: its name.
        dtype: float type it computes in.

    >>> float(MeanSquaredError()([[0.0], [0.0]], [[1.0], [3.0]]))
    5.0
    """

    fn = staticmethod(mean_squared_error)


@family.entry()
class MeanAbsoluteError(FunctionLoss):
    """Absolute error: mean |y − ŷ|. Arguments as in `MeanSquaredError`.

    >>> float(MeanAbsoluteError()([[0.0], [0.0]], [[1.0], [3.0]]))
    2.0
    """

    fn = staticmethod(mean_absolute_error)


@family.entry()
class MeanAbsolutePercentageError(FunctionLoss):
    """Error in per cent of the targets. Arguments as in `MeanSquaredError`.

    >>> float(MeanAbsolutePercentageError()([[2.0]], [[1.0]]))
    50.0
    """

    fn = staticmethod(mean_absolute_percentage_error)


@family.entry()
class MeanSquaredLogarithmicError(FunctionLoss):
    """Squared error of log(1 + y). Arguments as in `MeanSquaredError`.

    >>> round(float(MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
    0.4805
    """

    fn = staticmethod(mean_squared_logarithmic_error)


@family.entry()
class Huber(FunctionLoss):
    """Squared near zero, absolute beyond δ: see `huber`. Other arguments as in `MeanSquaredError`.

    Args:
        delta: where the square ends.

    >>> float(Huber(delta=2.0)([[0.0]], [[3.0]]))
    4.0
    """

    fn = staticmethod(huber)
    __argument_defaults__ = {"name": "huber_loss"}
    delta: float = setting(scalar, default=1.0, role=NUMBER, saved=None)


@builtin("rosenblatt.losses")
@family.entry()
class Quantile(FunctionLoss):
    """Pinball loss, for quantiles instead of means: see `quantile`. Not in Keras.

    Args:
        quantiles: q with 0 < q < 1, or a list of K, one for each output of the last axis.
        reduction: how per-sample values become one number.
        name: its name.
        dtype: float type it computes in.

    Raises:
        ValueError: a quantile outside (0, 1).

    >>> round(float(Quantile(0.9)([[0.0], [0.0]], [[-1.0], [1.0]])), 4)
    0.5
    >>> float(Quantile([0.25, 0.75])([2.0], [[1.0, 3.0]]))
    0.25
    """

    fn = staticmethod(quantile)
    quantiles: float | Sequence[float] = setting(
        several(_QUANTILE, "0 < q < 1, or a list of such numbers"), default=0.5, role=NUMBER
    )


@family.entry()
class LogCosh(FunctionLoss):
    """mean log cosh(ŷ − y). Arguments as in `MeanSquaredError`.

    >>> round(float(LogCosh()([[0.0]], [[1.0]])), 4)
    0.4338
    """

    fn = staticmethod(log_cosh)


@family.entry()
class CosineSimilarity(FunctionLoss):
    """Minus the cosine of the angle between y and ŷ. Other arguments as in `MeanSquaredError`.

    Args:
        axis: axis of the vectors.

    >>> float(CosineSimilarity()([[1.0, 0.0]], [[3.0, 0.0]]))
    -1.0
    """

    fn = staticmethod(cosine_similarity)
    axis: int = setting(anything, default=-1, saved=None)
