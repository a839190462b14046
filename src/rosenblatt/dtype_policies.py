"""Keras's `dtype_policies`: in which dtypes layers compute and keep their weights.

>>> get("mixed_bfloat16").compute_dtype
'bfloat16'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rosenblatt.core.dtypes import DTypePolicy, DTypePolicyMap, FloatDTypePolicy
from rosenblatt.core.dtypes import get_policy as get
from rosenblatt.core.serialization import deserialize_keras_object
from rosenblatt.core.serialization import serialize_keras_object as serialize


def deserialize(config: object, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The policy of a config.

    Args:
        config: what `serialize` returned.
        custom_objects: names of classes that are not built in.

    Raises:
        BadArgument: a dict that describes no object.

    >>> deserialize(serialize(get("mixed_float16"))).name
    'mixed_float16'
    """
    own = {cls.__name__: cls for cls in (DTypePolicy, DTypePolicyMap, FloatDTypePolicy)}
    return deserialize_keras_object(config, custom_objects, module_objects=own)


__all__ = [
    "DTypePolicy", "DTypePolicyMap", "FloatDTypePolicy", "deserialize", "get", "serialize",
]  # fmt: skip
