"""Weights of classes as weights of samples."""

from __future__ import annotations

import numbers
from collections.abc import Mapping

import numpy as np

from rosenblatt.core.errors import BadArgument, BadData
from rosenblatt.core.types import Tree
from rosenblatt.data.arrays import named_leaves


def class_weights_to_sample_weights(y: Tree, class_weight: Mapping[int, float]) -> np.ndarray:
    """The weight of each sample's class; 1 for a class that is not listed (as Keras does).

    Args:
        y: (n,) or (n, 1) class numbers (rounded to integers), or (n, classes) one-hot rows, of
            which the largest entry decides.
        class_weight: class number to weight.

    Returns:
        (n,) float32.

    Raises:
        ValueError: several outputs, no labels, or something else than numbers by class number.

    >>> class_weights_to_sample_weights(np.array([0, 2, 1]), {0: 0.5, 1: 3.0})
    array([0.5, 1. , 3. ], dtype=float32)
    """
    weights = _checked(class_weight)
    if not isinstance(y, np.ndarray):
        raise BadData(
            "`class_weight` needs the labels of a single output.",
            given="no y" if y is None else f"y as a {type(y).__name__} of several outputs",
            expected="one array of labels",
            fix="pass `sample_weight`, one array for each output, instead.",
        )
    labels = y
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else np.argmax(labels, axis=-1)
    if labels.ndim > 1:
        raise BadData(
            "`class_weight` needs one label for each sample.",
            given=f"y of shape {y.shape}",
            expected="shape (n,), (n, 1) or one-hot (n, classes)",
            fix="pass `sample_weight` instead.",
        )
    if labels.dtype.kind not in "iub":
        labels = np.round(labels).astype(np.int64)
    classes, places = np.unique(labels, return_inverse=True)
    of_class = np.array([weights.get(int(c), 1.0) for c in classes], dtype=np.float32)
    return of_class[places]


def with_class_weight(y: Tree, weight: Tree, class_weight: Mapping[int, float]) -> Tree:
    """Sample weights multiplied by those of the classes."""
    y, weight = _alone(y), _alone(weight)
    of_class = class_weights_to_sample_weights(y, class_weight)
    if weight is None:
        return of_class
    if not isinstance(weight, np.ndarray):
        raise BadData(
            "`class_weight` needs the sample weights of a single output.",
            given=f"sample_weight as a {type(weight).__name__}",
            expected="one array",
        )
    return (weight * of_class.reshape(-1, *(1,) * (weight.ndim - 1))).astype(np.float32)


def _alone(tree: Tree) -> Tree:
    """The array of a nest of one, such as `{"out": y}`; other nests as they are."""
    leaves = list(named_leaves(tree, ""))
    return leaves[0][1] if len(leaves) == 1 else tree


def _checked(class_weight: Mapping[int, float]) -> dict[int, float]:
    example = "{0: 1.0, 1: 5.0}"
    if not isinstance(class_weight, Mapping):
        raise BadArgument(
            "`class_weight` is not a dict.",
            given=repr(class_weight),
            expected=f"class number to weight, e.g. {example}",
            fix="scikit-learn's `compute_class_weight` gives balanced weights as an array: "
            "`dict(enumerate(weights))`.",
        )
    for key, value in class_weight.items():
        whole = isinstance(key, numbers.Real) and float(key).is_integer()
        if not whole or not isinstance(value, (numbers.Real, np.generic, np.ndarray)):
            raise BadArgument(
                "`class_weight` must map class numbers to weights.",
                given=f"{key!r}: {value!r}",
                expected=f"e.g. {example}",
            )
    return {int(key): float(value) for key, value in class_weight.items()}
