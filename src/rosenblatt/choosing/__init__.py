"""Choosing a network and how to train it: reuse of layers, learning rates, sizes."""

from rosenblatt.choosing.rates import LearningRateRange, find_learning_rate
from rosenblatt.choosing.transfer import fit_transferred, transfer, unfreeze

__all__ = ["LearningRateRange", "find_learning_rate", "fit_transferred", "transfer", "unfreeze"]
