"""What is read off a curve over all thresholds: areas, and the best rate under a constraint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.checks import choice, converted, flag, optional, whole
from rosenblatt.core.direction import Direction
from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.core.loading import take
from rosenblatt.core.masks import keep
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.core.settings import setting
from rosenblatt.core.types import Array, ArrayLike, Config
from rosenblatt.losses.shapes import as_float, divide_no_nan
from rosenblatt.metrics.base import family
from rosenblatt.metrics.counting import ConfusionMetric, Thresholds, class_number, share, shares

_LEVEL = 64  # bytes of a threshold, in the lists that hold it
_HEIGHTS: dict[str, Callable[[Array, Array], Array]] = {
    "interpolation": lambda a, b: (a + b) / 2,
    "minoring": jnp.minimum,
    "majoring": jnp.maximum,
}


def _weights(value: Any) -> list[float] | None:
    weights = None if value is None else np.asarray(value, "float32")
    if weights is not None and not np.isfinite(weights).all():
        raise ValueError
    return None if weights is None else weights.tolist()


_WEIGHTS = converted(_weights, "one number for each label, or None", ["a", [None]])


class _RateAtRate(ConfusionMetric):
    """The base of the best value of one rate where another is large enough."""

    direction = Direction.MAX
    constrained: ClassVar[str]
    best: ClassVar[str]
    __argument_order__ = ("num_thresholds", "class_id", "name", "dtype")
    num_thresholds: int = setting(whole(least=1), default=200, kw_only=True)
    class_id: int | None = setting(class_number, default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Make the thresholds and the variables."""
        count = self.num_thresholds
        _count_levels(count)
        self.value = getattr(self, self.constrained)
        self.thresholds = [i / (count - 1) for i in range(count)] if count > 1 else [0.5]
        self._make_counts(Thresholds(self.thresholds, even=count > 1))

    def result(self) -> Array:
        """The largest rate; 0 where no threshold is feasible."""
        feasible = self._rate(self.constrained) >= self.value
        return jnp.max(jnp.where(feasible, self._rate(self.best), 0))


