"""Choosing a network and how to train it: sizes, learning rates, reuse of layers."""

from rosenblatt.choosing.rates import LearningRateRange, find_learning_rate
from rosenblatt.choosing.recommend import NetworkSpec, recommend
from rosenblatt.choosing.stretch_pants import StretchPants, stretch_pants
from rosenblatt.choosing.transfer import fit_transferred, transfer, unfreeze

__all__ = [
    "LearningRateRange",
    "NetworkSpec",
    "StretchPants",
    "find_learning_rate",
    "fit_transferred",
    "recommend",
    "stretch_pants",
    "transfer",
    "unfreeze",
]
