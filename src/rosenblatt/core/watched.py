"""Integers that must lie in a range, such as ids of an `Embedding`, seen before a program runs.

A program cannot refuse a value. So a function that needs ids says so while it is traced, and what
can be computed of them from the data alone, through reshapes, casts and inner models, is computed
and checked beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import jax
import numpy as np

from rosenblatt.core.scope import holding
from rosenblatt.core.types import Array, Tree

Check = Callable[[np.ndarray], None]

_seen: ContextVar[list[tuple[Any, Check]] | None] = ContextVar("watched", default=None)


def watch(values: Array, check: Check) -> None:
    """Say that values must pass a check; called by what is traced, without effect elsewhere.

    Args:
        values: traced integers.
        check: raises an error for an array of them that is wrong.
    """
    seen = _seen.get()
    if seen is not None and isinstance(values, jax.core.Tracer):
        seen.append((values, check))


def _is_literal(atom: Any) -> bool:
    """Whether an equation takes a number as it is, in place of a variable."""
    return hasattr(atom, "val")


class Watched:
    """The watched values of a function that follow from its first argument alone.

    Args:
        fn: a function of data and of something else, such as a model's variables.

    >>> def fn(x, weights):
    ...     watch(x[:, 0], lambda ids: print(ids))
    ...     return weights * x.sum()
    >>> Watched(fn).check(np.array([[1, 2], [3, 4]]), np.ones(2))
    [1 3]
    """

    def __init__(self, fn: Callable[[Tree, Tree], Tree]):
        self._fn = fn
        self._compiled: dict[Any, tuple[Any, list[Check]]] = {}

    def check(self, data: Tree, rest: Tree) -> None:
        """Run the checks on data.

        Args:
            data: nest of arrays, for `fn`.
            rest: the other argument; only shapes and dtypes matter.
        """
        leaves, nest = jax.tree_util.tree_flatten(data)
        shapes = (nest, *((a.shape, a.dtype) for a in leaves))
        if shapes not in self._compiled:
            self._compiled[shapes] = self._traced(data, rest)
        find, checks = self._compiled[shapes]
        if checks:
            for values, check in zip(find(*leaves), checks, strict=True):
                check(np.asarray(values))

    def _traced(self, data: Tree, rest: Tree) -> tuple[Any, list[Check]]:
        checks: list[Check] = []

        def run(data: Tree, rest: Tree) -> list[Any]:
            seen: list[tuple[Any, Check]] = []
            with holding(_seen, seen):
                self._fn(data, rest)
            checks[:] = [check for _, check in seen]
            return [values for values, _ in seen]

        try:
            traced = jax.make_jaxpr(run)(data, rest)
        except Exception:  # what is wrong with it is reported where it runs; tracers that got lost
            return None, []
        closed, count = traced, len(jax.tree_util.tree_leaves(data))
        inner = closed.jaxpr
        known = {*inner.invars[:count], *inner.constvars}
        equations = []
        for equation in inner.eqns:
            variables = (atom for atom in equation.invars if not _is_literal(atom))
            if not equation.effects and all(variable in known for variable in variables):
                known.update(equation.outvars)
                equations.append(equation)
        places = [i for i, v in enumerate(inner.outvars) if _is_literal(v) or v in known]
        if not places:
            return None, []
        part = inner.replace(
            invars=inner.invars[:count],
            outvars=[inner.outvars[i] for i in places],
            eqns=equations,
            debug_info=inner.debug_info._replace(arg_names=None, result_paths=None),
        )
        from jax.extend.core import ClosedJaxpr, jaxpr_as_fun  # takes 80 ms

        find = jax.jit(jaxpr_as_fun(ClosedJaxpr(part, closed.consts)))
        return find, [checks[i] for i in places]
