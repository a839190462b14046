"""Small functions of arrays."""

from __future__ import annotations

import numpy as np

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.types import ArrayLike


def to_categorical(x: ArrayLike, num_classes: int | None = None) -> np.ndarray:
    """One-hot rows for integer labels.

    Args:
        x: labels, any shape; a last axis of size 1 is dropped.
        num_classes: number of classes; the largest label + 1 if None.

    Returns:
        float64 array of shape (*x.shape, num_classes), 1 at the label and 0 elsewhere.

    Raises:
        ValueError: a label outside the classes.

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    labels = np.asarray(x, dtype="int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    count = int(labels.max()) + 1 if num_classes is None else int(num_classes)
    if labels.size and (labels.min() < 0 or labels.max() >= count):
        raise BadArgument(
            "to_categorical: a label outside the classes.",
            given=f"labels from {labels.min()} to {labels.max()}",
            expected=f"0 to {count - 1}",
        )
    one_hot = np.zeros((labels.size, count))
    one_hot[np.arange(labels.size), labels.ravel()] = 1
    return one_hot.reshape((*labels.shape, count))


def normalize(x: ArrayLike, axis: int = -1, order: int = 2) -> np.ndarray:
    """Rows of norm 1.

    Args:
        x: array.
        axis: the axis whose norm becomes 1.
        order: 1 or 2 …: the norm.

    Returns:
        An array of the same shape.

    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    array = np.asarray(x)
    norm = np.atleast_1d(np.linalg.norm(array, order, axis))
    norm[norm == 0] = 1
    return array / np.expand_dims(norm, axis)
