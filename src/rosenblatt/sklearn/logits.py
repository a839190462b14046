"""What losses say of a network's outputs: their names, and logits as probabilities."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from rosenblatt import losses
from rosenblatt.core.types import Tree
from rosenblatt.sklearn.types import Parts


def loss_name(loss: Parts) -> str | None:
    """The name of the function of a single loss; None for none, and for several.

    >>> loss_name("mse"), loss_name(losses.MeanSquaredError())
    ('mean_squared_error', 'mean_squared_error')
    """
    loss = loss.func if isinstance(loss, functools.partial) else loss
    if loss is None or isinstance(loss, (list, tuple, Mapping)):
        return None
    named: Any = loss.__name__ if inspect.isclass(loss) else loss
    loss = losses.get(named)
    function = getattr(loss, "fn", loss)
    return getattr(function, "__name__", type(loss).__name__)


def from_logits(loss: Parts) -> bool:
    """Whether a loss takes logits.

    Args:
        loss: an object, a function with its arguments (`functools.partial`), or a name.

    >>> from rosenblatt import losses
    >>> from_logits(losses.BinaryCrossentropy(from_logits=True)), from_logits("mse")
    (True, False)
    """
    if isinstance(loss, functools.partial):
        return bool(loss.keywords.get("from_logits", from_logits(loss.func)))
    return bool(getattr(loss, "from_logits", False))


def probabilities(outputs: Tree, loss: Parts, names: list[str] | None = None) -> Tree:
    """A model's outputs; where its loss takes logits, the probabilities they stand for.

    Args:
        outputs: an array, or a list or dict of them.
        loss: what the model was compiled with: one loss, or a list or dict of them.
        names: of the outputs.
    """
    if isinstance(outputs, (list, tuple)):
        return type(outputs)(
            _of(array, _one_of(loss, index, names)) for index, array in enumerate(outputs)
        )
    if isinstance(outputs, Mapping):
        return {
            key: _of(array, loss.get(key) if isinstance(loss, Mapping) else _one_of(loss, index))
            for index, (key, array) in enumerate(outputs.items())
        }
    return _of(outputs, _one_of(loss, 0, names))


def _one_of(loss: Parts, index: int, names: list[str] | None = None) -> Parts:
    if isinstance(loss, Mapping):
        if names and index < len(names) and names[index] in loss:
            return loss[names[index]]
        loss = list(loss.values())
    if isinstance(loss, (list, tuple)):
        return loss[index] if index < len(loss) else None
    return loss


def _of(array: np.ndarray, loss: Parts) -> np.ndarray:
    if not from_logits(loss):
        return array
    axis = loss.keywords.get("axis") if isinstance(loss, functools.partial) else None
    axis = int(getattr(loss, "axis", -1) if axis is None else axis)
    # Classes that exclude each other, not labels.
    if "binary" not in str(loss_name(loss)) and array.ndim > 1 and array.shape[axis] > 1:
        return softmax(array, axis=axis)
    return expit(array)
