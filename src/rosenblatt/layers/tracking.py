"""Finding the layers, variables, seeds and metrics that a layer holds in its attributes.

Attributes are read when they are needed, in order of assignment and into lists, tuples and dicts,
so nothing has to be intercepted when a user appends to a list.
"""

from __future__ import annotations

from collections import UserDict, UserList
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

# Attributes of the library's own that hold no parts, or parts that belong to someone else.
_SKIPPED = frozenset({"_inbound_nodes", "_auto_config", "_losses", "optimizer", "_compiled"})

_PLAIN = frozenset({str, int, float, bool, type(None), np.ndarray})
_CONTAINERS = (list, tuple, dict, UserDict, UserList)


def parts(holder: Any, is_part: Callable[[Any], bool]) -> Iterator[Any]:
    """The parts in a holder's attributes, each once.

    Args:
        holder: an object with a `__dict__`.
        is_part: tells a part (a layer, a variable …) from the rest.
    """
    seen: set[int] = set()

    def walk(value: Any) -> Iterator[Any]:
        if isinstance(value, _CONTAINERS):
            if id(value) not in seen:  # a list may contain itself
                seen.add(id(value))
                for item in list(value.values() if isinstance(value, Mapping) else value):
                    yield from walk(item)
        elif is_part(value) and id(value) not in seen:
            seen.add(id(value))
            yield value

    for name, value in list(vars(holder).items()):
        # Most attributes are plain values: passing over them first makes this three times as fast.
        if type(value) not in _PLAIN and name not in _SKIPPED:
            yield from walk(value)


def is_metric(value: Any) -> bool:
    """Whether a value is a metric: something with Keras's metric methods."""
    return hasattr(value, "update_state") and hasattr(value, "reset_state")
