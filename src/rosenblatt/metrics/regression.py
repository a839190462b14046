"""Metrics of numbers: errors, cosine, correlation, share of variance explained."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.masks import mask_of
from rosenblatt.core.registry import builtin
from rosenblatt.core.variable import Variable
from rosenblatt.losses import regression
from rosenblatt.losses.shapes import align, as_arrays, real_rows
from rosenblatt.metrics.base import Metric
from rosenblatt.metrics.counting import element_weights
from rosenblatt.metrics.reduction import FunctionMetric, Mean


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between targets and predictions, 1 for the same direction."""
    return -regression.cosine_similarity(y_true, y_pred, axis)


@builtin("keras.metrics")
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Pearson's correlation along an axis: cov(y, ŷ) / (σ_y σ_ŷ).

    Args:
        y_true: (N, …, d) targets.
        y_pred: (N, …, d) predictions.
        axis: axis it goes along.

    Returns:
        (N, …) values from −1 to 1.

    >>> pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]]).round(4)
    Array([1.], dtype=float32)
    """
    y_true, y_pred = align(y_true, y_pred, "pearson_correlation")

    def standard(x: Any) -> Any:
        return (x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True)

    return jnp.mean(standard(y_true) * standard(y_pred), axis=axis)


@builtin("keras.metrics")
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Lin's concordance: mean of 2 (y − m_ŷ)(ŷ − m_ŷ) / (σ²_y + σ²_ŷ + (m_y − m_ŷ)² + ε).

    Lin, "A concordance correlation coefficient to evaluate reproducibility", 1989. Shapes as in
    `pearson_correlation`.

    >>> concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]]).round(4)
    Array([1.], dtype=float32)
    """
    y_true, y_pred = align(y_true, y_pred, "concordance_correlation")
    means = [x.mean(axis, keepdims=True) for x in (y_true, y_pred)]
    spread = y_true.var(axis, keepdims=True) + y_pred.var(axis, keepdims=True)
    spread = spread + jnp.square(means[0] - means[1]) + config.epsilon()
    return jnp.mean(2 * (y_true - means[1]) * (y_pred - means[1]) / spread, axis=axis)


@builtin("keras.metrics")
class MeanSquaredError(FunctionMetric):
    """mean (y − ŷ)².

    Args:
        name: its name.
        dtype: float type it computes in.

    >>> float(MeanSquaredError()([[0.0], [0.0]], [[1.0], [3.0]]))
    5.0
    """

    function = staticmethod(regression.mean_squared_error)
    direction = "min"


@builtin("keras.metrics")
class MeanAbsoluteError(FunctionMetric):
    """mean |y − ŷ|. Arguments as in `MeanSquaredError`.

    >>> float(MeanAbsoluteError()([[0.0], [0.0]], [[1.0], [3.0]]))
    2.0
    """

    function = staticmethod(regression.mean_absolute_error)
    direction = "min"


@builtin("keras.metrics")
class MeanAbsolutePercentageError(FunctionMetric):
    """Error in per cent of the targets. Arguments as in `MeanSquaredError`.

    >>> float(MeanAbsolutePercentageError()([[2.0]], [[1.0]]))
    50.0
    """

    function = staticmethod(regression.mean_absolute_percentage_error)
    direction = "min"


@builtin("keras.metrics")
class MeanSquaredLogarithmicError(FunctionMetric):
    """Squared error of log(1 + y). Arguments as in `MeanSquaredError`.

    >>> round(float(MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
    0.4805
    """

    function = staticmethod(regression.mean_squared_logarithmic_error)
    direction = "min"


@builtin("keras.metrics")
class LogCoshError(FunctionMetric):
    """mean log cosh(ŷ − y). Arguments as in `MeanSquaredError`.

    >>> round(float(LogCoshError()([[0.0]], [[1.0]])), 4)
    0.4338
    """

    function = staticmethod(regression.log_cosh)
    default_name = "logcosh"
    direction = "min"


