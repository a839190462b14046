"""Keras's utilities."""

from rosenblatt.core.random import set_random_seed
from rosenblatt.core.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.data import PyDataset
from rosenblatt.models import FeatureSpace
from rosenblatt.utils.arrays import normalize, to_categorical

CustomObjectScope = custom_object_scope
Sequence = PyDataset

__all__ = [
    "CustomObjectScope",
    "FeatureSpace",
    "PyDataset",
    "Sequence",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "normalize",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "to_categorical",
]
