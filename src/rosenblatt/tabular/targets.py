"""Targets as the numbers that a network, and target means, see."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rosenblatt.tables.table import Column
from rosenblatt.tabular.network import CLASSES
from rosenblatt.tabular.predictor import Scale
from rosenblatt.tabular.task import Task, class_codes, quantities


def numbers_of(target: Column, task: Task) -> NDArray[Any]:
    """(rows,) quantities, NaN where missing; or the numbers of classes, -1 where missing.

    Raises:
        ValueError: a value that is not a number where the task is a quantity.
    """
    return quantities(target, task) if task.is_quantity else class_codes(target, task)


def outputs_of(task: Task, scale: Scale | None, targets: NDArray[Any]) -> NDArray[np.float64]:
    """Targets as target means see them.

    Args:
        task: what is predicted.
        scale: the units of a quantity; None for classes.
        targets: (rows,): quantities, or the numbers of classes.

    Returns:
        (rows, outputs): a quantity in units of its spread; 0 and 1 for each class, or for the
        second one of two.

    >>> outputs_of(Task("two classes", "", ("no", "yes")), None, np.array([0, 1])).tolist()
    [[0.0], [1.0]]
    """
    if scale is not None:
        return scale.to_units(targets).astype(np.float64)[:, None]
    one_hot = np.eye(len(task.classes))[targets]
    return one_hot if task.kind == CLASSES else one_hot[:, 1:]


def as_trained(targets: NDArray[Any], scale: Scale | None) -> NDArray[Any]:
    """Targets as a network is trained on them: (rows, 1) in units of their spread, or classes."""
    if scale is None:
        return targets.astype(np.int32)
    return scale.to_units(targets)[:, None]
