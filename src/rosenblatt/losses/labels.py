"""Class labels that the outputs have no class for."""

from __future__ import annotations

import numpy as np

from rosenblatt.core.errors import BadData
from rosenblatt.core.types import ArrayLike


def check_labels(
    labels: ArrayLike, classes: int, where: str, ignore_class: int | None = None
) -> None:
    """Refuse labels outside the classes; a compiled program cannot.

    Args:
        labels: integers (rows, …).
        classes: how many there are.
        where: whose labels they are, for the message.
        ignore_class: a label that counts as none.

    Raises:
        ValueError: with the label and its row.

    >>> check_labels(np.array([0, 2]), 3, "The targets")
    """
    values = np.asarray(labels)
    kept = values if ignore_class is None else values[values != ignore_class]
    if not kept.size or (kept.min() >= 0 and kept.max() < classes):
        return
    wrong = int(kept.min() if kept.min() < 0 else kept.max())
    row = int(np.argmax((values.reshape(len(values), -1) == wrong).any(axis=1)))
    raise BadData(
        f"{where} hold a label outside the classes.",
        given=f"{wrong} (first in row {row})",
        expected=f"integers from 0 to {classes - 1}: the model's last layer has {classes} units",
        fix=f"make the last layer `Dense({int(kept.max()) + 1})`, or renumber the labels."
        if kept.min() >= 0
        else "renumber the labels from 0.",
    )
