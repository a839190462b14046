"""The outputs of layers inferred before, remembered: tracing one takes longer than making it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax

from rosenblatt.core import registry
from rosenblatt.core.loading import loading
from rosenblatt.core.symbolic import KerasTensor, infer_outputs, tree_leaves, tree_map
from rosenblatt.core.tracing import traced_settings
from rosenblatt.layers import tracking

if TYPE_CHECKING:
    from rosenblatt.layers.base import Layer

_MOST = 1024
_known: dict[Any, Any] = {}
_PLAIN = (str, int, float, bool, type(None))


def remembered(layer: Layer, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """What a call of a layer on symbolic tensors gives, inferred once for equal layers and inputs.

    Args:
        layer: the layer, built.
        fn: what the call computes.
        args, kwargs: of the call.

    Returns:
        New symbolic tensors of the outputs' shapes and dtypes.
    """
    key = _key(layer, args, kwargs)
    differ = layer._unknown_sizes_differ
    if key is None:
        return infer_outputs(fn, args, kwargs, other_sizes=differ)
    if key not in _known:
        outputs = infer_outputs(fn, args, kwargs, other_sizes=differ)
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = outputs
        return tree_map(_again, outputs)  # what is remembered is in no graph
    return tree_map(_again, _known[key])


def of_any_features(ask: Callable[[Any], Any], tensors: list[Any]) -> Any:
    """What a new layer says of shapes whose inner sizes are unknown, though its weights need them.

    Args:
        ask: gives shapes for symbolic tensors, and leaves the layer as it is.
        tensors: the symbolic tensors.

    Returns:
        The shapes, None where they depend on what is unknown.
    """

    def sized(tensor: KerasTensor, size: int) -> KerasTensor:
        rows, *rest = tensor.shape
        return KerasTensor((rows, *(size if s is None else s for s in rest)), tensor.dtype)

    found = [ask(tree_map(lambda t, size=size: sized(t, size), tensors)) for size in (24, 48)]
    return tree_map(lambda one, other: one if one == other else None, *found)


def _again(tensor: KerasTensor) -> KerasTensor:
    return KerasTensor(tensor.shape, tensor.dtype)


@loading(lambdas="refuse")
def _key(layer: Layer, args: Any, kwargs: Any) -> Any:
    """A value equal where the outputs are; None where more than a config decides on them."""
    kind = type(layer)
    if not registry.is_builtin(kind) or ".preprocessing." in kind.__module__:
        return None  # what a preprocessing layer has learnt decides on its outputs' shapes
    if getattr(layer, "runs_user_code", False) or tracking.parts_of(layer).layers:
        return None
    leaves = tree_leaves((args, kwargs))
    if not all(isinstance(leaf, (KerasTensor, *_PLAIN)) for leaf in leaves):
        return None
    try:
        settings = layer.get_config()
        settings.pop("name", None)
        text = json.dumps([settings, layer._build_shapes], sort_keys=True, default=_no_text)
    except (TypeError, ValueError, NotImplementedError):
        return None
    specs = tuple(
        (leaf.shape, leaf.dtype) if isinstance(leaf, KerasTensor) else (type(leaf), leaf)
        for leaf in leaves
    )
    structure = jax.tree_util.tree_structure(
        tree_map(lambda leaf: 0, (args, kwargs)), is_leaf=lambda x: x is None
    )
    return kind, text, specs, structure, traced_settings()


def _no_text(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} is no plain value")
