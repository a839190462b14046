"""F scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from rosenblatt.core import config
from rosenblatt.core.errors import explain
from rosenblatt.core.masks import mask_of
from rosenblatt.core.registry import builtin
from rosenblatt.core.variable import Variable
from rosenblatt.losses.shapes import as_arrays, misaligned
from rosenblatt.metrics.base import Metric
from rosenblatt.metrics.counting import element_weights

_AVERAGES = (None, "micro", "macro", "weighted")
_SUMS = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")


@builtin("keras.metrics")
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

    runtime_parameters = ("beta", "threshold")
    direction = "max"
    waits_for_shapes = True

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ):
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise ValueError(self._wrong("average", average, f"one of {_AVERAGES}"))
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(self._wrong("beta", beta, "a float above 0"))
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ValueError(self._wrong("threshold", threshold, "a float with 0 < t ≤ 1"))
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._sums: dict[str, Variable] = {}

    def _wrong(self, argument: str, given: Any, expected: str) -> str:
        return explain(
            f"{type(self).__name__}: bad `{argument}`.", given=repr(given), expected=expected
        )

    def _make_sums(self, true: tuple[int, ...], pred: tuple[int, ...]) -> None:
        if len(true) != 2 or len(pred) != 2:
            raise ValueError(
                explain(
                    f"{type(self).__name__}: bad shapes.",
                    given=f"y_true of shape {true}, y_pred of shape {pred}",
                    expected="(N, classes), both",
                    fix="`to_categorical(y, num_classes)` makes class ids one-hot; "
                    "`y.reshape(-1, 1)` goes with one output.",
                )
            )
        if true != pred:
            raise misaligned(true, pred, self.name)
        if not self._sums:
            shape = () if self.average == "micro" else pred[1:]
            for name in _SUMS:
                self._sums[name] = self.add_variable(shape, "zeros", dtype=self.dtype, name=name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in (N, d) zeros and ones, and (N, d) probabilities."""
        mask = mask_of(y_pred)
        y_true, y_pred = as_arrays(y_true, self.dtype), as_arrays(y_pred, self.dtype)
        self._make_sums(y_true.shape, y_pred.shape)
        weight = element_weights(y_pred, sample_weight, mask, self.name)
        if self.threshold is None:
            chosen = (y_pred >= jnp.max(y_pred, axis=-1, keepdims=True)) & (jnp.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.parameter("threshold")
        chosen = chosen.astype(y_pred.dtype)
        axis = None if self.average == "micro" else 0
        found = (chosen * y_true, chosen * (1 - y_true), (1 - chosen) * y_true, y_true)
        for variable, values in zip(self._sums.values(), found, strict=True):
            variable.assign_add(jnp.sum(weight * values, axis=axis))

    def result(self) -> Any:
        """The score, a scalar; (d,) scores where nothing is averaged. 0 before the first batch."""
        if not self._sums:
            return jnp.zeros(())
        true, false, missed, seen = (variable.value for variable in self._sums.values())
        fuzz, beta2 = config.epsilon(), self.parameter("beta") ** 2
        precision = true / (true + false + fuzz)
        recall = true / (true + missed + fuzz)
        score = (1 + beta2) * precision * recall / (beta2 * precision + recall + fuzz)
        if self.average == "weighted":
            return jnp.sum(score * (seen / (jnp.sum(seen) + fuzz)))
        return score if self.average is None else jnp.mean(score)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


@builtin("keras.metrics")
class F1Score(FBetaScore):
    """The harmonic mean of precision and recall: 2 P R / (P + R). Arguments as in `FBetaScore`.

    >>> y, p = [[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0]]
    >>> [round(float(score), 4) for score in F1Score(threshold=0.5)(y, p)]
    [0.5, 0.8, 0.6667]
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ):
        super().__init__(average=average, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again."""
        return {key: value for key, value in super().get_config().items() if key != "beta"}
