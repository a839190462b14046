"""What every metric keeps to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rosenblatt.core.types import Tree
from rosenblatt.layers.identity import Identity
from rosenblatt.layers.input import Input
from rosenblatt.metrics.base import Metric
from rosenblatt.models.sequential import Sequential
from rosenblatt.testing.check import Check, checks, config_makes_an_equal_part, same

Make = Callable[[], Metric]


def metric_checks(make: Make, y_true: np.ndarray, y_pred: np.ndarray) -> list[Check]:
    """What every metric keeps to, for a metric and a batch.

    Args:
        make: makes a new metric: the class, or a function without arguments.
        y_true: targets (rows, …); at least three rows.
        y_pred: predictions (rows, …).

    Returns:
        Checks, as `layer_checks` gives them.
    """
    found = checks([config_makes_an_equal_part], make)
    return found + checks(
        [_batches_add_up, _a_reset_forgets, _evaluate_as_by_hand],
        make, y_true, y_pred,
    )  # fmt: skip


def _result(make: Make, *batches: tuple[np.ndarray, np.ndarray]) -> Tree:
    metric = make()
    for y_true, y_pred in batches:
        metric.update_state(y_true, y_pred)
    return metric.result()


def _batches_add_up(make: Make, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    parts = _result(make, (y_true[:2], y_pred[:2]), (y_true[2:], y_pred[2:]))
    same(parts, _result(make, (y_true, y_pred)), "two batches after each other")


def _a_reset_forgets(make: Make, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    metric = make()
    metric.update_state(y_true[:2], y_pred[:2])
    metric.reset_state()
    metric.update_state(y_true, y_pred)
    same(metric.result(), _result(make, (y_true, y_pred)), "after `reset_state`")


def _evaluate_as_by_hand(make: Make, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    expected = _result(make, (y_true, y_pred))
    if isinstance(expected, dict) or np.ndim(expected):
        return  # logged under several names
    for batch_size in (len(y_pred), 2):
        model = Sequential([Input(y_pred.shape[1:]), Identity()])
        model.compile(metrics=[make()])
        found = model.evaluate(y_pred, y_true, batch_size=batch_size, verbose=0)
        same(np.ravel(found)[-1], expected, f"`evaluate` with batch_size={batch_size}")
