"""Questions about the arguments of layers: their names, their shapes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax

from rosenblatt.core.symbolic import tree_leaves
from rosenblatt.core.types import Shapes


def parameters_of(cls: Any, method: str = "__init__") -> dict[str, inspect.Parameter]:
    return _parameters(cls, method)


@functools.cache
def _parameters(cls: Any, method: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(getattr(cls, method)).parameters)


def parameter_names(cls: Any, method: str = "__init__") -> list[str]:
    return list(parameters_of(cls, method))


def pop_input_shape(kwargs: dict[str, Any]) -> tuple[int | None, ...] | None:
    """Keras's older ways to give a first layer its input shape, as a batch shape."""
    if "batch_input_shape" in kwargs:
        return tuple(kwargs.pop("batch_input_shape"))
    if "batch_shape" in kwargs:
        return tuple(kwargs.pop("batch_shape"))
    if "input_shape" in kwargs:
        shape = kwargs.pop("input_shape")
        return (None, *(shape if isinstance(shape, (list, tuple)) else (shape,)))
    if "input_dim" in kwargs:
        return (None, kwargs.pop("input_dim"))
    return None


def is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(s is None or isinstance(s, int) for s in value)


def map_shapes(fn: Callable[[Any], Any], shapes: Shapes) -> Any:
    if is_shape(shapes):
        return fn(tuple(shapes))
    if isinstance(shapes, dict):
        return {k: map_shapes(fn, v) for k, v in shapes.items()}
    return [map_shapes(fn, s) for s in shapes]


def as_tuples(shapes: Shapes) -> Any:
    """Shapes read from JSON, where tuples have become lists."""
    return None if shapes is None else map_shapes(tuple, shapes)


def all_numbers(value: Any) -> bool:
    leaves = jax.tree_util.tree_leaves(value)
    return bool(leaves) and all(isinstance(leaf, (int, float)) for leaf in leaves)


def holds_arrays(value: Any) -> bool:
    leaves = tree_leaves(value)
    return bool(leaves) and all(hasattr(leaf, "shape") for leaf in leaves)
