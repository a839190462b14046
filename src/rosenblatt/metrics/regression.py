"""Metrics of numbers: errors, cosine, correlation, share of variance explained."""

from __future__ import annotations

import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.checks import anything, choice, whole
from rosenblatt.core.direction import Direction
from rosenblatt.core.errors import BadData
from rosenblatt.core.masks import mask_of
from rosenblatt.core.refusing import refusing
from rosenblatt.core.registry import builtin
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Array, ArrayLike
from rosenblatt.core.variable import Variable
from rosenblatt.losses import regression
from rosenblatt.losses.shapes import align, as_arrays, real_rows
from rosenblatt.metrics.base import Metric, family
from rosenblatt.metrics.reduction import FunctionMetric, Mean, element_weights


@refusing("`metrics.cosine_similarity`")
def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """The cosine of the angle between targets and predictions, 1 for the same direction."""
    return -regression.cosine_similarity(y_true, y_pred, axis)


@builtin("keras.metrics")
@refusing("`metrics.pearson_correlation`")
def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
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
    true, pred = align(y_true, y_pred, "pearson_correlation")

    def standard(x: Array) -> Array:
        return (x - x.mean(axis, keepdims=True)) / x.std(axis, keepdims=True)

    return jnp.mean(standard(true) * standard(pred), axis=axis)


@builtin("keras.metrics")
@refusing("`metrics.concordance_correlation`")
def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """Lin's concordance: mean of 2 (y − m_ŷ)(ŷ − m_ŷ) / (σ²_y + σ²_ŷ + (m_y − m_ŷ)² + ε).

    Lin, "A concordance correlation coefficient to evaluate reproducibility", 1989. Shapes as in
    `pearson_correlation`.

    >>> concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]]).round(4)
    Array([1.], dtype=float32)
    """
    true, pred = align(y_true, y_pred, "concordance_correlation")
    means = [x.mean(axis, keepdims=True) for x in (true, pred)]
    spread = true.var(axis, keepdims=True) + pred.var(axis, keepdims=True)
    spread = spread + jnp.square(means[0] - means[1]) + config.epsilon()
    return jnp.mean(2 * (true - means[1]) * (pred - means[1]) / spread, axis=axis)


@family.entry("mse", "MSE")
class MeanSquaredError(FunctionMetric):
    """mean (y − ŷ)².

    Args:
        name: its name.
        dtype: float type it computes in.

    >>> float(MeanSquaredError()([[0.0], [0.0]], [[1.0], [3.0]]))
    5.0
    """

    fn = staticmethod(regression.mean_squared_error)


@family.entry("mae", "MAE")
class MeanAbsoluteError(FunctionMetric):
    """mean |y − ŷ|. Arguments as in `MeanSquaredError`.

    >>> float(MeanAbsoluteError()([[0.0], [0.0]], [[1.0], [3.0]]))
    2.0
    """

    fn = staticmethod(regression.mean_absolute_error)


@family.entry("mape", "MAPE")
class MeanAbsolutePercentageError(FunctionMetric):
    """Error in per cent of the targets. Arguments as in `MeanSquaredError`.

    >>> float(MeanAbsolutePercentageError()([[2.0]], [[1.0]]))
    50.0
    """

    fn = staticmethod(regression.mean_absolute_percentage_error)


@family.entry("msle", "MSLE")
class MeanSquaredLogarithmicError(FunctionMetric):
    """Squared error of log(1 + y). Arguments as in `MeanSquaredError`.

    >>> round(float(MeanSquaredLogarithmicError()([[0.0]], [[1.0]])), 4)
    0.4805
    """

    fn = staticmethod(regression.mean_squared_logarithmic_error)


@family.entry("logcosh", "log_cosh")
class LogCoshError(FunctionMetric):
    """mean log cosh(ŷ − y). Arguments as in `MeanSquaredError`.

    >>> round(float(LogCoshError()([[0.0]], [[1.0]])), 4)
    0.4338
    """

    fn = staticmethod(regression.log_cosh)
    __argument_defaults__ = {"name": "logcosh"}


