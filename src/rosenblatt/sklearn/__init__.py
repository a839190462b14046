"""Rank 8: networks as estimators of scikit-learn (the extra `rosenblatt[sklearn]`)."""

from rosenblatt.sklearn.encoders import ClassifierLabelEncoder, RegressorTargetEncoder
from rosenblatt.sklearn.keras import KerasClassifier, KerasRegressor
from rosenblatt.sklearn.mlp import MLPClassifier, MLPRegressor
from rosenblatt.sklearn.perceptron import Perceptron
from rosenblatt.sklearn.separability import Separability, linear_separability
from rosenblatt.sklearn.wrappers import BaseWrapper

__all__ = [
    "BaseWrapper",
    "ClassifierLabelEncoder",
    "KerasClassifier",
    "KerasRegressor",
    "MLPClassifier",
    "MLPRegressor",
    "Perceptron",
    "RegressorTargetEncoder",
    "Separability",
    "linear_separability",
]
