"""Keras's `tree`: nests of lists, tuples, dicts and named tuples; None is a leaf.

>>> map_structure(lambda a, b: a + b, {"x": 1, "y": [2]}, {"x": 10, "y": [20]})
{'x': 11, 'y': [22]}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jax import tree_util

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.refusing import refusing
from rosenblatt.core.types import Tree


class MAP_TO_NONE:
    """What a function given to `traverse` returns to put None in place of a part."""


def _is_none(x: Tree) -> bool:
    return x is None


def _shape(nest: Tree) -> Tree:
    return tree_util.tree_structure(nest, is_leaf=_is_none)


def _differ(*structures: Tree) -> BadArgument:
    return BadArgument(
        "The nests have different structures.",
        given=" and ".join(str(tree_util.tree_structure(s)) for s in structures),
    )


@refusing("`tree.is_nested`")
def is_nested(structure: Tree) -> bool:
    """Whether a value is a list, tuple or dict (or another nest).

    >>> is_nested([1]), is_nested(1)
    (True, False)
    """
    return not tree_util.all_leaves([structure], is_leaf=_is_none)


@refusing("`tree.flatten`")
def flatten(structure: Tree) -> list[Any]:
    """The leaves in order; those of a dict in the order of its sorted keys.

    >>> flatten({"b": [1, None], "a": 2})
    [2, 1, None]
    """
    return tree_util.tree_leaves(structure, is_leaf=_is_none)


@refusing("`tree.flatten_with_path`")
def flatten_with_path(structure: Tree) -> list[tuple[tuple[Any, ...], Any]]:
    """The leaves, each after the keys and positions that lead to it.

    >>> flatten_with_path({"a": [1, 2]})
    [(('a', 0), 1), (('a', 1), 2)]
    """

    def plain(entry: Any) -> Any:
        for attribute in ("key", "idx", "name"):
            if hasattr(entry, attribute):
                return getattr(entry, attribute)
        return entry

    found = tree_util.tree_flatten_with_path(structure, is_leaf=_is_none)[0]
    return [(tuple(plain(entry) for entry in path), leaf) for path, leaf in found]


@refusing("`tree.map_structure`")
def map_structure(func: Callable[..., Any], *structures: Tree, none_is_leaf: bool = True) -> Tree:
    """Apply a function to the leaves of nests of one structure.

    Args:
        func: takes one leaf of each nest.
        structures: the nests.
        none_is_leaf: whether None is given to the function, or kept.

    Returns:
        A nest of the results.

    Raises:
        ValueError: no nest, or nests of different structures.
    """
    if not structures:
        raise BadArgument("`tree.map_structure` needs at least one nest.")
    is_leaf = _is_none if none_is_leaf else None
    shapes = {tree_util.tree_structure(s, is_leaf=is_leaf) for s in structures}
    if len(shapes) > 1:
        raise _differ(*structures)
    return tree_util.tree_map(func, *structures, is_leaf=is_leaf)


@refusing("`tree.map_structure_up_to`")
def map_structure_up_to(
    shallow_structure: Tree, func: Callable[..., Any], *structures: Tree
) -> Tree:
    """Apply a function to the parts of nests that lie at the leaves of a shallower one.

    Raises:
        ValueError: no nest, or nests that do not begin like the shallow one.

    >>> map_structure_up_to([0, 0], len, [[1, 2], [3]])
    [2, 1]
    """
    if not structures:
        raise BadArgument("`tree.map_structure_up_to` needs at least one nest.")
    try:
        return tree_util.tree_map(
            lambda _, *parts: func(*parts), shallow_structure, *structures, is_leaf=_is_none
        )
    except ValueError as error:
        raise _differ(shallow_structure, *structures) from error


@refusing("`tree.map_shape_structure`")
def map_shape_structure(func: Callable[..., Any], structure: Tree) -> Tree:
    """Apply a function to the shapes in a nest: tuples or lists of integers and None.

    >>> map_shape_structure(len, {"a": (None, 3), "b": [(2,)]})
    {'a': 2, 'b': [1]}
    """

    def is_shape(x: Tree) -> bool:
        return x is None or (
            isinstance(x, (list, tuple)) and all(isinstance(e, (int, type(None))) for e in x)
        )

    return tree_util.tree_map(func, structure, is_leaf=is_shape)


@refusing("`tree.assert_same_structure`")
def assert_same_structure(a: Tree, b: Tree, check_types: object = None) -> None:
    """Check that two nests have one structure.

    Raises:
        ValueError: they do not.
    """
    if _shape(a) != _shape(b):
        raise _differ(a, b)


@refusing("`tree.assert_same_paths`")
def assert_same_paths(a: Tree, b: Tree) -> None:
    """Check that the same keys and positions lead to the leaves of two nests.

    Raises:
        ValueError: a path that only one of them has.
    """
    paths = [{path for path, _ in flatten_with_path(nest)} for nest in (a, b)]
    if only := paths[0] ^ paths[1]:
        raise BadArgument(
            "The nests have different paths.",
            given=f"{', '.join(map(str, sorted(only, key=str)))} in one of them only",
        )


@refusing("`tree.pack_sequence_as`")
def pack_sequence_as(structure: Tree, flat_sequence: Iterable[Tree]) -> Tree:
    """A nest of a structure with other leaves.

    Raises:
        ValueError: not as many leaves.

    >>> pack_sequence_as({"a": 0, "b": [0]}, [1, 2])
    {'a': 1, 'b': [2]}
    """
    shape, values = _shape(structure), list(flat_sequence)
    if len(values) != len(flatten(structure)):
        raise BadArgument(
            "`tree.pack_sequence_as`: the sequence does not fill the structure.",
            given=f"{len(values)} values",
            expected=len(flatten(structure)),
        )
    return tree_util.tree_unflatten(shape, values)


@refusing("`tree.lists_to_tuples`")
def lists_to_tuples(structure: Tree) -> Tree:
    """Tuples in place of all lists.

    >>> lists_to_tuples([1, {"a": [2]}])
    (1, {'a': (2,)})
    """
    return traverse(lambda x: tuple(x) if isinstance(x, list) else None, structure, False)


@refusing("`tree.traverse`")
def traverse(func: Callable[[Any], Any], structure: Tree, top_down: bool = True) -> Tree:
    """Offer a function each part of a nest, the nest itself among them.

    Args:
        func: what it returns is put in the part's place; None keeps the part, `MAP_TO_NONE` puts
            None there.
        structure: a nest.
        top_down: whether a part comes before what is in it; what is in a replaced part is left out.

    Returns:
        The nest with the replaced parts.
    """

    def inside() -> Tree:
        parts, shape = tree_util.tree_flatten(structure, is_leaf=lambda x: x is not structure)
        if not is_nested(structure):
            return structure
        return tree_util.tree_unflatten(shape, [traverse(func, part, top_down) for part in parts])

    kept = structure if top_down else inside()
    result = func(kept)
    if result is None:
        return inside() if top_down else kept
    return None if result is MAP_TO_NONE else result


__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]
