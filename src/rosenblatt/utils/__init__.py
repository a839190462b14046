"""Keras's utilities."""

from rosenblatt.backend import clear_session, is_keras_tensor, standardize_dtype
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
from rosenblatt.models.diagram import text_diagram
from rosenblatt.utils.arrays import normalize, to_categorical
from rosenblatt.utils.data import (
    pack_x_y_sample_weight,
    split_dataset,
    unpack_x_y_sample_weight,
)
from rosenblatt.utils.model_plotting import model_to_dot, plot_model
from rosenblatt.utils.sources import get_source_inputs

CustomObjectScope = custom_object_scope
Sequence = PyDataset

__all__ = [
    "CustomObjectScope",
    "FeatureSpace",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "is_keras_tensor",
    "model_to_dot",
    "normalize",
    "plot_model",
    "pack_x_y_sample_weight",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_diagram",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
