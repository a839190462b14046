"""Saving and loading models and weights, in Keras 3's formats."""

from rosenblatt.core.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from rosenblatt.core.serialization import deserialize_keras_object, serialize_keras_object
from rosenblatt.saving.model_files import load_model, save_model
from rosenblatt.saving.weight_files import load_weights, save_weights

CustomObjectScope = custom_object_scope

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
