"""Rank 1: real data sets, each a module with `load_data()`."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__, modules="california_housing digits fashion_mnist iris mnist"
)
