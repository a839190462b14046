"""Small functions of arrays."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from rosenblatt import ops
from rosenblatt.core.config import floatx
from rosenblatt.core.errors import BadArgument
from rosenblatt.core.refusing import refusing
from rosenblatt.core.types import Array, ArrayLike


@refusing("`utils.to_categorical`")
def to_categorical(x: ArrayLike, num_classes: int | None = None) -> np.ndarray | Array:
    """One-hot rows for integer labels.

    Args:
        x: labels, any shape; a last axis of size 1 is dropped.
        num_classes: number of classes; the largest label + 1 if None.

    Returns:
        Array of shape (*x.shape, num_classes), 1 at the label and 0 elsewhere: a JAX array of
        floats for a JAX array, a NumPy array of float64 otherwise.

    Raises:
        ValueError: a label outside the classes.

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    if isinstance(x, jax.core.Tracer):
        return _one_hot_traced(x, num_classes)
    labels = np.asarray(x, dtype="int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    count = int(num_classes) if num_classes else int(labels.max()) + 1
    if labels.size and (labels.min() < 0 or labels.max() >= count):
        raise BadArgument(
            "to_categorical: a label outside the classes.",
            given=f"labels from {labels.min()} to {labels.max()}",
            expected=f"0 to {count - 1}",
        )
    one_hot = np.zeros((labels.size, count))
    one_hot[np.arange(labels.size), labels.ravel()] = 1
    one_hot = one_hot.reshape((*labels.shape, count))
    return jnp.asarray(one_hot, floatx()) if isinstance(x, jax.Array) else one_hot


def _one_hot_traced(x: Array, num_classes: int | None) -> Array:
    """Labels inside a compiled function, whose values nobody can look at."""
    if not num_classes:
        raise BadArgument(
            "to_categorical: the number of classes is unknown inside a compiled function.",
            fix="pass `num_classes=`.",
        )
    labels = x[..., 0] if x.ndim > 1 and x.shape[-1] == 1 else x
    return jax.nn.one_hot(labels.astype("int32"), num_classes, dtype=floatx())


@refusing("`utils.normalize`")
def normalize(x: ArrayLike, axis: int = -1, order: int = 2) -> np.ndarray | Array:
    """Rows of norm 1, in the kind of array that was given.

    Args:
        x: array.
        axis: the axis whose norm becomes 1.
        order: 1 or 2 …: the norm.

    Returns:
        An array of the same shape.

    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    if isinstance(x, jax.Array):
        return ops.normalize(x, axis=axis, order=order)
    array = np.asarray(x)
    norm = np.atleast_1d(np.linalg.norm(array, order, axis))
    norm[norm == 0] = 1
    return array / np.expand_dims(norm, axis)
