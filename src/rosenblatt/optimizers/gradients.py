"""Gradients before an update: missing ones left out, large ones clipped, several added up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from rosenblatt.core.errors import BadArgument, explain, warn_user
from rosenblatt.core.variable import StatelessScope, Variable


def drop_missing(
    gradients: Sequence[Any], variables: Sequence[Variable], optimizer: str | None
) -> list[tuple[Any, Variable]]:
    """Pairs of gradient and variable, with a warning where variables have none.

    Raises:
        ValueError: no variable has one.
    """
    pairs = list(zip(gradients, variables, strict=True))
    kept = [(g, v) for g, v in pairs if g is not None]
    missing = [v.path for g, v in pairs if g is None]
    if not kept:
        raise BadArgument(
            f"Optimizer {optimizer!r}: no variable has a gradient.",
            given=f"None for each of {missing}",
            fix="compute the gradients of a loss that depends on these variables.",
        )
    if missing:
        warn_user(
            explain(
                f"Optimizer {optimizer!r}: variables without a gradient stay as they are.",
                given=f"None for {missing}",
                fix="let the loss depend on them, or set `trainable = False` on their layer.",
            )
        )
    return kept


def clip(
    gradients: Sequence[Any], norm: Any = None, value: Any = None, global_norm: Any = None
) -> list[Any]:
    """Gradients held within one limit; as they are where there is none.

    Args:
        gradients: arrays.
        norm: the largest norm of each.
        value: the largest absolute value in each.
        global_norm: the largest norm of all together.

    >>> clip([jnp.array([3.0, -0.5])], value=jnp.asarray(1.0))
    [Array([ 1. , -0.5], dtype=float32)]
    """
    if norm is not None:
        return [clip_by_norm(g, norm.astype(g.dtype)) for g in gradients]
    if global_norm is not None:
        return clip_by_global_norm(gradients, global_norm)
    if value is not None:
        return [jnp.clip(g, -value.astype(g.dtype), value.astype(g.dtype)) for g in gradients]
    return list(gradients)


def clip_by_norm(gradient: Any, limit: Any) -> Any:
    """The gradient, scaled down where its norm is above a limit (Pascanu et al., 2013).

    >>> clip_by_norm(jnp.array([3.0, 4.0]), 1.0)
    Array([0.6, 0.8], dtype=float32)
    """
    norm = jnp.sqrt(jnp.sum(jnp.square(gradient)))
    return gradient * limit / jnp.maximum(norm, limit)


def clip_by_global_norm(gradients: Sequence[Any], limit: Any) -> list[Any]:
    """All gradients, scaled by one factor where the norm of all together is above a limit.

    A norm that is not finite makes every gradient NaN, so that it is noticed.

    >>> clip_by_global_norm([jnp.array([3.0]), jnp.array([4.0])], 1.0)
    [Array([0.6], dtype=float32), Array([0.8], dtype=float32)]
    """
    norm = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in gradients))
    scale = limit * jnp.minimum(1.0 / norm, 1.0 / limit) + (norm - norm)
    return [g * scale for g in gradients]


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
