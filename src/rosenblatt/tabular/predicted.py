"""Predictions beside what came true, checked once for all that judges them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.tabular.task import TaskKind

Numbers: TypeAlias = NDArray[np.float64]
Classes: TypeAlias = NDArray[np.int64]

_NEARLY_ONE = 1e-3  # by which probabilities in 16 bits may miss a sum of one


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions of rows, their targets and weights.

    Args:
        task: "quantity", "two classes" or "classes".
        targets: (rows,) float64; of classes their numbers, from 0.
        predictions: (rows,) float64 of a quantity, (rows, classes) probabilities of classes.
        weights: (rows,) float64, none negative, some positive.
        resolution: the smallest probability that is told from 0: the spacing of the numbers that
            were given at 1.
    """

    task: TaskKind
    targets: Numbers
    predictions: Numbers
    weights: Numbers
    resolution: float = float(np.finfo(np.float64).eps)

    @classmethod
    def of(
        cls,
        task: TaskKind,
        targets: ArrayLike,
        predictions: ArrayLike,
        weights: ArrayLike | None = None,
    ) -> Predicted:
        """Check predictions against their targets.

        Args:
            task: "quantity", "two classes" or "classes".
            targets: (rows,): quantities, or the numbers of classes from 0.
            predictions: (rows,) or (rows, 1) quantities; probabilities of shape (rows, classes),
                or of the second of two classes, (rows,) or (rows, 1).
            weights: (rows,), how much a row counts; None: 1.

        Raises:
            ValueError: an unknown task, lengths that do not fit, no rows, NaN or infinity, a class
                without a probability, probabilities outside 0 to 1 or that do not sum to 1.

        >>> Predicted.of("two classes", [0, 1], [0.25, 0.5]).predictions.tolist()
        [[0.75, 0.25], [0.5, 0.5]]
        """
        if task not in ("quantity", "two classes", "classes"):
            raise BadArgument(
                "The task is unknown.", given=repr(task), expected="quantity, two classes, classes"
            )
        given = np.asarray(predictions)
        eps = np.finfo(given.dtype if given.dtype.kind == "f" else np.float64).eps
        guesses = _finite("prediction", given)
        truth = _finite("target", targets)
        if truth.ndim == 2 and truth.shape[1] == 1:
            truth = truth[:, 0]
        if truth.ndim != 1 or len(truth) == 0 or len(guesses) != len(truth):
            raise BadData(
                "Predictions and targets do not fit each other.",
                given=f"predictions of shape {guesses.shape}, targets of shape {truth.shape}",
                expected="a target for each row, and at least one row",
            )
        shaped = _quantities(guesses) if task == "quantity" else _probabilities(task, guesses)
        if task != "quantity":
            _check_classes(truth, shaped.shape[1])
        return cls(task, truth, shaped, _weights(weights, len(truth)), float(eps))

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def classes(self) -> Classes:
        """(rows,) the numbers of the true classes."""
        return self.targets.astype(np.int64)


def _finite(what: str, values: ArrayLike) -> Numbers:
    try:
        found = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise BadData(
            f"A {what} is not a number.",
            given=f"values of type {np.asarray(values).dtype}",
            expected="quantities, probabilities or the numbers of classes",
        ) from error
    if found.size and not np.isfinite(found).all():
        row = int(np.argmin(np.isfinite(found.reshape(len(found), -1)).all(axis=1)))
        raise BadData(f"The {what} of row {row} is not finite.", given=found[row].tolist())
    return found


def _quantities(guesses: Numbers) -> Numbers:
    if guesses.ndim == 2 and guesses.shape[1] == 1:
        return guesses[:, 0]
    if guesses.ndim != 1:
        raise BadData(
            "Predictions of a quantity have one number a row.",
            given=f"shape {guesses.shape}",
            expected="(rows,) or (rows, 1)",
        )
    return guesses


def _probabilities(task: TaskKind, guesses: Numbers) -> Numbers:
    if task == "two classes" and (guesses.ndim == 1 or guesses.shape[1:] == (1,)):
        second = guesses.reshape(-1)
        guesses = np.stack([1 - second, second], axis=1)
    fits = guesses.ndim == 2 and guesses.shape[1] >= 2
    if not fits or (task == "two classes" and guesses.shape[1] != 2):
        raise BadData(
            "Predictions of classes are a probability for each class.",
            given=f"shape {guesses.shape}",
            expected="(rows, 2) or (rows,)" if task == "two classes" else "(rows, classes)",
        )
    wrong = (guesses < 0).any(1) | (np.abs(guesses.sum(1) - 1) > _NEARLY_ONE)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadData(
            f"The predictions of row {row} are not probabilities.",
            given=guesses[row].tolist(),
            expected="numbers from 0 to 1 that sum to 1",
        )
    return guesses


def _check_classes(truth: Numbers, count: int) -> None:
    wrong = (truth != np.floor(truth)) | (truth < 0) | (truth >= count)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise BadData(
            f"The target of row {row} is not the number of a class.",
            given=f"{truth[row]:g}",
            expected=f"an integer from 0 to {count - 1}",
        )


def _weights(weights: ArrayLike | None, rows: int) -> Numbers:
    if weights is None:
        return np.ones(rows)
    found = _finite("weight", weights)
    if found.shape != (rows,) or (found < 0).any() or not found.any():
        raise BadData(
            "The weights of the rows do not fit.",
            given=f"shape {found.shape}, smallest {found.min(initial=np.inf):g}",
            expected=f"shape ({rows},), none negative and some positive",
        )
    return found
