"""Learning rates that change with the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.optimizers.schedules.base import LearningRateSchedule
from rosenblatt.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from rosenblatt.optimizers.schedules.decays import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from rosenblatt.optimizers.schedules.warm_up import WarmUp


def serialize(learning_rate_schedule: Any) -> Any:
    """The config of a schedule, in Keras's format."""
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule of a config."""
    return deserialize_keras_object(config, custom_objects)


__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "WarmUp",
    "deserialize",
    "serialize",
]
