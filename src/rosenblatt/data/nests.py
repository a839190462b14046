"""Nests of dicts, lists and tuples whose leaves are named as the user would write them: `x[0]`."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from rosenblatt.core.errors import BadData, explain
from rosenblatt.core.types import Tree


def read_nest(tree: Tree, what: str, read: Callable[[Any, str], np.ndarray]) -> Tree:
    """Apply a function to the leaves of a nest and their names; None stays None.

    Lists and tuples of numbers are leaves; those of arrays, and dicts, are several inputs (or
    outputs), as in Keras.
    """
    if tree is None:
        return None
    if isinstance(tree, Mapping):
        if not tree:
            raise BadData(no_rows(what, "an empty dict"))
        return {key: read_nest(value, f"{what}[{key!r}]", read) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)) and _is_structure(tree):
        items = [read_nest(value, f"{what}[{index}]", read) for index, value in enumerate(tree)]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return read(tree, what)


def named_leaves(tree: Tree, what: str) -> Iterator[tuple[str, Any]]:
    """The leaves of a nest with their names; parts that are None are left out."""
    if type(tree) is np.ndarray:
        yield what, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from named_leaves(value, f"{what}[{key!r}]")
    elif isinstance(tree, (list, tuple)) and _is_structure(tree):
        for index, value in enumerate(tree):
            yield from named_leaves(value, f"{what}[{index}]")
    elif tree is not None:
        yield what, tree


def _is_structure(items: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list holds arrays (then it is a nest) and not numbers; its first item decides."""
    for item in items:
        if item is None:
            continue
        if isinstance(item, (list, tuple)):
            return _is_structure(item)
        if isinstance(item, (numbers.Number, str, bytes, np.generic)):
            return False
        return getattr(item, "ndim", 1) != 0
    return len(items) > 0


def check_lengths(x: Tree, y: Tree = None, sample_weight: Tree = None) -> int:
    """The number of rows, which must be the same in every array.

    Args:
        x, y, sample_weight: nests of NumPy arrays, or None.

    Returns:
        The number of rows.

    Raises:
        ValueError: listing the rows of each part.

    >>> check_lengths(np.ones((3, 2)), np.ones(3))
    3
    """
    parts = (("x", x), ("y", y), ("sample_weight", sample_weight))
    rows = {name: len(leaf) for what, part in parts for name, leaf in named_leaves(part, what)}
    if not rows:
        raise BadData(no_rows("x", None))
    if len(set(rows.values())) > 1:
        raise BadData(
            "The data do not have the same number of rows.",
            given=", ".join(f"{name}: {count}" for name, count in rows.items()),
            expected="one row of each part for every sample",
            fix="drop the rows that have no partner; dropping rows with missing values must be "
            "done on x and y together.",
        )
    return next(iter(rows.values()))


def no_rows(what: str, given: str | None) -> str:
    """The message for data without a row."""
    return explain(
        f"{what} is empty: there is no row to work on.",
        given=given,
        expected="at least one row",
        fix="check the filter, slice or file the data came from.",
    )
