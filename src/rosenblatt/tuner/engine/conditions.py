"""Conditions of hyperparameters, where Keras Tuner has them."""

from rosenblatt.tuner.kinds import Parent

__all__ = ["Parent"]
