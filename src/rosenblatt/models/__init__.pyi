# Written by tools/stubs.py.

from rosenblatt.models.cloning import clone_model as clone_model
from rosenblatt.models.cloning import model_from_json as model_from_json
from rosenblatt.models.feature_space import FeatureSpace as FeatureSpace
from rosenblatt.models.model import Functional as Functional
from rosenblatt.models.model import Model as Model
from rosenblatt.saving.model_files import load_model as load_model
from rosenblatt.saving.model_files import save_model as save_model
from rosenblatt.models.sequential import Sequential as Sequential
