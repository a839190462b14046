"""Rows and their weights, as scikit-learn means them: a weight of 2 is the row given twice."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from rosenblatt.core.errors import BadData
from rosenblatt.sklearn.columns import naming_columns


def check_weights(sample_weight: Any, x: Any) -> np.ndarray | None:
    """The weights as float64 of shape (rows,), or None.

    Raises:
        ValueError: a different number of weights than rows, negative weights, or all of them zero.
    """
    if sample_weight is None:
        return None
    given = np.asarray(sample_weight)
    if given.dtype.kind in "fiub" and given.size and not given.any():
        raise BadData(
            "sample_weight: all sample weights are zero, so no row counts.",
            expected="at least one positive weight",
        )
    with naming_columns(sample_weight):
        return _check_sample_weight(sample_weight, x, dtype=np.float64, ensure_non_negative=True)


def one_batch_form(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows in an order of their own, equal ones once with the sum of their weights.

    Where all rows are in one batch, training sees them as a set with weights. In this form it does
    so to the last bit: neither the order of the rows nor giving one twice instead of with a
    weight of 2 changes what is rounded.

    Args:
        x: inputs, (rows, …).
        y: targets, (rows,) or (rows, outputs).
        weights: (rows,), or None for ones.

    Returns:
        Inputs, targets and weights of the rows that count.

    >>> _, y, weights = one_batch_form(np.array([[2.0], [1.0], [2.0]]), np.array([5, 4, 5]), None)
    >>> y, weights
    (array([4, 5]), array([1., 2.]))
    """
    rows = np.column_stack([x.reshape(len(x), -1), y.reshape(len(y), -1)])
    _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    sums = np.bincount(group.ravel(), weights)
    counts = sums > 0
    return x[first[counts]], y[first[counts]], sums[counts].astype(np.float64)


def padded_rows(rows: int) -> int:
    """Rows of a batch that holds them all: a power of two, so that few programs are compiled."""
    return max(32, 1 << (rows - 1).bit_length())


def relative(weights: np.ndarray | None) -> np.ndarray | None:
    """Weights with a mean of 1; None where they are all equal."""
    if weights is None or np.all(weights == weights[0]):
        return None
    return (weights / weights.mean()).astype(np.float32)
