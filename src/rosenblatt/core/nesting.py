"""What a user gives for several inputs or outputs, put in the order of a model's own nest.

A nest that is given must say which part belongs where: by its keys where the model's nest has keys,
by its places where that is a list or tuple. Keys have no order, so a list is never matched to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.types import Tree


class UnmatchedError(Exception):
    """What was given does not fit a model's nest.

    Args:
        kind: "unknown" (a key that does not exist), "missing" (a key that was not given), "unnamed"
            (places where there are keys), or "count" (a different number of parts).
        key: the key, where it is about one.
        keys: the keys that exist.
    """

    def __init__(self, kind: str, key: object = None, keys: Sequence[Any] = ()):
        super().__init__(kind)
        self.kind = kind
        self.key = key
        self.keys = list(keys)


def spread(
    given: Tree,
    structure: Tree,
    names: Sequence[str],
    *,
    partial: bool = False,
    unwrap: bool = True,
) -> list[Any]:
    """The parts of what was given, in the order of the leaves of a model's nest.

    Args:
        given: a part alone, or a nest of them.
        structure: the model's nest, of anything.
        names: names of its leaves, by which a dict may give them where the nest has no keys.
        partial: whether parts may be left out of a dict; they are None.
        unwrap: whether a list of one is its item (arrays; not metrics, which come in lists).

    Raises:
        UnmatchedError: it cannot be told which part belongs where.

    >>> spread({"b": 2, "a": 1}, [0, 0], ["a", "b"])
    [1, 2]
    >>> spread({"b": 2, "a": 1}, {"b": 0, "a": 0}, ["a", "b"])  # leaves in the order of the keys
    [1, 2]
    >>> spread([[1, 2], 3], ((0, 0), 0), ["a", "b", "c"])
    [1, 2, 3]
    """
    if isinstance(given, Mapping) and not isinstance(structure, Mapping):
        return _by_key(given, list(names), partial)
    return _walk(given, structure, partial, unwrap)


def pack(structure: Tree, parts: Sequence[Any]) -> Tree:
    """Parts in the order of a nest's leaves, as that nest; a list or tuple of one is its item.

    >>> pack({"b": 0, "a": [0, 0]}, [1, 2, 3])
    {'a': [1, 2], 'b': 3}
    """
    if len(parts) == 1 and not isinstance(structure, Mapping):
        return parts[0]
    waiting = iter(parts)
    return tree_map(lambda _: next(waiting), structure)


def _walk(given: Tree, node: Tree, partial: bool, unwrap: bool) -> list[Any]:
    if given is None and partial:
        return [None] * len(tree_leaves(node))
    if isinstance(node, Mapping):
        if isinstance(given, Mapping):
            keys = list(node) if type(node) is not dict else sorted(node)
            parts = _by_key(given, keys, partial)
            pairs = zip(parts, (node[key] for key in keys), strict=True)
            return [leaf for part, inner in pairs for leaf in _walk(part, inner, partial, unwrap)]
        if (count := len(tree_leaves(node))) > 1:
            raise UnmatchedError("unnamed" if _parts(given) == count else "count", keys=list(node))
        return _walk(given, next(iter(node.values())), partial, unwrap)
    if isinstance(node, (list, tuple)):
        return _by_place(given, node, len(tree_leaves(node)), partial, unwrap)
    if unwrap and isinstance(given, (list, tuple, Mapping)):
        if isinstance(given, Mapping) or len(given) != 1:
            raise UnmatchedError("count")
        return _walk(given[0], node, partial, unwrap)
    return [given]


def _by_place(given: Tree, node: Tree, count: int, partial: bool, unwrap: bool) -> list[Any]:
    if len(node) == 1 and not (isinstance(given, (list, tuple)) and len(given) == 1):
        return _walk(given, node[0], partial, unwrap)
    if not isinstance(given, (list, tuple)):
        raise UnmatchedError("count")
    if len(given) == len(node):
        pairs = zip(given, node, strict=True)
        return [leaf for part, inner in pairs for leaf in _walk(part, inner, partial, unwrap)]
    flat = tree_leaves(given) if unwrap and not _has_keys(given) else list(given)
    if len(flat) == count:  # the leaves one after the other, where no key stands between
        if _has_keys(node):
            raise UnmatchedError("unnamed")
        return flat
    raise UnmatchedError("count")


def _by_key(given: Mapping[Any, Any], keys: Sequence[Any], partial: bool) -> list[Any]:
    complete = not partial and all(key in given for key in keys)  # what is over is left alone
    for key in given:
        if key not in keys and not complete:
            raise UnmatchedError("unknown", key, keys)
    missing = [key for key in keys if key not in given]
    if missing and not partial:
        raise UnmatchedError("missing", missing[0], keys)
    return [given.get(key) for key in keys]


def _has_keys(node: Tree) -> bool:
    if isinstance(node, Mapping):
        return True
    return isinstance(node, (list, tuple)) and any(map(_has_keys, node))


def _parts(given: Tree) -> int:
    return len(given) if isinstance(given, (list, tuple)) else 1
