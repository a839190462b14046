"""The parts of a search, under the names of Keras Tuner's modules."""

from rosenblatt.tuner.engine import (
    base_tuner,
    hypermodel,
    hyperparameters,
    metrics_tracking,
    oracle,
    trial,
    tuner,
)

__all__ = [
    "base_tuner",
    "hypermodel",
    "hyperparameters",
    "metrics_tracking",
    "oracle",
    "trial",
    "tuner",
]
