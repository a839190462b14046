"""Gradients of several batches added up for one update."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.variable import StatelessScope, Variable


def accumulate(
    gradients: Sequence[Any],
    sums: Sequence[Variable],
    steps: Any,
    due: Any,
    update: Callable[[list[Any]], None],
    state: Sequence[Variable],
) -> None:
    """Add gradients to sums; where an update is due, make it with their mean and start again.

    Args:
        gradients: those of this batch.
        sums: what was added up so far.
        steps: the number of batches in an update.
        due: whether this is the last of them.
        update: takes the means of the gradients and assigns to the variables in `state`.
        state: every variable that an update may change.

    >>> import numpy as np
    >>> total = Variable(np.array(3.0), name="total")
    >>> accumulate([jnp.asarray(2.0)], [total], 4, False, len, [total])
    >>> float(total)
    5.0
    """

    def finish() -> None:
        update([(g + s.value) / steps for g, s in zip(gradients, sums, strict=True)])
        for total in sums:
            total.assign(jnp.zeros(total.shape, total.dtype))

    def collect() -> None:
        for gradient, total in zip(gradients, sums, strict=True):
            total.assign(total.value + gradient)

    def values_after(function: Callable[[], None]) -> Callable[[list[Any]], list[Any]]:
        def run(values: list[Any]) -> list[Any]:
            with StatelessScope(list(zip(state, values, strict=True))) as scope:
                function()
                return [scope.get_current_value(v) for v in state]

        return run

    branches = values_after(finish), values_after(collect)
    new = jax.lax.cond(due, *branches, [v.value for v in state])
    for variable, value in zip(state, new, strict=True):
        variable.assign(value)
