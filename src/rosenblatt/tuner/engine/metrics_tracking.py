"""Whether lower or higher is better, where Keras Tuner has it."""

from __future__ import annotations

from typing import Any

from rosenblatt.tuner.objective import DIRECTIONS, infer_direction


def infer_metric_direction(metric: Any) -> str | None:
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
    direction = getattr(metric, "direction", None)
    if direction in DIRECTIONS:
        return str(direction)
    kind = metric if isinstance(metric, type) or callable(metric) else type(metric)
    for one in (metric, kind, type(metric)):
        name = getattr(one, "__name__", None)
        if name and (found := infer_direction(name)) is not None:
            return found
    return None


__all__ = ["infer_metric_direction"]
