"""Layers to and from configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object


def serialize(layer: Any) -> dict[str, Any]:
    """The config of a layer, in Keras's format."""
    return serialize_keras_object(layer)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The layer of a config.

    Args:
        config: what `serialize` returned.
        custom_objects: names of classes that are not built in.

    Raises:
        TypeError: an unknown class, with how to register it.
    """
    return deserialize_keras_object(config, custom_objects)
