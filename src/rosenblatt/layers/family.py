"""The family of layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt.core.errors import BadArgument
from rosenblatt.core.family import Family
from rosenblatt.core.symbolic import Operation

family = Family("layer", "keras.layers", "rosenblatt.layers")
get, serialize = family.get, family.serialize


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The layer of a config.

    Args:
        config: what `serialize` returned; `{"class_name": ..., "config": {...}}` is enough.
        custom_objects: names of classes and functions that are not built in.

    Raises:
        BadArgument: the config of something else.
        UnknownClass: a class that is not known, with how to register it.
    """
    found = family.deserialize(config, custom_objects)
    if not isinstance(found, Operation):
        raise BadArgument(
            "layers.deserialize: this is not the config of a layer.",
            given=repr(config),
            expected="a dict with `class_name` and `config`",
        )
    return found
