"""Losses for numbers: squared, absolute, relative and robust errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.registry import builtin
from rosenblatt.losses.base import FunctionLoss, PlainLoss
from rosenblatt.losses.shapes import align, as_float, mean_over, misaligned


@builtin("keras.metrics")
@builtin("keras.losses")
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
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
    y_true, y_pred = align(y_true, y_pred, "mean_squared_error")
    return mean_over(jnp.square(y_true - y_pred))


@builtin("keras.metrics")
@builtin("keras.losses")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Absolute error: mean_j |y_j − ŷ_j|. Shapes as in `mean_squared_error`.

    >>> mean_absolute_error([[1.0, 2.0]], [[2.0, 4.0]])
    Array([1.5], dtype=float32)
    """
    y_true, y_pred = align(y_true, y_pred, "mean_absolute_error")
    return mean_over(jnp.abs(y_true - y_pred))


@builtin("keras.metrics")
@builtin("keras.losses")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Error in per cent: 100 mean_j |y_j − ŷ_j| / max(|y_j|, ε). Shapes as in `mean_squared_error`.

    >>> mean_absolute_percentage_error([[4.0]], [[5.0]])
    Array([25.], dtype=float32)
    """
    y_true, y_pred = align(y_true, y_pred, "mean_absolute_percentage_error")
    scale = jnp.maximum(jnp.abs(y_true), jnp.asarray(config.epsilon(), y_pred.dtype))
    return 100.0 * mean_over(jnp.abs((y_true - y_pred) / scale))


@builtin("keras.metrics")
@builtin("keras.losses")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Squared error of logarithms: mean_j (log(1 + y_j) − log(1 + ŷ_j))², both raised to ε first.

    Shapes as in `mean_squared_error`.

    >>> round(float(mean_squared_logarithmic_error([[0.0]], [[1.0]])[0]), 4)
    0.4805
    """
    y_true, y_pred = align(y_true, y_pred, "mean_squared_logarithmic_error")
    eps = jnp.asarray(config.epsilon(), y_pred.dtype)
    log_true, log_pred = (jnp.log1p(jnp.maximum(y, eps)) for y in (y_true, y_pred))
    return mean_over(jnp.square(log_true - log_pred))


@builtin("keras.metrics")
@builtin("keras.losses")
def huber(y_true: Any, y_pred: Any, delta: Any = 1.0) -> Any:
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
    y_true, y_pred = align(y_true, y_pred, "huber")
    delta = jnp.asarray(delta, y_pred.dtype)
    error = jnp.abs(y_pred - y_true)
    near = jnp.minimum(error, delta)
    return mean_over(near * (error - 0.5 * near))


@builtin("keras.metrics")
@builtin("keras.losses")
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean_j log cosh(ŷ_j − y_j): about e²/2 near zero and |e| − log 2 far away.

    Shapes as in `mean_squared_error`.

    >>> round(float(log_cosh([[0.0]], [[1.0]])[0]), 4)
    0.4338
    """
    y_true, y_pred = align(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    return mean_over(jnp.logaddexp(error, -error) - jnp.asarray(np.log(2.0), error.dtype))


@builtin("keras.losses")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
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
    y_true, y_pred = align(y_true, y_pred, "cosine_similarity")
    return -jnp.sum(unit(y_true, axis) * unit(y_pred, axis), axis=axis)


def unit(x: Any, axis: int) -> Any:
    """x over its length along an axis; a vector of zeros stays zero, with a finite gradient."""
    eps = jnp.asarray(config.epsilon(), x.dtype)
    square = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    tiny = jnp.asarray(jnp.finfo(x.dtype).tiny, x.dtype)
    return x * jnp.minimum(1 / jnp.sqrt(jnp.maximum(square, tiny)), 1 / eps)


@builtin("keras.losses")  # where configs of functions are looked for
def quantile(y_true: Any, y_pred: Any, quantiles: Any = 0.5) -> Any:
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
    y_pred = as_float(y_pred)
    q = jnp.asarray(quantiles, y_pred.dtype)
    if q.ndim:
        y_true = _one_target(y_true, y_pred, q)
    y_true, y_pred = align(y_true, y_pred, "quantile")
    error = y_true - y_pred
    return mean_over(jnp.maximum(q * error, (q - 1) * error))


def _one_target(y_true: Any, y_pred: Any, q: Any) -> Any:
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


@builtin("keras.losses")
class MeanSquaredError(PlainLoss):
    """Squared error: mean (y − ŷ)².

    Args:
        reduction: how per-sample values become one number.
        name: its name.
        dtype: float type it computes in.

    >>> float(MeanSquaredError()([[0.0], [0.0]], [[1.0], [3.0]]))
    5.0
    """

    function = staticmethod(mean_squared_error)


@builtin("keras.losses")
class MeanAbsoluteError(PlainLoss):
    """Absolute error: mean |y − ŷ|. Arguments as in `MeanSquaredError`.

    >>> float(MeanAbsoluteError()([[0.0], [0.0]], [[1.0], [3.0]]))
    2.0
    """

    function = staticmethod(mean_absolute_error)


@builtin("keras.losses")
class MeanAbsolutePercentageError(PlainLoss):
    """Error in per cent of the targets. Arguments as in `MeanSquaredError`.

    >>> float(MeanAbsolutePercentageError()([[2.0]], [[1.0]]))
    50.0
    """

    function = staticmethod(mean_absolute_percentage_error)


@builtin("keras.losses")
class MeanSquaredLogarithmicError(PlainLoss):
    """Squared error of log(1 + y). Arguments as in `MeanSquaredError`.

    >>> round(float(MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
    0.4805
    """

    function = staticmethod(mean_squared_logarithmic_error)


@builtin("keras.losses")
class Huber(FunctionLoss):
    """Squared near zero, absolute beyond δ: see `huber`. Other arguments as in `MeanSquaredError`.

    Args:
        delta: where the square ends.

    >>> float(Huber(delta=2.0)([[0.0]], [[3.0]]))
    4.0
    """

    runtime_parameters = ("delta",)
    unsaved = {"delta": 1.0}

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ):
        super().__init__(huber, reduction, name, dtype, delta=delta)


@builtin("rosenblatt.losses")
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

    runtime_parameters = ("quantiles",)

    def __init__(
        self,
        quantiles: float | Sequence[float] = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "quantile",
        dtype: Any = None,
    ):
        several: list[Any] = list(np.atleast_1d(np.asarray(quantiles, dtype=object)))
        if np.ndim(quantiles) > 1 or not all(0 < q < 1 for q in several):
            raise ValueError(
                explain(
                    "Quantile: `quantiles` is out of range.",
                    given=quantiles,
                    expected="0 < q < 1, or a list of such numbers",
                )
            )
        number = [float(q) for q in several] if np.ndim(quantiles) else float(several[0])
        super().__init__(quantile, reduction, name, dtype, quantiles=number)


@builtin("keras.losses")
class LogCosh(PlainLoss):
    """mean log cosh(ŷ − y). Arguments as in `MeanSquaredError`.

    >>> round(float(LogCosh()([[0.0]], [[1.0]])), 4)
    0.4338
    """

    function = staticmethod(log_cosh)


@builtin("keras.losses")
class CosineSimilarity(FunctionLoss):
    """Minus the cosine of the angle between y and ŷ. Other arguments as in `MeanSquaredError`.

    Args:
        axis: axis of the vectors.

    >>> float(CosineSimilarity()([[1.0, 0.0]], [[3.0, 0.0]]))
    -1.0
    """

    unsaved = {"axis": -1}

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
