"""What callbacks ask of an optimizer: the optimizers inside it, and its learning rate."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Optimizer


def inner_optimizer(optimizer: Any) -> Any:
    """The optimizer that a `LossScaleOptimizer` is around, or the optimizer itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def read_rate(optimizer: Optimizer) -> float:
    """The learning rate now."""
    return float(optimizer.learning_rate)


def require_settable_rate(optimizer: Optimizer, owner: str) -> None:
    """Refuse an optimizer whose rate something else decides.

    Args:
        optimizer: the compiled optimizer.
        owner: the callback's class name, for the message.

    Raises:
        ValueError: no learning rate, or one that follows a schedule or function.
    """
    if not hasattr(optimizer, "learning_rate"):
        raise BadArgument(f"{owner}: the optimizer has no learning rate.", given=repr(optimizer))
    rate = optimizer.learning_rate_source
    if rate is not None and not isinstance(rate, Variable):
        raise BadArgument(
            f"{owner} sets the learning rate, but the optimizer's follows a "
            f"{type(rate).__name__}, which would overrule it at the next step.",
            fix="give the optimizer a number, or leave the callback out.",
        )
