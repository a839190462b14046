"""What callbacks ask of an optimizer: the optimizers inside it, and its learning rate."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.variable import Variable
from rosenblatt.optimizers.base import Optimizer


def inner_optimizer(optimizer: Any) -> Any:
    """The optimizer that a `LossScaleOptimizer` is around, or the optimizer itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def with_rates(optimizer: Any) -> dict[str, Any]:
    """The optimizers that have a learning rate, by the names that their rates are logged under.

    Args:
        optimizer: a compiled optimizer; of a `MultiOptimizer` it is those inside.
    """
    several = getattr(optimizer, "optimizers", None)
    if several is None:
        return {"learning_rate": optimizer}
    return {f"learning_rate_{one.name}": one for one in several}


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
    for one in with_rates(optimizer).values():
        if not hasattr(one, "learning_rate"):
            raise BadArgument(f"{owner}: the optimizer has no learning rate.", given=repr(one))
        rate = one.learning_rate_source
        if rate is not None and not isinstance(rate, Variable):
            raise BadArgument(
                f"{owner} sets the learning rate, but the optimizer's follows a "
                f"{type(rate).__name__}, which would overrule it at the next step.",
                fix="give the optimizer a number, or leave the callback out.",
            )
