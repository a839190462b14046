"""Masks: which steps of an array count.

A mask belongs to an array without being an argument, as in Keras. Traced arrays take no
attributes, so masks are kept in a table by identity that keeps no array alive.
"""

from __future__ import annotations

import weakref
from contextvars import ContextVar
from typing import Any

import jax

from rosenblatt.core.scope import holding
from rosenblatt.core.symbolic import KerasTensor, tree_leaves

_masks: dict[int, tuple[weakref.ref[Any], Any]] = {}
_hidden: ContextVar[bool] = ContextVar("masks_hidden", default=False)


def exist() -> bool:
    """Whether any array has a mask now: where none has, nothing need be looked up."""
    return bool(_masks)


def mask_of(array: Any) -> Any:
    """The mask of an array or symbolic tensor, or None.

    >>> x = jax.numpy.ones((1, 2, 3))
    >>> set_mask(x, jax.numpy.array([[True, False]]))
    >>> mask_of(x)
    Array([[ True, False]], dtype=bool)
    """
    if isinstance(array, KerasTensor):
        return None if _hidden.get() else array._keras_mask
    entry = _masks.get(id(array))
    return None if entry is None or _hidden.get() else entry[1]


def set_mask(array: Any, mask: Any) -> None:
    """Give an array a mask; arrays with values also show it as `_keras_mask`, as in Keras.

    Args:
        array: an array, traced or not, or a symbolic tensor.
        mask: bool, true where a step counts; usually (batch, steps).
    """
    if isinstance(array, KerasTensor):
        array._keras_mask = mask
        return
    key = id(array)
    _masks[key] = (weakref.ref(array, lambda _: _masks.pop(key, None)), mask)
    if isinstance(array, jax.Array) and not isinstance(array, jax.core.Tracer):
        array._keras_mask = mask  # type: ignore[attr-defined]


def keep(array: Any, changed: Any) -> Any:
    """The changed array, with the mask of the array that it was made of."""
    mask = mask_of(array) if _masks or isinstance(array, KerasTensor) else None
    if mask is not None and changed is not array:
        set_mask(changed, mask)
    return changed


def set_masks(arrays: Any, masks: Any) -> None:
    """Give the arrays of a nest the masks of another, where there are some."""
    for array, mask in zip(tree_leaves(arrays), tree_leaves(masks), strict=False):
        if mask is not None and array is not None:
            set_mask(array, mask)


def hidden() -> holding[bool]:
    """Within this block no array has a mask: a layer has dealt with them itself."""
    return holding(_hidden, True)
