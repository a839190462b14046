"""Oracles, under Keras Tuner's names."""

from rosenblatt.tuner.bayesian import BayesianOptimizationOracle
from rosenblatt.tuner.grid_search import GridSearchOracle
from rosenblatt.tuner.hyperband import HyperbandOracle
from rosenblatt.tuner.random_search import RandomSearchOracle

BayesianOptimization = BayesianOptimizationOracle
GridSearch = GridSearchOracle
Hyperband = HyperbandOracle
RandomSearch = RandomSearchOracle

__all__ = [
    "BayesianOptimization",
    "BayesianOptimizationOracle",
    "GridSearch",
    "GridSearchOracle",
    "Hyperband",
    "HyperbandOracle",
    "RandomSearch",
    "RandomSearchOracle",
]
