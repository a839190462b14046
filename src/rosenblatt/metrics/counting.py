"""Counts of right and wrong answers at thresholds: what precision, recall and the curves share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, cast

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config
from rosenblatt.core.checks import number, optional, several, whole
from rosenblatt.core.errors import BadData
from rosenblatt.core.masks import mask_of
from rosenblatt.core.types import Array, ArrayLike
from rosenblatt.losses.shapes import (
    align,
    as_arrays,
    divide_no_nan,
)
from rosenblatt.metrics.base import Metric
from rosenblatt.metrics.reduction import element_weights

share = number(0, 1)
shares = optional(several(share), "a number from 0 to 1, a list of them, or None")
class_number = optional(whole())

# Up to so many comparisons of a prediction with a threshold, a product of matrices takes less time
# than a histogram (32 × 200: 2 µs against 7; 2,048 × 200: 380 µs against 16).
_FEW_COMPARISONS = 8192
_FEW_LEVELS = 9
# Stands for minus infinity where only the k largest predictions are looked at.
FAR_BELOW = -1e10


def sums_by_rank(ranks: Array, values: Array, levels: int) -> Array:
    """For each level and label, the sum of the values whose rank is at least the level.

    Args:
        ranks: (N, L) integers from 0 to `levels` − 1.
        values: (K, N, L) values.
        levels: how many ranks there are.

    Returns:
        (K, levels, L) sums.
    """
    if levels <= _FEW_LEVELS or levels * ranks.size <= _FEW_COMPARISONS:
        reached = ranks[:, :, None] >= jnp.arange(levels)
        return jnp.einsum("knl,nlt->ktl", values, reached.astype(values.dtype), precision="highest")
    labels = jnp.broadcast_to(jnp.arange(ranks.shape[1]), ranks.shape)
    found = jnp.zeros((values.shape[0], levels, ranks.shape[1]), values.dtype)
    found = found.at[:, ranks, labels].add(values)
    return jnp.flip(jnp.cumsum(jnp.flip(found, 1), axis=1), 1)


class Thresholds:
    """Thresholds that predictions are compared with.

    Args:
        values: numbers in any order.
        even: whether they are taken for 0, 1/(T−1), … 1; found out if None. The rank of a
            prediction among those is one product.
    """

    def __init__(self, values: Sequence[float], even: bool | None = None):
        self.values = list(values)
        self.even = _are_even(self.values) if even is None else even

    def __len__(self) -> int:
        return len(self.values)

    def ranks(self, p: Array) -> Array:
        """How many thresholds each prediction is above; NaN is above none."""
        if not self.even:
            ordered = np.sort(np.asarray(self.values, p.dtype))
            return jnp.sum(p[..., None] > ordered, axis=-1, dtype="int32")
        p = jnp.where(jnp.isnan(p), 0, jnp.clip(p, 0, 1))
        ranks = jnp.ceil(p * (len(self) - 1)).astype("int32")
        return jnp.maximum(ranks, 1) if self.values[0] < 0 else ranks

    def in_given_order(self, above: Array) -> Array:
        """(K, T, …) sums, one for each threshold from the lowest on, in the order given."""
        order = np.argsort(np.argsort(self.values, kind="stable"), kind="stable")
        return above if (order == np.arange(len(order))).all() else above[:, order]


def _are_even(values: Sequence[float]) -> bool:
    even = np.arange(len(values), dtype="float32") / max(len(values) - 1, 1)
    return len(values) >= 3 and np.allclose(values, even, atol=config.epsilon())


def top_k_only(p: Array, k: int) -> Array:
    """Predictions with all but the k largest of the last axis far below any threshold."""
    _, best = jax.lax.top_k(p, k)
    chosen = jnp.put_along_axis(jnp.zeros(p.shape, bool), best, True, axis=-1, inplace=False)
    return jnp.where(chosen, p, FAR_BELOW)


class ConfusionMetric(Metric):
    """The base of metrics made of weighted counts of true and false positives and negatives.

    A prediction above a threshold is positive. A class lists in `counts` which of the four it
    needs; its variables hold them, with one value for each threshold.
    """

    counts: ClassVar[tuple[str, ...]] = (
        "true_positives", "false_positives", "true_negatives", "false_negatives",
    )  # fmt: skip
    # Settings of some of the classes; unannotated, so that they are none of the others.
    top_k = class_id = cast("int | None", None)
    label_weights = cast("ArrayLike | None", None)
    multi_label = False

    def _make_counts(self, levels: Thresholds, labels: Sequence[int] = ()) -> None:
        self._levels = levels
        shape = (len(levels), *labels)
        self._counts = {name: self.add_variable(shape, "zeros", name=name) for name in self.counts}
        for name, variable in self._counts.items():
            setattr(self, name, variable)

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in a batch.

        Args:
            y_true: (N, …) zeros and ones.
            y_pred: (N, …) probabilities.
            sample_weight: a number, or (N, …) weights.

        Raises:
            ValueError: shapes that do not align.
        """
        mask, dtype = mask_of(y_pred), self._counts[self.counts[0]].dtype
        true, pred = align(y_true, as_arrays(y_pred, dtype), self.name)
        if self.top_k is not None:
            pred = top_k_only(pred, self.top_k)
        if self.class_id is not None:
            true, pred = self._one_class(true, pred, self.class_id)
        weight = element_weights(pred, sample_weight, mask, self.name)
        if self.label_weights is not None and not self.multi_label:
            weight = weight * jnp.asarray(self.label_weights, dtype)
        columns = pred.shape[-1] if self.multi_label else 1
        right = (true != 0).reshape(-1, columns)
        weight = weight.reshape(-1, columns)
        values = jnp.stack([jnp.where(right, weight, 0), jnp.where(right, 0, weight)])
        ranks = self._levels.ranks(pred.reshape(-1, columns))
        sums = sums_by_rank(ranks, values, len(self._levels) + 1)
        above = self._levels.in_given_order(sums[:, 1:])
        below = sums[:, :1] - above
        found = {
            "true_positives": above[0],
            "false_positives": above[1],
            "false_negatives": below[0],
            "true_negatives": below[1],
        }
        for name, variable in self._counts.items():
            variable.assign_add(found[name].reshape(variable.shape))

    def _one_class(self, true: Array, pred: Array, class_id: int) -> tuple[Array, Array]:
        classes = pred.shape[-1] if pred.ndim > 1 else 0
        if not -classes <= class_id < classes:
            raise BadData(
                f"{self.name}: class `class_id` does not exist.",
                given=f"class_id={class_id}, y_pred of shape {pred.shape}",
                expected="(N, classes), with class_id from 0 to classes − 1",
            )
        return true[..., class_id, None], pred[..., class_id, None]

    def _rate(self, name: str) -> Array:
        """A rate at each threshold; 0 where nothing was counted."""
        part, rest = {
            "precision": ("true_positives", "false_positives"),
            "recall": ("true_positives", "false_negatives"),
            "sensitivity": ("true_positives", "false_negatives"),
            "specificity": ("true_negatives", "false_positives"),
            "fall_out": ("false_positives", "true_negatives"),
        }[name]
        hits, misses = self._counts[part].value, self._counts[rest].value
        return divide_no_nan(hits, hits + misses)
