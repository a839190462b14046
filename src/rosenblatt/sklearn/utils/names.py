"""The full names of losses and metrics, as SciKeras writes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from rosenblatt import losses, metrics
from rosenblatt.core.errors import WrongType
from rosenblatt.core.types import Identifier


def loss_name(loss: Identifier) -> str:
    """The name of a loss in snake case.

    Args:
        loss: a name, a class, an object, or a function.

    Raises:
        ValueError: an unknown name.
        TypeError: something else.

    >>> loss_name("mse"), loss_name("BinaryCrossentropy"), loss_name(losses.Huber())
    ('mean_squared_error', 'binary_crossentropy', 'huber')
    """
    return _name_of(loss, losses.get, losses.Loss, "loss")


def metric_name(metric: Identifier) -> str:
    """The name of a metric in snake case.

    Args:
        metric: a name, a class, an object, or a function.

    Raises:
        ValueError: an unknown name.
        TypeError: something else.

    >>> metric_name("mse"), metric_name("acc"), metric_name(metrics.BinaryAccuracy)
    ('mean_squared_error', 'accuracy', 'binary_accuracy')
    """
    return _name_of(metric, metrics.get, metrics.Metric, "metric")


def full_name(metric: Identifier) -> Identifier:
    """A metric as it is compiled: "mse" by its full name, all others as they are.

    >>> full_name("mse"), full_name("accuracy"), full_name("AUC")
    ('mean_squared_error', 'accuracy', 'AUC')
    """
    if not isinstance(metric, str) or metric == "acc":
        return metric
    try:
        name = metric_name(metric)
        metrics.get(name)
    except ValueError:  # a user's, or known by its class only
        return metric
    return name


def history_entry(name: str) -> str:
    """The name of a log entry in an estimator's `history_`: metrics have their full names.

    >>> history_entry("mse"), history_entry("val_mse"), history_entry("own")
    ('mean_squared_error', 'val_mse', 'own')
    """
    return name if name == "loss" or name.startswith("val_") else str(full_name(name))


def _name_of(part: Any, get: Callable[[Any], Any], kind: type, what: str) -> str:
    part = part() if inspect.isclass(part) else part
    if not isinstance(part, (str, kind)) and not callable(part):
        raise WrongType(
            f"`{what}` has no name.",
            given=repr(part),
            expected=f"a name, a function, or a {kind.__name__} of rosenblatt.{what}s or its class",
        )
    found = get(part)
    if inspect.isclass(found) or not isinstance(found, kind):
        return _snake(getattr(found, "__name__", type(found).__name__))
    return _snake(type(found).__name__)


def _snake(name: str) -> str:
    """CamelCase in snake case."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


__all__ = ["full_name", "history_entry", "loss_name", "metric_name"]
