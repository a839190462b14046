"""Functions of one array, of nests of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rosenblatt.core.symbolic import tree_map
from rosenblatt.core.types import Tree

NESTS = (list, tuple, dict)


def of_nest(fn: Callable[..., Any], inputs: Tree, *rest: Tree) -> Any:
    """A function of one array, or of each array of a nest, in a nest of the same structure.

    Args:
        fn: a function of an array, and of further ones if `rest` is given.
        inputs: an array or a nest of arrays.
        rest: nests of the same structure.

    Raises:
        ValueError: nests of different structures.

    >>> of_nest(abs, [-1, {"a": -2}])
    [1, {'a': 2}]
    """
    return tree_map(fn, inputs, *rest) if isinstance(inputs, NESTS) else fn(inputs, *rest)
