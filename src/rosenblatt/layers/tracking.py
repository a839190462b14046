"""Finding the layers, variables, seeds and metrics that a layer holds in its attributes.

Attributes are read when they are needed, in order of assignment and into lists, tuples and dicts,
so nothing has to be intercepted when a user appends to a list.
"""

from __future__ import annotations

from collections import UserDict, UserList
from collections.abc import Mapping
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from rosenblatt.core.random import SeedGenerator
from rosenblatt.core.variable import Variable

# Attributes of the library's own that hold no parts, or parts that belong to someone else.
_SKIPPED = frozenset(
    {"_inbound_nodes", "_auto_config", "_losses", "optimizer", "_compiled", "_session", "loss"}
)

# Types of values that are no parts, to which those of the library are added as they are met.
_PLAIN = {str, int, float, bool, type(None), np.ndarray, FunctionType}
_CONTAINERS = (list, tuple, dict, UserDict, UserList)


class Tracked:
    """Marks what counts as a layer."""


class Parts(NamedTuple):
    """What a layer holds in its attributes, each once, in order of assignment."""

    layers: list[Any]
    variables: list[Variable]
    seeds: list[SeedGenerator]
    metrics: list[Any]


def parts_of(holder: Any) -> Parts:
    """The parts in the attributes of an object with a `__dict__`.

    >>> from types import SimpleNamespace
    >>> weight = Variable(np.zeros(2))
    >>> parts_of(SimpleNamespace(a=[weight], b={"same": weight}, c=1)).variables == [weight]
    True
    """
    found = Parts([], [], [], [])
    seen: set[int] = set()
    # Most attributes are plain values: passing over them first makes this five times as fast.
    for name, value in list(vars(holder).items()):
        if type(value) not in _PLAIN and name not in _SKIPPED:
            _collect(value, found, seen)
    return found


def _collect(value: Any, found: Parts, seen: set[int]) -> None:
    if isinstance(value, _CONTAINERS):
        if value and id(value) not in seen:  # a list may contain itself
            seen.add(id(value))
            for item in list(value.values() if isinstance(value, Mapping) else value):
                if type(item) not in _PLAIN:
                    _collect(item, found, seen)
        return
    kind = _kind_of(value, found)
    if kind is not None and id(value) not in seen:
        seen.add(id(value))
        kind.append(value)


def _kind_of(value: Any, found: Parts) -> list[Any] | None:
    if isinstance(value, Variable):
        return found.variables
    if isinstance(value, Tracked):
        return found.layers
    if isinstance(value, SeedGenerator):
        return found.seeds
    if is_metric(value):
        return found.metrics
    if type(value).__module__.startswith("rosenblatt.") and not hasattr(value, "__getattr__"):
        _PLAIN.add(type(value))
    return None


def is_metric(value: Any) -> bool:
    """Whether a value is a metric: something with Keras's metric methods."""
    return hasattr(value, "update_state") and hasattr(value, "reset_state")