@builtin("keras.metrics")
class RootMeanSquaredError(Mean):
    """sqrt(mean (y − ŷ)²) over all rows so far. Arguments as in `MeanSquaredError`.

    >>> float(RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]]))
    5.0
    """

    direction = "min"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None):
        super().__init__(name=name, dtype=dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Take in (N, …, d) targets and predictions."""
        y_true, y_pred = align(y_true, as_arrays(y_pred, self.dtype), self.name)
        super().update_state(jnp.square(y_pred - y_true), sample_weight)

    def result(self) -> Any:
        """The root of the mean."""
        return jnp.sqrt(super().result())


@builtin("keras.metrics")
class CosineSimilarity(FunctionMetric):
    """The cosine of the angle between y and ŷ. Other arguments as in `MeanSquaredError`.

    Args:
        axis: axis of the vectors.

    >>> float(CosineSimilarity()([[1.0, 0.0]], [[3.0, 0.0]]))
    1.0
    """

    function = staticmethod(cosine_similarity)
    unsaved = {"axis": -1}
    direction = "max"

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1):
        self._setup(name, dtype, axis=axis)


@builtin("keras.metrics")
class PearsonCorrelation(FunctionMetric):
    """Mean of Pearson's correlation along an axis: see `pearson_correlation`.

    >>> round(float(PearsonCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])), 4)
    1.0
    """

    function = staticmethod(pearson_correlation)
    direction = "max"

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1):
        self._setup(name, dtype, axis=axis)


@builtin("keras.metrics")
class ConcordanceCorrelation(FunctionMetric):
    """Mean of Lin's concordance along an axis: see `concordance_correlation`.

    >>> round(float(ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])), 4)
    1.0
    """

    function = staticmethod(concordance_correlation)
    direction = "max"

    def __init__(
        self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1
    ):
        self._setup(name, dtype, axis=axis)


@builtin("keras.metrics")
class R2Score(Metric):
    """Share of the targets' variance explained: 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)².

    Args:
        class_aggregation: "uniform_average" or "variance_weighted_average" over the outputs, or
            None for one score for each.
        num_regressors: p > 0 gives the adjusted score 1 − (1 − R²)(n − 1) / (n − p − 1).
        name: its name.
        dtype: float type it computes in.

    Raises:
        ValueError: another aggregation, a negative number, or data that are not (N, d).

    >>> round(float(R2Score()([[1.0], [2.0], [3.0]], [[1.0], [2.0], [2.0]])), 4)
    0.5
    """

    direction = "max"
    waits_for_shapes = True

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ):
        super().__init__(name=name, dtype=dtype)
        known = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in known:
            raise ValueError(
                explain(
                    "R2Score: unknown `class_aggregation`.",
                    given=repr(class_aggregation),
                    expected=f"one of {known}",
                )
            )
        if num_regressors < 0:
            raise ValueError(
                explain("R2Score: bad `num_regressors`.", given=num_regressors, expected="≥ 0")
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._sums: dict[str, Variable] = {}

    def _make_sums(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2:
            raise ValueError(
                explain("R2Score: bad shape.", given=f"y_pred of shape {shape}", expected="(N, d)")
            )
        if not self._sums:
            for name in ("squared_sum", "sum", "residual", "count"):
                self._sums[name] = self.add_variable(shape[1:], "zeros", name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in (N, d) targets and predictions."""
        mask = mask_of(y_pred)
        y_true, y_pred = align(y_true, as_arrays(y_pred, self.dtype), self.name)
        self._make_sums(y_true.shape)
        weight = element_weights(y_true, sample_weight, mask, self.name)
        rows = real_rows(y_true)
        seen: Any = y_true.size if rows is None else jnp.sum(rows) * y_true.shape[1]
        self._sums["sum"].assign_add(jnp.sum(weight * y_true, axis=0))
        self._sums["squared_sum"].assign_add(jnp.sum(weight * y_true**2, axis=0))
        self._sums["residual"].assign_add(jnp.sum(weight * (y_true - y_pred) ** 2, axis=0))
        self._sums["count"].assign_add(jnp.sum(weight, axis=0))
        self.num_samples.assign_add(seen)

    def result(self) -> Any:
        """The score."""
        sums = {name: variable.value for name, variable in self._sums.items()}
        mean = sums["sum"] / sums["count"]
        total = sums["squared_sum"] - sums["sum"] * mean
        score = 1 - sums["residual"] / total
        score = jnp.where(jnp.isinf(score), 0.0, score)
        if self.class_aggregation == "uniform_average":
            score = jnp.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = jnp.sum(total * score) / jnp.sum(total)
        return self._adjusted(score) if self.num_regressors else score

    def _adjusted(self, score: jax.Array) -> jax.Array:
        n = self.num_samples.value
        left = n - self.num_regressors - 1
        adjusted = 1 - (1 - score) * (n - 1) / jnp.where(left > 0, left, 1)
        return jnp.where(left > 0, adjusted, score)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **own}
