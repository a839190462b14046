"""Keras's `dtype_policies`: in which dtypes layers compute and keep their weights.

>>> get("mixed_bfloat16").compute_dtype
'bfloat16'
"""

from rosenblatt.core.dtypes import DTypePolicy, DTypePolicyMap, FloatDTypePolicy
from rosenblatt.core.dtypes import get_policy as get
from rosenblatt.core.serialization import deserialize_keras_object as deserialize
from rosenblatt.core.serialization import serialize_keras_object as serialize

__all__ = [
    "DTypePolicy", "DTypePolicyMap", "FloatDTypePolicy", "deserialize", "get", "serialize",
]  # fmt: skip
