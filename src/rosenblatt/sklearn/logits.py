"""Probabilities of models that end in logits, by what their losses say."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit, softmax


def from_logits(loss: Any) -> bool:
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


def _excludes(loss: Any) -> bool:
    """Whether a loss is for classes that exclude each other (softmax), not for labels (sigmoid)."""
    if isinstance(loss, functools.partial):
        loss = loss.func
    name = getattr(loss, "__name__", type(loss).__name__)
    return "binary" not in name.lower()


def _axis(loss: Any) -> int:
    found = loss.keywords.get("axis") if isinstance(loss, functools.partial) else None
    return int(getattr(loss, "axis", -1) if found is None else found)


def probabilities(outputs: Any, loss: Any, names: list[str] | None = None) -> Any:
    """A model's outputs, where its loss takes logits as the probabilities they stand for.

    Args:
        outputs: an array, or a list or dict of them.
        loss: what the model was compiled with: one loss, or a list or dict of them.
        names: of the outputs.
    """
    if isinstance(outputs, (list, tuple)):
        parts = [_one_of(loss, index, names) for index in range(len(outputs))]
        made = [_of(array, part) for array, part in zip(outputs, parts, strict=True)]
        return type(outputs)(made)
    if isinstance(outputs, Mapping):
        keys = list(outputs)
        return {
            key: _of(outputs[key], loss.get(key) if isinstance(loss, Mapping) else _one_of(loss, i))
            for i, key in enumerate(keys)
        }
    return _of(outputs, _one_of(loss, 0, names))


def _one_of(loss: Any, index: int, names: list[str] | None = None) -> Any:
    if isinstance(loss, (list, tuple)):
        return loss[index] if index < len(loss) else None
    if isinstance(loss, Mapping):
        if names and index < len(names) and names[index] in loss:
            return loss[names[index]]
        return list(loss.values())[index] if index < len(loss) else None
    return loss


def _of(array: np.ndarray, loss: Any) -> np.ndarray:
    if not from_logits(loss):
        return array
    if _excludes(loss) and array.ndim > 1 and array.shape[_axis(loss)] > 1:
        return softmax(array, axis=_axis(loss))
    return expit(array)
