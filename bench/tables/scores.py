"""How good predictions are, by task, and how honest probabilities and intervals are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, log_loss, roc_auc_score

_BINS = 15
# The score that ranks are made of, by task; what is subtracted from 1 to have an error.
MAIN = {"reg": "rmse", "bin": "auc", "multi": "log_loss"}


def scores(task: str, y: NDArray, predicted: NDArray) -> dict[str, float]:
    """All scores of a task.

    Args:
        task: "reg", "bin" or "multi".
        y: (rows,) quantities or class numbers.
        predicted: (rows,) quantities or (rows, classes) probabilities.

    Raises:
        ValueError: a prediction is not finite or of the wrong shape, or all rows are of one class.
    """
    predicted = np.asarray(predicted, dtype=np.float64)
    if not np.isfinite(predicted).all():
        raise ValueError("predictions that are not finite")
    if task == "reg":
        return _of_quantities(y, predicted.reshape(len(y)))
    if predicted.shape[0] != len(y) or predicted.ndim != 2:
        raise ValueError(f"probabilities of shape {predicted.shape} for {len(y)} rows")
    if len(np.unique(y)) < 2:
        raise ValueError("rows of one class have no AUC")
    p = np.clip(predicted, 1e-7, 1.0)
    p /= p.sum(axis=1, keepdims=True)
    found = {
        "log_loss": float(log_loss(y, p, labels=np.arange(p.shape[1]))),
        "balanced_accuracy": float(balanced_accuracy_score(y, p.argmax(axis=1))),
        "calibration_error": calibration_error(y, p),
    }
    return {"auc": float(roc_auc_score(y, p[:, 1])), **found} if task == "bin" else found


def _of_quantities(y: NDArray, predicted: NDArray) -> dict[str, float]:
    off = predicted - y
    return {
        "rmse": float(np.sqrt(np.mean(off**2))),
        "mae": float(np.mean(np.abs(off))),
        "r2": float(1 - np.mean(off**2) / np.var(y)),
    }


def calibration_error(y: NDArray, p: NDArray) -> float:
    """Mean distance between the largest probability and how often it is right, in bins of it."""
    confidence, right = p.max(axis=1), p.argmax(axis=1) == y
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    found = 0.0
    for one in np.unique(bins):
        rows = bins == one
        found += rows.mean() * abs(confidence[rows].mean() - right[rows].mean())
    return float(found)


def coverage(y: NDArray, low: NDArray, high: NDArray) -> float:
    """Share of the rows whose target lies in its interval."""
    return float(np.mean((low <= y) & (y <= high)))


def error(task: str, found: dict[str, float]) -> float:
    """The main score as an error: 1 - AUC, log-loss or RMSE."""
    value = found[MAIN[task]]
    return 1 - value if task == "bin" else value
