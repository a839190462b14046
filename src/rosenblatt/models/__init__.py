"""Models: the facade users hold."""

from rosenblatt.models.cloning import clone_model, model_from_json
from rosenblatt.models.feature_space import FeatureSpace
from rosenblatt.models.model import Functional, Model
from rosenblatt.models.sequential import Sequential
from rosenblatt.saving import load_model, save_model

__all__ = [
    "FeatureSpace",
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
