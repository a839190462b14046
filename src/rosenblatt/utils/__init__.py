"""Keras's utilities."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "rosenblatt.backend": "clear_session is_keras_tensor standardize_dtype",
        "rosenblatt.core.random": "set_random_seed",
        "rosenblatt.core.registry": "custom_object_scope "
        "CustomObjectScope get_custom_objects get_registered_name "
        "get_registered_object register_keras_serializable",
        "rosenblatt.core.serialization": "deserialize_keras_object serialize_keras_object",
        "rosenblatt.data.pydataset": "PyDataset Sequence=PyDataset",
        "rosenblatt.models.feature_space": "FeatureSpace",
        "rosenblatt.graph.picture": "text_diagram",
        "rosenblatt.core.printing": "disable_interactive_logging enable_interactive_logging "
        "is_interactive_logging_enabled",
        "arrays": "normalize to_categorical",
        "config_values": "Config",
        "data": "pack_x_y_sample_weight split_dataset unpack_x_y_sample_weight",
        "downloads": "get_file",
        "images": "array_to_img img_to_array load_img save_img",
        "model_plotting": "model_to_dot plot_model",
        "progbar": "Progbar",
        "sequences": "pad_sequences timeseries_dataset_from_array",
        "sources": "get_source_inputs",
    },
)
