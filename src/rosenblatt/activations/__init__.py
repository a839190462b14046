"""Activation functions: plain functions of arrays that also accept symbolic tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt.activations.common import (
    celu,
    elu,
    exponential,
    gelu,
    leaky_relu,
    linear,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    tanh,
)
from rosenblatt.activations.rare import (
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    log_sigmoid,
    soft_shrink,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh_shrink,
    threshold,
)
from rosenblatt.activations.steps import heaviside, sign
from rosenblatt.activations.table import TABLE
from rosenblatt.core.registry import get_registered_name
from rosenblatt.core.serialization import deserialize_keras_object, resolve, serialize_keras_object

swish, hard_swish = silu, hard_silu


def serialize(activation: Any) -> Any:
    """The name of a built-in activation; the config of another, in Keras's format.

    >>> serialize(swish)
    'silu'
    """
    name = getattr(activation, "__name__", None)
    if name is not None and TABLE.get(name) is activation:
        return name
    config = serialize_keras_object(activation)
    if isinstance(config, dict) and config.get("class_name") == "function":
        config["config"] = get_registered_name(activation)
    return config


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The activation of a name or config."""
    return deserialize_keras_object(config, custom_objects, module_objects=TABLE)


def get(identifier: Any) -> Any:
    """The activation meant by a name, a config, a function, a layer or None (linear).

    Raises:
        ValueError: an unknown name, with the nearest one.

    >>> get("relu") is relu
    True
    """
    return linear if identifier is None else resolve(identifier, TABLE, "activation")


__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "heaviside",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "sign",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]
