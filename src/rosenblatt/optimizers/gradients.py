"""What happens to gradients before an update."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from rosenblatt.core.errors import explain
from rosenblatt.core.variable import Variable


def drop_missing(
    gradients: Sequence[Any], variables: Sequence[Variable], optimizer: str
) -> tuple[list[Any], list[Variable]]:
    """Leave out the variables without a gradient, with a warning.

    Raises:
        ValueError: no variable has one.
    """
    kept = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
    missing = [v.path for g, v in zip(gradients, variables, strict=True) if g is None]
    if not kept:
        raise ValueError(
            explain(
                f"Optimizer {optimizer!r}: no variable has a gradient.",
                given=f"None for each of {missing}",
                fix="compute the gradients of a loss that depends on these variables.",
            )
        )
    if missing:
        warnings.warn(
            explain(
                f"Optimizer {optimizer!r}: variables without a gradient stay as they are.",
                given=f"None for {missing}",
                fix="let the loss depend on them, or set `trainable = False` on their layer.",
            ),
            stacklevel=3,
        )
    return [g for g, _ in kept], [v for _, v in kept]


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
