# Written by tools/stubs.py.

from rosenblatt.saving import export as export
from rosenblatt.saving import legacy_config as legacy_config
from rosenblatt.saving.file_editor import KerasFileEditor as KerasFileEditor
from rosenblatt.saving.model_files import load_model as load_model
from rosenblatt.saving.model_files import load_weights as load_weights
from rosenblatt.saving.model_files import save_model as save_model
from rosenblatt.saving.model_files import save_weights as save_weights
from rosenblatt.core.registry import custom_object_scope as custom_object_scope
from rosenblatt.core.registry import CustomObjectScope as CustomObjectScope
from rosenblatt.core.registry import get_custom_objects as get_custom_objects
from rosenblatt.core.registry import get_registered_name as get_registered_name
from rosenblatt.core.registry import get_registered_object as get_registered_object
from rosenblatt.core.registry import register_keras_serializable as register_keras_serializable
from rosenblatt.core.serialization import deserialize_keras_object as deserialize_keras_object
from rosenblatt.core.serialization import serialize_keras_object as serialize_keras_object
