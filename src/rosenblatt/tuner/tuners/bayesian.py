"""BayesianOptimization and BayesianOptimizationOracle, where Keras Tuner has them."""

from rosenblatt.tuner.bayesian import BayesianOptimization, BayesianOptimizationOracle

__all__ = ["BayesianOptimization", "BayesianOptimizationOracle"]
