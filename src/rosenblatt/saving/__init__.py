"""Saving and loading models and weights, in Keras 3's formats."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "rosenblatt.core.registry": "custom_object_scope "
        "CustomObjectScope get_custom_objects get_registered_name "
        "get_registered_object register_keras_serializable",
        "rosenblatt.core.serialization": "deserialize_keras_object serialize_keras_object",
        "file_editor": "KerasFileEditor",
        "model_files": "load_model load_weights save_model save_weights",
    },
    modules="export legacy_config",
)
