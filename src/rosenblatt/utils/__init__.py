"""Keras's utilities."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "rosenblatt.backend": "clear_session is_keras_tensor standardize_dtype",
        "rosenblatt.core.random": "set_random_seed",
        "rosenblatt.core.registry": "custom_object_scope "
        "CustomObjectScope=custom_object_scope get_custom_objects get_registered_name "
        "get_registered_object register_keras_serializable",
        "rosenblatt.core.serialization": "deserialize_keras_object serialize_keras_object",
        "rosenblatt.data.pydataset": "PyDataset Sequence=PyDataset",
        "rosenblatt.models.feature_space": "FeatureSpace",
        "rosenblatt.graph.picture": "text_diagram",
        "arrays": "normalize to_categorical",
        "data": "pack_x_y_sample_weight split_dataset unpack_x_y_sample_weight",
        "model_plotting": "model_to_dot plot_model",
        "sources": "get_source_inputs",
    },
)