@family.entry()
class SensitivityAtSpecificity(_RateAtRate):
    """The largest TP / (TP + FN) among thresholds where TN / (TN + FP) is at least a bound.

    Args:
        specificity: the bound, from 0 to 1.
        num_thresholds: thresholds from 0 to 1 that are tried, evenly spaced.
        class_id: the one class (last axis) that is looked at; all together if None.
        name: its name.
        dtype: float type it computes in.

    Raises:
        ValueError: a bound outside [0, 1], or no thresholds.

    >>> float(SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    constrained = "specificity"
    best = "sensitivity"
    specificity: float = setting(share)


@family.entry()
class SpecificityAtSensitivity(_RateAtRate):
    """The largest TN / (TN + FP) where TP / (TP + FN) is at least a bound.

    Args:
        sensitivity: the bound. Other arguments as in `SensitivityAtSpecificity`.

    >>> round(float(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
    0.6667
    """

    constrained = "sensitivity"
    best = "specificity"
    sensitivity: float = setting(share)


@family.entry()
class PrecisionAtRecall(_RateAtRate):
    """The largest TP / (TP + FP) where TP / (TP + FN) is at least a bound.

    Args:
        recall: the bound. Other arguments as in `SensitivityAtSpecificity`.

    >>> float(PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    constrained = "recall"
    best = "precision"
    recall: float = setting(share)


@family.entry()
class RecallAtPrecision(_RateAtRate):
    """The largest TP / (TP + FN) where TP / (TP + FP) is at least a bound.

    Args:
        precision: the bound. Other arguments as in `SensitivityAtSpecificity`.

    >>> float(RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.5
    """

    constrained = "precision"
    best = "recall"
    precision: float = setting(share)


@family.entry()
class AUC(ConfusionMetric):
    """Area under a curve, from counts at thresholds: Σ_i (x_i − x_{i+1}) · height_i.

    ROC: recall over the false positive rate; the area is the chance that a random one is ranked
    above a random zero. PR: precision over recall, interpolated as in Davis & Goadrich, "The
    relationship between precision-recall and ROC curves", 2006. PRGAIN: Flach & Kull,
    "Precision-recall-gain curves", 2015. Counts at thresholds need a fixed size of state however
    many rows there are; the area is exact where no two different predictions lie between
    neighbouring thresholds.

    Args:
        num_thresholds: T evenly spaced thresholds from 0 to 1.
        curve: "ROC", "PR" or "PRGAIN".
        summation_method: the height of a step: "interpolation" (the middle), "minoring" (the
            smaller end) or "majoring" (the larger).
        name: its name.
        dtype: float type it computes in.
        thresholds: thresholds from 0 to 1 to use instead; one below and one above are added.
        multi_label: an area for each label (last axis), then their mean.
        num_labels: how many labels, where `multi_label`; found out if None.
        label_weights: one weight for each label: of its values, or of its area if `multi_label`.
        from_logits: whether predictions are logits.

    Raises:
        ValueError: an unknown curve or summation, a threshold outside [0, 1], or fewer than two.

    >>> round(float(AUC()([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])), 2)
    0.75
    """

    __argument_order__ = (
        "name", "dtype", "thresholds", "multi_label", "num_labels", "label_weights", "from_logits",
    )  # fmt: skip
    direction = Direction.MAX
    num_thresholds: int = setting(whole(least=2), default=200)
    curve: str = setting(choice("ROC", "PR", "PRGAIN", any_case=True), default="ROC")
    summation_method: str = setting(choice(*_HEIGHTS, any_case=True), default="interpolation")
    thresholds: Sequence[float] | None = setting(shares, default=None, saved=False)
    multi_label: bool = setting(flag, default=False)
    num_labels: int | None = setting(optional(whole()), default=None)
    label_weights: ArrayLike | None = setting(_WEIGHTS, default=None)
    from_logits: bool = setting(flag, default=False)

    def __post_init__(self) -> None:
        """Make the thresholds, with one below 0 and one above 1, and the variables.

        Raises:
            ValueError: `num_labels` without `multi_label`.
        """
        if self.num_labels and not self.multi_label:
            raise BadArgument(
                "AUC: `num_labels` is of use only with `multi_label=True`.", given=self.num_labels
            )
        given = self.thresholds
        self._given = None if given is None else np.sort(np.ravel(given).astype(float)).tolist()
        self._levels = _auc_thresholds(self.num_thresholds, self._given)
        self.thresholds = self._levels.values
        self.num_thresholds = len(self._levels)
        self._counts = {}
        self.waits_for_shapes = self.multi_label and not self.num_labels
        if not self.waits_for_shapes:
            self._make_counts(self._levels, (self.num_labels,) if self.num_labels else ())

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in a batch. Arguments as in `Precision.update_state`."""
        if self.multi_label:
            self._make_for_labels(np.shape(y_pred))
        if self.from_logits:
            y_pred = keep(y_pred, jax.nn.sigmoid(as_float(y_pred)))
        super().update_state(y_true, y_pred, sample_weight)

    def _make_for_labels(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2 or self.num_labels not in (None, shape[1]):
            raise BadData(
                f"{self.name}: bad shape for `multi_label=True`.",
                given=f"y_pred of shape {shape}",
                expected=f"(N, {self.num_labels or 'labels'})",
            )
        if not self._counts:
            self._make_counts(self._levels, shape[1:])

    def result(self) -> Array:
        """The area, a scalar."""
        if not self._counts:
            return jnp.zeros(())
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()
        x, y = self._curve()
        height = _HEIGHTS[self.summation_method](y[:-1], y[1:])
        return self._over_labels((x[:-1] - x[1:]) * height)

    def _curve(self) -> tuple[Array, Array]:
        if self.curve == "ROC":
            return self._rate("fall_out"), self._rate("recall")
        if self.curve == "PR":
            return self._rate("recall"), self._rate("precision")
        tp, fp, tn, fn = (self._counts[name].value for name in self.counts)
        odds = divide_no_nan(tp + fn, tn + fp)
        recall_gain = jnp.where(tp == 0, 0, 1 - odds * divide_no_nan(fn, tp))
        precision_gain = jnp.where(tp == 0, 1, 1 - odds * divide_no_nan(fp, tp))
        return jnp.maximum(recall_gain, 0), precision_gain

    def interpolate_pr_auc(self) -> Array:
        """The area below precision over recall, TP growing linearly in TP + FP between thresholds.

        Davis & Goadrich, 2006: precision itself is no straight line between two thresholds.
        """
        tp, fp, _, fn = (self._counts[name].value for name in self.counts)
        positive = tp + fp
        step = tp[:-1] - tp[1:]
        slope = divide_no_nan(step, jnp.maximum(positive[:-1] - positive[1:], 0))
        intercept = tp[1:] - slope * positive[1:]
        both = (positive[:-1] > 0) & (positive[1:] > 0)
        ratio = jnp.where(both, divide_no_nan(positive[:-1], positive[1:]), 1)
        steps = divide_no_nan(slope * (step + intercept * jnp.log(ratio)), tp[1:] + fn[1:])
        return self._over_labels(steps)

    def _over_labels(self, steps: Array) -> Array:
        areas = jnp.sum(steps, axis=0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return jnp.mean(areas)
        weights = jnp.asarray(self.label_weights)
        return divide_no_nan(jnp.sum(areas * weights), jnp.sum(weights))

    def get_config(self) -> Config:
        """The arguments that make it again."""
        given = {} if self._given is None else {"thresholds": self._given}
        return {**super().get_config(), **given}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The metric of a config; Keras's holds the label weights as a tensor."""
        return cls(**deserialize_keras_object(config))


def _count_levels(count: int) -> None:
    """Python's numbers in lists: a file may ask for any number of them."""
    take(_LEVEL * count, f"{count:,} thresholds")


def _auc_thresholds(count: int, given: Sequence[float] | None) -> Thresholds:
    if given is None:
        _count_levels(count)
        inner, even = [i / (count - 1) for i in range(1, count - 1)], True
    else:
        inner, even = list(given), Thresholds([0.0, *given, 1.0]).even
    fuzz = config.epsilon()
    return Thresholds([0.0 - fuzz, *inner, 1.0 + fuzz], even)
