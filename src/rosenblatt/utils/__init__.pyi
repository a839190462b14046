# Written by tools/stubs.py.

from rosenblatt.utils.arrays import normalize as normalize
from rosenblatt.utils.arrays import to_categorical as to_categorical
from rosenblatt.utils.data import pack_x_y_sample_weight as pack_x_y_sample_weight
from rosenblatt.utils.data import split_dataset as split_dataset
from rosenblatt.utils.data import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from rosenblatt.utils.model_plotting import model_to_dot as model_to_dot
from rosenblatt.utils.model_plotting import plot_model as plot_model
from rosenblatt.backend import clear_session as clear_session
from rosenblatt.backend import is_keras_tensor as is_keras_tensor
from rosenblatt.backend import standardize_dtype as standardize_dtype
from rosenblatt.core.random import set_random_seed as set_random_seed
from rosenblatt.core.registry import custom_object_scope as custom_object_scope
from rosenblatt.core.registry import custom_object_scope as CustomObjectScope
from rosenblatt.core.registry import get_custom_objects as get_custom_objects
from rosenblatt.core.registry import get_registered_name as get_registered_name
from rosenblatt.core.registry import get_registered_object as get_registered_object
from rosenblatt.core.registry import register_keras_serializable as register_keras_serializable
from rosenblatt.core.serialization import deserialize_keras_object as deserialize_keras_object
from rosenblatt.core.serialization import serialize_keras_object as serialize_keras_object
from rosenblatt.data.pydataset import PyDataset as PyDataset
from rosenblatt.data.pydataset import PyDataset as Sequence
from rosenblatt.graph.picture import text_diagram as text_diagram
from rosenblatt.models.feature_space import FeatureSpace as FeatureSpace
from rosenblatt.utils.sources import get_source_inputs as get_source_inputs
