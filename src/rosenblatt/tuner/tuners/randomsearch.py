"""RandomSearch and RandomSearchOracle, where Keras Tuner has them."""

from rosenblatt.tuner.random_search import RandomSearch, RandomSearchOracle

__all__ = ["RandomSearch", "RandomSearchOracle"]
