"""Masks into a layer's call and out of it again, by Keras's rules."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from rosenblatt.core import masks
from rosenblatt.core.errors import explain, warn_user
from rosenblatt.core.symbolic import any_symbolic, tree_leaves, tree_map
from rosenblatt.core.types import Tree
from rosenblatt.layers.signatures import holds_arrays, parameter_names

if TYPE_CHECKING:
    from rosenblatt.layers.base import Layer


@functools.cache
def mask_arguments(cls: Any) -> tuple[str, ...]:
    """The arguments of a layer's `call` that take masks: `mask`, `query_mask` …"""
    return tuple(n for n in parameter_names(cls, "call") if n == "mask" or n.endswith("_mask"))


def first_argument(layer: Layer, args: Any, kwargs: Any) -> Any:
    """What the first parameter of `call` gets."""
    return args[0] if args else kwargs.get(parameter_names(type(layer), "call")[1])


def with_masks(
    layer: Layer, args: Any, kwargs: dict[str, Any], symbolic: bool = False
) -> dict[str, Any]:
    """The keyword arguments of a call with the masks of its arrays, where none were given.

    A layer of one argument gets `mask`; one of several gets `<argument>_mask` for each.
    """
    several = bool(args) and isinstance(args[0], (list, tuple, dict))
    if not (symbolic or several or masks.exist()):
        return kwargs
    kind: Any = type(layer)
    names = mask_arguments(kind)
    if not names:
        return kwargs
    given = {**dict(zip(parameter_names(type(layer), "call")[1:], args, strict=False)), **kwargs}
    arrays = {name: value for name, value in given.items() if _may_have_masks(value)}
    if len(arrays) == 1:
        wanted = {"mask": next(iter(arrays.values()))}
    else:
        wanted = {f"{name}_mask": value for name, value in arrays.items()}
    found = {
        name: tree_map(masks.mask_of, value)
        for name, value in wanted.items()
        if name in names and given.get(name) is None
    }
    return {**kwargs, **found}


def _may_have_masks(value: Any) -> bool:
    return holds_arrays([v for v in tree_leaves(value) if v is not None])


def pass_on(
    layer: Layer, args: Any, kwargs: dict[str, Any], outputs: Tree, symbolic: bool = False
) -> None:
    """Give the outputs of a call their masks, or say that they are lost.

    Args:
        layer: the layer that was called.
        args, kwargs: what it was called with, masks among them.
        outputs: what it returned.
        symbolic: whether it was called on symbolic tensors, which may get masks later.
    """
    mask = kwargs.get("mask")
    makes = layer.makes_masks and layer.supports_masking
    if mask is None and not (symbolic or makes or masks.exist()):
        return
    inputs = first_argument(layer, args, kwargs)
    arrays = tree_leaves(outputs)
    if all(masks.mask_of(array) is not None for array in arrays):
        return
    before = tree_map(masks.mask_of, inputs) if mask is None else mask
    there_is_one = any(leaf is not None for leaf in tree_leaves(before))
    if layer.supports_masking:
        if there_is_one or layer.makes_masks:
            after = tree_leaves(layer.compute_mask(inputs, before))
            for array, new in zip(arrays, after, strict=False):
                if new is not None and masks.mask_of(array) is None:
                    masks.set_mask(array, new)
    elif there_is_one and not (layer._layers and any_symbolic(outputs)):
        # Layers inside pass masks on by themselves; of symbolic outputs that is not known yet.
        warn_user(
            explain(
                f"Layer {layer.name!r} ({type(layer).__name__}) does not support masking: the mask "
                "of its input ends here, and the layers after it see every step.",
                fix="set `self.supports_masking = True` in `__init__()` if the outputs have the "
                "inputs' steps, or define `compute_mask(inputs, previous_mask)`.",
            )
        )
