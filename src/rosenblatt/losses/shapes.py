"""Targets, predictions and weights brought to shapes that fit, or why they, or labels, do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from rosenblatt.core import config, dtypes
from rosenblatt.core.errors import BadData
from rosenblatt.core.scope import row_count, row_mask
from rosenblatt.core.types import Array, ArrayLike, Shape, Tree


def as_real(value: ArrayLike, what: str) -> Array:
    """An array, of anything but complex numbers, whose imaginary part would be lost.

    Args:
        value: an array, a list or a number.
        what: its name, for the message.

    Raises:
        ValueError: complex numbers.
    """
    array = jnp.asarray(value)
    if jnp.issubdtype(array.dtype, jnp.complexfloating):
        raise BadData(
            f"`{what}` holds complex numbers.", given=str(array.dtype), expected="real numbers"
        )
    return array


def as_float(value: ArrayLike) -> Array:
    """An array of a float type: its own, or the default one for integers and booleans."""
    array = jnp.asarray(value)
    return array if jnp.issubdtype(array.dtype, jnp.floating) else array.astype(config.floatx())


def _leaves(tree: Tree) -> list[Any]:
    """The arrays and numbers of a nest, those of a long list of numbers not looked at."""
    if isinstance(tree, Mapping):
        return [leaf for item in tree.values() for leaf in _leaves(item)]
    if isinstance(tree, (list, tuple)):
        return [leaf for item in tree[:1] for leaf in _leaves(item)]
    return [tree]


def as_arrays(tree: Tree, dtype: str, keep_integers: bool = False) -> Tree:
    """Convert an array, nested lists of numbers, or a dict or list of arrays, to a float type."""
    if isinstance(tree, Mapping):
        return {key: as_arrays(value, dtype, keep_integers) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)) and any(
        hasattr(leaf, "shape") for item in tree for leaf in _leaves(item)
    ):
        items = [as_arrays(item, dtype, keep_integers) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    array = jnp.asarray(tree)
    if keep_integers and not jnp.issubdtype(array.dtype, jnp.floating):
        return array
    return array.astype(dtypes.numpy_dtype(dtype))


def squeeze_or_expand(first: Array, second: Array) -> tuple[Array, Array]:
    """Bring two arrays whose ranks differ by a last axis of 1 to the same rank.

    Args:
        first: an array, for example (N,).
        second: an array, for example (N, 1).

    Returns:
        Both with the same rank: (N, 1) where one of them is (N,), else without the last axis.

    >>> a, b = squeeze_or_expand(jnp.zeros(4), jnp.zeros((4, 1)))
    >>> a.shape, b.shape
    ((4, 1), (4, 1))
    """
    if first.ndim == second.ndim + 1 and first.shape[-1] == 1:
        return (first, second[..., None]) if second.ndim == 1 else (first[..., 0], second)
    if second.ndim == first.ndim + 1 and second.shape[-1] == 1:
        return (first[..., None], second) if first.ndim == 1 else (first, second[..., 0])
    return first, second


def align(
    y_true: ArrayLike, y_pred: ArrayLike, where: str, hint: str | None = None
) -> tuple[Array, Array]:
    """Targets and predictions as float arrays of one shape.

    Args:
        y_true: targets.
        y_pred: predictions; the targets take their float type.
        where: name of the loss, for the message.
        hint: what the message suggests instead of its own suggestion.

    Returns:
        Both, with equal shapes.

    Raises:
        ValueError: shapes that differ by more than a last axis of 1.
    """
    pred = as_float(y_pred)
    true, pred = squeeze_or_expand(jnp.asarray(y_true).astype(pred.dtype), pred)
    if true.shape != pred.shape:
        raise misaligned(true.shape, pred.shape, where, hint)
    return true, pred


def misaligned(true: Shape, pred: Shape, where: str, hint: str | None = None) -> BadData:
    """The error for targets and predictions whose shapes do not align."""
    if tuple(true[:1]) != tuple(pred[:1]):
        hint = "pass one row of targets for each row of predictions."
    elif hint is None:
        units = true[-1] if len(true) == len(pred) else 1
        hint = (
            f"give the output layer units={units}, or pass targets of shape {tuple(pred)}; "
            "nothing is broadcast silently."
        )
    return BadData(
        f"{where}: targets and predictions have shapes that do not align.",
        given=f"y_true of shape {tuple(true)}, y_pred of shape {tuple(pred)}",
        expected="equal shapes, up to a last axis of 1",
        fix=hint,
    )


def align_weights(values: Array, weight: Array, where: str) -> tuple[Array, Array]:
    """Per-sample values and weights, with ranks as Keras brings them together.

    Args:
        values: (N, …) values.
        weight: a number, (N,) or more axes of the values' shape, or 1 for any axis.
        where: name of the loss or metric, for the message.

    Returns:
        Both; the weights have at most as many axes as the values.

    Raises:
        ValueError: weights of another shape.
    """
    if values.ndim == 0 or weight.ndim == 0:
        return values, weight
    given = weight.shape
    values, weight = squeeze_or_expand(values, weight)
    leading = values.shape[: weight.ndim]
    fits = weight.ndim <= values.ndim and all(
        w in (1, v) for w, v in zip(weight.shape, leading, strict=True)
    )
    if not fits:
        raise BadData(
            f"{where}: `sample_weight` does not fit the values it weights.",
            given=f"sample_weight of shape {given}, values of shape {values.shape}",
            expected=f"one weight for each row: shape ({values.shape[0]},)",
            fix="weights per class belong in `class_weight`, weights per output in `loss_weights`.",
        )
    return values, weight


def align_mask(mask: ArrayLike, shape: Shape, where: str) -> Array:
    """The mask of predictions, bool, shaped to broadcast against values of a shape.

    Args:
        mask: (N, steps …), with at most as many axes as the values.
        shape: the shape of per-sample values or of their weights.
        where: name of the loss or metric, for the message.

    Raises:
        ValueError: a mask of another shape.
    """
    mask = jnp.asarray(mask).astype(bool)
    given = mask.shape
    if mask.ndim == len(shape) + 1 and mask.shape[-1] == 1:
        mask = mask[..., 0]
    mask = mask.reshape(mask.shape + (1,) * (len(shape) - mask.ndim))
    fits = mask.ndim == len(shape) and all(
        m == 1 or s in (1, m) for m, s in zip(mask.shape, shape, strict=True)
    )
    if not fits:
        raise BadData(
            f"{where}: the mask of the predictions does not fit the values it masks.",
            given=f"mask of shape {given}, values of shape {tuple(shape)}",
            expected="one value for each masked step",
            fix="give the targets the predictions' shape, (batch, steps, units), so that each step "
            "has a value.",
        )
    return mask


def real_rows(values: Array) -> Array | None:
    """The mask of the real rows, shaped to broadcast against the values, or None.

    None means that every row is real, or that the values have no row axis (a scalar).
    """
    mask = row_mask()
    if mask is None or values.ndim == 0 or values.shape[0] != mask.shape[0]:
        return None
    return mask if values.ndim == 1 else mask.reshape((-1,) + (1,) * (values.ndim - 1))


def mean_over(values: Array, axis: int = -1) -> Array:
    """The mean over an axis; where that is the axis of rows, over the real rows only."""
    if values.ndim == 0:
        return values
    if values.ndim == 1:
        rows = real_rows(values)
        if rows is not None:
            return jnp.sum(jnp.where(rows, values, 0)) / row_count()
    return jnp.mean(values, axis=axis)


def is_off(number: object) -> bool:
    """Whether a number is a plain zero, so that what it scales is left out of the program."""
    return isinstance(number, (int, float)) and number == 0


def divide_no_nan(a: Array, b: Array) -> Array:
    """a / b, and 0 where b is 0."""
    zero = jnp.equal(b, 0)
    return jnp.where(zero, 0, a / jnp.where(zero, 1, b))


def kind_of_classes(y_true_shape: Shape, y_pred_shape: Shape) -> str:
    """How shapes tell binary, sparse and one-hot classification apart, as Keras's compile does.

    Args:
        y_true_shape: shape of the targets.
        y_pred_shape: shape of the predictions.

    Returns:
        "Binary" where the predictions' last axis is 1; "SparseCategorical" where the targets have
        fewer axes or a last axis of 1; else "Categorical": what names of classes begin with.

    >>> kind_of_classes((32,), (32, 10))
    'SparseCategorical'
    """
    if y_pred_shape[-1] == 1:
        return "Binary"
    fewer = len(y_true_shape) < len(y_pred_shape)
    return "SparseCategorical" if fewer or y_true_shape[-1] == 1 else "Categorical"


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
