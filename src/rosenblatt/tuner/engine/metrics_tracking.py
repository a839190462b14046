"""Whether lower or higher is better, where Keras Tuner has it."""

from __future__ import annotations

from typing import Any

from rosenblatt.core.direction import Direction, direction_of
from rosenblatt.tuner.objective import infer_direction


def infer_metric_direction(metric: Any) -> Direction | None:
    """Whether lower or higher is better for a metric or loss.

    Args:
        metric: a name (also with "val_"), an object, a class or a function.

    Returns:
        "min", "max", or None where it is not known.

    >>> infer_metric_direction("val_accuracy"), infer_metric_direction("own")
    ('max', None)
    """
    if isinstance(metric, str):
        return infer_direction(metric)
    if (direction := direction_of(metric)) is not None:
        return direction
    for one in (metric, type(metric)):
        name = getattr(one, "__name__", None)
        if name and (found := infer_direction(name)) is not None:
            return found
    return None


__all__ = ["infer_metric_direction"]
