"""Keras's `dtype_policies`: in which dtypes layers compute and keep their weights.

>>> get("mixed_bfloat16").compute_dtype
'bfloat16'
"""

from collections.abc import Mapping
from typing import Any

from rosenblatt.core.dtypes import DTypePolicy, FloatDTypePolicy, get_policy
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object


def get(identifier: Any) -> DTypePolicy:
    """The policy meant by None (the default one), a name, a dtype, a config or a policy."""
    return get_policy(identifier)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The config of a policy, in Keras's format."""
    return serialize_keras_object(dtype_policy)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> DTypePolicy:
    """The policy of a config."""
    return deserialize_keras_object(config, custom_objects)


__all__ = ["DTypePolicy", "FloatDTypePolicy", "deserialize", "get", "serialize"]
