"""How well one column alone predicts the target, on rows that it was not fitted to."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tabular.task import Task

Codes: TypeAlias = NDArray[np.int64]
Targets: TypeAlias = NDArray[np.float64]
_MOST_VALUES = 200  # of a number, before its values are put into bins
_ROWS_OF_BIN = 20
_FOLDS = 5
_MOST_CLASSES = 50


def bins(values: NDArray[np.float64]) -> Codes:
    """Numbers as codes: each value its own, or equally many rows a bin; missing ones have one too.

    >>> bins(np.array([3.0, np.nan, 1.0, 3.0])).tolist()
    [1, 2, 0, 1]
    """
    known = np.isfinite(values)
    different = np.unique(values[known])
    if len(different) > _MOST_VALUES:
        count = max(10, min(1000, int(known.sum()) // _ROWS_OF_BIN))
        edges = np.quantile(values[known], np.linspace(0, 1, count + 1))
        different = np.unique(edges)
    codes = np.searchsorted(different, values, side="left")
    codes[~known] = len(different)
    return codes.astype(np.int64)


def score(codes: Codes, target: Targets, task: Task, seed: int = 0) -> float:
    """How well a column alone predicts, at best 1: means of each code, from other rows.

    Args:
        codes: (rows,) the column's values, from 0.
        target: (rows,) of a quantity, or the classes from 0.
        task: what is predicted.
        seed: of the folds.

    Returns:
        The area under the ROC curve for two classes, R² for a quantity (of the values or of their
        ranks, which is more), and for more classes the share of a constant guess's errors that the
        column avoids.

    >>> codes = np.arange(1000) % 2
    >>> score(codes, codes, Task("two classes", "", ("a", "b")))
    1.0
    """
    folds = np.random.default_rng(seed).permutation(len(codes)) % _FOLDS
    if task.kind == "two classes":
        return auc(target == 1, _held_out_means(codes, (target == 1).astype(float), folds))
    if task.is_quantity:
        return max(_r2(codes, target, folds), _r2(codes, ranks(target), folds))
    classes = np.bincount(target.astype(np.int64)).argsort()[::-1][:_MOST_CLASSES]
    means = [_held_out_means(codes, (target == one).astype(float), folds) for one in classes]
    guessed = classes[np.argmax(means, axis=0)]
    errors = float((guessed != target).mean())
    return 1 - errors / max(float((target != classes[0]).mean()), 1e-12)


def _held_out_means(
    codes: Codes, target: NDArray[np.float64], folds: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Each row's mean target of its code in the other folds; else the mean of all rows."""
    size = int(codes.max(initial=0)) + 1
    places = codes * _FOLDS + folds
    sums = np.bincount(places, target, size * _FOLDS).reshape(size, _FOLDS)
    counts = np.bincount(places, minlength=size * _FOLDS).reshape(size, _FOLDS)
    total = sums.sum(1)[codes] - sums[codes, folds]
    rows = counts.sum(1)[codes] - counts[codes, folds]
    return np.where(rows > 0, total / np.maximum(rows, 1), target.mean())


def _r2(codes: Codes, target: NDArray[np.float64], folds: NDArray[np.int64]) -> float:
    spread = float(((target - target.mean()) ** 2).sum())
    errors = float(((target - _held_out_means(codes, target, folds)) ** 2).sum())
    return 1 - errors / spread if spread > 0 else 0.0


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The place of each value in their order; equal ones share the mean of their places.

    >>> ranks(np.array([5.0, 1.0, 5.0])).tolist()
    [1.5, 0.0, 1.5]
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts) - 1
    return (last - (counts - 1) / 2)[inverse]


def auc(positive: NDArray[np.bool_], predicted: NDArray[np.float64]) -> float:
    """The area under the ROC curve (Mann and Whitney, 1947); 0.5 where there is one class only.

    >>> auc(np.array([False, True, True]), np.array([0.1, 0.1, 0.9]))
    0.75
    """
    ones = int(positive.sum())
    zeros = len(positive) - ones
    if ones == 0 or zeros == 0:
        return 0.5
    above = ranks(predicted)[positive].sum() - ones * (ones - 1) / 2
    return float(above / (ones * zeros))