@family.entry("rmse", "RMSE")
class RootMeanSquaredError(Mean):
    """sqrt(mean (y − ŷ)²) over all rows so far. Arguments as in `MeanSquaredError`.

    >>> float(RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]]))
    5.0
    """

    direction = Direction.MIN
    __argument_defaults__ = {"name": "root_mean_squared_error"}

    def update_state(  # type: ignore[override]
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in (N, …, d) targets and predictions."""
        true, pred = align(y_true, as_arrays(y_pred, self.dtype), self.name)
        super().update_state(jnp.square(pred - true), sample_weight)

    def result(self) -> Array:
        """The root of the mean."""
        return jnp.sqrt(super().result())


@family.entry()
class CosineSimilarity(FunctionMetric):
    """The cosine of the angle between y and ŷ. Other arguments as in `MeanSquaredError`.

    Args:
        axis: axis of the vectors.

    >>> float(CosineSimilarity()([[1.0, 0.0]], [[3.0, 0.0]]))
    1.0
    """

    fn = staticmethod(cosine_similarity)
    __argument_order__ = ("name", "dtype", "axis")
    direction = Direction.MAX
    axis: int = setting(anything, default=-1, saved=None)


@family.entry()
class PearsonCorrelation(FunctionMetric):
    """Mean of Pearson's correlation along an axis: see `pearson_correlation`.

    >>> round(float(PearsonCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])), 4)
    1.0
    """

    fn = staticmethod(pearson_correlation)
    __argument_order__ = ("name", "dtype", "axis")
    direction = Direction.MAX
    axis: int = setting(anything, default=-1)


@family.entry()
class ConcordanceCorrelation(FunctionMetric):
    """Mean of Lin's concordance along an axis: see `concordance_correlation`.

    >>> round(float(ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]])), 4)
    1.0
    """

    fn = staticmethod(concordance_correlation)
    __argument_order__ = ("name", "dtype", "axis")
    direction = Direction.MAX
    axis: int = setting(anything, default=-1)


@family.entry()
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

    direction = Direction.MAX
    __argument_defaults__ = {"name": "r2_score"}
    waits_for_shapes = True
    class_aggregation: str | None = setting(
        choice(None, "uniform_average", "variance_weighted_average"), default="uniform_average"
    )
    num_regressors: int = setting(whole(least=0), default=0)

    def __post_init__(self) -> None:
        """Make the variable that needs no shape."""
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._sums: dict[str, Variable] = {}

    def _make_sums(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2:
            raise BadData(
                "R2Score: bad shape.", given=f"y_pred of shape {shape}", expected="(N, d)"
            )
        if not self._sums:
            for name in ("squared_sum", "sum", "residual", "count"):
                self._sums[name] = self.add_variable(shape[1:], "zeros", name=name)

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in (N, d) targets and predictions."""
        mask = mask_of(y_pred)
        true, pred = align(y_true, as_arrays(y_pred, self.dtype), self.name)
        self._make_sums(true.shape)
        weight = element_weights(true, sample_weight, mask, self.name)
        rows = real_rows(true)
        seen = true.size if rows is None else jnp.sum(rows) * true.shape[1]
        self._sums["sum"].assign_add(jnp.sum(weight * true, axis=0))
        self._sums["squared_sum"].assign_add(jnp.sum(weight * true**2, axis=0))
        self._sums["residual"].assign_add(jnp.sum(weight * (true - pred) ** 2, axis=0))
        self._sums["count"].assign_add(jnp.sum(weight, axis=0))
        self.num_samples.assign_add(seen)

    def result(self) -> Array:
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

    def _adjusted(self, score: Array) -> Array:
        n = self.num_samples.value
        left = n - self.num_regressors - 1
        adjusted = 1 - (1 - score) * (n - 1) / jnp.where(left > 0, left, 1)
        return jnp.where(left > 0, adjusted, score)
