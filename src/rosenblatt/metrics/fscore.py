"""F scores: precision and recall in one number."""

from __future__ import annotations

import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.checks import Check, choice, optional
from rosenblatt.core.direction import Direction
from rosenblatt.core.errors import BadData
from rosenblatt.core.masks import mask_of
from rosenblatt.core.settings import NUMBER, setting
from rosenblatt.core.types import Array, ArrayLike
from rosenblatt.core.variable import Variable
from rosenblatt.losses.shapes import as_arrays, misaligned
from rosenblatt.metrics.base import Metric, family
from rosenblatt.metrics.reduction import element_weights

_SUMS = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")
# Keras takes no integers here.
_BETA = Check(
    lambda value: isinstance(value, float) and value > 0, "a float above 0", wrong=[2, 0.0]
)
_THRESHOLD = Check(
    lambda value: isinstance(value, float) and 0 < value <= 1,
    "a float with 0 < t ≤ 1",
    wrong=[1, 0.0],
)


@family.entry()
class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall: (1 + β²) P R / (β² P + R).

    β > 1 counts recall for more. Van Rijsbergen, *Information Retrieval*, 2nd ed. 1979.

    Args:
        average: None for one score a class; "macro" for their mean; "weighted" for the mean
            weighted by how often a class occurs; "micro" for one score of all decisions together.
        beta: β.
        threshold: a prediction above is positive, 0 < threshold ≤ 1; the largest of a row is if
            None.
        name: its name.
        dtype: float type it computes in.

    Raises:
        ValueError: another average, β that is not a float above 0, a threshold that is not a
            float in (0, 1], or data that are not (N, d).

    >>> y, p = [[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0]]
    >>> [round(float(score), 4) for score in FBetaScore(beta=2.0, threshold=0.5)(y, p)]
    [0.3846, 0.9091, 0.8333]
    """

    __argument_defaults__ = {"name": "fbeta_score"}
    direction = Direction.MAX
    waits_for_shapes = True
    average: str | None = setting(choice(None, "micro", "macro", "weighted"), default=None)
    beta: float = setting(_BETA, default=1.0, role=NUMBER)
    threshold: float | None = setting(optional(_THRESHOLD), default=None, role=NUMBER)

    def __post_init__(self) -> None:
        """The variables are made when the shapes are known."""
        self._sums: dict[str, Variable] = {}

    @property
    def axis(self) -> int | None:
        """The axis that is summed over: the rows, or everything for "micro"."""
        return None if self.average == "micro" else 0

    def _make_sums(self, true: tuple[int, ...], pred: tuple[int, ...]) -> None:
        if len(true) != 2 or len(pred) != 2:
            raise BadData(
                f"{type(self).__name__}: bad shapes.",
                given=f"y_true of shape {true}, y_pred of shape {pred}",
                expected="(N, classes), both",
                fix="`to_categorical(y, num_classes)` makes class ids one-hot; "
                "`y.reshape(-1, 1)` goes with one output.",
            )
        if true != pred:
            raise misaligned(true, pred, self.name)
        if not self._sums:
            shape = () if self.average == "micro" else pred[1:]
            for name in _SUMS:
                self._sums[name] = self.add_variable(shape, "zeros", dtype=self.dtype, name=name)

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Take in (N, d) zeros and ones, and (N, d) probabilities."""
        mask = mask_of(y_pred)
        true, pred = as_arrays(y_true, self.dtype), as_arrays(y_pred, self.dtype)
        self._make_sums(true.shape, pred.shape)
        weight = element_weights(pred, sample_weight, mask, self.name)
        if self.threshold is None:
            chosen = (pred >= jnp.max(pred, axis=-1, keepdims=True)) & (jnp.abs(pred) > 1e-9)
        else:
            chosen = pred > self.parameter("threshold")
        chosen = chosen.astype(pred.dtype)
        found = (chosen * true, chosen * (1 - true), (1 - chosen) * true, true)
        for variable, values in zip(self._sums.values(), found, strict=True):
            variable.assign_add(jnp.sum(weight * values, axis=self.axis))

    def result(self) -> Array:
        """The score, a scalar; (d,) scores where nothing is averaged. 0 before the first batch."""
        if not self._sums:
            return jnp.zeros(())
        true, false, missed, seen = (variable.value for variable in self._sums.values())
        fuzz, beta2 = config.epsilon(), jnp.asarray(self.parameter("beta"), true.dtype) ** 2
        precision = true / (true + false + fuzz)
        recall = true / (true + missed + fuzz)
        score = (1 + beta2) * precision * recall / (beta2 * precision + recall + fuzz)
        if self.average == "weighted":
            return jnp.sum(score * (seen / (jnp.sum(seen) + fuzz)))
        return score if self.average is None else jnp.mean(score)


@family.entry()
class F1Score(FBetaScore):
    """The harmonic mean of precision and recall: 2 P R / (P + R). Arguments as in `FBetaScore`.

    >>> y, p = [[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0]]
    >>> [round(float(score), 4) for score in F1Score(threshold=0.5)(y, p)]
    [0.5, 0.8, 0.6667]
    """

    __argument_defaults__ = {"name": "f1_score"}
    beta = 1.0
