"""What is read off a curve over all thresholds: areas, and the best rate under a constraint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.loading import take
from rosenblatt.core.masks import keep
from rosenblatt.core.registry import builtin
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.losses.shapes import as_float, divide_no_nan
from rosenblatt.metrics.counting import ConfusionMetric, Thresholds, check_share

_LEVEL = 64  # bytes of a threshold, in the lists that hold it
_CURVES = ("ROC", "PR", "PRGAIN")
_HEIGHTS: dict[str, Callable[[Any, Any], Any]] = {
    "interpolation": lambda a, b: (a + b) / 2,
    "minoring": jnp.minimum,
    "majoring": jnp.maximum,
}


class _RateAtRate(ConfusionMetric):
    """The base of the best value of one rate where another is large enough."""

    direction = "max"
    constrained: str
    best: str

    def _setup(
        self, value: float, num_thresholds: int, class_id: int | None, name: Any, dtype: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        owner = type(self).__name__
        check_share(value, owner, self.constrained)
        if num_thresholds <= 0:
            raise ValueError(
                explain(f"{owner}: bad `num_thresholds`.", given=num_thresholds, expected="≥ 1")
            )
        _count_levels(num_thresholds)
        self.value = value
        setattr(self, self.constrained, value)
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        values = [i / (num_thresholds - 1) for i in range(num_thresholds)] if (
            num_thresholds > 1
        ) else [0.5]  # fmt: skip
        self._make_counts(Thresholds(values, even=num_thresholds > 1))
        self.thresholds = values

    def result(self) -> Any:
        """The largest rate; 0 where no threshold is feasible."""
        feasible = self._rate(self.constrained) >= self.value
        return jnp.max(jnp.where(feasible, self._rate(self.best), 0))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        own = {
            "class_id": self.class_id,
            "num_thresholds": self.num_thresholds,
            self.constrained: self.value,
        }
        return {**super().get_config(), **own}


@builtin("keras.metrics")
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

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        self._setup(specificity, num_thresholds, class_id, name, dtype)


@builtin("keras.metrics")
class SpecificityAtSensitivity(_RateAtRate):
    """The largest TN / (TN + FP) where TP / (TP + FN) is at least a bound.

    Args:
        sensitivity: the bound. Other arguments as in `SensitivityAtSpecificity`.

    >>> round(float(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 4)
    0.6667
    """

    constrained = "sensitivity"
    best = "specificity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        self._setup(sensitivity, num_thresholds, class_id, name, dtype)


@builtin("keras.metrics")
class PrecisionAtRecall(_RateAtRate):
    """The largest TP / (TP + FP) where TP / (TP + FN) is at least a bound.

    Args:
        recall: the bound. Other arguments as in `SensitivityAtSpecificity`.

    >>> float(PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
    0.5
    """

    constrained = "recall"
    best = "precision"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        self._setup(recall, num_thresholds, class_id, name, dtype)


@builtin("keras.metrics")
class RecallAtPrecision(_RateAtRate):
    """The largest TP / (TP + FN) where TP / (TP + FP) is at least a bound.

    Args:
        precision: the bound. Other arguments as in `SensitivityAtSpecificity`.

    >>> float(RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
    0.5
    """

    constrained = "precision"
    best = "recall"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        self._setup(precision, num_thresholds, class_id, name, dtype)


@builtin("keras.metrics")
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

    direction = "max"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ):
        super().__init__(name=name, dtype=dtype)
        self.curve = _one_of(curve, _CURVES, "curve")
        self.summation_method = _one_of(summation_method, tuple(_HEIGHTS), "summation_method")
        if num_labels and not multi_label:
            raise ValueError(
                explain(
                    "AUC: `num_labels` is of use only with `multi_label=True`.", given=num_labels
                )
            )
        self._auc_levels = _auc_thresholds(num_thresholds, thresholds)
        self._given_thresholds = thresholds is not None
        self.num_thresholds = len(self._auc_levels)
        self.multi_label = multi_label
        self.num_labels = num_labels
        if label_weights is not None:
            self.label_weights = np.asarray(label_weights, "float32")
        self.from_logits = from_logits
        self.waits_for_shapes = multi_label and not num_labels
        if not self.waits_for_shapes:
            self._make_counts(self._auc_levels, (num_labels,) if num_labels else ())

    @property
    def thresholds(self) -> list[float]:
        """The thresholds, with the one below 0 and the one above 1."""
        return self._auc_levels.values

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch. Arguments as in `Precision.update_state`."""
        if self.multi_label:
            self._make_for_labels(np.shape(y_pred))
        if self.from_logits:
            y_pred = keep(y_pred, jax.nn.sigmoid(as_float(y_pred)))
        super().update_state(y_true, y_pred, sample_weight)

    def _make_for_labels(self, shape: tuple[int, ...]) -> None:
        if len(shape) != 2 or self.num_labels not in (None, shape[1]):
            raise ValueError(
                explain(
                    f"{self.name}: bad shape for `multi_label=True`.",
                    given=f"y_pred of shape {shape}",
                    expected=f"(N, {self.num_labels or 'labels'})",
                )
            )
        if not hasattr(self, "_counts"):
            self._make_counts(self._auc_levels, shape[1:])

    def result(self) -> Any:
        """The area, a scalar."""
        if not hasattr(self, "_counts"):
            return jnp.zeros(())
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._over_labels(self._interpolated_pr())
        x, y = self._curve()
        height = _HEIGHTS[self.summation_method](y[:-1], y[1:])
        return self._over_labels((x[:-1] - x[1:]) * height)

    def _curve(self) -> tuple[Any, Any]:
        if self.curve == "ROC":
            return self._rate("fall_out"), self._rate("recall")
        if self.curve == "PR":
            return self._rate("recall"), self._rate("precision")
        tp, fp, tn, fn = (self._counts[name].value for name in self.counts)
        odds = divide_no_nan(tp + fn, tn + fp)
        recall_gain = jnp.where(tp == 0, 0, 1 - odds * divide_no_nan(fn, tp))
        precision_gain = jnp.where(tp == 0, 1, 1 - odds * divide_no_nan(fp, tp))
        return jnp.maximum(recall_gain, 0), precision_gain

    def _interpolated_pr(self) -> Any:
        """Areas of the steps, TP growing linearly in TP + FP between two thresholds."""
        tp, fp, _, fn = (self._counts[name].value for name in self.counts)
        positive = tp + fp
        step = tp[:-1] - tp[1:]
        slope = divide_no_nan(step, jnp.maximum(positive[:-1] - positive[1:], 0))
        intercept = tp[1:] - slope * positive[1:]
        both = (positive[:-1] > 0) & (positive[1:] > 0)
        ratio = jnp.where(both, divide_no_nan(positive[:-1], positive[1:]), 1)
        return divide_no_nan(slope * (step + intercept * jnp.log(ratio)), tp[1:] + fn[1:])

    def _over_labels(self, steps: Any) -> Any:
        areas = jnp.sum(steps, axis=0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return jnp.mean(areas)
        return divide_no_nan(jnp.sum(areas * self.label_weights), jnp.sum(self.label_weights))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        own = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self.from_logits,
        }
        if self._given_thresholds:
            own["thresholds"] = self.thresholds[1:-1]
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """The metric of a config; Keras's holds the label weights as a tensor."""
        return cls(**deserialize_keras_object(config))


def _count_levels(count: int) -> None:
    """Python's numbers in lists: a file may ask for any number of them."""
    take(_LEVEL * count, f"{count:,} thresholds")


def _auc_thresholds(count: int, given: Sequence[float] | None) -> Thresholds:
    if given is None:
        if count <= 1:
            raise ValueError(explain("AUC: bad `num_thresholds`.", given=count, expected="≥ 2"))
        _count_levels(count)
        inner, even = [i / (count - 1) for i in range(1, count - 1)], True
    else:
        for value in given:
            check_share(value, "AUC", "thresholds")
        inner = sorted(float(value) for value in given)
        even = Thresholds([0.0, *inner, 1.0]).even
    fuzz = config.epsilon()
    return Thresholds([0.0 - fuzz, *inner, 1.0 + fuzz], even)


def _one_of(value: Any, known: Sequence[str], argument: str) -> str:
    for name in known:
        if value in (name, name.lower(), name.capitalize()):
            return name
    raise ValueError(
        explain(f"AUC: unknown `{argument}`.", given=repr(value), expected=f"one of {known}")
    )
