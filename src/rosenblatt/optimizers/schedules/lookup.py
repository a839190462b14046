"""Schedules to and from configs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object


def serialize(learning_rate_schedule: Any) -> Any:
    """The config of a schedule, in Keras's format."""
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule of a config."""
    return deserialize_keras_object(config, custom_objects)
