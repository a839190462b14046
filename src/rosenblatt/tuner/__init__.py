"""Search for hyperparameters, under Keras Tuner's names."""

from rosenblatt.tuner import errors
from rosenblatt.tuner.base_tuner import BaseTuner
from rosenblatt.tuner.grid_search import GridSearch, GridSearchOracle
from rosenblatt.tuner.hyperband import Hyperband, HyperbandOracle
from rosenblatt.tuner.hypermodel import HyperModel
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.objective import Objective
from rosenblatt.tuner.oracle import Oracle, synchronized
from rosenblatt.tuner.random_search import RandomSearch, RandomSearchOracle
from rosenblatt.tuner.trial import Trial, TrialStatus
from rosenblatt.tuner.tuner import Tuner

__all__ = [
    "BaseTuner",
    "GridSearch",
    "GridSearchOracle",
    "HyperModel",
    "Hyperband",
    "HyperbandOracle",
    "HyperParameters",
    "Objective",
    "Oracle",
    "RandomSearch",
    "RandomSearchOracle",
    "Trial",
    "TrialStatus",
    "Tuner",
    "errors",
    "synchronized",
]
