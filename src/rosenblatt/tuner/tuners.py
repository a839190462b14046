"""Tuners, under Keras Tuner's names."""

from rosenblatt.tuner.bayesian import BayesianOptimization
from rosenblatt.tuner.grid_search import GridSearch
from rosenblatt.tuner.hyperband import Hyperband
from rosenblatt.tuner.random_search import RandomSearch
from rosenblatt.tuner.sklearn_tuner import SklearnTuner
from rosenblatt.tuner.tuner import Tuner

__all__ = [
    "BayesianOptimization",
    "GridSearch",
    "Hyperband",
    "RandomSearch",
    "SklearnTuner",
    "Tuner",
]
