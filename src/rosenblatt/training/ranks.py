"""Targets of shape (N,) for outputs of shape (N, 1), and the reverse, given to a user's code.

Subtracted from each other they broadcast to (N, N) without a word. The library's own losses and
metrics bring ranks together by themselves. A user's gets the targets in the outputs' rank; but code
that reads `y_pred[:, 0]` wants them as they are, and the trace tells: it pairs no row with others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax

from rosenblatt.core.rows import with_rows
from rosenblatt.core.scope import Scope, use_scope
from rosenblatt.core.symbolic import tree_leaves, tree_map
from rosenblatt.core.types import Tree

_ROWS = 997  # a prime: how often it divides the size of an array tells how many axes count rows


def in_rank_of(target: Tree, output: Tree) -> Tree:
    """Targets with the rank of outputs, where the two differ by a last axis of 1.

    Args:
        target: an array, or a `jax.ShapeDtypeStruct`.
        output: anything with a shape.

    >>> in_rank_of(jax.numpy.zeros(3), jax.numpy.zeros((3, 1))).shape
    (3, 1)
    """
    have, want = tuple(target.shape), tuple(output.shape)
    if len(want) == len(have) + 1 and want[-1] == 1:
        return _with_shape(target, (*have, 1))
    if len(have) == len(want) + 1 and have[-1] == 1:
        return _with_shape(target, have[:-1])
    return target


def row_axes(fn: Callable[..., Any], *args: Tree) -> float:
    """Over how many axes of rows the largest array goes that a function makes.

    Args:
        fn: a function of arrays whose first axis is that of the rows.
        args: nests of anything with a shape and a dtype, None among them; nothing is computed.

    Returns:
        1 where no row meets another one, 2 where pairs of rows do, and so on; infinity where the
        function fails.

    >>> row_axes(lambda a, b: a - b, jax.numpy.zeros(3), jax.numpy.zeros((3, 1)))
    2
    """

    def run(*given: Tree) -> Tree:
        with use_scope(Scope(binds_all=True)):
            return fn(*given)

    try:
        closed = jax.make_jaxpr(run)(*(_structs(arg) for arg in args))
    except Exception:  # what is wrong with it is reported where it runs
        return math.inf
    return max((_axes(size) for size in _sizes(closed.jaxpr)), default=0)


def for_users_code(fn: Callable[..., Any], y: Tree, y_pred: Tree, *rest: Tree) -> Tree:
    """The targets as a user's function is to get them.

    Args:
        fn: a function of targets, outputs and the rest.
        y: targets, an array or a nest.
        y_pred: outputs.
        rest: further arrays of as many rows.

    Returns:
        The targets in the outputs' rank, or as they are, whichever pairs fewer rows.
    """
    nests: list[Any] = [jax.tree_util.tree_structure(tree) for tree in (y, y_pred)]
    if y is None or nests[0] != nests[1]:
        return y
    aligned = tree_map(in_rank_of, y, y_pred)
    if [a.shape for a in tree_leaves(aligned)] == [a.shape for a in tree_leaves(y)]:
        return y
    if row_axes(fn, y, y_pred, *rest) < row_axes(fn, aligned, y_pred, *rest):
        return y
    return aligned


def for_users_step(fn: Callable[..., Any], y: Tree, *rest: Tree) -> Tree:
    """The targets as a user's own step is to get them, whose outputs are not known beforehand.

    Args:
        fn: a function of targets and the rest that runs the step.
        y: targets; a single array of shape (N,) or (N, 1) may get the other shape.
        rest: further arrays of as many rows.

    Returns:
        The targets as they are, or in the other shape where that pairs fewer rows.
    """
    shape = tuple(getattr(y, "shape", ()))
    if len(shape) not in (1, 2) or shape[1:] not in ((), (1,)):
        return y
    other = _with_shape(y, shape[:1] if len(shape) == 2 else (*shape, 1))
    as_given = row_axes(fn, y, *rest)
    return other if 1 < as_given < math.inf and row_axes(fn, other, *rest) < as_given else y


def _with_shape(array: Tree, shape: tuple[int, ...]) -> Tree:
    if hasattr(array, "reshape"):
        return array.reshape(shape)
    return jax.ShapeDtypeStruct(shape, array.dtype)


def _structs(tree: Tree) -> Tree:
    return tree_map(lambda a: None if a is None else with_rows(a, _ROWS), tree)


def _sizes(jaxpr: Any) -> list[int]:
    """Sizes of all arrays that a trace makes, those of inner traces too."""
    found = [math.prod(v.aval.shape) for e in jaxpr.eqns for v in e.outvars]
    for equation in jaxpr.eqns:
        for value in equation.params.values():
            for inner in value if isinstance(value, (list, tuple)) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    found += _sizes(inner)
    return found


def _axes(size: int) -> int:
    count = 0
    while size and size % _ROWS == 0:
        size, count = size // _ROWS, count + 1
    return count
