"""Search for hyperparameters, under Keras Tuner's names."""

from rosenblatt.tuner import engine, errors, oracles, tuners
from rosenblatt.tuner.base_tuner import BaseTuner
from rosenblatt.tuner.bayesian import BayesianOptimization, BayesianOptimizationOracle
from rosenblatt.tuner.grid_search import GridSearch, GridSearchOracle
from rosenblatt.tuner.hyperband import Hyperband, HyperbandOracle
from rosenblatt.tuner.hypermodel import HyperModel
from rosenblatt.tuner.hyperparameters import HyperParameters
from rosenblatt.tuner.objective import Objective
from rosenblatt.tuner.optuna_oracle import OptunaOracle
from rosenblatt.tuner.oracle import Oracle, synchronized
from rosenblatt.tuner.random_search import RandomSearch, RandomSearchOracle
from rosenblatt.tuner.sklearn_tuner import SklearnTuner
from rosenblatt.tuner.trial import Trial, TrialStatus
from rosenblatt.tuner.tuner import Tuner

__all__ = [
    "BaseTuner",
    "BayesianOptimization",
    "BayesianOptimizationOracle",
    "GridSearch",
    "GridSearchOracle",
    "HyperModel",
    "Hyperband",
    "HyperbandOracle",
    "HyperParameters",
    "Objective",
    "OptunaOracle",
    "Oracle",
    "RandomSearch",
    "RandomSearchOracle",
    "SklearnTuner",
    "Trial",
    "TrialStatus",
    "Tuner",
    "engine",
    "errors",
    "oracles",
    "synchronized",
    "tuners",
]
