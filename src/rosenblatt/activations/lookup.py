"""From a name, config, function or layer to an activation, and back to its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rosenblatt.activations.family import family
from rosenblatt.activations.functions import linear
from rosenblatt.core.registry import get_registered_name
from rosenblatt.core.types import Config, Identifier

deserialize = family.deserialize


def serialize(activation: Callable[..., Any]) -> str | Config:
    """The name of a built-in activation; the config of another, in Keras's format.

    >>> serialize(get("swish"))
    'silu'
    """
    name = getattr(activation, "__name__", "")
    if family.find(name) is activation:
        return name
    config = family.serialize(activation)
    if isinstance(config, dict) and config.get("class_name") == "function":
        config["config"] = get_registered_name(activation)
    return config


def get(identifier: Identifier) -> Callable[..., Any]:
    """The activation meant by a name, a config, a function, a layer or None (linear).

    Raises:
        ValueError: an unknown name, with the nearest one.

    >>> get("relu")([-1.0, 2.0])
    Array([0., 2.], dtype=float32)
    """
    return linear if identifier is None else family.get(identifier)
