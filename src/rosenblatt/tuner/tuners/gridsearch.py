"""GridSearch and GridSearchOracle, where Keras Tuner has them."""

from rosenblatt.tuner.grid_search import GridSearch, GridSearchOracle

__all__ = ["GridSearch", "GridSearchOracle"]
